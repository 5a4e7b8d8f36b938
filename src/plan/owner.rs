//! Whose an object or file is.

use std::path::Path;

use serde_json::Value;

use super::change::Planner;
use crate::mark::{ClusterIdentity, Ownership};
use crate::object::{COMPONENT, INSTANCE, Kind, MANAGED_BY, ObjectRef, metadata, uid};
use crate::render::{Content, DesiredFile, Stage};
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

/// The owner of a file that is not this instance's, or for another cluster.
#[derive(Debug)]
pub(super) struct Stranger {
    /// Where there is one to name: `instance blue of monconf`.
    pub(super) owner: Option<String>,
    /// Whether it is the same instance on another cluster.
    pub(super) is_elsewhere: bool,
}

impl Planner<'_> {
    /// Whether a file that holds `text` is this instance's and for this cluster, or empty: configuration and CA say so in
    /// their mark, a token in its claims and the CA beside it.
    pub(super) fn file_owner(
        &self,
        kind: FileKind,
        path: &Path,
        text: &str,
    ) -> Result<(), Stranger> {
        match kind {
            FileKind::Token => self.token_owner(path, text),
            FileKind::Configuration | FileKind::Ca => unless_ours(&self.mark().owns(Some(text))),
        }
    }

    fn token_owner(&self, path: &Path, text: &str) -> Result<(), Stranger> {
        let names = self.consent.names;
        let stranger = |owner: String, is_elsewhere| Stranger {
            owner: Some(owner),
            is_elsewhere,
        };
        let Some(claims) = Claims::of(&Token::new(text.to_owned())) else {
            return unless_ours(&match text.trim() {
                "" => Ownership::Empty,
                _ => Ownership::Foreign,
            });
        };
        if claims.service_account != names.account() {
            let owner = format!("ServiceAccount {}", claims.service_account);
            return Err(stranger(owner, false));
        }
        let account = ObjectRef::namespaced(
            Kind::ServiceAccount,
            &names.namespace,
            &names.service_account(),
        );
        let live = self.existing.objects.get(&account).and_then(uid);
        let is_offline = self.consent.cluster.is_unknown();
        if is_offline || live == Some(claims.service_account_uid.as_str()) {
            return Ok(());
        }
        // The account is another one: of another cluster, or an earlier one of this cluster.
        let beside = self.existing.files.get(&path.with_file_name("ca.crt"));
        let beside = beside.map(|file| &*file.text);
        let owner = self.mark().owns(beside);
        let is_here = match (&owner, beside) {
            (Ownership::Ours(_), _) => Some(true),
            (Ownership::Foreign, Some(text)) => {
                let found = ClusterIdentity::new(None, None, Some(text));
                self.consent.cluster.is(&found)
            }
            (Ownership::Absent | Ownership::Empty, _) => None,
            _ => Some(false),
        };
        let account = names.account();
        match is_here {
            Some(true) => Ok(()),
            Some(false) => {
                let owner = format!("ServiceAccount {account} of another cluster");
                Err(stranger(owner, true))
            }
            None => {
                let owner =
                    format!("ServiceAccount {account} of another cluster, or to an earlier one");
                Err(stranger(owner, true))
            }
        }
    }
}

fn unless_ours(ownership: &Ownership) -> Result<(), Stranger> {
    if ownership.is_writable() {
        return Ok(());
    }
    Err(Stranger {
        owner: ownership.other(),
        is_elsewhere: ownership.is_elsewhere(),
    })
}
