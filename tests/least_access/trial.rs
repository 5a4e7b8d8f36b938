//! One Prometheus, or Grafana Agent, with the rights that were derived, or with one of them less.

use std::collections::BTreeMap;
use std::fs;

use monconf::access;
use monconf::job::Job;
use monconf::rbac::Right;
use monconf::spec::{Consumer as For, Names};
use testbed::poll::poll;
use testbed::prometheus::Target;
use testbed::{Event, Scope};

use super::case::{Case, Form};
use super::consumer::{Consumer, MAIN};
use super::grafana;
use super::operator;
use super::right::{self, Held};
use super::told;
use super::world::{SELECTS_ALL, World};
use crate::support::Monconf;
use crate::support::prometheus_pod::SECRET;

/// Whose right it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// The `ServiceAccount` that monconf made.
    Own,
    /// Prometheus' own `ServiceAccount`, which discovers for monitors.
    Prometheus,
}

/// What showed that a right was missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Witness {
    /// The API server refused a request for exactly that right.
    pub(super) log: bool,
    /// Exactly the jobs that need it were answered 403.
    pub(super) scrape: bool,
}

/// One running consumer and the accounts that it shows.
pub(super) struct Trial<'a> {
    scope: Scope<'a>,
    case: &'a Case,
    consumer: Consumer,
    /// What each holder has, without what was taken away.
    pub(super) held: BTreeMap<Holder, Vec<Held>>,
}

impl<'a> Trial<'a> {
    /// Lets monconf write everything, takes away one right, and starts the consumer.
    pub(super) fn start(
        world: &'a World,
        case: &'a Case,
        without: Option<(Holder, &Held)>,
    ) -> Self {
        let scope = world.cluster.cp.scope("least");
        let taken = |from| without.and_then(|(of, held)| (of == from).then_some(held));
        let environment = without.map_or(&[][..], |(_, held)| environment(held));
        let folder = tempfile::tempdir().unwrap();
        let drop_in = folder.path().join("k8s.yml").display().to_string();
        let form = |flags: &[&str]| flags.iter().copied().map(str::to_owned).collect();
        let form: Vec<String> = match case.form {
            Form::DropIn => form(&["--drop-in", &drop_in]),
            Form::Mounted => form(&["--format", "raw", "--mount-dir", SECRET]),
            Form::Operator => form(&["--format", "operator", "--selected-by", SELECTS_ALL]),
            Form::Agent | Form::AgentMonitors | Form::Alloy => {
                grafana::flags(case.form, &scope, folder.path())
            }
        };
        let blackbox = world.blackbox.to_string();
        let common = ["--apply", "--blackbox-exporter", &blackbox];
        let run = Monconf::for_consumer(case.form.consumer().name(), &scope, &common)
            .args(case.flags())
            .args(form)
            .run()
            .ok();
        let mut held = BTreeMap::from([(Holder::Own, own(&scope, taken(Holder::Own)))]);
        let consumer = match case.form {
            Form::DropIn => {
                fs::write(folder.path().join("prometheus.yml"), MAIN).unwrap();
                Consumer::on_host(folder, environment)
            }
            Form::Mounted => Consumer::in_pod(world, &scope, &run.stdout, environment),
            Form::Operator => {
                let discoverer = operator::account(&scope, case, taken(Holder::Prometheus));
                operator::configure(
                    world,
                    &scope,
                    case.jobs.len(),
                    &discoverer.token,
                    folder.path(),
                );
                held.insert(Holder::Prometheus, discoverer.held);
                Consumer::on_host(folder, environment)
            }
            Form::Agent | Form::AgentMonitors | Form::Alloy => {
                grafana::start(world, &scope, case, folder)
            }
        };
        Self {
            scope,
            case,
            consumer,
            held,
        }
    }

    /// Every job is up, and nobody was refused anything.
    pub(super) fn suffices(&self) -> Result<(), String> {
        let jobs = self.case.model();
        let all_up = self.each(&jobs.iter().collect::<Vec<_>>(), "up", is_up);
        match self.refusals().first() {
            Some(event) => Err(format!(
                "a right is missing: {} {} by {}: {}",
                event.verb, event.uri, event.user, event.reason
            )),
            None => all_up,
        }
    }

