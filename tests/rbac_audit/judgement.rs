//! Each role's findings, and the model beneath them, against the API server's own answers.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use monconf::rbac::audit::{CHECKS, Grant};
use monconf::rbac::bindings::{Identity, Roles};
use monconf::rbac::{Right, Scope};
use serde_json::{Value, json};
use testbed::ControlPlane;

use super::cases::{Case, created};
use super::{API, ELSEWHERE, HERE, LISTS, ONE, RBAC, audit_cluster, cluster, json_of};

/// Everything in the cluster.
fn roles_of(cp: &ControlPlane) -> Roles {
    let mut roles = Roles::default();
    for (kind, plural) in LISTS {
        let list = cp.admin().get(&format!("{API}/{plural}")).unwrap();
        for item in list["items"].as_array().unwrap() {
            let mut item = item.clone();
            item["apiVersion"] = format!("{RBAC}/v1").into();
            item["kind"] = kind.into();
            roles.add(&item, None).unwrap();
        }
    }
    roles
}

/// What the API server says of it.
fn allowed(cp: &ControlPlane, identity: &Identity, right: &Right, scope: &Scope) -> bool {
    let Right::Resource {
        group,
        resource,
        verb,
        name,
    } = right
    else {
        panic!("{right} is about a path");
    };
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let namespace = match scope {
        Scope::Cluster => "",
        Scope::Namespace(namespace) => namespace,
    };
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {
            "user": identity.user, "groups": identity.groups,
            "resourceAttributes": {
                "group": group, "resource": resource, "subresource": subresource, "verb": verb,
                "name": name, "namespace": namespace,
            },
        },
    });
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let answer = cp.admin().post(path, &review).unwrap();
    answer["status"]["allowed"] == true
}

fn rights(grants: &[Grant]) -> Vec<Right> {
    let mut rights = Vec::new();
    for grant in grants {
        for resource in grant.resources {
            rights.extend(
                grant
                    .verbs
                    .iter()
                    .map(|verb| Right::resource(grant.group, resource, verb)),
            );
        }
    }
    rights
}

/// Requests about these have no namespace; but whoever writes a RoleBinding to a ClusterRole is asked for `bind` in the
/// namespace of the binding.
fn is_cluster_wide(right: &Right) -> bool {
    let Right::Resource { resource, verb, .. } = right else {
        return true;
    };
    if (resource.as_str(), verb.as_str()) == ("clusterroles", "bind") {
        return false;
    }
    let of = resource.split('/').next().unwrap();
    [
        "nodes",
        "users",
        "groups",
        "clusterroles",
        "clusterrolebindings",
        "certificatesigningrequests",
        "signers",
    ]
    .contains(&of)
}

/// The checks that a case fails, as the API server's answers tell.
fn expected(cp: &ControlPlane, case: &Case) -> BTreeSet<&'static str> {
    let scope = case.scope();
    let may = |right: &Right| {
        if scope != Scope::Cluster && is_cluster_wide(right) {
            return false;
        }
        let asked = |right: &Right| allowed(cp, &case.identity, right, &scope);
        let one = right.clone().named(ONE);
        let Right::Resource {
            group,
            resource,
            verb,
            ..
        } = right
        else {
            panic!("{right} is about a path");
        };
        let creates = verb == "create" && !resource.contains('/');
        // Only a server-side apply says the name of what it creates.
        let named = || {
            asked(&one)
                && (!creates || asked(&Right::resource(group, resource, "patch").named(ONE)))
        };
        asked(right) || named()
    };
    let any = |grants: &[Grant]| rights(grants).iter().any(may);
    if any(CHECKS[0].grants) && case.rules[0].get("resourceNames").is_none() {
        return [CHECKS[0].id].into();
    }
    let failed = CHECKS[1..]
        .iter()
        .filter(|check| any(check.grants) && (check.only_with.is_empty() || any(check.only_with)));
    failed.map(|check| check.id).collect()
}

#[test]
fn every_role_is_judged_as_the_api_server_judges_it() {
    let cp = cluster();
    let cases = created();
    let live = roles_of(cp);
    let mut written = Roles::default();
    for object in cases.iter().flat_map(Case::objects) {
        written.add(&object, None).unwrap();
    }
    let of = |findings: Vec<Value>| {
        let mut of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for finding in findings {
            let name = finding["binding"]["name"].as_str().unwrap().to_owned();
            let check = finding["check"].as_str().unwrap().to_owned();
            of.entry(name).or_default().insert(check);
        }
        of
    };
    let found = of(json_of(&audit_cluster(&["-o", "json"]).exit(2)));

    let everywhere = [
        Scope::Cluster,
        Scope::Namespace(HERE.to_owned()),
        Scope::Namespace(ELSEWHERE.to_owned()),
    ];
    let judge = |case: &Case| {
        let expected: BTreeSet<String> =
            expected(cp, case).into_iter().map(str::to_owned).collect();
        let found = found.get(&case.name).cloned().unwrap_or_default();
        assert_eq!(
            found, expected,
            "{}: {:?} {}",
            case.name, case.bound, case.rules
        );
        // The model underneath, also where nothing is granted.
        for check in &CHECKS {
            let rights = rights(check.grants);
            let right = &rights[0];
            for right in [right.clone(), right.clone().named(ONE)] {
                for scope in &everywhere {
                    if *scope != Scope::Cluster && is_cluster_wide(&right) {
                        continue;
                    }
                    let said = allowed(cp, &case.identity, &right, scope);
                    for roles in [&live, &written] {
                        assert_eq!(
                            roles.allows(&case.identity, &right, scope),
                            said,
                            "{}: {:?} {}: {right} in {scope:?}",
                            case.name,
                            case.bound,
                            case.rules
                        );
                    }
                }
            }
        }
    };
    thread::scope(|threads| {
        for part in cases.chunks(cases.len().div_ceil(4)) {
            threads.spawn(move || part.iter().for_each(judge));
        }
    });
}
