//! Manifests in place of a cluster: what is printed, and the exit code.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;

use super::{RBAC, audit, json_of, manifest};
use crate::support::{Monconf, Run};

#[test]
fn the_text_says_who_and_why_and_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    manifest(
        folder.path(),
        "rbac.yaml",
        "- apiGroups: ['']
  resources: [nodes, nodes/proxy, services]
  verbs: [get, list, watch]
- nonResourceURLs: [/metrics]
  verbs: [get]
",
    );
    let run = audit(&["-f", "rbac.yaml"])
        .current_dir(folder.path())
        .run()
        .exit(2);
    let expected = "\
ServiceAccount monitoring/prometheus
  high    kubelet-exec  get nodes/proxy  everywhere  ClusterRoleBinding prometheus  rbac.yaml:7

kubelet-exec: ClusterRole prometheus, rules[0]
  ServiceAccount monitoring/prometheus may run commands in every container through the kubelets' port, which the API \
server's audit log does not see; `get` suffices for that, it is no read-only right.
  To mend it: grant nodes/metrics, nodes/stats, nodes/log, nodes/pods, nodes/healthz or nodes/configz instead: \
whichever is read.
--- ClusterRole prometheus
+++ ClusterRole prometheus
@@ -5,5 +5,5 @@
 rules:
 - apiGroups: [\"\"]
-  resources: [nodes, nodes/proxy, services]
+  resources: [nodes, nodes/metrics, nodes/stats, services]
   verbs: [get, list, watch]
 - nonResourceURLs: [/metrics]

1 finding: 1 high.
";
    assert_eq!(run.stdout, expected);
    assert_eq!(run.stderr, "Roles: 1, bindings: 1\n");
    // Standard input is a file like any other.
    let text = std::fs::File::open(folder.path().join("rbac.yaml")).unwrap();
    let mut piped = audit(&["-f", "-"]).command();
    let run = Run::of(piped.stdin(text).spawn().unwrap()).exit(2);
    assert_eq!(run.stdout, expected.replace("rbac.yaml", "stdin"));
}

#[test]
fn the_exit_code_says_whether_there_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    let good = "- {apiGroups: [''], resources: [nodes/metrics], verbs: [get]}\n";
    let bad = "- {apiGroups: [''], resources: [secrets], verbs: [get]}\n";
    let low = "- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create]}\n";
    let file = |name: &str, rules: &str| manifest(folder.path(), name, rules).display().to_string();
    let run = |arguments: &[&str]| Monconf::new(["rbac", "audit"]).args(arguments).run();
    let good = file("good.yaml", good);
    assert_eq!(run(&["-f", &good]).ok().stdout, "No findings.\n");
    let bad = file("bad.yaml", bad);
    run(&["-f", &bad]).exit(2);
    run(&["-f", &bad, "--exit-zero"]).exit(0);
    let low = file("low.yaml", low);
    let hidden = run(&["-f", &low]).ok();
    assert!(
        hidden.stderr.contains("1 more below medium"),
        "{}",
        hidden.stderr
    );
    run(&["-f", &low, "--severity", "low"]).exit(2);
    run(&["-f", &low, "--severity", "high"]).exit(0);

    // A role that nobody has is no reason to say that all is well without a word.
    let unbound = folder.path().join("unbound.yaml");
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: spare}\nrules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]\n";
    fs::write(&unbound, role).unwrap();
    let unjudged = run(&["-f", unbound.to_str().unwrap()]).ok();
    assert!(
        unjudged.stderr.contains(
            "warning: bound to nobody in these files, and so not judged: ClusterRole spare"
        ),
        "{}",
        unjudged.stderr
    );

    let broken = file(
        "broken.yaml",
        "- {apiGroups: [''], resources: {a: b}, verbs: [get]}\n",
    );
    let refused = run(&["-f", &broken]).exit(1);
    assert!(
        refused
            .stderr
            .contains("broken.yaml:7: /rules/0/resources: this is a list"),
        "{}",
        refused.stderr
    );
    let template = file("template.yaml", "{{- range .Values.rules }}\n");
    let refused = run(&["-f", &template]).exit(1);
    assert!(
        refused
            .stderr
            .contains("hint: a template has to be rendered first"),
        "{}",
        refused.stderr
    );
    let empty = tempfile::tempdir().unwrap();
    let refused = run(&["-f", empty.path().to_str().unwrap()]).exit(1);
    assert!(
        refused
            .stderr
            .contains("no Role, ClusterRole, RoleBinding or ClusterRoleBinding in "),
        "{}",
        refused.stderr
    );
    let refused = run(&["-f", "/nothing/here.yaml"]).exit(1);
    assert!(
        refused.stderr.contains("cannot read /nothing/here.yaml"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_role_that_the_files_do_not_hold_is_named_and_default_roles_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let bind = |role: &str| {
        let binding = json!({
            "apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": role},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "Group", "name": "everybody"}],
        });
        let path = folder.path().join(format!("{role}.yaml"));
        std::fs::write(&path, yaml::emit(&binding)).unwrap();
        let run = audit(&["-o", "json", "-f", path.to_str().unwrap()]).run();
        let checks: BTreeSet<String> = json_of(&run)
            .iter()
            .map(|finding| finding["check"].as_str().unwrap().to_owned())
            .collect();
        (run, checks.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(bind("cluster-admin").1, "full-access");
    assert_eq!(bind("system:kubelet-api-admin").1, "kubelet-exec");
    assert_eq!(bind("view").1, "");
    assert_eq!(
        bind("edit").1,
        "create-workloads impersonate mint-tokens pod-exec pod-portforward pod-proxy read-secrets"
    );
    assert_eq!(
        bind("admin").1,
        "create-workloads impersonate mint-tokens pod-exec pod-portforward pod-proxy read-secrets write-roles"
    );
    let (unknown, _) = bind("somebody-elses");
    assert!(
        unknown
            .stderr
            .contains("warning: ClusterRole somebody-elses is bound and not in these files"),
        "{}",
        unknown.stderr
    );
}

