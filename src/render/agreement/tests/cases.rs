//! Every job of the catalogue, and some with something in every field, in both forms.

use promconf::Duration;
use promconf::RelabelConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::super::agree::told;
use super::super::{References, expected, of_monitor, of_scrape_config};
use crate::alloy::{self, Credentials, Destination, SERVICE_ACCOUNT_DIR, SecretRef};
use crate::error::Result;
use crate::job::{
    Attachment, Authority, BLACKBOX_EXPORTER, Discovery, Job, Role, Selector, catalogue,
};
use crate::object::Kind;
use crate::render::{Desired, Operators, Surroundings, Templates, desired};
use crate::spec::{Consumer, Form, Names, Settings, Spec};
use crate::token::{Decision, Verdict};

pub(super) const SERVER: &str = "https://kubernetes.default.svc:443";
pub(super) const TOKEN_FILE: &str = "/credentials/token";
pub(super) const CA_FILE: &str = "/credentials/ca.crt";
pub(super) const TOKEN_SECRET: &str = "prometheus-k8s-token";

/// A job, the template of one of its forms, and what that rendered.
pub(super) struct Case {
    pub(super) job: Job,
    pub(super) template: &'static str,
    /// Where discovery asks, as [`expected`] has it.
    pub(super) api_server: Option<&'static str>,
    pub(super) references: References,
    pub(super) rendered: Value,
}

impl Case {
    pub(super) fn is_object(&self) -> bool {
        self.rendered.get("kind").is_some()
    }

    pub(super) fn told(&self, rendered: &Value) -> Vec<String> {
        let found = if self.is_object() {
            of_monitor(rendered, &self.references)
        } else {
            vec![of_scrape_config(rendered, &self.references)]
        };
        told(&expected(self.template, &self.job, self.api_server), &found)
    }
}

/// A job with something in every field.
pub(super) fn full(name: &str, discovery: Discovery) -> Job {
    Job {
        job_name: format!("{name}-$1$$"),
        name: name.to_owned(),
        discovery,
        authority: Authority::Component,
        tls: true,
        metrics_path: "/probe".to_owned(),
        params: vec![(
            "matchLabels".to_owned(),
            vec!["a".to_owned(), "b".to_owned()],
        )],
        interval: Some(Duration::from_secs(90)),
        timeout: Some(Duration::from_secs(5)),
        honor_labels: true,
        honor_timestamps: false,
        relabelling: vec![
            RelabelConfig {
                action: "hashmod".to_owned(),
                source_labels: vec!["a".to_owned(), "b".to_owned()],
                separator: Some("/".to_owned()),
                modulus: Some(8),
                target_label: Some("shard".to_owned()),
                ..RelabelConfig::default()
            },
            RelabelConfig::drop(&["a"], ""),
            RelabelConfig::constant("job", "b$c"),
            RelabelConfig {
                action: "labeldrop".to_owned(),
                regex: Some("x.+".to_owned()),
                ..RelabelConfig::default()
            },
        ],
        metric_relabelling: vec![
            RelabelConfig::drop(&["__name__"], "go_.+"),
            RelabelConfig::replace(&["a"], "(.*)", "b", "$1"),
        ],
        ..catalogue(BLACKBOX_EXPORTER).remove(0)
    }
}

pub(super) fn jobs() -> Vec<Job> {
    let known = catalogue(BLACKBOX_EXPORTER);
    let mut jobs = known.clone();
    jobs.extend(
        known
            .into_iter()
            .filter(|job| job.authority == Authority::Kubelet)
            .map(|job| Job {
                name: format!("{}-by-proxy", job.name),
                job_name: format!("{}-by-proxy", job.job_name),
                authority: Authority::KubeletProxy,
                ..job
            }),
    );
    let found = Discovery {
        namespaces: vec!["shop".to_owned(), "till".to_owned()],
        attach_metadata: BTreeSet::from([Attachment::Node]),
        ..Discovery::all(Role::Pod)
    };
    let selector = |role, label, field| Selector { role, label, field };
    let selected = Discovery {
        selectors: vec![
            selector(
                Role::Pod,
                Some("app=shop".to_owned()),
                Some("spec.nodeName=a".to_owned()),
            ),
            selector(Role::Node, Some("zone=b".to_owned()), None),
        ],
        ..found.clone()
    };
    let labels: [(&str, &[&str]); 2] = [("z.io/a", &["x", "y.z"]), ("app", &["shop"])];
    let mut behind = Discovery::service(Some("shop"), &labels, &["web", "api"]);
    behind.role = Role::Endpoints;
    jobs.extend([
        full("found", found),
        full("selected", selected),
        full("behind", behind),
        Job {
            insecure_tls: true,
            ..full("unverified", Discovery::pods("shop", "app=shop"))
        },
        Job {
            authority: Authority::Nobody,
            ..full("public", Discovery::all(Role::Ingress))
        },
    ]);
    jobs
}

