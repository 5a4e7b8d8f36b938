//! The flags of the programs.

use std::path::Path;

use super::Options;

/// Every request once, when it is answered (and a watch also when it begins).
pub(super) const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
";

pub(super) fn etcd(directory: &Path, client_port: u16, peer_port: u16) -> Vec<String> {
    let clients = format!("http://127.0.0.1:{client_port}");
    let peers = format!("http://127.0.0.1:{peer_port}");
    vec![
        format!("--data-dir={}", directory.join("etcd").display()),
        "--name=default".into(),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=default={peers}"),
        "--unsafe-no-fsync".into(),
        "--log-level=warn".into(),
    ]
}

pub(super) fn apiserver(
    directory: &Path,
    etcd_port: u16,
    port: u16,
    options: &Options,
) -> Vec<String> {
    let file = |name: &str| directory.join(name).display().to_string();
    let mut flags = vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", file("apiserver.crt")),
        format!("--tls-private-key-file={}", file("apiserver.key")),
        format!("--client-ca-file={}", file("ca.crt")),
        format!(
            "--requestheader-client-ca-file={}",
            file("front-proxy-ca.crt")
        ),
        "--requestheader-allowed-names=front-proxy".into(),
        "--requestheader-username-headers=X-Remote-User".into(),
        "--requestheader-group-headers=X-Remote-Group".into(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".into(),
        format!(
            "--service-account-key-file={}",
            file("service-accounts.pub")
        ),
        format!(
            "--service-account-signing-key-file={}",
            file("service-accounts.key")
        ),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        "--service-cluster-ip-range=10.96.0.0/16".into(),
        "--authorization-mode=Node,RBAC".into(),
        "--enable-admission-plugins=NodeRestriction".into(),
        "--allow-privileged".into(),
        format!(
            "--kubelet-client-certificate={}",
            file("kubelet-client.crt")
        ),
        format!("--kubelet-client-key={}", file("kubelet-client.key")),
        format!("--kubelet-certificate-authority={}", file("ca.crt")),
        "--kubelet-preferred-address-types=InternalIP".into(),
        format!("--audit-policy-file={}", file("audit-policy.yaml")),
        format!("--audit-log-path={}", file("audit.log")),
        "--audit-log-maxsize=10000".into(), // MB: tests read one file
        "--profiling=false".into(),
    ];
    if let Some(address) = options.address {
        flags.push("--bind-address=0.0.0.0".into());
        flags.push(format!("--advertise-address={address}"));
    } else {
        flags.push("--bind-address=127.0.0.1".into());
        // A loopback address is not allowed in Endpoints.
        flags.push("--endpoint-reconciler-type=none".into());
    }
    if let Some(life) = options.max_token_expiration {
        flags.push(format!(
            "--service-account-max-token-expiration={}s",
            life.as_secs()
        ));
    }
    flags.extend(options.extra_apiserver_args.iter().cloned());
    flags
}

/// Of the only instance, or of one of several that elect a leader.
pub(super) fn controller_manager(directory: &Path, elects: bool) -> Vec<String> {
    let file = |name: &str| directory.join(name).display().to_string();
    let mut flags = vec![
        format!("--kubeconfig={}", file("controller-manager.kubeconfig")),
        "--use-service-account-credentials".into(),
        "--secure-port=0".into(),
        format!("--root-ca-file={}", file("ca.crt")),
        format!(
            "--service-account-private-key-file={}",
            file("service-accounts.key")
        ),
        format!("--cluster-signing-cert-file={}", file("ca.crt")),
        format!("--cluster-signing-key-file={}", file("ca.key")),
        "--kube-api-qps=300".into(),
        "--kube-api-burst=600".into(),
    ];
    flags.extend(election(elects));
    flags
}

pub(super) fn scheduler(directory: &Path) -> Vec<String> {
    let kubeconfig = directory.join("scheduler.kubeconfig");
    let mut flags = vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--secure-port=0".into(),
    ];
    flags.extend(election(true));
    flags
}

/// With longer times than usual: a leader that a busy machine holds up must not end.
pub(crate) fn election(elects: bool) -> Vec<String> {
    if !elects {
        return vec!["--leader-elect=false".into()];
    }
    vec![
        "--leader-elect=true".into(),
        "--leader-elect-lease-duration=120s".into(),
        "--leader-elect-renew-deadline=90s".into(),
        "--leader-elect-retry-period=5s".into(),
    ]
}