/// Nothing that was handed in goes unseen: as the API server lists it, twice under one name, or in a form that only one
/// reader of YAML takes.
#[test]
fn what_is_handed_in_is_judged_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Monconf::new(["rbac", "audit", "-f", path.to_str().unwrap()]).run()
    };
    let binding = r#"{"metadata": {"name": "x"}, "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}, "subjects": [{"kind": "User", "name": "jane"}]}"#;
    let listed = format!(
        r#"{{"kind": "ClusterRoleBindingList", "apiVersion": "rbac.authorization.k8s.io/v1", "items": [{binding}]}}"#
    );
    run("listed.json", &listed).exit(2);

    let head =
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\n";
    let admin = format!(
        "{head}roleRef: {{kind: ClusterRole, name: cluster-admin}}\nsubjects: [{{kind: User, name: jane}}]\n"
    );
    let viewer = admin.replace("cluster-admin", "view");
    let twice = run("twice.yaml", &format!("{admin}---\n{viewer}"));
    assert!(
        twice
            .stderr
            .contains("warning: ClusterRoleBinding x stands in these files more than once"),
        "{}",
        twice.stderr
    );

    let strange = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: pods}\nrules: [{apiGroups: [''], resources: [\"pods\"]#only pods\n, verbs: [get]}]\n";
    run("strange.yaml", &format!("{strange}---\n{admin}")).exit(2);

    let forged = admin.replace(
        "name: jane",
        r#"name: "x\n\nNo findings.\n::error::forged""#,
    );
    let shown = run("forged.yaml", &forged).exit(2).stdout;
    assert!(
        !shown.contains("\n::error::") && !shown.contains("\nNo findings."),
        "{shown}"
    );
}

#[test]
fn input_without_any_role_or_binding_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(path("folder")).unwrap();
    fs::create_dir(path("no-yaml")).unwrap();
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n";
    for (name, text) in [
        ("hostname", "lab-host\n"),
        ("empty.yaml", ""),
        ("comment.yaml", "# nothing yet\n---\n"),
        ("deployment.yaml", deployment),
        ("folder/deployment.yaml", deployment),
        ("no-yaml/README.md", "kind: ClusterRole\n"),
        (
            "list.yaml",
            "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}]}\n",
        ),
        (
            "empty-list.yaml",
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleList, items: []}\n",
        ),
        (
            "other-group.yaml",
            "{apiVersion: iam.example/v1, kind: ClusterRole, metadata: {name: a}, rules: []}\n",
        ),
        (
            "openshift.yaml",
            "{apiVersion: authorization.openshift.io/v1, kind: RoleBinding, metadata: {name: a}}\n",
        ),
    ] {
        fs::write(path(name), text).unwrap();
    }
    let rules = "- {apiGroups: [''], resources: [pods], verbs: [get]}\n";
    let good = manifest(folder.path(), "good.yaml", rules);
    let good = good.to_str().unwrap();
    let expected = "no Role, ClusterRole, RoleBinding or ClusterRoleBinding in ";
    for name in [
        "hostname",
        "empty.yaml",
        "comment.yaml",
        "deployment.yaml",
        "folder",
        "no-yaml",
        "list.yaml",
        "empty-list.yaml",
        "other-group.yaml",
        "openshift.yaml",
    ] {
        let path = path(name);
        for arguments in [
            vec!["-f", path.as_str()],
            vec!["-f", good, "-f", path.as_str()],
            vec!["-f", path.as_str(), "-o", "json"],
            vec!["-f", path.as_str(), "-o", "sarif", "--exit-zero"],
        ] {
            let run = audit(&arguments).run().exit(1);
            assert_eq!(run.stdout, "", "{arguments:?}");
            let sentence = format!("error: {expected}{path}\nhint: -f reads manifests of rbac");
            assert!(run.stderr.contains(&sentence), "{}", run.stderr);
        }
    }
    // Standard input is empty here.
    let run = audit(&["-f", "-"]).run().exit(1);
    let sentence = format!("error: {expected}standard input\n");
    assert!(run.stderr.contains(&sentence), "{}", run.stderr);
    // Beside a role anything may stand.
    fs::copy(good, path("folder/role.yaml")).unwrap();
    audit(&["-f", &path("folder")]).run().ok();
}
