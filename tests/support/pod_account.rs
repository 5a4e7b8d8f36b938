//! The program in the place of a Pod's, in a mount namespace of its own, because the paths are fixed: the account's files
//! are where Kubernetes mounts them, and nothing else of the machine can be written, nor does it know the user.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;
use testbed::{ControlPlane, root};

use super::Monconf;

/// Where the program finds a termination message's file, which is mounted by itself.
pub(crate) const TERMINATION_LOG: &str = "/run/termination-log";

const SCRIPT: &str = r#"
mount -t tmpfs none /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
mount --bind "$0/account" /run/secrets/kubernetes.io/serviceaccount
touch /run/termination-log /run/monconf
mount --bind "$0/termination-log" /run/termination-log
mount --bind "$1" /run/monconf
shift
cd /
mount -t tmpfs -o ro none /etc
mount -t tmpfs -o ro none /tmp
mount -o remount,ro /run
mount -o remount,bind,ro /
exec setpriv --reuid 65534 --regid 65534 --clear-groups env -u PATH /run/monconf "$@"
"#;

/// An account's files, and where its API server is.
pub(crate) struct PodAccount {
    folder: TempDir,
    host: String,
    port: u16,
}

impl PodAccount {
    /// With that token, at the API server itself; `None`, with a word on standard error, for whoever is not root.
    pub(crate) fn new(cp: &ControlPlane, token: &str) -> Option<Self> {
        if !root::is_available("a mount namespace") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let account = folder.path().join("account");
        fs::create_dir(&account).unwrap();
        fs::write(account.join("ca.crt"), cp.ca_pem()).unwrap();
        fs::write(account.join("namespace"), "default").unwrap();
        let log = folder.path().join("termination-log");
        fs::write(&log, "").unwrap();
        // As the kubelet makes it.
        fs::set_permissions(&log, fs::Permissions::from_mode(0o666)).unwrap();
        let account = Self {
            folder,
            host: "127.0.0.1".to_owned(),
            port: cp.port(),
        };
        account.replace_token(token);
        Some(account)
    }

    /// The same at another address.
    pub(crate) fn at(mut self, host: &str, port: u16) -> Self {
        host.clone_into(&mut self.host);
        self.port = port;
        self
    }

    /// Puts another token into the file, as the kubelet does once an hour.
    pub(crate) fn replace_token(&self, token: &str) {
        let account = self.folder.path().join("account");
        fs::write(account.join("next"), token).unwrap();
        fs::rename(account.join("next"), account.join("token")).unwrap();
    }

    /// `monconf ARGUMENTS…` as that account.
    pub(crate) fn call(&self, arguments: &[&str]) -> Monconf {
        Monconf::new(arguments)
            .env("KUBERNETES_SERVICE_HOST", &self.host)
            .env("KUBERNETES_SERVICE_PORT", self.port.to_string())
            .under(&[
                "unshare",
                "--mount",
                "sh",
                "-e",
                "-c",
                SCRIPT,
                self.folder.path().to_str().unwrap(),
            ])
    }

    /// What a run wrote into [`TERMINATION_LOG`].
    pub(crate) fn termination_message(&self) -> String {
        fs::read_to_string(self.folder.path().join("termination-log")).unwrap()
    }
}
