//! Kubeconfig files.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};

/// What a kubeconfig of one context says.
#[derive(Clone, Copy, Debug)]
pub struct Kubeconfig<'a> {
    /// The name of its context, cluster and user.
    pub name: &'a str,
    /// The API server's address.
    pub server: &'a str,
    /// The authority of the API server's certificate.
    pub ca_pem: &'a str,
    /// The user's certificate.
    pub certificate_pem: &'a str,
    /// The key of that certificate.
    pub key_pem: &'a str,
}

impl Kubeconfig<'_> {
    /// Writes it to `path`, readable by the owner only.
    pub fn write(&self, path: &Path) {
        File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| file.write_all(self.to_yaml().as_bytes()))
            .unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    }

    fn to_yaml(self) -> String {
        let Self { name, server, .. } = self;
        let ca = BASE64_STANDARD.encode(self.ca_pem);
        let certificate = BASE64_STANDARD.encode(self.certificate_pem);
        let key = BASE64_STANDARD.encode(self.key_pem);
        format!(
            "apiVersion: v1
kind: Config
current-context: {name}
contexts:
- name: {name}
  context:
    cluster: {name}
    user: {name}
clusters:
- name: {name}
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: {name}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
"
        )
    }
}
