//! A text that may hold secrets.

use std::ops::Range;
use std::sync::Arc;

use super::{secrecy, secrecy_in_manifest};
use yaml::values_under;

/// A text, and where its secrets are. Cheap to clone, however large.
#[derive(Clone, Debug)]
pub struct Text {
    text: Arc<str>,
    secrets: Arc<[Range<usize>]>,
}

impl Text {
    /// A text whose secrets are known.
    #[must_use]
    pub fn with_secrets(text: Arc<str>, secrets: Vec<Range<usize>>) -> Self {
        Self {
            text,
            secrets: secrets.into(),
        }
    }

    /// A manifest of Kubernetes; looks for the secrets.
    #[must_use]
    pub fn manifest(text: &str) -> Self {
        let secrets = values_under(text, secrecy_in_manifest);
        Self::with_secrets(text.into(), secrets)
    }

    /// The text itself, secrets included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of each secret, in order.
    #[must_use]
    pub fn secrets(&self) -> &[Range<usize>] {
        &self.secrets
    }
}

/// Looks for the secrets.
impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        let secrets = values_under(&text, secrecy);
        Self::with_secrets(text, secrets)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(Arc::<str>::from(text))
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text) || self.text == other.text
    }
}

impl Eq for Text {}
