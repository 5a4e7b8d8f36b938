//! Grafana Alloy's configuration, read by its own parser and run by flow mode of Grafana Agent.

mod documented;
mod flow;
mod language;
mod parity;
mod pod;
mod receiver_pod;
mod remote_write;
mod run;
mod template;
mod translate;
mod wrong;

use monconf::alloy::{Credentials, Destination, Endpoint, Login, Receiver, SecretRef, Settings};
use monconf::job::{BLACKBOX_EXPORTER, Job, catalogue};
use monconf::render::{Templates, alloy};
use monconf::spec::{self, Consumer, Spec};
use monconf::token::{Decision, Verdict};

/// A request for these jobs.
fn spec(jobs: Vec<Job>) -> Spec {
    let mut spec = Spec::new(Consumer::Prometheus, spec::Settings::default()).unwrap();
    spec.jobs = jobs;
    spec
}

fn everything() -> Spec {
    spec(catalogue(BLACKBOX_EXPORTER))
}

fn render(spec: &Spec, settings: &Settings) -> monconf::error::Result<String> {
    let (text, warnings) = alloy(spec, &decision(), settings, &Templates::load(None).unwrap())?;
    assert_eq!(warnings, [""; 0]);
    Ok(text)
}

fn decision() -> Decision {
    Decision {
        verdict: Verdict::Issue("new token".to_owned()),
        slot: 0,
        used: None,
        orphan: None,
        occupied: None,
        elsewhere: None,
    }
}

fn pod() -> Settings {
    Settings {
        credentials: Credentials::Pod,
        destination: receivers(&["prometheus.remote_write.theirs.receiver"]),
        clustering: false,
    }
}

fn receivers(names: &[&str]) -> Destination {
    let receivers = names.iter().map(|name| Receiver::named(name).unwrap());
    Destination::ForwardTo(receivers.collect())
}

fn secret(namespace: &str, name: &str) -> SecretRef {
    SecretRef {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// One of each kind of credentials and destination, with Secrets of a namespace.
fn every_kind(dir: &str, api_server: &str, namespace: &str) -> Vec<Settings> {
    let endpoint = |login| Endpoint {
        // Nobody listens there.
        url: "http://127.0.0.1:9/api/v1/write".to_owned(),
        login,
    };
    let basic = Login::Basic {
        secret: secret(namespace, "remote"),
        username_key: "user".to_owned(),
        password_key: "pass.word".to_owned(),
    };
    let bearer = Login::Bearer {
        secret: secret(namespace, "alloy-k8s-token"),
        key: "token".to_owned(),
    };
    vec![
        pod(),
        Settings {
            credentials: Credentials::Files {
                dir: dir.to_owned(),
                api_server: api_server.to_owned(),
            },
            destination: Destination::RemoteWrite(vec![endpoint(None)]),
            clustering: true,
        },
        Settings {
            credentials: Credentials::Secret {
                secret: secret(namespace, "alloy-k8s-token"),
                api_server: api_server.to_owned(),
            },
            destination: Destination::RemoteWrite(vec![
                endpoint(Some(basic)),
                endpoint(Some(bearer)),
            ]),
            clustering: false,
        },
    ]
}
