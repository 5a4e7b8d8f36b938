//! The roles that are judged.

use std::sync::LazyLock;

use monconf::rbac::Scope;
use monconf::rbac::bindings::Identity;
use serde_json::{Value, json};
use testbed::poll::until;

use super::{API, HERE, ONE, RBAC, cluster, create};

/// How a role is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// ClusterRole and ClusterRoleBinding.
    Everywhere,
    /// ClusterRole and RoleBinding.
    ClusterRoleHere,
    /// Role and RoleBinding.
    RoleHere,
    /// A ClusterRole that aggregates another one with the rules, and a ClusterRoleBinding.
    Aggregated,
}

use Bound::{Aggregated, ClusterRoleHere, Everywhere, RoleHere};

/// A role with a subject of its own.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) bound: Bound,
    pub(super) rules: Value,
    subject: Value,
    pub(super) identity: Identity,
}

/// A rule, written as `VERBS GROUPS RESOURCES`, with `core` for the core group, and ` named` for some objects only.
pub(super) fn rule(text: &str) -> Value {
    let words: Vec<&str> = text.split(' ').collect();
    let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let groups = words[1].replace("core", "").replace("rbac", RBAC);
    let mut rule =
        json!({"apiGroups": list(&groups), "resources": list(words[2]), "verbs": list(words[0])});
    if words.get(3) == Some(&"named") {
        rule["resourceNames"] = json!([ONE, "two"]);
    }
    rule
}

/// How it is bound, and its rules.
const CASES: [(Bound, &[&str]); 54] = [
    (
        RoleHere,
        &["bind rbac clusterroles", "create rbac rolebindings"],
    ),
    (Everywhere, &["get core nodes/proxy"]),
    (Everywhere, &["create core nodes/proxy"]),
    (Everywhere, &["list,watch,delete core nodes/proxy"]),
    (Everywhere, &["* core nodes/*"]),
    (
        Everywhere,
        &["get,list core nodes,nodes/metrics,nodes/stats"],
    ),
    (Everywhere, &["get core */proxy"]),
    (Everywhere, &["create * */proxy"]),
    (Everywhere, &["* apps nodes/proxy,*"]),
    (Everywhere, &["get * nodes/proxy"]),
    (Everywhere, &["get core *"]),
    (Everywhere, &["* * *"]),
    (Everywhere, &["get,list,watch * *"]),
    (Everywhere, &["create * *"]),
    (Everywhere, &["get core nodes/proxy named"]),
    (Everywhere, &["* * * named"]),
    (RoleHere, &["* core nodes/proxy"]),
    (ClusterRoleHere, &["get core nodes/proxy"]),
    (ClusterRoleHere, &["* core *"]),
    (RoleHere, &["* * *"]),
    (ClusterRoleHere, &["* * *"]),
    (Everywhere, &["create core pods/exec"]),
    (Everywhere, &["get core pods/exec,pods/attach"]),
    (RoleHere, &["create,get core pods/exec,pods/log"]),
    (RoleHere, &["create core pods/exec named"]),
    (ClusterRoleHere, &["create core */portforward"]),
    (Everywhere, &["patch core pods/ephemeralcontainers"]),
    (
        Everywhere,
        &["get,list,watch core pods,pods/log,services,endpoints"],
    ),
    (Everywhere, &["get core pods/proxy,services/proxy"]),
    (Everywhere, &["list core secrets"]),
    (Everywhere, &["create,update,delete core secrets"]),
    (RoleHere, &["get core secrets,configmaps"]),
    (RoleHere, &["get,watch core secrets named"]),
    (ClusterRoleHere, &["list core secrets named"]),
    (Everywhere, &["create core serviceaccounts/token"]),
    (RoleHere, &["create core serviceaccounts/token named"]),
    (Everywhere, &["create,get core serviceaccounts"]),
    (Everywhere, &["impersonate core users,groups"]),
    (RoleHere, &["impersonate core users,serviceaccounts"]),
    (Everywhere, &["impersonate core groups named"]),
    (Everywhere, &["escalate,update rbac clusterroles"]),
    (Everywhere, &["escalate rbac clusterroles"]),
    (Everywhere, &["bind rbac roles", "create rbac rolebindings"]),
    (RoleHere, &["escalate,bind,patch rbac roles,clusterroles"]),
    (
        Everywhere,
        &["create,get rbac clusterroles,clusterrolebindings"],
    ),
    (
        Everywhere,
        &[
            "update certificates.k8s.io certificatesigningrequests/approval",
            "approve certificates.k8s.io signers",
        ],
    ),
    (
        Everywhere,
        &["update certificates.k8s.io certificatesigningrequests/approval"],
    ),
    (Everywhere, &["create core pods"]),
    (RoleHere, &["patch apps deployments"]),
    (RoleHere, &["create,patch batch jobs named"]),
    (Everywhere, &["create core pods named"]),
    (Everywhere, &["watch,update core,apps secrets,deployments"]),
    (Aggregated, &["get core nodes/proxy"]),
    (Aggregated, &["get core nodes/metrics", "* core secrets"]),
];

