//! Why a key of an object cannot be edited, in words.

use std::fmt;

use crate::object::ObjectKey;

/// The most that all values of a Secret or ConfigMap may hold together, in bytes: `MaxSecretSize` in `pkg/apis/core` of
/// Kubernetes, which is also what a ConfigMap may hold.
pub(super) const LARGEST: usize = 1 << 20;

/// A key that cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable {
    /// The key.
    pub key: ObjectKey,
    /// Why not.
    pub why: Why,
}

/// Why a key cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The ConfigMap does not exist.
    NoObject,
    /// The ConfigMap has other keys.
    NoKey {
        /// Those.
        keys: Vec<String>,
    },
    /// Its bytes are no text.
    NotText,
    /// Nothing of the object may change.
    Immutable,
    /// The object would be larger than the API server accepts.
    TooLarge {
        /// All its values together, in bytes.
        bytes: usize,
    },
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, why } = self;
        let object = &key.object;
        match why {
            Why::NoObject => write!(f, "there is no {object} to edit"),
            Why::NoKey { keys } if keys.is_empty() => write!(f, "{object} has no keys"),
            Why::NoKey { keys } => write!(
                f,
                "{object} has no key {}, but {}",
                key.key,
                keys.join(", ")
            ),
            Why::NotText => write!(f, "{key}: it is not UTF-8"),
            Why::Immutable => write!(f, "{object} is immutable: no key of it can change"),
            Why::TooLarge { bytes } => write!(
                f,
                "{object} would hold {bytes} bytes in all its keys; the API server accepts {LARGEST}"
            ),
        }
    }
}

impl Unwritable {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        let object = &self.key.object;
        let namespace = object.namespace.as_deref().unwrap_or_default();
        match &self.why {
            Why::NoObject => format!(
                "it is made by the chart that it belongs to; `kubectl -n {namespace} get configmaps` lists those that exist"
            ),
            Why::NoKey { .. } => {
                format!(
                    "name the one that is Prometheus' configuration: --configmap {}:KEY",
                    object.location()
                )
            }
            Why::NotText => "a configuration is UTF-8: is the key the right one?".to_owned(),
            Why::Immutable => {
                "whoever made it has to delete it and make it again without `immutable`".to_owned()
            }
            Why::TooLarge { .. } => {
                "take out of it what nobody needs, or ask for fewer jobs with --jobs".to_owned()
            }
        }
    }
}
