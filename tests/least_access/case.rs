//! What is tried: jobs, the way to their kubelets, and the form of the configuration.

use std::collections::BTreeSet;
use std::path::Path;

use monconf::access::{self, Grants};
use monconf::job::{self, Job};
use monconf::rbac::Scope;
use monconf::render;
use monconf::spec::{self, Consumer, Settings, Spec};

use super::right::Held;

/// Who reads the configuration, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A Prometheus outside the cluster.
    DropIn,
    /// A Prometheus in a Pod, which mounts the token Secret.
    Mounted,
    /// The configuration that prometheus-operator makes of the monitors.
    Operator,
    /// A Grafana Agent in static mode, outside the cluster.
    Agent,
    /// The configuration that Grafana Agent's operator makes of the monitors.
    AgentMonitors,
    /// An Alloy outside the cluster.
    Alloy,
}

impl Form {
    /// Those of Grafana's programs.
    pub(super) const GRAFANA: [Self; 3] = [Self::Agent, Self::AgentMonitors, Self::Alloy];

    /// Whom monconf is asked to connect.
    pub(super) const fn consumer(self) -> Consumer {
        match self {
            Self::DropIn | Self::Mounted | Self::Operator => Consumer::Prometheus,
            Self::Agent | Self::AgentMonitors => Consumer::GrafanaAgent,
            Self::Alloy => Consumer::Alloy,
        }
    }
}

/// Jobs that one Prometheus scrapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) jobs: Vec<&'static str>,
    /// Whether kubelets are scraped by way of the API server.
    pub(super) proxied: bool,
    pub(super) form: Form,
}

const KUBELETS: &[&str] = &[
    "kubelet",
    "cadvisor",
    "kubelet-resource",
    "kubelet-probes",
    "kubelet-slis",
];

/// The catalogue. Jobs stand together only where each alone needs exactly what all of them need.
const GROUPS: [&[&str]; 8] = [
    &["apiserver"],
    KUBELETS,
    &["controller-manager", "scheduler"],
    &["kube-proxy"],
    &["coredns"],
    &["kube-state-metrics", "node-exporter", "services"],
    &["pods"],
    &["ingresses"],
];

/// One of the groups: its rights are in a Role.
const IN_NAMESPACE: &[&str] = &["coredns"];

/// Own jobs, each by itself.
const OWN: [&[&str]; 2] = [&["one-node"], &["attached"]];

/// Where they are defined.
const OWN_JOBS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/least_access/own-jobs.yaml"
);

impl Case {
    /// Every job in every form, by every way. In a Pod all of them together: a Pod for each is slow, and the
    /// configuration differs from a drop-in in addresses only. So also with Grafana's programs, whose discovery is an
    /// older Prometheus': and once what is asked for in one namespace, and of one object.
    pub(super) fn all() -> Vec<Self> {
        let case = |jobs: &[&'static str], proxied, form| Self {
            jobs: jobs.to_vec(),
            proxied,
            form,
        };
        let mut cases = vec![
            case(&GROUPS.concat(), false, Form::Mounted),
            case(KUBELETS, true, Form::Mounted),
        ];
        for form in [Form::DropIn, Form::Operator] {
            cases.extend(GROUPS.map(|jobs| case(jobs, false, form)));
            cases.push(case(KUBELETS, true, form));
        }
        cases.extend(OWN.map(|jobs| case(jobs, false, Form::DropIn)));
        for form in Form::GRAFANA {
            cases.push(case(&GROUPS.concat(), false, form));
            cases.push(case(KUBELETS, true, form));
            cases.extend([IN_NAMESPACE, OWN[0]].map(|jobs| case(jobs, false, form)));
        }
        cases
    }

    /// Whether these are all jobs of the catalogue.
    pub(super) fn is_catalogue(&self) -> bool {
        self.jobs == GROUPS.concat()
    }

    /// The jobs as whoever reads this form discovers them.
    pub(super) fn model(&self) -> Vec<Job> {
        let mut settings = Settings::default();
        settings.jobs = Some(self.jobs.iter().map(|&name| name.to_owned()).collect());
        if self.proxied {
            settings.kubelet = Some("apiserver-proxy".to_owned());
            settings.allow_nodes_proxy = Some(true);
        }
        if self.form == Form::AgentMonitors {
            settings.format = Some("monitors".to_owned());
        }
        let settings = settings.or_file(Some(Path::new(OWN_JOBS))).unwrap();
        let spec = Spec::new(self.form.consumer(), settings).unwrap();
        render::discovered(&spec, &spec::Form::of(&spec, false))
    }

    /// The jobs that need a right, in the whole cluster or in a namespace, by name.
    pub(super) fn needing(&self, held: &Held) -> Vec<String> {
        let mut jobs = self.model();
        jobs.retain(|job| {
            let needs = access::both(std::slice::from_ref(job));
            needs.iter().any(|need| {
                need.right == held.right
                    && (held.place == Scope::Cluster || held.place == need.scope)
            })
        });
        let mut names: Vec<String> = jobs.into_iter().map(|job| job.name).collect();
        names.sort();
        names
    }

    /// The flags that ask for it.
    pub(super) fn flags(&self) -> Vec<String> {
        let jobs = self.jobs.join(",");
        let mut flags = ["--file", OWN_JOBS, "--jobs", &jobs]
            .map(str::to_owned)
            .to_vec();
        if self.proxied {
            let proxy = ["--kubelet", "apiserver-proxy", "--allow-nodes-proxy"];
            flags.extend(proxy.map(str::to_owned));
        }
        flags
    }
}

#[test]
fn the_groups_are_the_catalogue_and_each_job_needs_what_its_group_needs() {
    let rules = |jobs: &[Job]| {
        let mut grants = Grants::of(&access::both(jobs));
        let namespaced = grants.namespaces.values_mut().flatten();
        for rule in grants.cluster.iter_mut().chain(namespaced) {
            rule.reasons.clear();
        }
        grants
    };
    let catalogue = job::catalogue(job::BLACKBOX_EXPORTER);
    let known: BTreeSet<&str> = catalogue.iter().map(|job| job.name.as_str()).collect();
    let grouped: BTreeSet<&str> = GROUPS.concat().into_iter().collect();
    assert_eq!(grouped, known);
    for case in Case::all() {
        if case.is_catalogue() {
            continue;
        }
        for job in case.model() {
            assert_eq!(
                rules(std::slice::from_ref(&job)),
                rules(&case.model()),
                "{}",
                job.name
            );
        }
    }
}
