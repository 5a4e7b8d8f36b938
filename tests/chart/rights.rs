//! The rights of the Jobs: each is used, nothing else is asked for, and without any one of them a run fails and names it.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use serde_json::{Value, json};
use testbed::{ControlPlane, Event, Helm, root};

use super::release::Release;
use crate::support::{Monconf, PodAccount, Run, token};

/// How many releases are tried at the same time.
const AT_ONCE: usize = 3;

/// One right of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    /// Where its Role is; `None` in a ClusterRole.
    namespace: Option<String>,
    verb: String,
    group: String,
    resource: String,
    /// Empty for every object.
    name: String,
}

impl Right {
    fn all_of(role: &Value) -> Vec<Self> {
        let namespace = role["metadata"]["namespace"].as_str().map(str::to_owned);
        let texts = |rule: &Value, field: &str| -> Vec<String> {
            let values = rule[field].as_array().into_iter().flatten();
            values
                .map(|value| value.as_str().unwrap().to_owned())
                .collect()
        };
        let mut rights = Vec::new();
        for rule in role["rules"].as_array().unwrap() {
            let mut names = texts(rule, "resourceNames");
            if names.is_empty() {
                names.push(String::new());
            }
            for verb in texts(rule, "verbs") {
                for resource in texts(rule, "resources") {
                    rights.extend(names.iter().map(|name| Self {
                        namespace: namespace.clone(),
                        verb: verb.clone(),
                        group: rule["apiGroups"][0].as_str().unwrap().to_owned(),
                        resource: resource.clone(),
                        name: name.clone(),
                    }));
                }
            }
        }
        rights
    }

    fn rule(&self) -> Value {
        let mut rule =
            json!({"apiGroups": [self.group], "resources": [self.resource], "verbs": [self.verb]});
        if !self.name.is_empty() {
            rule["resourceNames"] = json!([self.name]);
        }
        rule
    }

    fn parts(&self) -> (&str, &str) {
        self.resource
            .split_once('/')
            .unwrap_or((&self.resource, ""))
    }

    /// A patch that makes an object takes the right to create it too.
    fn is_used_by(&self, event: &Event) -> bool {
        let makes = self.verb == "create" && event.verb == "patch" && event.code == 201;
        (event.verb == self.verb || makes)
            && event.group == self.group
            && (event.resource.as_str(), event.subresource.as_str()) == self.parts()
            && (self.name.is_empty() || event.name == self.name)
    }

    /// Whether it is about monitors of jobs that an earlier revision may have wanted.
    fn is_of_what_may_be_left(&self) -> bool {
        self.verb == "delete" && self.group == "monitoring.coreos.com"
    }

    /// Whether a message says what was denied: verb, resource, and the object where one is meant.
    fn is_named_in(&self, message: &str) -> bool {
        let (resource, _) = self.parts();
        message.contains(&self.verb) && message.contains(resource) && message.contains(&self.name)
    }
}

/// A Job of a release that is not installed, run in the place of its Pod.
struct Runner<'a> {
    release: &'a Release<'a>,
    account: PodAccount,
    verb: &'static str,
    /// A right that it is not given.
    without: Option<&'a Right>,
}

impl<'a> Runner<'a> {
    /// Makes its account.
    fn new(release: &'a Release<'a>, verb: &'static str, without: Option<&'a Right>) -> Self {
        let name = release.own(verb);
        release.put(
            "v1/serviceaccounts",
            &json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name},
            }),
        );
        let token = release
            .scope
            .admin()
            .token(&release.scope.namespace, &name, 3_600);
        let account = PodAccount::new(release.scope.cp, &token.unwrap());
        Self {
            release,
            account: account.expect("the user is root"),
            verb,
            without,
        }
    }

    /// Gives it the roles that the chart has for these settings, and returns its rights.
    fn grant(&self, config: &Value) -> Vec<Right> {
        let cp = self.release.scope.cp;
        let user = self.release.runner(self.verb);
        let mut rights = rights(self.release, self.verb, config);
        rights.retain(|right| Some(right) != self.without);
        let places: BTreeSet<_> = rights.iter().map(|right| right.namespace.clone()).collect();
        for place in places {
            let there = rights.iter().filter(|right| right.namespace == place);
            let rules: Value = there.map(Right::rule).collect();
            cp.grant(&user, place.as_deref(), &rules);
        }
        rights
    }

    /// Runs monconf with the arguments of the Job and these settings.
    fn run(&self, arguments: &[&str], config: &Value) -> Run {
        let mut call = self
            .account
            .call(arguments)
            .env("MONCONF_NAME", &self.release.scope.name)
            .env("MONCONF_NAMESPACE", &self.release.scope.namespace)
            .env("MONCONF_EXISTING_ACCESS", "true")
            .env("MONCONF_FORMAT", "operator");
        for (key, variable) in [
            ("jobs", "MONCONF_JOBS"),
            ("withAlerts", "MONCONF_WITH_ALERTS"),
            ("duration", "MONCONF_DURATION"),
        ] {
            match &config[key] {
                Value::Null => {}
                Value::Array(words) => {
                    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                    call = call.env(variable, words.join(","));
                }
                Value::String(text) => call = call.env(variable, text),
                other => call = call.env(variable, other.to_string()),
            }
        }
        call.run()
    }

    fn events(&self) -> Vec<Event> {
        self.release.scope.cp.audit(&self.release.runner(self.verb))
    }
}

