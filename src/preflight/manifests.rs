//! Manifests as they are read: objects, the hooks of Helm that they are for, and the Pods that they stand for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::object::listed;

/// One object of the manifests.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`, where it says one.
    pub namespace: Option<String>,
    /// All of it.
    pub value: Value,
}

/// How the API serves a kind: its resource, and whether its objects are in namespaces.
pub type Served = BTreeMap<(String, String), (String, bool)>;

const HOOK: &str = "helm.sh/hook";

/// The objects in a text of YAML documents, those of lists one by one.
///
/// # Errors
/// A sentence with the line: what is no YAML, and documents that are no manifests.
pub fn parse(text: &str, origin: &str) -> Result<Vec<Manifest>, String> {
    let documents = yaml::parse_located(text, origin).map_err(|error| error.to_string())?;
    let mut manifests = Vec::new();
    for document in documents
        .iter()
        .filter(|document| !document.value.is_null())
    {
        let items = match listed(&document.value) {
            Some(items) => items.iter().collect(),
            None => vec![&document.value],
        };
        for item in items {
            let manifest = Manifest::of(item).map_err(|field| {
                let line = document.lines.of("");
                format!("{origin}:{line}: this is no manifest: it has no {field}")
            })?;
            manifests.push(manifest);
        }
    }
    Ok(manifests)
}

impl Manifest {
    fn of(value: &Value) -> Result<Self, &'static str> {
        let text = |pointer: &str, field| {
            let text = value.pointer(pointer).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).ok_or(field)
        };
        Ok(Self {
            api_version: text("/apiVersion", "apiVersion")?.to_owned(),
            kind: text("/kind", "kind")?.to_owned(),
            name: text("/metadata/name", "metadata.name")?.to_owned(),
            namespace: text("/metadata/namespace", "").ok().map(str::to_owned),
            value: value.clone(),
        })
    }

    /// The hooks of Helm for each of which it is made anew: `post-install`, `test`.
    #[must_use]
    pub fn hooks(&self) -> Vec<&str> {
        let names = self.value["metadata"]["annotations"][HOOK].as_str();
        let names = names.into_iter().flat_map(|names| names.split(','));
        names
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// Its API group; empty for the core's.
    #[must_use]
    pub fn group(&self) -> &str {
        let version = self.api_version.split_once('/');
        version.map_or("", |(group, _)| group)
    }

    /// How the cluster serves it; where that is not known, what its name and habit say.
    #[must_use]
    pub fn served(&self, served: &Served) -> (String, bool) {
        let key = (self.api_version.clone(), self.kind.clone());
        let known = served.get(&key).cloned();
        known.unwrap_or_else(|| (plural(&self.kind), !is_of_cluster(&self.kind)))
    }

    /// The Pods that it stands for.
    fn pod(&self) -> Option<&Value> {
        match (self.group(), self.kind.as_str()) {
            ("", "Pod") => Some(&self.value),
            ("batch", "CronJob") => self.value.pointer("/spec/jobTemplate/spec/template"),
            ("apps" | "batch", _) | ("", "ReplicationController") => {
                self.value.pointer("/spec/template")
            }
            _ => None,
        }
    }
}

/// As `meta.UnsafeGuessKindToResource` of apimachinery guesses.
fn plural(kind: &str) -> String {
    let name = kind.to_lowercase();
    if name == "endpoints" {
        name
    } else if name.ends_with('s') {
        name + "es"
    } else if let Some(stem) = name.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        name + "s"
    }
}

fn is_of_cluster(kind: &str) -> bool {
    const KINDS: [&str; 16] = [
        "Namespace",
        "Node",
        "PersistentVolume",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "StorageClass",
        "PriorityClass",
        "IngressClass",
        "RuntimeClass",
        "CSIDriver",
        "APIService",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    ];
    KINDS.contains(&kind)
}

/// A template of Pods, and what it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// `Job monitoring/apply`.
    pub title: String,
    /// Where its Pods run.
    pub namespace: String,
    /// A Pod of it.
    pub pod: Value,
}

/// Every template of Pods. Their accounts are left out, for they may not be there yet.
#[must_use]
pub fn workloads(manifests: &[Manifest], namespace: &str) -> Vec<Workload> {
    let of = |manifest: &Manifest| {
        let template = manifest.pod()?;
        let namespace = manifest.namespace.as_deref().unwrap_or(namespace);
        let mut spec = template["spec"].clone();
        let fields = spec.as_object_mut()?;
        fields.remove("serviceAccountName");
        fields.remove("serviceAccount");
        fields.insert("automountServiceAccountToken".to_owned(), false.into());
        Some(Workload {
            title: format!("{} {namespace}/{}", manifest.kind, manifest.name),
            namespace: namespace.to_owned(),
            pod: json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"generateName": "monconf-preflight-", "annotations": template["metadata"]["annotations"]},
                "spec": spec,
            }),
        })
    };
    manifests.iter().filter_map(of).collect()
}