    /// What shows that `taken` is missing, and that nothing else is.
    pub(super) fn misses(&self, taken: &Held) -> Result<Witness, String> {
        let jobs = self.case.model();
        let needs = access::scraping(&jobs);
        let scrapes = needs.iter().find(|need| need.right == taken.right);
        if let Some(need) = scrapes {
            let (affected, others): (Vec<_>, Vec<_>) =
                jobs.iter().partition(|job| need.jobs.contains(&job.name));
            self.each(&affected, "refused", is_refused)?;
            self.each(&others, "up", is_up)?;
        } else {
            let refused = poll(|| self.refusals().pop());
            refused.ok_or("nobody asks for it")?;
        }
        let refusals = self.refusals();
        match refusals.iter().find(|event| !taken.is_asked_by(event)) {
            Some(other) => Err(format!("{} {} is refused too", other.verb, other.uri)),
            None => Ok(Witness {
                log: !refusals.is_empty(),
                scrape: scrapes.is_some(),
            }),
        }
    }

    /// Waits until the targets of each job were found so, not necessarily all at the same time: on a busy machine a
    /// scrape may be late.
    fn each(&self, jobs: &[&Job], what: &str, is_so: fn(&Target) -> bool) -> Result<(), String> {
        let mut left = jobs.to_vec();
        let all = poll(|| {
            let targets = self.consumer.targets();
            left.retain(|job| {
                let of_job = || targets.iter().filter(|target| self.is_of(job, target));
                of_job().next().is_none() || !of_job().all(is_so)
            });
            left.is_empty().then_some(())
        });
        all.ok_or_else(|| {
            let names: Vec<&str> = left.iter().map(|job| job.name.as_str()).collect();
            let targets = self.consumer.targets();
            format!("not {what}: {}; {targets:#?}", names.join(", "))
        })
    }

    /// Holds `monconf rbac diff` to what monconf's account lacks.
    pub(super) fn is_told(&self, taken: Option<&Held>) -> Result<(), String> {
        told::exactly(&self.scope, self.case, taken)
    }

    fn refusals(&self) -> Vec<Event> {
        let accounts = [account(&self.scope), operator::account_name(&self.scope)];
        let cp = self.scope.cp;
        let mut events: Vec<Event> = accounts
            .iter()
            .flat_map(|account| cp.audit(account))
            .collect();
        events.retain(|event| event.code == 403);
        events
    }

    fn is_of(&self, job: &Job, target: &Target) -> bool {
        is_of(&self.scope, self.case.form, job, &target.job)
    }
}

/// Whether what is called `scrape_job` in the configuration is that job.
pub(super) fn is_of(scope: &Scope, form: Form, job: &Job, scrape_job: &str) -> bool {
    let names = names(scope);
    let is_monitor = || operator::monitor_of(scrape_job) == Some(names.monitor(&job.name).as_str());
    let is_named = || scrape_job == names.job_name(&job.job_name);
    match form {
        Form::Operator => is_monitor(),
        // A job that no monitor can carry has its own name.
        Form::AgentMonitors => is_monitor() || is_named(),
        Form::DropIn | Form::Mounted | Form::Agent | Form::Alloy => is_named(),
    }
}

fn is_up(target: &Target) -> bool {
    target.health == "up"
}

fn is_refused(target: &Target) -> bool {
    target.health == "down" && target.last_error.contains("HTTP status 403")
}

/// What monconf granted, without what is now taken away.
fn own(scope: &Scope, taken: Option<&Held>) -> Vec<Held> {
    let account = account(scope);
    let mut all = right::of_instance(scope, &account);
    if let Some(taken) = taken {
        right::remove(scope, &account, taken);
        all.retain(|held| held != taken);
    }
    all
}

/// The names of an instance's objects, which are the same for every consumer where it has a name of its own.
pub(super) fn names(scope: &Scope) -> Names {
    Names::new(For::Prometheus, Some(&scope.name), Some(&scope.namespace)).unwrap()
}

/// The scraper, as the API server calls it.
fn account(scope: &Scope) -> String {
    let names = names(scope);
    format!(
        "system:serviceaccount:{}:{}",
        scope.namespace,
        names.service_account()
    )
}

/// This Prometheus asks this API server for a watch that begins with the list, and for a list only where that is refused
/// or not known; older ones list first. This makes it one of those.
fn environment(taken: &Held) -> &'static [(&'static str, &'static str)] {
    match &taken.right {
        Right::Resource { verb, .. } if verb == "list" => {
            &[("KUBE_FEATURE_WatchListClient", "false")]
        }
        _ => &[],
    }
}
