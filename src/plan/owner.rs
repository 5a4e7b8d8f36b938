//! Whose an object or file is.

use serde_json::Value;

use super::{Content, Stage};
use crate::object::{metadata, uid};
use crate::render::{COMPONENT, DesiredFile, INSTANCE, MANAGED_BY, file_instance};
use crate::spec::Names;
use crate::token::{Claims, Token};

/// The owner of an object, as its labels say.
pub(super) enum Owner {
    Us,
    Other { instance: String, component: String },
    Nobody,
}

pub(super) fn owner(live: &Value, names: &Names) -> Owner {
    let label = |key| metadata(live, "labels", key);
    if label(MANAGED_BY) != Some("monconf") {
        return Owner::Nobody;
    }
    let instance = label(INSTANCE).unwrap_or("(none)");
    let component = label(COMPONENT).unwrap_or("(none)");
    let other = |instance: String| Owner::Other {
        instance,
        component: component.to_owned(),
    };
    if instance != names.instance || component != names.consumer.name() {
        return other(instance.to_owned());
    }
    // Objects outside the instance's namespace have the same names for an instance of the same name in another one.
    match bound_elsewhere(live, names) {
        Some(namespace) => other(format!("{instance} in namespace {namespace}")),
        None => Owner::Us,
    }
}

/// Whether an object is this instance's, as its labels say.
#[must_use]
pub fn is_ours(live: &Value, names: &Names) -> bool {
    matches!(owner(live, names), Owner::Us)
}

/// The other namespace whose ServiceAccount a binding is for.
fn bound_elsewhere<'a>(live: &'a Value, names: &Names) -> Option<&'a str> {
    let subjects = live["subjects"].as_array()?.iter();
    let mut accounts = subjects.filter(|subject| subject["kind"] == "ServiceAccount");
    let namespace = accounts.next()?["namespace"].as_str()?;
    (namespace != names.namespace).then_some(namespace)
}

/// What a file of monconf's own holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A token and nothing else.
    Token,
    /// A bundle of certificates.
    Ca,
    /// Jobs, or other configuration.
    Configuration,
}

impl FileKind {
    pub(super) fn of(desired: &DesiredFile) -> Self {
        match (&desired.content, desired.stage) {
            (Content::Token(_), _) => Self::Token,
            (_, Stage::Configuration) => Self::Configuration,
            _ => Self::Ca,
        }
    }
}

/// Whether `text` is a token of `account`, an instance's ServiceAccount as the API server returned it.
#[must_use]
pub fn is_valid_token(text: &str, names: &Names, account: Option<&Value>) -> bool {
    let claims = Claims::of(&Token::new(text.trim().to_owned()));
    let account = account.and_then(uid);
    claims.is_some_and(|claims| {
        claims.service_account == names.account()
            && account == Some(claims.service_account_uid.as_str())
    })
}

/// Whether a file that holds `text` is this instance's: a configuration says so in its first line, a token by its
/// claims. A CA is nobody's. The error is the owner, where there is one to name.
pub(super) fn file_owner(kind: FileKind, text: &str, names: &Names) -> Result<(), Option<String>> {
    match kind {
        FileKind::Token => match Claims::of(&Token::new(text.to_owned())) {
            Some(claims) if claims.service_account == names.account() => Ok(()),
            Some(claims) => Err(Some(format!("ServiceAccount {}", claims.service_account))),
            None if text.trim().is_empty() => Ok(()),
            None => Err(None),
        },
        FileKind::Configuration => match file_instance(text) {
            Some(instance) if instance == names.instance => Ok(()),
            Some(instance) => Err(Some(format!("instance {instance} of monconf"))),
            None if text.trim().is_empty() => Ok(()),
            None => Err(None),
        },
        FileKind::Ca => Ok(()),
    }
}
