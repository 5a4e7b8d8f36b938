//! From a request to a plan: what exists is read, what should exist is rendered, both are compared.

mod beside;
mod compared;
mod configuration;
mod configured;
mod discoverers;
mod existing;
mod found;
mod issued;
mod left_behind;
mod legacy;
mod own_files;
mod partly;
mod removal;
mod selecting;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use self::compared::Compared;
use self::configuration::Configuration;
use self::discoverers::{confined, lacking, unfitted};
use self::existing::{Files, Former, ca, current_token, named_by_secret};
use self::left_behind::{apart, former_slot, left_behind};
use self::legacy::legacy;
use crate::access::Grants;
use crate::client::Cluster;
use crate::cluster::Snapshot;
use crate::error::{Error, Result};
use crate::job;
use crate::mark::ClusterIdentity;
use crate::object::{Kind, ObjectRef};
use crate::plan::{Blocker, Consent, Existing, Head, Plan, plan};
use crate::promfile::owner;
use crate::rbac::Right;
use crate::render::{
    Desired, Discoverer, Operators, Stage, Surroundings, Templates, desired, discoverers,
};
use crate::spec::{Alerts, Consumer, Form, Spec, TokenPlace};
use crate::token::{Decision, Situation, Verdict, decide};

pub use self::configured::{Identities, Standing, identities};
pub use self::found::{Account, Found};
pub use self::issued::{Issued, issued};
pub use self::partly::{Partly, prepare_partly, prepare_removal_partly, prepare_unseen};
pub use self::removal::prepare_removal;

/// A plan, and what goes with it.
pub struct Prepared {
    /// What would be written.
    pub plan: Plan,
    /// What it is for: cluster, identity, jobs.
    pub head: Head,
    /// What its roles grant.
    pub grants: Grants,
    /// Configuration for standard output.
    pub output: Option<String>,
    /// The file of alert rules, which is no configuration of jobs.
    pub rules: Option<PathBuf>,
    /// Every manifest, without any token.
    pub manifests: String,
    /// The name of the token's handle.
    pub handle: String,
    /// The name of the ServiceAccount.
    pub service_account: String,
    /// What happens to the token; `None` where the instance goes.
    pub decision: Option<Decision>,
    /// What exists of the instance; `None` where the instance goes, and where no cluster was asked.
    pub found: Option<Found>,
}

impl Prepared {
    /// Whether the token is kept or replaced; `None` where the instance goes.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        self.decision.as_ref().map(|decision| &decision.verdict)
    }
}

/// Reads the cluster and the files, and plans. `before_writing` as in [`Cluster::read`].
///
/// # Errors
/// What cannot be read, or a template that does not render what it should.
pub async fn prepare(
    spec: &Spec,
    templates: &Templates,
    cluster: &Cluster,
    before_writing: bool,
) -> Result<Prepared> {
    // It waits for many answers at once: its future is large.
    let snapshot = Box::pin(cluster.read(spec, before_writing)).await?;
    let asks = !spec.existing_access;
    Box::pin(planned(
        spec,
        templates,
        cluster,
        snapshot,
        before_writing,
        asks,
    ))
    .await
}