pub(super) fn rendered(form: &Form, templates: &Templates) -> Result<Desired> {
    let mut spec = Spec::new(Consumer::Prometheus, Settings::default()).expect("valid");
    spec.jobs = jobs();
    spec.api_server = Some(SERVER.to_owned());
    let surroundings = Surroundings {
        server: SERVER,
        ca: "",
        operators: &Operators::default(),
        objects: &BTreeMap::new(),
        schemas: &BTreeMap::new(),
        namespace_labels: &BTreeMap::new(),
        token: None,
        handle: None,
        is_named: false,
    };
    desired(&spec, form, &surroundings, &decision(), templates)
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

pub(super) fn mounted() -> Form {
    Form::Mounted {
        mount_dir: "/credentials".to_owned(),
    }
}

/// Every job in both forms, as the built-in templates render it.
pub(super) static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

pub(super) fn cases() -> Vec<Case> {
    let templates = Templates::load(None).expect("built in");
    let raw = rendered(&mounted(), &templates).expect("it agrees");
    let raw = yaml::parse(&raw.output.expect("a text"), "output").expect("YAML");
    let raw = raw[0]["scrape_configs"].as_array().expect("jobs").clone();
    let objects = rendered(&Form::Operator, &templates)
        .expect("it agrees")
        .objects;
    let names = Names::new(Consumer::Prometheus, None, None).expect("valid");
    let mut cases = Vec::new();
    for (job, value) in jobs().into_iter().zip(raw) {
        let job = job.through_api_server(SERVER);
        let name = names.monitor(&job.name);
        let kind = job.monitor_kind();
        let is_its = |object: &&crate::render::DesiredObject| {
            object.reference.kind == kind && object.reference.name == name
        };
        let object = objects
            .iter()
            .find(is_its)
            .unwrap_or_else(|| panic!("{name}"));
        let template = match kind {
            Kind::ServiceMonitor => "servicemonitor.yaml",
            Kind::PodMonitor => "podmonitor.yaml",
            _ => "scrapeconfig.yaml",
        };
        cases.push(Case {
            job: job.clone(),
            template: "scrape-configs.yaml",
            api_server: Some(SERVER),
            references: References::files(TOKEN_FILE, CA_FILE),
            rendered: value,
        });
        cases.push(Case {
            job,
            template,
            api_server: None,
            references: References::secret(TOKEN_SECRET),
            rendered: object.value.clone(),
        });
    }
    cases.extend(of_alloy(&templates));
    cases
}

/// Every job as Alloy reads it: with the token of its own Pod, of a file and of a Secret.
fn of_alloy(templates: &Templates) -> Vec<Case> {
    let api_server = || SERVER.to_owned();
    let secret = SecretRef {
        namespace: "monitoring".to_owned(),
        name: TOKEN_SECRET.to_owned(),
    };
    let (dir, account) = ("/credentials".to_owned(), SERVICE_ACCOUNT_DIR);
    let own = |file: &str| format!("{account}/{file}");
    let instance = "monconf-alloy";
    let label = alloy::identifier::shared(instance);
    let data = |key: &str| format!("remote.kubernetes.secret.{label}.data[\"{key}\"]");
    let content = format!("local.file.{label}.content");
    let ca = format!("nonsensitive({})", data("ca.crt"));
    let mut spec = Spec::new(Consumer::Prometheus, Settings::default()).expect("valid");
    instance.clone_into(&mut spec.names.instance);
    spec.jobs = jobs();
    let mut cases = Vec::new();
    for (credentials, server, references) in [
        (
            Credentials::Pod,
            None,
            References::files(&own("token"), &own("ca.crt")),
        ),
        (
            Credentials::Files {
                dir,
                api_server: api_server(),
            },
            Some(SERVER),
            References::expressions(&content, Some(CA_FILE), None),
        ),
        (
            Credentials::Secret {
                secret,
                api_server: api_server(),
            },
            Some(SERVER),
            References::expressions(&data("token"), None, Some(&ca)),
        ),
    ] {
        let settings = alloy::Settings {
            credentials,
            destination: Destination::ForwardTo(Vec::new()),
            clustering: true,
        };
        let (text, warnings) =
            crate::render::alloy(&spec, &decision(), &settings, templates).expect("it agrees");
        assert!(warnings.is_empty(), "{warnings:?}");
        let rendered = alloy::jobs(&text).expect("jobs").into_iter();
        for (job, (_, rendered)) in jobs().iter().zip(rendered) {
            let in_cluster = server.unwrap_or("https://kubernetes.default.svc");
            cases.push(Case {
                job: alloy::adapted(job, in_cluster).expect("known to Alloy"),
                template: "config.alloy",
                api_server: server,
                references: references.clone(),
                rendered,
            });
        }
    }
    cases
}

pub(super) fn case(template: &str, job: &str) -> &'static Case {
    let mut cases = CASES.iter();
    cases
        .find(|case| case.template == template && case.job.name == job)
        .expect("a case")
}
