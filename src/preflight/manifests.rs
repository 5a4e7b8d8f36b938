//! What whoever applies manifests needs, such as the one who runs Helm.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::writing::rights;
use super::{Demand, Demands, Granting, Weight};
use crate::access::{Right, Scope};
use crate::object::{Kind, ObjectRef};
use crate::yaml;

/// What applies the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// Helm 4: `helm install`, `upgrade` and `uninstall`
    Helm4,
    /// Helm 3: the same
    Helm3,
    /// `kubectl apply` and `kubectl delete`
    Kubectl,
}

impl Tool {
    /// `helm install, upgrade and uninstall (Helm 4)`.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::Helm4 => "helm install, upgrade and uninstall (Helm 4)",
            Self::Helm3 => "helm install, upgrade and uninstall (Helm 3)",
            Self::Kubectl => "kubectl apply and delete",
        }
    }

    /// What a role for it is called.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::Helm4 | Self::Helm3 => "helm-install",
            Self::Kubectl => "kubectl-apply",
        }
    }
}

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
const RBAC: &str = "rbac.authorization.k8s.io";

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
        let items = match &document.value["items"] {
            Value::Array(items) => items.iter().collect(),
            _ => vec![&document.value],
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

    /// Whether Helm makes it anew for each of its hooks.
    #[must_use]
    pub fn is_hook(&self) -> bool {
        self.value["metadata"]["annotations"][HOOK].is_string()
    }

    fn group(&self) -> &str {
        let version = self.api_version.split_once('/');
        version.map_or("", |(group, _)| group)
    }

    /// How the cluster serves it; where that is not known, what its name and habit say.
    fn served(&self, served: &Served) -> (String, bool) {
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

/// Which tool the manifests are made for, as their marks tell.
#[must_use]
pub fn tool_of(manifests: &[Manifest]) -> Tool {
    let is_helms = |manifest: &Manifest| {
        let labels = &manifest.value["metadata"]["labels"];
        let by = &labels["app.kubernetes.io/managed-by"];
        manifest.is_hook() || *by == "Helm" || labels["helm.sh/chart"].is_string()
    };
    if manifests.iter().any(is_helms) {
        Tool::Helm4
    } else {
        Tool::Kubectl
    }
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

/// What `tool` asks and writes for these manifests, seen in the audit log of the API server with Helm 3.22 and 4.3.
#[must_use]
pub fn of_manifests(
    manifests: &[Manifest],
    tool: Tool,
    served: &Served,
    namespace: &str,
) -> Demands {
    let mut demands = Demands::default();
    for manifest in manifests {
        let object = Object::of(manifest, served, namespace);
        demands.extend(object.demands(tool, manifest.is_hook()));
    }
    if tool != Tool::Kubectl {
        demands.extend(release(namespace));
    }
    demands.grantings = grantings(manifests, namespace);
    demands
}

/// An object as the authorizer knows it.
struct Object {
    group: String,
    resource: String,
    name: String,
    scope: Scope,
    what: String,
}

impl Object {
    fn of(manifest: &Manifest, served: &Served, namespace: &str) -> Self {
        let (resource, is_namespaced) = manifest.served(served);
        let namespace = manifest.namespace.as_deref().unwrap_or(namespace);
        let (scope, place) = if is_namespaced {
            let scope = Scope::Namespace(namespace.to_owned());
            (scope, format!("{namespace}/"))
        } else {
            (Scope::Cluster, String::new())
        };
        Self {
            group: manifest.group().to_owned(),
            resource,
            name: manifest.name.clone(),
            scope,
            what: format!("{} {place}{}", manifest.kind, manifest.name),
        }
    }

    fn any(&self, verb: &str) -> Demand {
        let right = Right::resource(&self.group, &self.resource, verb);
        Demand::required(right, self.scope.clone(), &self.what)
    }

    fn on(&self, verb: &str) -> Demand {
        let any = self.any(verb);
        Demand {
            right: any.right.named(&self.name),
            ..any
        }
    }

    fn later(&self, verb: &str, when: &str) -> Demand {
        Demand {
            weight: Weight::Perhaps(when.to_owned()),
            ..self.on(verb)
        }
    }

    fn demands(&self, tool: Tool, is_hook: bool) -> Vec<Demand> {
        let upgrade = "only for an upgrade that changes it";
        let end = "only for an uninstallation, or an upgrade without it";
        match (tool, is_hook) {
            (Tool::Kubectl, _) => vec![
                self.on("get"),
                self.any("create"),
                self.later("patch", "only to change it"),
                self.later("delete", "only to delete it"),
            ],
            (Tool::Helm3, false) => vec![
                self.on("get"),
                self.any("create"),
                self.later("patch", upgrade),
                self.later("delete", end),
            ],
            (Tool::Helm4, false) => vec![
                self.on("get"),
                self.on("create"),
                self.on("patch"),
                self.later("delete", end),
            ],
            // Deleted and made anew; of what runs to its end that is waited for.
            (Tool::Helm3, true) => {
                let mut demands = vec![self.on("delete"), self.on("get"), self.any("create")];
                if ["jobs", "pods"].contains(&self.resource.as_str()) {
                    demands.extend(["list", "watch"].map(|verb| self.on(verb)));
                }
                demands
            }
            // Helm 4 watches every hook until it is there, by its kind.
            (Tool::Helm4, true) => vec![
                self.on("delete"),
                self.on("get"),
                self.on("create"),
                self.on("patch"),
                self.any("list"),
                self.any("watch"),
            ],
        }
    }
}

/// Helm keeps each revision of a release in a Secret, which it makes with a POST and finds by its labels.
fn release(namespace: &str) -> Vec<Demand> {
    let scope = Scope::Namespace(namespace.to_owned());
    let demand = |verb| {
        let right = Right::resource("", "secrets", verb);
        Demand::required(right, scope.clone(), "Helm's record of the release")
    };
    let later = |verb| Demand {
        weight: Weight::Perhaps("only for an uninstallation, or after ten upgrades".to_owned()),
        ..demand(verb)
    };
    let needed = ["list", "create", "update"].map(demand);
    needed
        .into_iter()
        .chain(["get", "delete"].map(later))
        .collect()
}

/// The roles that the manifests hold, and those that they bind somebody to.
fn grantings(manifests: &[Manifest], namespace: &str) -> Vec<Granting> {
    let in_rbac = manifests.iter().filter(|manifest| manifest.group() == RBAC);
    let mut grantings: Vec<Granting> = Vec::new();
    for manifest in in_rbac.clone() {
        let Some(role) = role(&manifest.kind, &manifest.name, manifest, namespace) else {
            continue;
        };
        grantings.push(Granting {
            scope: super::scope_of(&role),
            role,
            rights: Some(rights(&manifest.value)),
            is_written: true,
            is_bound: false,
        });
    }
    for manifest in in_rbac.filter(|manifest| manifest.kind.ends_with("Binding")) {
        let reference = &manifest.value["roleRef"];
        let text = |key: &str| reference[key].as_str().unwrap_or_default();
        let Some(role) = role(text("kind"), text("name"), manifest, namespace) else {
            continue;
        };
        let scope = match manifest.kind.as_str() {
            "ClusterRoleBinding" => Scope::Cluster,
            _ => Scope::Namespace(
                manifest
                    .namespace
                    .as_deref()
                    .unwrap_or(namespace)
                    .to_owned(),
            ),
        };
        let written = grantings
            .iter_mut()
            .find(|known| known.role == role && known.is_written);
        match written {
            Some(known) if known.scope == scope => known.is_bound = true,
            known => {
                let rights = known.and_then(|known| known.rights.clone());
                grantings.push(Granting {
                    role,
                    rights,
                    scope,
                    is_written: false,
                    is_bound: true,
                });
            }
        }
    }
    grantings
}

fn role(kind: &str, name: &str, manifest: &Manifest, namespace: &str) -> Option<ObjectRef> {
    let namespace = manifest.namespace.as_deref().unwrap_or(namespace);
    match kind {
        "ClusterRole" => Some(ObjectRef::cluster(Kind::ClusterRole, name)),
        "Role" => Some(ObjectRef::namespaced(Kind::Role, namespace, name)),
        _ => None,
    }
}