/// The rights that the chart gives a Job for these settings, if it is upgraded from what is installed.
fn rights(release: &Release, verb: &str, config: &Value) -> Vec<Right> {
    let own = release.own(verb);
    let roles = release.rendered(config, &json!({}));
    let roles = roles.iter().filter(|object| {
        let kind = object["kind"].as_str().unwrap_or_default();
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        ["Role", "ClusterRole"].contains(&kind) && name.ends_with(&own)
    });
    roles.flat_map(Right::all_of).collect()
}

fn before() -> Value {
    json!({"jobs": ["apiserver", "kubelet", "cadvisor", "coredns", "pods"], "withAlerts": true})
}

/// A job of each kind and the alerts less, and another token.
fn after() -> Value {
    json!({"jobs": ["apiserver", "kubelet"], "duration": "80d"})
}

/// A release to come, whose scraper is there.
fn release<'a>(cp: &'a ControlPlane, test: &str) -> Release<'a> {
    let release = Release::new(cp, Helm::V4, test);
    let account = format!("{}-sa", release.scope.name);
    release.put(
        "v1/serviceaccounts",
        &json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account},
        }),
    );
    // What its jobs need, so that a rotation proves its token.
    let user = format!(
        "system:serviceaccount:{}:{account}",
        release.scope.namespace
    );
    let rules = json!([
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]);
    cp.grant(&user, None, &rules);
    release
}

/// A handle of this instance's that has to be made anew: the type of a Secret cannot be changed.
fn unfit_handle(release: &Release, slot: char) {
    let scope = &release.scope;
    let handle = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "example.com/other",
        "metadata": {"name": format!("{}-k8s-token-{slot}", scope.name), "labels": {
            "app.kubernetes.io/managed-by": "monconf", "app.kubernetes.io/instance": scope.name,
            "app.kubernetes.io/component": "prometheus",
        }},
    });
    let path = token::handle_path(scope, slot);
    scope.admin().apply(&path, &handle, "monconf").unwrap();
}

/// Installs as the hook does, then upgrades; ends with the first run that fails.
fn apply(runner: &Runner) -> (Vec<Right>, Run) {
    let release = runner.release;
    let arguments = ["prometheus", "--apply"];
    unfit_handle(release, 'a');
    let mut rights = runner.grant(&before());
    let run = runner.run(&arguments, &before());
    if run.code != 0 {
        return (rights, run);
    }
    // From what the release of before has in the cluster the next one sees what is no longer wanted.
    let settings = release.rendered(&before(), &json!({}));
    let settings = settings
        .iter()
        .find(|object| object["kind"] == "ConfigMap")
        .unwrap();
    release.put("v1/configmaps", settings);
    unfit_handle(release, 'b');
    rights.extend(runner.grant(&after()));
    (rights, runner.run(&arguments, &after()))
}

/// What an administrator's monconf makes of such settings, with two tokens.
fn applied(release: &Release, more: &[&str]) {
    let form = ["--format", "operator", "--existing-access"];
    for duration in ["90d", "80d"] {
        Monconf::prometheus(&release.scope, &["--apply", "--duration", duration])
            .args(form)
            .args(more)
            .run()
            .ok();
    }
}

/// Three times, so that each handle is made and deleted.
fn rotate(runner: &Runner) -> (Vec<Right>, Run) {
    applied(runner.release, &["--jobs", "apiserver,kubelet"]);
    let rights = runner.grant(&after());
    let rotated = || runner.run(&["rotate", "prometheus", "--overlap", "0s"], &after());
    let mut run = rotated();
    for _ in 0..2 {
        if run.code == 0 {
            run = rotated();
        }
    }
    (rights, run)
}

