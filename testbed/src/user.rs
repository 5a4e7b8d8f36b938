//! Users with a client certificate, and what they may do.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::client::{Client, Identity};
use crate::control_plane::ControlPlane;
use crate::control_plane::pki::Pair;
use crate::kubeconfig::Kubeconfig;
use crate::poll::poll;

/// Somebody who holds a client certificate of the cluster's authority.
#[derive(Clone, Debug)]
pub struct User {
    /// What the server calls them; also the name of the kubeconfig's context.
    pub name: String,
    /// Their kubeconfig.
    pub kubeconfig: PathBuf,
    pair: Pair,
    client: Client,
    ca_pem: String,
}

impl User {
    /// A client with this user's certificate.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A kubeconfig for another address of the same cluster, such as a relay's.
    pub fn via(&self, url: &str) -> PathBuf {
        let number = next();
        let path = self.kubeconfig.with_extension(format!("{number}.yaml"));
        self.write(&path, url);
        path
    }

    fn write(&self, path: &Path, url: &str) {
        Kubeconfig {
            name: &self.name,
            server: url,
            ca_pem: &self.ca_pem,
            certificate_pem: &self.pair.certificate_pem,
            key_pem: &self.pair.key_pem,
        }
        .write(path);
    }
}

impl ControlPlane {
    /// A user in `groups` (two at most), who may do what these may and nothing else.
    pub fn user(&self, name: &str, groups: &[&str]) -> User {
        let pair = self.pki().client(name, groups);
        let user = User {
            name: name.to_owned(),
            kubeconfig: self.directory().join(format!("user-{}.yaml", next())),
            client: Client::new(self.url(), self.ca_pem(), &Identity::from(pair.clone())),
            pair,
            ca_pem: self.ca_pem().to_owned(),
        };
        user.write(&user.kubeconfig, self.url());
        user
    }

    /// A fresh user for one test who may do what `rules`, a JSON list of RBAC rules, say in the whole cluster.
    pub fn limited_user(&self, test: &str, rules: &Value) -> User {
        let user = self.user(&unique(test), &[]);
        self.grant(&user.name, None, rules);
        user
    }

    /// Lets a user do what `rules` say, in one namespace or everywhere, and waits until the authorizer knows.
    ///
    /// A second grant to the same user adds to the first. `name` may also be that of a service account,
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub fn grant(&self, name: &str, namespace: Option<&str>, rules: &Value) {
        let role = unique("testbed-grant");
        let (kind, prefix) = match namespace {
            Some(namespace) => (
                "Role",
                format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/"),
            ),
            None => (
                "ClusterRole",
                "/apis/rbac.authorization.k8s.io/v1/".to_owned(),
            ),
        };
        let api = "rbac.authorization.k8s.io";
        let objects = [
            json!({"apiVersion": format!("{api}/v1"), "kind": kind, "metadata": {"name": role}, "rules": rules}),
            json!({
                "apiVersion": format!("{api}/v1"), "kind": format!("{kind}Binding"), "metadata": {"name": role},
                "roleRef": {"apiGroup": api, "kind": kind, "name": role},
                "subjects": [{"apiGroup": api, "kind": "User", "name": name}],
            }),
        ];
        for (object, plural) in objects.iter().zip(["s", "bindings"]) {
            let collection = format!("{prefix}{}{plural}", kind.to_lowercase());
            if let Err(failure) = self.admin().post(&collection, object) {
                panic!("{failure}");
            }
        }
        for rule in rules.as_array().expect("rules are a JSON list") {
            self.wait_for_rule(name, namespace, rule);
        }
    }

    /// Whether the authorizer allows `attributes` (`resourceAttributes` or `nonResourceAttributes`) to a user.
    pub fn may(&self, name: &str, attributes: &Value) -> bool {
        let mut spec = attributes.clone();
        spec["user"] = json!(name);
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec});
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        match self.admin().post(path, &review) {
            Ok(answer) => answer["status"]["allowed"] == json!(true),
            Err(failure) => panic!("{failure}"),
        }
    }

    fn wait_for_rule(&self, name: &str, namespace: Option<&str>, rule: &Value) {
        let first = |key: &str| rule[key][0].as_str().unwrap_or_default();
        let attributes = if rule["nonResourceURLs"].is_array() {
            json!({"nonResourceAttributes": {"verb": first("verbs"), "path": first("nonResourceURLs")}})
        } else {
            let (resource, subresource) = first("resources")
                .split_once('/')
                .unwrap_or((first("resources"), ""));
            json!({"resourceAttributes": {
                "verb": first("verbs"), "group": first("apiGroups"), "resource": resource,
                "subresource": subresource, "name": first("resourceNames"), "namespace": namespace.unwrap_or_default(),
            }})
        };
        poll(|| self.may(name, &attributes).then_some(()))
            .unwrap_or_else(|| panic!("the authorizer does not learn {attributes} for {name}"));
    }
}

/// A number that this process did not use before.
fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// `name` as a part of an object's name, with a suffix of its own.
pub(crate) fn unique(name: &str) -> String {
    let part: String = name
        .rsplit("::")
        .next()
        .unwrap_or(name)
        .replace('_', "-")
        .to_lowercase();
    let part = part.get(..40).unwrap_or(&part).trim_end_matches('-');
    format!("{part}-{}", next())
}