/// Plans from what was read; where it `asks`, with warnings about what others may do.
async fn planned(
    spec: &Spec,
    templates: &Templates,
    cluster: &Cluster,
    snapshot: Snapshot,
    before_writing: bool,
    asks: bool,
) -> Result<Prepared> {
    let token_owner = spec.token_owner.as_deref().map(owner).transpose()?;
    let form = Form::of(spec, snapshot.serves(spec));
    let user = snapshot
        .user
        .as_deref()
        .or(cluster.user())
        .unwrap_or("an unknown user")
        .to_owned();
    let head = Head {
        context: cluster.context().to_owned(),
        server: cluster.server().to_owned(),
        identity: user.clone(),
        applying: before_writing,
        ..head(spec, &form)
    };
    let token = current_token(spec, &form, &snapshot)?;
    let configuration = Configuration::read(spec, &form, &snapshot.cluster)?;
    let slots = spec.names.handles();
    let handles = slots.each_ref().map(|slot| snapshot.secret(spec, slot));
    let former = former_slot(spec, &form, &snapshot, &slots);
    let decision = decide(&Situation {
        current: token.as_ref(),
        handles,
        ..situation(spec, &form, &slots, &snapshot)
    });
    let chosen = decision.slot;
    let decision = apart(decision, former);
    let is_apart = decision.slot != chosen;
    let ca = ca(&form, cluster.ca_pem(), &snapshot)?;
    let surroundings = Surroundings {
        server: cluster.server(),
        ca: &ca,
        operators: &snapshot.operators,
        schemas: &BTreeMap::new(),
        objects: &snapshot.objects,
        namespace_labels: &snapshot.namespace_labels(spec),
        token: token.as_ref(),
        handle: handles[decision.slot],
        is_named: configuration.is_named,
    };
    let render =
        |surroundings: &Surroundings| desired(spec, &form, surroundings, &decision, templates);
    let mut desired = render(&surroundings)?;
    let unfitted = unfitted(&desired, &snapshot);
    let schemas = cluster.schemas(unfitted, !spec.existing_access).await;
    let surroundings = Surroundings {
        schemas: &schemas,
        ..surroundings
    };
    if !schemas.is_empty() {
        desired = render(&surroundings)?;
    }
    let discoverers = match form {
        Form::Operator => discoverers(spec, &surroundings),
        _ => Vec::new(),
    };
    let asked = if asks {
        asked(spec, cluster, &snapshot, &discoverers).await
    } else {
        Vec::new()
    };
    let behind = left_behind(spec, &form, cluster, &desired, &snapshot).await;
    let compared = Compared {
        spec,
        form: &form,
        desired: &desired,
        decision: &decision,
        former: Former {
            slots: &slots,
            slot: former,
        },
        user: &user,
        token_owner,
    };
    let found = Found::of(spec, &form, &snapshot, (token.as_ref(), decision.used));
    let mut plan = compared.plan(snapshot, behind, configuration)?;
    plan.warnings.extend(asked);
    let handle = slots[decision.slot].clone();
    if is_apart {
        // It may be that of a token which was replaced, and would live on with the new one.
        plan.renew_handle(&handle);
    }
    Ok(Prepared {
        found: Some(found),
        ..assemble(plan, head, desired, (handle, decision), spec)
    })
}

/// The ServiceAccount that somebody else should have made.
fn no_account(spec: &Spec, snapshot: &Snapshot) -> Option<Blocker> {
    let names = &spec.names;
    let account = names.service_account();
    let object = ObjectRef::namespaced(Kind::ServiceAccount, &names.namespace, &account);
    let is_missing = spec.existing_access && !snapshot.objects.contains_key(&object);
    is_missing.then_some(Blocker::NoAccount { object })
}

/// What has to be asked once it is known who discovers, and whose the account is: warnings.
async fn asked(
    spec: &Spec,
    cluster: &Cluster,
    snapshot: &Snapshot,
    discoverers: &[Discoverer],
) -> Vec<String> {
    let (lacking, legacy) = tokio::join!(
        lacking(cluster, discoverers),
        legacy(spec, cluster, snapshot)
    );
    let confined = discoverers.iter().filter_map(confined);
    confined.chain(lacking).chain(legacy).collect()
}

/// Plans against an empty cluster and the files that exist; where Prometheus' own file is named, the configuration
/// alone, so that no difference means that the file is as wanted.
///
/// # Errors
/// As for [`prepare`]; and a drop-in without `--api-server`, whose address nobody could know.
pub fn prepare_offline(spec: &Spec, templates: &Templates) -> Result<Prepared> {
    let form = Form::of(spec, false);
    if matches!(form.token_place(), TokenPlace::File(_)) && spec.api_server.is_none() {
        return Err(Error::usage_hint(
            "--offline with files needs the address of the API server",
            "add --api-server https://HOST:PORT",
        ));
    }
    if let Form::Key { place, .. } = &form
        && place.at.object.kind == Kind::ConfigMap
    {
        return Err(Error::usage_hint(
            format!("without a cluster it is not known what {} holds", place.at),
            "leave out --offline; or compare the chart's values as a file, with --config FILE",
        ));
    }
    let cluster = ClusterIdentity::default();
    let configuration = Configuration::read(spec, &form, &cluster)?;
    let slots = spec.names.handles();
    let decision = decide(&unseen(spec, &slots));
    let surroundings = Surroundings {
        server: "",
        ca: PENDING_CA,
        operators: &Operators::none(),
        schemas: &BTreeMap::new(),
        objects: &BTreeMap::new(),
        namespace_labels: &BTreeMap::new(),
        token: None,
        handle: None,
        is_named: configuration.is_named,
    };
    let mut desired = desired(spec, &form, &surroundings, &decision, templates)?;
    let files_only = desired.edits.iter().any(|edit| edit.place.file().is_some());
    if files_only {
        // What exists in the cluster is not known, and token and CA are not where the configuration is reviewed.
        desired.objects.clear();
        desired
            .files
            .retain(|file| file.stage == Stage::Configuration);
    }
    let existing = Existing {
        jobs_elsewhere: configuration.jobs_elsewhere,
        ..Files::read(&desired, configuration.main)?.unguarded()
    };
    let consent = Consent {
        names: &spec.names,
        cluster: &cluster,
        take_ownership: spec.take_ownership,
        // Who that is, the machine knows on which the token is written.
        token_owner: None,
        backup: spec.backup,
        removing: false,
        user: "",
        held: &BTreeMap::new(),
    };
    let plan = plan(&desired, &existing, &consent);
    let head = Head {
        files_only,
        ..head(spec, &form)
    };
    Ok(assemble(
        plan,
        head,
        desired,
        (slots[0].clone(), decision),
        spec,
    ))
}

