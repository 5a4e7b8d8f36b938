//! From what a command asks to the rights that it takes.

use super::{Demand, Weight, scope_of};
use crate::access;
use crate::object::{Kind, ObjectRef};
use crate::plan::Plan;
use crate::rbac::{Right, Scope};
use crate::reads::{
    self, ANY_NAMESPACE, CLUSTER, Labelled, PlanReads, ROOT_CA, RemovalReads, SIGNING_KEYS,
    Selecting,
};
use crate::spec::{Form, Spec};

/// What an object is to its instance.
pub(super) fn what(object: &ObjectRef, spec: &Spec) -> &'static str {
    let names = &spec.names;
    match object.kind {
        Kind::Namespace => "the Namespace",
        Kind::ServiceAccount => "the account that scrapes",
        Kind::ClusterRole | Kind::ClusterRoleBinding | Kind::Role | Kind::RoleBinding => {
            "the rights of the account that scrapes"
        }
        Kind::Secret if object.name == names.token_secret() => "the token",
        Kind::Secret if names.handles().contains(&object.name) => {
            "the handles that tokens are bound to"
        }
        Kind::PrometheusRule => "the alert rules",
        Kind::GrafanaAgent | Kind::MetricsInstance => "the agent",
        _ => "the jobs",
    }
}

fn get(object: &ObjectRef, spec: &Spec) -> Demand {
    Demand::on(object, "get", what(object, spec))
}

fn list(labelled: &Labelled, lost: &str, spec: &Spec) -> Demand {
    let Labelled { kind, namespace } = labelled;
    let scope = match namespace {
        Some(namespace) => Scope::Namespace(namespace.clone()),
        None => Scope::Cluster,
    };
    let right = Right::resource(kind.group(), kind.plural(), "list");
    // Nobody reads the warnings of a hook.
    if spec.existing_access {
        return Demand::required(right, scope, "what is no longer wanted");
    }
    Demand::optional(right, scope, "what is no longer wanted", lost)
}

fn select(selecting: Selecting, spec: &Spec, lost: &str) -> Demand {
    let (group, resource) = selecting.resource();
    let right = Right::resource(group, resource, "list");
    let what = "who reads the jobs";
    if spec.existing_access {
        return Demand::required(right, Scope::Cluster, what);
    }
    Demand::optional(right, Scope::Cluster, what, lost)
}

/// The Namespace by whose UID the marks of files tell clusters apart.
fn cluster() -> Demand {
    let namespace = ObjectRef::cluster(Kind::Namespace, CLUSTER);
    Demand {
        weight: Weight::Optional("files name the cluster by its CA alone".to_owned()),
        ..Demand::on(&namespace, "get", "the name of the cluster in files")
    }
}

/// What a plan is made from.
pub(super) fn of_plan(spec: &Spec, form: &Form) -> Vec<Demand> {
    let reads = PlanReads::of(spec);
    let mut demands: Vec<Demand> = reads
        .objects
        .iter()
        .map(|object| get(object, spec))
        .collect();
    demands.extend(reads.labelled.iter().map(|labelled| {
        let lost = match labelled.namespace {
            None => "Roles in namespaces that are no longer wanted are not found",
            Some(_) => "objects that are no longer wanted are not found",
        };
        list(labelled, lost, spec)
    }));
    if reads.crds {
        demands.extend(reads.monitors.iter().map(|&kind| {
            let right = Right::resource("apiextensions.k8s.io", "customresourcedefinitions", "get")
                .named(&format!("{}.{}", kind.plural(), kind.group()));
            Demand::optional(
                right,
                Scope::Cluster,
                "the fields that the cluster knows",
                "they are read from the OpenAPI document, which is larger",
            )
        }));
    }
    demands.extend(reads.selecting.iter().map(|&selecting| {
        let lost = format!("it is not known {}", selecting.tells(spec));
        select(selecting, spec, &lost)
    }));
    demands.extend(reads.cluster.then(cluster));
    if spec.existing_access {
        return demands;
    }
    let root_ca = ObjectRef::namespaced(Kind::ConfigMap, ANY_NAMESPACE, ROOT_CA);
    demands.push(Demand {
        weight: Weight::Optional("the kubeconfig's CA is taken for the cluster's own".to_owned()),
        ..Demand::on(&root_ca, "get", "the cluster's CA")
    });
    demands.push(Demand::optional(
        Right::get_url(SIGNING_KEYS),
        Scope::Cluster,
        "the keys that sign tokens",
        "whether the token's signature is of this cluster is not known",
    ));
    if *form == Form::Operator {
        demands.push(Demand::optional(
            Right::resource("authorization.k8s.io", "subjectaccessreviews", "create"),
            Scope::Cluster,
            "what Prometheus' own account may do",
            "whether that account finds the targets is not known",
        ));
    }
    demands
}

