//! From an instance to the plan of taking it away: everything that is its own, and of the texts of others its jobs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::own_files::Files;
use super::{Prepared, head};
use crate::access::Grants;
use crate::client::Cluster;
use crate::cluster::Owned;
use crate::error::Result;
use crate::mark::Mark;
use crate::object::{Kind, NamespaceContent, ObjectRef};
use crate::plan::{Action, Consent, Existing, Head, Plan, Surplus, plan};
use crate::render::{Desired, DesiredEdit, DesiredList, EditPlace, FILES, JOBS, Stage};
use crate::spec::{Consumer, FilePlace, Form, KeyPlace, Spec};
use yaml::Step;

/// Reads the cluster and the files, and plans a removal; with `with_namespace` also of the Namespace.
///
/// # Errors
/// What cannot be read.
pub async fn prepare_removal(
    spec: &Spec,
    cluster: &Cluster,
    with_namespace: bool,
    applying: bool,
) -> Result<Prepared> {
    let namespace = &spec.names.namespace;
    let (owned, holds) = tokio::join!(cluster.read_owned(spec), async {
        if with_namespace {
            Some(cluster.content(namespace).await)
        } else {
            None
        }
    });
    removal_of(spec, cluster, (owned?, holds), with_namespace, applying)
}

/// Plans from what was read.
pub(super) fn removal_of(
    spec: &Spec,
    cluster: &Cluster,
    (owned, holds): (Owned, Option<NamespaceContent>),
    with_namespace: bool,
    applying: bool,
) -> Result<Prepared> {
    let form = Form::of(spec, true);
    let namespace = &spec.names.namespace;
    let files = Files::read(spec, &form)?;
    let edits = edits(spec, &form, &owned, &files);
    let user = owned.user.as_deref().or(cluster.user());
    let head = Head {
        context: cluster.context().to_owned(),
        server: cluster.server().to_owned(),
        identity: user.unwrap_or("an unknown user").to_owned(),
        format: String::new(),
        jobs: Vec::new(),
        applying,
        removing: true,
        ..head(spec, &form)
    };
    let others = made_for_jobs(spec, &form, &owned.secrets);
    let desired = Desired {
        objects: Vec::new(),
        files: Vec::new(),
        edits,
        output: None,
        grants: Grants::default(),
        warnings: owned.warnings,
    };
    let existing = Existing {
        surplus: surplus(spec, &form, &owned.objects, with_namespace),
        surplus_files: files.own,
        surplus_folder: files.folder,
        drafts: files.drafts,
        resolved: files.resolved,
        content: holds.unwrap_or_default(),
        names_key: names_key(&form, &owned.prometheuses),
        files: files.texts,
        objects: owned.objects,
        ..Existing::default()
    };
    let namespace = ObjectRef::cluster(Kind::Namespace, namespace);
    let is_going = existing
        .objects
        .get(&namespace)
        .is_some_and(|live| !live["metadata"]["deletionTimestamp"].is_null());
    let consent = Consent {
        names: &spec.names,
        cluster: &owned.cluster,
        take_ownership: false,
        token_owner: None,
        backup: spec.backup,
        removing: true,
        user: &head.identity,
        held: &BTreeMap::new(),
    };
    let mut plan = plan(&desired, &existing, &consent);
    plan.changes.sort_by_key(|change| change.stage);
    if is_going && !with_namespace {
        plan.warnings
            .push(format!("{namespace} is being deleted already"));
    }
    plan.remaining.extend(unnamed(&plan, &form));
    plan.remaining.extend(others);
    Ok(Prepared {
        plan,
        head,
        grants: Grants::default(),
        output: None,
        rules: None,
        manifests: String::new(),
        handle: String::new(),
        decision: None,
        found: None,
        service_account: spec.names.service_account(),
    })
}

/// A hint where a token is revoked and nothing was found that reads it.
fn unnamed(plan: &Plan, form: &Form) -> Option<String> {
    let is_named = matches!(form, Form::Files { .. } | Form::Key { .. });
    let goes = |stage: Stage| {
        let mut changes = plan.changes.iter();
        changes.any(|change| change.stage == stage && change.action == Action::Delete)
    };
    (!is_named && goes(Stage::Revocation) && !goes(Stage::Configuration)).then(|| {
        "no configuration of this instance was found; if its jobs are in a file or key, name that too, or they stay there with a token that is revoked: --config, --drop-in, --additional-scrape-configs, --configmap".to_owned()
    })
}

/// A hint for each Secret that carries the instance's labels under a name of somebody's choosing: jobs are, or were, in it.
fn made_for_jobs(spec: &Spec, form: &Form, secrets: &[String]) -> Vec<String> {
    let names = &spec.names;
    let [first, second] = names.handles();
    let known = [names.token_secret(), names.agent_jobs(), first, second];
    let is_named = |secret: &str| {
        matches!(form, Form::Key { place, .. } if place.at.object.name == secret
            && place.namespace() == names.namespace)
    };
    secrets
        .iter()
        .filter(|secret| !known.contains(secret) && !is_named(secret))
        .map(|secret| {
            format!("Secret {}/{secret} carries this instance's labels and stays; jobs in it go with --additional-scrape-configs {secret}:KEY", names.namespace)
        })
        .collect()
}