/// The instance's ServiceAccount, if it exists.
fn account<'a>(spec: &Spec, snapshot: &'a Snapshot) -> Option<&'a Value> {
    let names = &spec.names;
    let account = names.service_account();
    let account = ObjectRef::namespaced(Kind::ServiceAccount, &names.namespace, &account);
    snapshot.objects.get(&account)
}

/// What the cluster says of the account and its tokens.
fn situation<'a>(
    spec: &Spec,
    form: &Form,
    slots: &'a [String; 2],
    snapshot: &'a Snapshot,
) -> Situation<'a> {
    Situation {
        service_account: account(spec, snapshot),
        in_secret: named_by_secret(spec, form, snapshot),
        keys: snapshot.keys.as_ref(),
        now: snapshot.now,
        ..unseen(spec, slots)
    }
}

/// Where no cluster was asked.
fn unseen<'a>(spec: &Spec, slots: &'a [String; 2]) -> Situation<'a> {
    Situation {
        current: None,
        slots,
        handles: [None, None],
        in_secret: None,
        service_account: None,
        keys: None,
        duration: spec.duration,
        now: Timestamp::now(),
        renewal: spec.renewal,
    }
}

/// Stands for the CA where no cluster was asked.
const PENDING_CA: &str = "# the cluster's CA, read from the cluster\n";

/// Said once, with the command that gives the same to the successor.
fn end_of_life(spec: &Spec) -> String {
    let mut command = vec!["monconf alloy".to_owned()];
    let jobs: Vec<&str> = spec.jobs.iter().map(|job| job.name.as_str()).collect();
    if jobs != job::DEFAULT {
        command.push(format!("--jobs {}", jobs.join(",")));
    }
    let remote_write = spec.agent.remote_write.as_ref();
    let url = remote_write.map_or("URL", |remote_write| &remote_write.url);
    command.push(format!("--remote-write {url}"));
    format!(
        "Grafana Agent reached its end of life on 1 November 2025; its successor scrapes the same with `{}`",
        command.join(" ")
    )
}

fn head(spec: &Spec, form: &Form) -> Head {
    Head {
        consumer: spec.names.consumer,
        instance: spec.names.instance.clone(),
        namespace: spec.names.namespace.clone(),
        format: form.name(spec.names.consumer).to_owned(),
        jobs: spec.jobs.iter().map(|job| job.name.clone()).collect(),
        ..Head::default()
    }
}

fn assemble(
    mut plan: Plan,
    head: Head,
    desired: Desired,
    (handle, decision): (String, Decision),
    spec: &Spec,
) -> Prepared {
    if desired
        .grants
        .allow(&Right::resource("", "nodes/proxy", "get"))
    {
        plan.warnings.push(
            "nodes/proxy lets whoever holds this token execute commands in every pod of every node, unseen by the audit log; nodes/metrics and nodes/stats suffice for metrics".to_owned(),
        );
    }
    if spec.names.consumer == Consumer::Prometheus
        && matches!(spec.format.settled(), None | Some(Form::Operator))
        && desired.output.is_none()
        && spec.api_server.is_some()
    {
        plan.warnings
            .push("--api-server has no effect in the operator format: Prometheus discovers through its own account".to_owned());
    }
    if spec.names.consumer == Consumer::GrafanaAgent {
        plan.warnings.push(end_of_life(spec));
    }
    let manifests: Vec<&str> = desired
        .objects
        .iter()
        .map(|object| object.text.as_str())
        .collect();
    Prepared {
        manifests: manifests.join("---\n"),
        grants: desired.grants,
        output: desired.output,
        rules: match &spec.alerts {
            Some(Alerts::File(path)) => Some(path.clone()),
            Some(Alerts::Object) | None => None,
        },
        plan,
        head,
        handle,
        decision: Some(decision),
        found: None,
        service_account: spec.names.service_account(),
    }
}
