//! A server that does not tell the truth: whatever it answers, a run ends with an exit code of its own, in time, within its
//! memory, and without a word of any credential.

mod answers;
mod caller;
mod secrets;
mod seeded;
mod token_request;

/// Every command that talks to a cluster. `NAME`, `NS` and `DIR` stand for the names of the test.
const VERBS: [&str; 24] = [
    "prometheus --name NAME --namespace NS",
    "prometheus --name NAME --namespace NS -o json",
    "prometheus --name NAME --namespace NS -o yaml",
    "prometheus --name NAME --namespace NS --apply",
    "prometheus --name NAME --namespace NS --drop-in DIR/jobs.yml --token-dir DIR/token",
    "prometheus --name NAME --namespace NS --drop-in DIR/jobs.yml --token-dir DIR/token --apply",
    "grafana-agent --name NAME --namespace NS --remote-write https://metrics.invalid/api/v1/write",
    "grafana-agent --name NAME --namespace NS --remote-write https://metrics.invalid/api/v1/write --apply",
    "alloy --name NAME --namespace NS --remote-write https://metrics.invalid/api/v1/write",
    "alloy --name NAME --namespace NS --remote-write https://metrics.invalid/api/v1/write --apply",
    "verify --name NAME --namespace NS --jobs apiserver",
    "verify --name NAME --namespace NS --jobs apiserver -o json",
    "rotate --name NAME --namespace NS --jobs apiserver --apply",
    "rotate --name NAME --namespace NS --jobs apiserver --if-due",
    "status --namespace NS",
    "status --namespace NS -o json",
    "remove --name NAME --namespace NS",
    "remove --name NAME --namespace NS -o json",
    "remove --name NAME --namespace NS --apply --yes",
    "remove --name NAME --namespace NS --apply --yes --delete-namespace",
    "preflight --name NAME --namespace NS",
    "preflight --name NAME --namespace NS --for apply,rotate,remove",
    "rbac diff --name NAME --namespace NS",
    "rbac audit",
];
