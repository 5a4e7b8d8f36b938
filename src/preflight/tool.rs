//! What a tool asks for the objects that it applies, such as Helm for those of a chart.

use clap::ValueEnum;

use super::manifests::{Manifest, Served};
use super::writing::rights;
use super::{Demand, Demands, Granting, Weight};
use crate::object::{Kind, ObjectRef};
use crate::rbac::{Right, Scope};

const RBAC: &str = "rbac.authorization.k8s.io";

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

/// Which tool the manifests are made for, as their marks tell.
#[must_use]
pub fn tool_of(manifests: &[Manifest]) -> Tool {
    let is_helms = |manifest: &Manifest| {
        let labels = &manifest.value["metadata"]["labels"];
        let by = &labels["app.kubernetes.io/managed-by"];
        !manifest.hooks().is_empty() || *by == "Helm" || labels["helm.sh/chart"].is_string()
    };
    if manifests.iter().any(is_helms) {
        Tool::Helm4
    } else {
        Tool::Kubectl
    }
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
        let is_hook = !manifest.hooks().is_empty();
        let needed = object.demands(tool, is_hook).into_iter();
        let when = when(tool, manifest);
        demands.extend(needed.map(|demand| match (&demand.weight, &when) {
            (Weight::Required, Some(when)) => Demand {
                weight: Weight::Perhaps(when.clone()),
                ..demand
            },
            _ => demand,
        }));
    }
    if tool != Tool::Kubectl {
        demands.extend(release(namespace));
    }
    demands.grantings = grantings(manifests, tool, namespace);
    demands
}

/// When an object is written that is only for some of Helm's hooks: neither an installation nor an upgrade fails for want of
/// rights on a test (<https://helm.sh/docs/topics/charts_hooks/>).
fn when(tool: Tool, manifest: &Manifest) -> Option<String> {
    let hooks = manifest.hooks();
    if tool == Tool::Kubectl || hooks.is_empty() {
        return None;
    }
    let is_test = |hook: &&str| hook.starts_with("test");
    let is_deletion = |hook: &&str| hook.ends_with("-delete");
    if !hooks.iter().all(|hook| is_test(hook) || is_deletion(hook)) {
        return None;
    }
    let when = match (hooks.iter().any(is_test), hooks.iter().any(is_deletion)) {
        (true, true) => "only for helm test and an uninstallation",
        (true, false) => "only for helm test",
        _ => "only for an uninstallation",
    };
    Some(when.to_owned())
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
fn grantings(manifests: &[Manifest], tool: Tool, namespace: &str) -> Vec<Granting> {
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
            when: when(tool, manifest),
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
            Some(known) if known.scope == scope => {
                known.is_bound = true;
                // One that is sure is enough.
                known.when = known.when.take().and(when(tool, manifest));
            }
            known => {
                let rights = known.and_then(|known| known.rights.clone());
                grantings.push(Granting {
                    role,
                    rights,
                    scope,
                    is_written: false,
                    is_bound: true,
                    when: when(tool, manifest),
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
