//! The program itself.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::{Monconf, Run};

use super::texts::TEXTS;

const KUBELET: &str = "Forbidden (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subresource(s)=[metrics])\n";

/// `monconf explain ARGUMENTS…` with `text` on standard input.
fn explain(arguments: &[&str], text: &[u8]) -> Run {
    let mut command = Monconf::new(["explain"]).args(arguments).command();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // One that reads no more has said why.
    let _ = child.stdin.take().unwrap().write_all(text);
    Run::of(child)
}

#[test]
fn who_what_and_why_are_printed_with_lines_to_paste() {
    let run = explain(&[], KUBELET.as_bytes()).ok();
    assert_eq!(
        run.stdout,
        "\
missing-right
  answer of the kubelet
  subject   ServiceAccount monitoring/monitoring-sa
  right     get nodes/metrics

  ServiceAccount monitoring/monitoring-sa may not get nodes/metrics: no rule that is bound to it there allows that.

  # in a ClusterRole, bound by a ClusterRoleBinding; a RoleBinding does not reach it:
  - apiGroups: [\"\"]
    resources: [nodes/metrics]
    verbs: [get]
  kubectl auth can-i get nodes --subresource=metrics --as=system:serviceaccount:monitoring:monitoring-sa
  # rule, binding, or the namespace of its subject: one of them is missing or wrong. What is bound to it:
  kubectl get clusterrolebindings,rolebindings --all-namespaces -o wide | grep -F monitoring/monitoring-sa
  monconf rbac diff --service-account monitoring/monitoring-sa
"
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn a_file_is_read_and_json_is_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("error.txt");
    fs::write(&file, KUBELET.repeat(2)).unwrap();
    let run = Monconf::new(["explain", "-o", "json"])
        .args([&file])
        .run()
        .ok();
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["recognised"], true);
    let cause = &report["causes"][0];
    assert_eq!(cause["code"], "missing-right");
    assert_eq!(cause["answeredBy"], "kubelet");
    assert_eq!(cause["count"], 2);
    assert_eq!(cause["subject"]["name"], "monitoring/monitoring-sa");
    assert_eq!(cause["right"]["resource"], "nodes/metrics");

    let run = Monconf::new(["explain", "no-such-file"]).run().exit(1);
    assert!(
        run.stderr.contains("cannot read no-such-file: "),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_not_known_is_unknown() {
    let run = explain(&[], b"all is well\n").exit(1);
    assert_eq!(run.stdout, "unknown\n");
    assert!(run.stderr.contains("lastError"), "{}", run.stderr);
    let run = explain(&["-o", "json"], b"").exit(1);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["recognised"], false);

    let run = explain(&[], &vec![b'x'; (1 << 20) + 1]).exit(1);
    assert!(run.stderr.contains("longer than 1 MiB"), "{}", run.stderr);
    assert!(run.stderr.contains("tail"), "{}", run.stderr);
}

/// The part of a text that a token might leave behind.
const SECRETS: [&str; 3] = ["eyJ", "c2lnbmF0dXJl", "OiJSUzI1NiIs"];

#[test]
fn no_token_is_printed() {
    let pasted = TEXTS.iter().filter(|(_, text, _)| text.contains("eyJ"));
    let mut count = 0;
    for (what, text, _) in pasted {
        for output in ["text", "json"] {
            let run = explain(&["-o", output], text.as_bytes());
            for secret in SECRETS {
                let printed = [run.stdout.as_str(), run.stderr.as_str()].concat();
                assert!(!printed.contains(secret), "{what}: {printed}");
            }
        }
        count += 1;
    }
    assert!(count > 2);
    // As a name, a path and a server, which are printed.
    let token =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovLyJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
    for text in [
        format!("Forbidden (user={token}, verb=get, resource=nodes, subresource=metrics)"),
        format!("forbidden: User \"u\" cannot get path \"/{token}\""),
        format!("Get \"https://u:{token}@k/{token}\": context deadline exceeded"),
        format!("unable to read authorization credentials: {token}"),
    ] {
        let run = explain(&[], text.as_bytes()).ok();
        for secret in SECRETS {
            assert!(!run.stdout.contains(secret), "{}", run.stdout);
        }
    }
}

#[test]
fn nothing_pasted_becomes_a_command_or_moves_the_cursor() {
    let text = "Forbidden (user=a\u{1b}]0;x\u{7}$(reboot)'; reboot, verb=get, resource=nodes, subresource=metrics)";
    let run = explain(&[], text.as_bytes()).ok();
    assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
    assert!(
        run.stdout.contains(r"$(reboot)'\''; reboot'"),
        "{}",
        run.stdout
    );
}