/// Every object, with the stage in which it goes. What holds rights goes first; what names something goes before what it
/// names.
fn surplus(
    spec: &Spec,
    form: &Form,
    objects: &BTreeMap<ObjectRef, Value>,
    with_namespace: bool,
) -> Vec<Surplus> {
    let handles = spec.names.handles();
    let is_edited = |object: &ObjectRef| match form {
        Form::Key { place, .. } => place.at.object == *object,
        _ => false,
    };
    let going = objects.keys().filter(|object| !is_edited(object));
    going
        .filter_map(|object| {
            let (stage, why) = match object.kind {
                Kind::Namespace if !with_namespace || object.name != spec.names.namespace => {
                    return None;
                }
                Kind::Namespace => (Stage::Enclosure, ""),
                Kind::Secret if handles.contains(&object.name) => {
                    (Stage::Revocation, "revokes its token")
                }
                Kind::ClusterRoleBinding | Kind::RoleBinding => (Stage::Unbinding, ""),
                Kind::ClusterRole | Kind::Role | Kind::ServiceAccount => (Stage::Dismissal, ""),
                Kind::Secret if object.name == spec.names.token_secret() => (Stage::Cleanup, ""),
                _ => (Stage::Configuration, ""),
            };
            Some(Surplus {
                object: object.clone(),
                why: why.to_owned(),
                stage,
                needed: None,
            })
        })
        .collect()
}

/// The texts of others that hold something of ours.
fn edits(spec: &Spec, form: &Form, owned: &Owned, files: &Files) -> Vec<DesiredEdit> {
    let list = |name: &str| vec![Step::Key(name.to_owned())];
    let holds_ours = |text: &str| Mark::may_be_in(text, &spec.names.instance);
    let (place, text, lists, config, token_file) = match form {
        Form::Files { place, token_dir } => {
            let Some(main) = place.main() else {
                return Vec::new();
            };
            let config = match place {
                FilePlace::Main { config, .. } => config.clone(),
                FilePlace::DropIn { .. } => None,
            };
            let text = files.texts.get(main).map(|file| file.text.to_string());
            let mut lists = vec![list(JOBS)];
            if spec.names.consumer != Consumer::GrafanaAgent {
                lists.push(list(FILES));
            }
            let token = token_dir.join("token").display().to_string();
            (EditPlace::File(main.to_owned()), text, lists, config, token)
        }
        Form::Key { place, mount_dir } => {
            let text = text_of(place, &owned.objects);
            let steps = match place.at.object.kind {
                Kind::Secret => Vec::new(),
                _ => list(JOBS),
            };
            let config = place.config.clone();
            let token = format!("{mount_dir}/token");
            (
                EditPlace::Key(place.clone()),
                text,
                vec![steps],
                config,
                token,
            )
        }
        _ => return Vec::new(),
    };
    if !text.as_deref().is_some_and(holds_ours) {
        return Vec::new();
    }
    let may_be_agents = match &place {
        EditPlace::File(_) => spec.names.consumer == Consumer::GrafanaAgent,
        EditPlace::Key(place) => place.at.object.kind == Kind::ConfigMap,
    };
    let lists = lists.into_iter().map(|steps| DesiredList {
        steps,
        entries: Vec::new(),
    });
    vec![DesiredEdit {
        place,
        lists: lists.collect(),
        config,
        drop_in: None,
        may_be_agents,
        jobs: Vec::new(),
        token_file,
        interval: String::new(),
    }]
}

/// The text of a key, as far as it is one.
fn text_of(place: &KeyPlace, objects: &BTreeMap<ObjectRef, Value>) -> Option<String> {
    let live = objects.get(&place.at.object)?;
    let value = live["data"][&place.at.key].as_str()?;
    match place.at.object.kind {
        Kind::Secret => crate::object::decoded(value),
        _ => Some(value.to_owned()),
    }
}

/// The Prometheus objects that name the key of a Secret that jobs are in, and need it.
fn names_key(form: &Form, prometheuses: &[Value]) -> Vec<String> {
    let Form::Key { place, .. } = form else {
        return Vec::new();
    };
    let names = |prometheus: &&Value| {
        let reference = &prometheus["spec"]["additionalScrapeConfigs"];
        prometheus["metadata"]["namespace"] == place.namespace()
            && reference["name"] == place.at.object.name
            && reference["key"] == place.at.key
            && reference["optional"] != true
    };
    let naming = prometheuses.iter().filter(names);
    naming
        .filter_map(|prometheus| prometheus["metadata"]["name"].as_str())
        .map(|name| format!("Prometheus {}/{name}", place.namespace()))
        .collect()
}
