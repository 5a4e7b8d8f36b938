//! The identity of a cluster.

use std::fmt;

use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The bytes of a hash that are kept: enough that no two authorities share them by chance.
const HASH_BYTES: usize = 8;
/// The longest UID that is taken. The API server makes them of 36 characters.
const LONGEST_UID: usize = 64;

/// The identity of a cluster: the UID of its Namespace `kube-system`, and a hash of its certificate authorities for users
/// who may not read that Namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterIdentity {
    uid: Option<String>,
    ca: Option<String>,
    /// Whether `ca` is of the cluster's own authorities, and not of those that the kubeconfig names.
    is_own_ca: bool,
    /// Hashes under which another user may know the same authorities. Not written.
    aliases: Vec<String>,
}

impl ClusterIdentity {
    /// The identity of the cluster that is asked, from the UID of `kube-system`, the cluster's own CA (ConfigMap
    /// `kube-root-ca.crt`), and the CA that verifies the API server; all PEM, and each where it is known.
    #[must_use]
    pub fn new(uid: Option<&str>, own_ca: Option<&str>, server_ca: Option<&str>) -> Self {
        let own = own_ca.map(certificates).unwrap_or_default();
        let server = server_ca.map(certificates).unwrap_or_default();
        let ca = bundle(&own).or_else(|| bundle(&server));
        let each = own.iter().chain(&server).cloned();
        let aliases = bundle(&own).into_iter().chain(bundle(&server)).chain(each);
        Self {
            uid: uid.filter(|uid| is_uid(uid)).map(str::to_owned),
            is_own_ca: !own.is_empty(),
            aliases: aliases.collect(),
            ca,
        }
    }

    /// The identity that a mark names; `None` where a field is no UID or no hash.
    pub(super) fn written(uid: Option<&str>, ca: Option<&str>) -> Option<Self> {
        let is_valid = uid.is_none_or(is_uid) && ca.is_none_or(is_hash);
        is_valid.then(|| Self {
            uid: uid.map(str::to_owned),
            ca: ca.map(str::to_owned),
            ..Self::default()
        })
    }

    /// The UID of the Namespace `kube-system`.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        self.uid.as_deref()
    }

    /// The first 16 hexadecimal digits of a SHA-256: of the one certificate, or of the fingerprints of several.
    #[must_use]
    pub fn ca(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// Whether nothing is known.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.uid.is_none() && self.ca.is_none()
    }

    /// Whether `found`, from a mark, is this cluster; `None` where the two have nothing to compare. The UID decides where
    /// both have one: clusters may share authorities, and one cluster may replace its own.
    #[must_use]
    pub fn is(&self, found: &Self) -> Option<bool> {
        if let (Some(uid), Some(found)) = (&self.uid, &found.uid) {
            return Some(uid == found);
        }
        match (&self.ca, &found.ca) {
            (Some(ca), Some(found)) => Some(ca == found || self.aliases.contains(found)),
            _ => None,
        }
    }

    /// Whether `found` is this cluster by its UID, which no other cluster has.
    #[must_use]
    pub fn is_certainly(&self, found: &Self) -> bool {
        self.uid.is_some() && self.uid == found.uid
    }

    /// What replaces `found`, a mark of the same cluster.
    pub(super) fn after(&self, found: &Self) -> Self {
        let is_known = |ca: &String| self.ca.as_ref() == Some(ca) || self.aliases.contains(ca);
        let ca = match &found.ca {
            // Of two users who know the cluster by different authorities, the second one does not undo the first one's.
            Some(ca) if !self.is_own_ca || is_known(ca) => Some(ca.clone()),
            _ => self.ca.clone(),
        };
        Self {
            uid: self.uid.clone().or_else(|| found.uid.clone()),
            ca,
            ..Self::default()
        }
    }
}

/// As messages name it.
impl fmt::Display for ClusterIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.uid, &self.ca) {
            (Some(uid), _) => write!(f, "UID of kube-system {uid}"),
            (None, Some(ca)) => write!(f, "CA sha256:{ca}…"),
            (None, None) => f.write_str("unknown"),
        }
    }
}

/// Whether a text can be a UID: nothing in it ends a comment or a field of a mark.
fn is_uid(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !text.is_empty() && text.len() <= LONGEST_UID && text.chars().all(is_plain)
}

fn is_hash(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.len() == 2 * HASH_BYTES && text.chars().all(is_digit)
}

/// The hash of each certificate, in an order that does not depend on the bundle's.
fn certificates(pem: &str) -> Vec<String> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).map_while(Result::ok);
    let mut hashes: Vec<String> = certificates.map(|der| hash(&der)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The hash of several certificates; of one its own.
fn bundle(hashes: &[String]) -> Option<String> {
    match hashes {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(hash(several.concat().as_bytes())),
    }
}

fn hash(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let digits = digest.as_ref().iter().take(HASH_BYTES);
    let digits = digits.flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