fn remove(runner: &Runner) -> (Vec<Right>, Run) {
    let jobs = "apiserver,kubelet,cadvisor,coredns,pods";
    applied(runner.release, &["--jobs", jobs, "--with-alerts"]);
    let rights = runner.grant(&after());
    let run = runner.run(&["remove", "prometheus", "--apply", "--yes"], &after());
    (rights, run)
}

fn verify(runner: &Runner) -> (Vec<Right>, Run) {
    applied(runner.release, &["--jobs", "apiserver,kubelet"]);
    let rights = runner.grant(&after());
    (rights, runner.run(&["verify", "prometheus"], &after()))
}

/// With all its rights a Job uses each, and is refused nothing.
fn suffices(verb: &'static str, job: fn(&Runner) -> (Vec<Right>, Run), code: i32) {
    if !root::is_available("a mount namespace") {
        return;
    }
    let cp = ControlPlane::shared();
    let release = release(cp, &format!("chart-{verb}"));
    let runner = Runner::new(&release, verb, None);
    let (rights, run) = job(&runner);
    run.exit(code);
    let events = runner.events();
    let refused: Vec<&Event> = events.iter().filter(|event| event.code == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let is_used = |right: &&Right| {
        // One name that monconf gives to such objects stands for all that it may have given.
        let right = if right.is_of_what_may_be_left() {
            Right {
                name: String::new(),
                ..(*right).clone()
            }
        } else {
            (*right).clone()
        };
        events.iter().any(|event| right.is_used_by(event))
    };
    let unused: Vec<&Right> = rights.iter().filter(|right| !is_used(right)).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

/// Without any one of its rights a Job fails, and says which.
fn all_are_needed(verb: &'static str, job: fn(&Runner) -> (Vec<Right>, Run)) {
    if !root::is_available("a mount namespace") {
        return;
    }
    let cp = ControlPlane::shared();
    let known = release(cp, &format!("chart-{verb}-rights"));
    let mut rights: BTreeSet<Right> = rights(&known, verb, &before()).into_iter().collect();
    if verb != "apply" {
        rights = self::rights(&known, verb, &after()).into_iter().collect();
    }
    // Those that are not there cannot be missed.
    let jobs = before()["jobs"].to_string();
    let prefix = format!("{}-k8s", known.scope.name);
    let is_there = |right: &Right| match right.name.strip_prefix(&prefix) {
        Some("" | "-alerts") => true,
        Some(job) => jobs.contains(&format!("{:?}", &job[1..])),
        None => false,
    };
    rights.retain(|right| !right.is_of_what_may_be_left() || is_there(right));
    let of = |text: &str, from: &Release, to: &Release| {
        text.replace(&from.scope.namespace, &to.scope.namespace)
            .replace(&from.scope.name, &to.scope.name)
    };
    let faults = Mutex::new(Vec::new());
    let waiting = Mutex::new(rights.into_iter());
    thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                loop {
                    let Some(right) = waiting.lock().unwrap().next() else {
                        return;
                    };
                    let release = release(cp, &format!("chart-{verb}-less"));
                    let right = Right {
                        namespace: right
                            .namespace
                            .map(|namespace| of(&namespace, &known, &release)),
                        name: of(&right.name, &known, &release),
                        ..right
                    };
                    let runner = Runner::new(&release, verb, Some(&right));
                    let (_, run) = job(&runner);
                    if run.code != 1 || !right.is_named_in(&run.stderr) {
                        faults
                            .lock()
                            .unwrap()
                            .push(format!("{right:?}: {} {}", run.code, run.stderr));
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_hook_uses_each_right_and_is_refused_nothing() {
    suffices("apply", apply, 0);
}

#[test]
fn without_any_right_the_hook_fails_and_names_it() {
    all_are_needed("apply", apply);
}

#[test]
fn the_rotation_uses_each_right_and_is_refused_nothing() {
    suffices("rotate", rotate, 0);
}

#[test]
fn without_any_right_the_rotation_fails_and_names_it() {
    all_are_needed("rotate", rotate);
}

#[test]
fn the_removal_uses_each_right_and_is_refused_nothing() {
    suffices("remove", remove, 0);
}

#[test]
fn without_any_right_the_removal_fails_and_names_it() {
    all_are_needed("remove", remove);
}

/// Nothing of this cluster can be scraped, which is a finding and no right that is missing.
#[test]
fn the_test_uses_each_right_and_is_refused_nothing() {
    suffices("verify", verify, 1);
}
