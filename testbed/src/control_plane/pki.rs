//! The cluster's authority and the certificates that it issues.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::kubeconfig::Kubeconfig;

/// A certificate and its key.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
}

/// The user and groups that a client certificate stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) user: String,
    pub(crate) groups: Vec<String>,
}

/// Two authorities: one for servers and clients, one for the front proxy that may name users in headers.
pub(crate) struct Pki {
    ca: CertifiedIssuer<'static, KeyPair>,
    ca_pem: String,
    front_proxy_ca: CertifiedIssuer<'static, KeyPair>,
    issued: Mutex<HashMap<Vec<u8>, Subject>>,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let ca = authority("monconf-testbed");
        Self {
            ca_pem: ca.pem(),
            ca,
            front_proxy_ca: authority("monconf-testbed-front-proxy"),
            issued: Mutex::default(),
        }
    }

    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A serving certificate for these names and addresses.
    pub(crate) fn serving(&self, names: &[&str], addresses: &[IpAddr]) -> Pair {
        sign(&serving_params(names, addresses), &self.ca).1
    }

    /// One that ended long ago.
    pub(crate) fn expired(&self, addresses: &[IpAddr]) -> Pair {
        let mut params = serving_params(&[], addresses);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        sign(&params, &self.ca).1
    }

    /// A client certificate of a user who is in `groups`.
    pub(crate) fn client(&self, user: &str, groups: &[&str]) -> Pair {
        let (certificate, pair) = sign(&client_params(user, groups), &self.ca);
        let subject = Subject {
            user: user.to_owned(),
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        };
        self.issued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(certificate.der().to_vec(), subject);
        pair
    }

    /// Writes a kubeconfig of such a user.
    pub(crate) fn kubeconfig(&self, user: &str, groups: &[&str], server: &str, path: &Path) {
        let pair = self.client(user, groups);
        Kubeconfig {
            name: user,
            server,
            ca_pem: &self.ca_pem,
            certificate_pem: &pair.certificate_pem,
            key_pem: &pair.key_pem,
        }
        .write(path);
    }

    /// Whom a client certificate of this authority stands for.
    pub(crate) fn subject(&self, certificate: &[u8]) -> Option<Subject> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.get(certificate).cloned()
    }

    /// The certificate whose holder may name any user in `X-Remote-User`.
    pub(crate) fn front_proxy(&self) -> Pair {
        sign(&client_params("front-proxy", &[]), &self.front_proxy_ca).1
    }

    /// Writes the files that the components read.
    pub(super) fn write(&self, directory: &Path, addresses: &[IpAddr]) {
        let names = [
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "localhost",
        ];
        let serving = self.serving(&names, addresses);
        // As what the API server calls a kubelet: an administrator, as is usual.
        let kubelet_client = self.client("kube-apiserver-kubelet-client", &["system:masters"]);
        let service_accounts = KeyPair::generate().expect("a key can be made");
        for (name, pem) in [
            ("ca.crt", self.ca_pem.as_str()),
            ("ca.key", &self.ca.key().serialize_pem()),
            ("front-proxy-ca.crt", &self.front_proxy_ca.pem()),
            ("apiserver.crt", &serving.certificate_pem),
            ("apiserver.key", &serving.key_pem),
            ("kubelet-client.crt", &kubelet_client.certificate_pem),
            ("kubelet-client.key", &kubelet_client.key_pem),
            ("service-accounts.key", &service_accounts.serialize_pem()),
            ("service-accounts.pub", &service_accounts.public_key_pem()),
        ] {
            fs::write(directory.join(name), pem).expect("the directory is writable");
        }
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    let key = KeyPair::generate().expect("a key can be made");
    CertifiedIssuer::self_signed(params, key).expect("an authority can sign itself")
}

fn serving_params(names: &[&str], addresses: &[IpAddr]) -> CertificateParams {
    let common_name = names.first().copied().unwrap_or_default();
    let names = names.iter().map(|&name| name.to_owned());
    let names = names.chain(addresses.iter().map(ToString::to_string));
    let mut params = CertificateParams::new(names.collect::<Vec<_>>()).expect("valid names");
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn client_params(user: &str, groups: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, user);
    // rcgen keeps one value per type, and takes a type's number for another type.
    let types = [
        DnType::OrganizationName,
        DnType::CustomDnType(vec![2, 5, 4, 10]),
    ];
    assert!(
        groups.len() <= types.len(),
        "a client certificate holds two groups at most"
    );
    for (&group, kind) in groups.iter().zip(types) {
        params.distinguished_name.push(kind, group);
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn sign(
    params: &CertificateParams,
    issuer: &CertifiedIssuer<'static, KeyPair>,
) -> (Certificate, Pair) {
    let key = KeyPair::generate().expect("a key can be made");
    let certificate = params
        .signed_by(&key, issuer)
        .expect("the authority can sign");
    let pair = Pair {
        certificate_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
    };
    (certificate, pair)
}
