//! An administrator with a token, who runs monconf through a relay.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testbed::ControlPlane;

use crate::support::{Monconf, Run};

const NAME: &str = "lied-to";

/// A ServiceAccount that may do everything, by its token.
pub(super) static TOKEN: LazyLock<String> = LazyLock::new(|| {
    let cp = ControlPlane::shared();
    cp.wait_for_namespace("default");
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME}});
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    cp.admin().post(accounts, &account).unwrap();
    let user = format!("system:serviceaccount:default:{NAME}");
    let everything = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]);
    cp.grant(&user, None, &everything);
    cp.admin().token("default", NAME, 36_000).unwrap()
});

/// One run's names and files.
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) folder: tempfile::TempDir,
}

impl Caller {
    pub(super) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("token")).unwrap();
        Self {
            name: name.to_owned(),
            folder,
        }
    }

    /// A kubeconfig for `server` whose user has the token.
    pub(super) fn kubeconfig(&self, server: &str) -> PathBuf {
        self.kubeconfig_of(server, &json!({"token": *TOKEN}))
    }

    pub(super) fn kubeconfig_of(&self, server: &str, user: &Value) -> PathBuf {
        let path = self.folder.path().join("config");
        write_kubeconfig(&path, server, ControlPlane::shared().ca_pem(), user);
        path
    }

    /// The words of a verb with the names of this run.
    pub(super) fn words(&self, verb: &str) -> Vec<String> {
        let folder = self.folder.path().to_str().unwrap();
        let namespace = format!("ns-{}", self.name);
        verb.split(' ')
            .map(|word| match word {
                "NAME" => self.name.clone(),
                "NS" => namespace.clone(),
                word => word.replace("DIR", folder),
            })
            .collect()
    }

    /// The call, with waits that no busy machine exceeds.
    pub(super) fn call(&self, verb: &str, server: &str) -> Monconf {
        Monconf::new(self.words(verb))
            .args(["--request-timeout", "2m", "--timeout", "10m"])
            .kubeconfig(&self.kubeconfig(server))
    }

    /// The same with waits that are short, for runs that may end as well by them.
    pub(super) fn impatient_call(&self, verb: &str, server: &str) -> Monconf {
        Monconf::new(self.words(verb))
            .args(["--request-timeout", "1s", "--timeout", "5s"])
            .kubeconfig(&self.kubeconfig(server))
    }

    pub(super) fn run(&self, verb: &str, server: &str) -> Run {
        self.call(verb, server).run()
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let admin = ControlPlane::shared().admin();
        // Best effort: what stays has a name that no other run uses.
        for plural in ["clusterrolebindings", "clusterroles"] {
            let path = format!(
                "/apis/rbac.authorization.k8s.io/v1/{plural}?labelSelector=app.kubernetes.io%2Finstance%3D{}",
                self.name
            );
            let _ = admin.delete(&path);
        }
        let _ = admin.delete(&format!("/api/v1/namespaces/ns-{}", self.name));
    }
}

pub(super) fn write_kubeconfig(path: &Path, server: &str, ca: &str, user: &Value) {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "jane"}}],
        "clusters": [{"name": "c", "cluster": {
            "server": server, "certificate-authority-data": STANDARD.encode(ca),
        }}],
        "users": [{"name": "jane", "user": user}],
    });
    fs::write(path, config.to_string()).unwrap();
}