/// What a plan asks beside, where the instance moves to another destination.
pub(super) fn of_move(spec: &Spec, plan: &Plan) -> Vec<Demand> {
    if plan.left_behind.is_empty() || spec.existing_access {
        return Vec::new();
    }
    let here = Scope::Namespace(spec.names.namespace.clone());
    let rights = reads::for_a_move(&spec.names).into_iter();
    rights
        .map(|right| {
            Demand::optional(
                right,
                here.clone(),
                "what the destination before holds, and what needs it",
                "Secrets and ConfigMaps of that destination stay",
            )
        })
        .collect()
}

/// What a verification asks beside: the targets where the token does not find them itself, and who takes the jobs.
pub(super) fn of_verification(spec: &Spec, form: &Form) -> Vec<Demand> {
    let mut demands = targets(spec, form);
    let operator = matches!(form, Form::Operator | Form::Agent { .. });
    if !operator {
        return demands;
    }
    let said = "that is said, and is no failure";
    demands.push(Demand::optional(
        Right::resource("", "events", "list"),
        Scope::Namespace(spec.names.namespace.clone()),
        "what the operator says of the jobs",
        said,
    ));
    demands
}

/// The lists that find the targets in the place of the consumer's own account.
pub(super) fn targets(spec: &Spec, form: &Form) -> Vec<Demand> {
    let is_found_by_others =
        *form == Form::Operator || matches!(form, Form::Agent { monitors: true, .. });
    if !is_found_by_others {
        return Vec::new();
    }
    let mut demands = Vec::new();
    for job in &spec.jobs {
        let looked_at = access::looked_at(job.discovery.role);
        for (right, scope) in access::discovery(&job.discovery) {
            let is_listed = looked_at.iter().any(|role| {
                let (group, resource) = role.resource();
                let listed = Right::resource(group, resource, "list");
                right.of_every_object() == listed
            });
            if is_listed {
                demands.push(Demand::required(right, scope, "the targets"));
            }
        }
    }
    demands
}

/// What a status is made from.
pub(super) fn of_status(spec: &Spec) -> Vec<Demand> {
    let names = &spec.names;
    let accounts = |namespace: Option<&str>| {
        let Labelled { kind, .. } = reads::accounts(namespace);
        Right::resource(kind.group(), kind.plural(), "list")
    };
    let here = Scope::Namespace(names.namespace.clone());
    let what_is_there = "the instances";
    let mut demands = vec![
        Demand::required(
            accounts(Some(&names.namespace)),
            here.clone(),
            what_is_there,
        ),
        Demand::optional(
            accounts(None),
            Scope::Cluster,
            what_is_there,
            "instances in other namespaces are not shown",
        ),
        Demand::optional(
            Right::resource("", "secrets", "list"),
            here,
            "tokens that never end",
            "they are not shown",
        ),
    ];
    let unknown = || Weight::Optional("it is shown as unknown".to_owned());
    demands.extend(reads::account_parts(names).iter().map(|object| Demand {
        weight: unknown(),
        ..get(object, spec)
    }));
    demands.extend(
        [
            Kind::ClusterRole,
            Kind::ClusterRoleBinding,
            Kind::Role,
            Kind::RoleBinding,
        ]
        .map(|kind| {
            Demand::optional(
                Right::resource(kind.group(), kind.plural(), "list"),
                Scope::Cluster,
                "superfluous rights",
                "they are not known",
            )
        }),
    );
    let compared = of_plan(spec, &Form::of(spec, true)).into_iter();
    demands.extend(compared.map(|demand| match demand.weight {
        Weight::Required => Demand {
            weight: Weight::Optional("what differs from the settings is not known".to_owned()),
            ..demand
        },
        _ => demand,
    }));
    demands
}

/// What a removal is made from.
pub(super) fn of_removal(spec: &Spec) -> Vec<Demand> {
    let reads = RemovalReads::of(spec);
    let mut demands: Vec<Demand> = reads
        .objects
        .iter()
        .map(|object| get(object, spec))
        .collect();
    let lost = "objects of other names than the flags give are not found";
    demands.extend(
        reads
            .labelled
            .iter()
            .map(|labelled| list(labelled, lost, spec)),
    );
    demands.extend(reads.naming.map(|selecting| {
        let lost = "it is not known whether one still names the key that the jobs are in";
        select(selecting, spec, lost)
    }));
    if reads.secrets {
        demands.push(Demand::optional(
            Right::resource("", "secrets", "list"),
            Scope::Namespace(spec.names.namespace.clone()),
            "Secrets that jobs were written to",
            "those of other names than the flags give are not told",
        ));
    }
    demands.extend(reads.cluster.then(cluster));
    demands
}

/// The right to ask for a token of the account that scrapes.
pub(super) fn token_right(spec: &Spec) -> (Right, Scope) {
    let names = &spec.names;
    let account = ObjectRef::namespaced(
        Kind::ServiceAccount,
        &names.namespace,
        &names.service_account(),
    );
    let right = Right::resource("", "serviceaccounts/token", "create").named(&account.name);
    (right, scope_of(&account))
}
