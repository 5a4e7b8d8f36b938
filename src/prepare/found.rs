//! What exists of an instance, for a run that may only go on with one that exists.

use promconf::Duration;
use serde_json::Value;

use super::existing::named_by_secret;
use crate::cluster::Snapshot;
use crate::object::{
    COMPONENT, INSTANCE, Kind, MADE_FOR, MANAGED_BY, ObjectRef, REQUESTED, metadata,
};
use crate::plan::is_ours;
use crate::spec::{Form, Names, Spec, TokenPlace};
use crate::token::{BoundSecret, Claims, Grant, Token};

/// What exists of an instance.
pub struct Found {
    /// Where the consumer is taken to read its token.
    pub place: TokenPlace,
    /// Whether something is there.
    pub holds_token: bool,
    /// The bound Secret of the token that is there, where it exists.
    pub current: Option<BoundSecret>,
    /// How long that token was granted to live, where as long a life is asked for now.
    pub granted: Option<Duration>,
    /// The bound Secret of the token in the token's Secret, where that is not the place.
    pub in_secret: Option<String>,
    /// The ServiceAccount that tokens are for.
    pub account: Account,
    /// Whether a Secret or the binding of the instance exists.
    pub has_parts: bool,
    /// The API server's time.
    pub now: jiff::Timestamp,
}

/// The ServiceAccount that an instance's tokens are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// It exists, and is the instance's.
    Ours,
    /// It does not exist.
    Missing,
    /// It exists and is of no instance.
    Unlabelled,
    /// It is of another instance.
    Other {
        /// The value of its `app.kubernetes.io/instance` label.
        instance: String,
        /// The value of its `app.kubernetes.io/component` label.
        component: String,
    },
}

impl Found {
    pub(super) fn of(
        spec: &Spec,
        form: &Form,
        snapshot: &Snapshot,
        (token, used): (Option<&Token>, Option<usize>),
    ) -> Self {
        let names = &spec.names;
        let live = used.and_then(|used| snapshot.secret(spec, &names.handles()[used]));
        let requested = live.and_then(|live| metadata(live, "annotations", REQUESTED));
        let claims = token.and_then(Claims::of);
        let is_as_long = requested == Some(spec.duration.to_string().as_str());
        let account = names.service_account();
        let account = ObjectRef::namespaced(Kind::ServiceAccount, &names.namespace, &account);
        Self {
            place: form.token_place(),
            holds_token: token.is_some(),
            current: live.map(BoundSecret::of),
            granted: claims
                .filter(|_| is_as_long)
                .map(|claims| Grant::of(&claims).granted()),
            in_secret: named_by_secret(spec, form, snapshot),
            account: Account::of(snapshot.objects.get(&account), names, spec.existing_access),
            has_parts: snapshot.objects.iter().any(|(object, live)| {
                // A ClusterRole does not say which namespace its instance is in.
                let is_telling = [Kind::Secret, Kind::ClusterRoleBinding].contains(&object.kind);
                is_telling && is_ours(live, names)
            }),
            now: snapshot.now,
        }
    }
}

impl Account {
    fn of(live: Option<&Value>, names: &Names, existing_access: bool) -> Self {
        let Some(live) = live else {
            return Self::Missing;
        };
        let label = |key| metadata(live, "labels", key);
        let instance = match label(MADE_FOR) {
            Some(instance) => Some(instance),
            None if label(MANAGED_BY) == Some("monconf") => label(INSTANCE),
            None => None,
        };
        match (instance, label(COMPONENT)) {
            (Some(instance), Some(component))
                if instance == names.instance && component == names.consumer.name() =>
            {
                Self::Ours
            }
            (Some(instance), component) => Self::Other {
                instance: instance.to_owned(),
                component: component.unwrap_or("(none)").to_owned(),
            },
            // Access is somebody else's, and so are its labels.
            (None, _) if existing_access => Self::Ours,
            (None, _) => Self::Unlabelled,
        }
    }
}
