//! What all parts of a translation share.

use std::collections::BTreeMap;

use super::build::Build;
use super::fields::looks_secret;
use super::finding::Findings;
use crate::alloy::{identifier, literal};

/// Where the operator mounts Secrets and ConfigMaps that a GrafanaAgent names
/// (`static/operator/resources_pod_template.go` of grafana/agent).
const MOUNTS: [(&str, Held); 2] = [
    ("/var/lib/grafana-agent/extra-secrets/", Held::Secret),
    ("/var/lib/grafana-agent/extra-configmaps/", Held::ConfigMap),
];

/// Files that Kubernetes itself puts into every Pod.
const OWN_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/";

/// What holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    Secret,
    ConfigMap,
}

impl Held {
    const fn component(self) -> &'static str {
        match self {
            Self::Secret => "remote.kubernetes.secret",
            Self::ConfigMap => "remote.kubernetes.configmap",
        }
    }
}

/// Whose translation it is, what was found, and which Secrets and ConfigMaps are read.
pub(super) struct Context {
    pub(super) findings: Findings,
    /// The instance's name, which labels begin with.
    pub(super) name: String,
    pub(super) namespace: String,
    /// Where the agent's Pods run.
    pub(super) agent_namespace: String,
    objects: BTreeMap<(Held, String, String), String>,
}

impl Context {
    pub(super) fn new(namespace: &str, name: &str, agent_namespace: &str) -> Self {
        Self {
            findings: Findings::default(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            agent_namespace: agent_namespace.to_owned(),
            objects: BTreeMap::new(),
        }
    }

    /// The label of what the instance has one of.
    pub(super) fn shared(&self) -> String {
        identifier::shared(&self.name)
    }

    /// A text that is no secret by its looks.
    pub(super) fn plain(&mut self, path: &str, text: String) -> Option<String> {
        if looks_secret(&text) {
            self.secret(path);
            return None;
        }
        Some(text)
    }

    /// A secret that stands where it is read by everybody, and stays there.
    pub(super) fn secret(&mut self, path: &str) {
        self.findings.error(
            path,
            "holds a secret, which is not copied: put it into a Secret of its own and name that by `remote.kubernetes.secret`",
        );
    }

    /// The expression of a value; as a secret, which only some arguments take.
    pub(super) fn value(&mut self, held: Held, namespace: &str, name: &str, key: &str) -> String {
        let whose = if namespace == self.namespace {
            name.to_owned()
        } else {
            format!("{namespace}/{name}")
        };
        let label = identifier::own(&self.name, &whose);
        let place = (held, namespace.to_owned(), name.to_owned());
        self.objects.insert(place, label.clone());
        format!(
            "{}.{label}.data[{}]",
            held.component(),
            literal::string(key)
        )
    }

    /// The same where the argument takes no secret.
    pub(super) fn public(&mut self, held: Held, namespace: &str, name: &str, key: &str) -> String {
        let value = self.value(held, namespace, name, key);
        match held {
            Held::Secret => format!("nonsensitive({value})"),
            Held::ConfigMap => value,
        }
    }

    /// A file of the agent's Pods: by the Secret that it is mounted from, or where it is.
    pub(super) fn file(
        &mut self,
        path: &str,
        file: String,
        (of_file, of_content): (&str, &str),
        is_secret: bool,
        out: &mut Build,
    ) {
        for (root, held) in MOUNTS {
            let parts = file
                .strip_prefix(root)
                .and_then(|rest| rest.split_once('/'));
            if let Some((name, key)) = parts {
                let namespace = self.agent_namespace.clone();
                let value = if is_secret {
                    self.value(held, &namespace, name, key)
                } else {
                    self.public(held, &namespace, name, key)
                };
                out.expression(of_content, value);
                return;
            }
        }
        if !file.starts_with(OWN_ACCOUNT) {
            self.findings.note(
                path,
                "names a file of the agent's Pods, mount it into Alloy's too",
            );
        }
        out.text(of_file, file);
    }

    /// The components that read Secrets and ConfigMaps.
    pub(super) fn sources(&mut self) -> Build {
        let mut out = Build::default();
        for ((held, namespace, name), label) in &self.objects {
            let mut body = Build::default();
            body.text("namespace", namespace.clone());
            body.text("name", name.clone());
            out.component(held.component(), label, body);
            self.findings.note(
                format!(
                    "{} {namespace}/{name}",
                    match held {
                        Held::Secret => "Secret",
                        Held::ConfigMap => "ConfigMap",
                    }
                ),
                "is read by Alloy itself, let its account get it",
            );
        }
        out
    }
}