fn cases() -> Vec<Case> {
    let of =
        |(bound, rules): &(Bound, &[&str])| (*bound, rules.iter().map(|text| rule(text)).collect());
    let mut all: Vec<(Bound, Vec<Value>)> = CASES.iter().map(of).collect();
    all.push((
        Everywhere,
        vec![json!({"nonResourceURLs": ["*"], "verbs": ["*"]})],
    ));
    let numbered = all.into_iter().enumerate();
    numbered
        .map(|(number, (bound, rules))| {
            let name = format!("case-{number:02}");
            let (subject, identity) = match number % 3 {
                0 => (
                    json!({"kind": "User", "apiGroup": RBAC, "name": name}),
                    Identity::user(&name, &[]),
                ),
                1 => (
                    json!({"kind": "ServiceAccount", "namespace": HERE, "name": name}),
                    Identity::service_account(HERE, &name),
                ),
                _ => (
                    json!({"kind": "Group", "apiGroup": RBAC, "name": name}),
                    Identity::user("somebody", &[&name]),
                ),
            };
            Case {
                name,
                bound,
                rules: json!(rules),
                subject,
                identity,
            }
        })
        .collect()
}

impl Case {
    /// The manifests, roles first.
    pub(super) fn objects(&self) -> Vec<Value> {
        let object = |kind: &str| {
            let mut metadata = json!({"name": self.name});
            if kind.starts_with("Role") {
                metadata["namespace"] = HERE.into();
            }
            json!({"apiVersion": format!("{RBAC}/v1"), "kind": kind, "metadata": metadata})
        };
        let (role_kind, binding_kind) = match self.bound {
            Everywhere | Aggregated => ("ClusterRole", "ClusterRoleBinding"),
            ClusterRoleHere => ("ClusterRole", "RoleBinding"),
            RoleHere => ("Role", "RoleBinding"),
        };
        let mut role = object(role_kind);
        role["rules"] = self.rules.clone();
        let mut binding = object(binding_kind);
        binding["roleRef"] = json!({"apiGroup": RBAC, "kind": role_kind, "name": self.name});
        binding["subjects"] = json!([self.subject]);
        if self.bound != Aggregated {
            return vec![role, binding];
        }
        let mut source = role.clone();
        source["metadata"] =
            json!({"name": format!("{}-source", self.name), "labels": {"into": self.name}});
        role["rules"] = Value::Null;
        role["aggregationRule"] = json!({"clusterRoleSelectors": [
            {"matchExpressions": [{"key": "into", "operator": "In", "values": [self.name]}]},
            {"matchLabels": {"into": "nothing"}},
        ]});
        vec![source, role, binding]
    }

    pub(super) fn scope(&self) -> Scope {
        match self.bound {
            Everywhere | Aggregated => Scope::Cluster,
            ClusterRoleHere | RoleHere => Scope::Namespace(HERE.to_owned()),
        }
    }
}

/// All cases, in the cluster, and known to its authorizer.
pub(super) fn created() -> &'static [Case] {
    static CREATED: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let cp = cluster();
        let cases = cases();
        for case in &cases {
            case.objects().iter().for_each(|object| create(cp, object));
        }
        for case in cases.iter().filter(|case| case.bound == Aggregated) {
            let path = format!("{API}/clusterroles/{}", case.name);
            until("the role is aggregated", || {
                cp.admin().get(&path).unwrap()["rules"] == case.rules
            });
        }
        // The authorizer learns of each kind in the order of events.
        cp.grant("last-one", None, &json!([rule("get core nodes")]));
        cp.grant("last-one", Some(HERE), &json!([rule("get core pods")]));
        cases
    });
    &CREATED
}
