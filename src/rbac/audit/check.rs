//! What is looked for: rights that are worth more than they look.

use std::fmt;

use clap::ValueEnum;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Severity {
    /// Worth knowing
    Low,
    /// A way to more rights, in a part of the cluster or with limits
    Medium,
    /// A way to the rights of others, or to the whole cluster
    High,
}

impl Severity {
    /// `high`, `medium` or `low`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// The next one below; nothing is below low.
    #[must_use]
    pub const fn less(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Verbs on resources of one API group.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// The API group.
    pub group: &'static str,
    /// With `/subresource` where it is one.
    pub resources: &'static [&'static str],
    /// Any of these suffices.
    pub verbs: &'static [&'static str],
}

/// One kind of finding.
#[derive(Debug)]
pub struct Check {
    /// Its name, which stays as it is from release to release.
    pub id: &'static str,
    /// How bad it is in the whole cluster.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// What the right allows, as a sentence.
    pub meaning: &'static str,
    /// What to do where no diff says it.
    pub remedy: &'static str,
    /// The rights; any of them is a finding.
    pub grants: &'static [Grant],
    /// Rights without which those are worth nothing; any of them suffices, none where there is none.
    pub only_with: &'static [Grant],
}

const RBAC: &str = "rbac.authorization.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];

const fn grant(
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
) -> Grant {
    Grant {
        group,
        resources,
        verbs,
    }
}

/// The id of the check that stands for all others.
pub(super) const FULL_ACCESS: &str = "full-access";
/// The id of the check whose right monitoring is given in good faith.
pub(super) const KUBELET_EXEC: &str = "kubelet-exec";
/// The ids of the checks for which `get` counts only before Kubernetes 1.35.
pub(super) const STREAMS: [&str; 2] = ["pod-exec", "pod-portforward"];

/// Everything that is looked for, worst first.
pub static CHECKS: [Check; 13] = [
    Check {
        id: FULL_ACCESS,
        severity: Severity::High,
        title: "Every verb on every resource",
        meaning: "may do everything",
        remedy: "bind a role that names the resources and verbs that are needed",
        grants: &[grant("*", &["*"], &["*"])],
        only_with: &[],
    },
    // The kubelet takes a WebSocket handshake for a GET and asks for no `create`
    // (pkg/kubelet/server/auth.go of Kubernetes).
    Check {
        id: KUBELET_EXEC,
        severity: Severity::High,
        title: "Command execution in every pod through the kubelet",
        meaning: "may run commands in every container through the kubelets' port, which the API server's audit log does not see; `get` suffices for that, it is no read-only right",
        remedy: "grant nodes/metrics, nodes/stats, nodes/log, nodes/pods, nodes/healthz or nodes/configz instead: whichever is read",
        grants: &[grant("", &["nodes/proxy"], &["get", "create"])],
        only_with: &[],
    },
    Check {
        id: "escalate",
        severity: Severity::High,
        title: "Granting rights that one does not hold",
        meaning: "may write roles with rights that it does not hold itself, or bind such roles, and so give itself everything",
        remedy: "leave out the verb, or name the roles that it is for with resourceNames",
        grants: &[
            grant(RBAC, &["clusterroles", "roles"], &["escalate"]),
            grant(RBAC, &["clusterroles", "roles"], &["bind"]),
        ],
        only_with: &[grant(
            RBAC,
            &[
                "clusterroles",
                "roles",
                "clusterrolebindings",
                "rolebindings",
            ],
            WRITE,
        )],
    },
    Check {
        id: "impersonate",
        severity: Severity::High,
        title: "Acting as others",
        meaning: "may act as others, with all their rights",
        remedy: "name whom it is for with resourceNames",
        grants: &[grant(
            "",
            &["users", "groups", "serviceaccounts"],
            &["impersonate"],
        )],
        only_with: &[],
    },
    Check {
        id: "approve-certificates",
        severity: Severity::High,
        title: "Approving client certificates",
        meaning: "may approve requests for client certificates, also for users and groups of more rights",
        remedy: "name the signers that it is for with resourceNames on `signers`",
        grants: &[grant(
            "certificates.k8s.io",
            &["certificatesigningrequests/approval"],
            &["update", "patch"],
        )],
        only_with: &[grant("certificates.k8s.io", &["signers"], &["approve"])],
    },
    Check {
        id: "mint-tokens",
        severity: Severity::High,
        title: "Issuing tokens of ServiceAccounts",
        meaning: "may issue itself tokens of ServiceAccounts, and so hold all their rights",
        remedy: "name the ServiceAccounts that it is for with resourceNames",
        grants: &[grant("", &["serviceaccounts/token"], &["create"])],
        only_with: &[],
    },
    Check {
        id: "pod-exec",
        severity: Severity::High,
        title: "Command execution in pods through the API server",
        meaning: "may run commands in containers, and so read the tokens and Secrets that they mount",
        remedy: "leave out the resource",
        grants: &[grant("", &["pods/exec", "pods/attach"], &["create", "get"])],
        only_with: &[],
    },
    Check {
        id: "debug-containers",
        severity: Severity::High,
        title: "Adding containers to running pods",
        meaning: "may add a container of its own to a running pod, with the pod's ServiceAccount and volumes",
        remedy: "leave out the resource",
        grants: &[grant(
            "",
            &["pods/ephemeralcontainers"],
            &["update", "patch"],
        )],
        only_with: &[],
    },
    Check {
        id: "read-secrets",
        severity: Severity::High,
        title: "Reading Secrets",
        meaning: "may read Secrets; `list` and `watch` show their contents as `get` does",
        remedy: "name the Secrets that are needed with resourceNames, in a Role of their namespace",
        grants: &[grant("", &["secrets"], &["get", "list", "watch"])],
        only_with: &[],
    },
    Check {
        id: "create-workloads",
        severity: Severity::Medium,
        title: "Running pods",
        meaning: "may run containers of its choice, with any ServiceAccount and any Secret of the namespace mounted",
        remedy: "grant it in the namespaces that need it, under Pod Security's level `restricted`",
        grants: &[
            grant("", &["pods"], &["create"]),
            grant("", &["replicationcontrollers"], WRITE),
            grant(
                "apps",
                &["daemonsets", "deployments", "replicasets", "statefulsets"],
                WRITE,
            ),
            grant("batch", &["cronjobs", "jobs"], WRITE),
        ],
        only_with: &[],
    },
    Check {
        id: "pod-portforward",
        severity: Severity::Medium,
        title: "Reaching every port of pods",
        meaning: "may reach every port of a pod, also those on which it listens for itself alone",
        remedy: "leave out the resource",
        grants: &[grant("", &["pods/portforward"], &["create", "get"])],
        only_with: &[],
    },
    Check {
        id: "pod-proxy",
        severity: Severity::Medium,
        title: "Requests to pods and Services from the API server",
        meaning: "may send requests to pods and Services from the API server's address, past network policies",
        remedy: "reach them at their own address",
        grants: &[grant(
            "",
            &["pods/proxy", "services/proxy"],
            &["get", "create"],
        )],
        only_with: &[],
    },
    Check {
        id: "write-roles",
        severity: Severity::Low,
        title: "Writing roles and bindings",
        meaning: "may pass on to others whatever it holds itself",
        remedy: "leave the writing of roles to whoever administers the cluster",
        grants: &[grant(
            RBAC,
            &[
                "clusterrolebindings",
                "clusterroles",
                "rolebindings",
                "roles",
            ],
            WRITE,
        )],
        only_with: &[],
    },
];
