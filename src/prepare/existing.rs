//! What exists, as far as a plan needs to know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::cluster::Snapshot;
use crate::error::{Error, Result};
use crate::object::{Kind, ObjectRef, decoded};
use crate::plan::{ExistingFile, Stage, Surplus};
use crate::promfile;
use crate::render::Desired;
use crate::spec::{Consumer, Form, Spec, TokenPlace};
use crate::token::{Decision, Token};

/// The token that the consumer reads today.
pub(super) fn current_token(
    spec: &Spec,
    form: &Form,
    snapshot: &Snapshot,
) -> Result<Option<Token>> {
    let text = match form.token_place() {
        TokenPlace::Pod => None,
        TokenPlace::File(path) => promfile::read(&path)?.map(|file| file.text.to_string()),
        TokenPlace::Secret => snapshot
            .secret(spec, &spec.names.token_secret())
            .and_then(|secret| secret["data"]["token"].as_str())
            .and_then(decoded),
    };
    Ok(text.map(Token::new))
}

/// In the cluster the consumer meets certificates of the cluster's own CA; from outside it first
/// meets whatever stands before the API server, as monconf did.
pub(super) fn ca(form: &Form, of_server: Option<&str>, of_cluster: Option<&str>) -> Result<String> {
    let bundle = match (form.token_place(), of_server, of_cluster) {
        (TokenPlace::File(_), Some(server), Some(cluster)) if server.trim() != cluster.trim() => {
            Some(format!("{}\n{}\n", server.trim(), cluster.trim()))
        }
        (TokenPlace::File(_), Some(server), _) => Some(format!("{}\n", server.trim())),
        // Every Pod has the cluster's.
        (TokenPlace::Pod, _, _) => Some(String::new()),
        (_, server, cluster) => cluster.or(server).map(|ca| format!("{}\n", ca.trim())),
    };
    bundle.ok_or_else(|| {
        Error::usage_hint(
            "the cluster's CA is not known: the kubeconfig has none, and ConfigMap default/kube-root-ca.crt cannot be read",
            "put certificate-authority-data into the kubeconfig, or ask for `get` on that ConfigMap",
        )
    })
}

/// The slots of bound Secrets, and which of them the token is bound to that the destination before reads.
pub(super) struct Former<'a> {
    pub(super) slots: &'a [String; 2],
    pub(super) slot: Option<usize>,
}

/// What this instance has and no longer wants; and of that, what the destination before held.
pub(super) fn surplus(
    spec: &Spec,
    form: &Form,
    desired: &Desired,
    objects: &BTreeMap<ObjectRef, Value>,
    decision: &Decision,
    former: &Former<'_>,
    needed: &BTreeMap<ObjectRef, String>,
) -> (Vec<Surplus>, BTreeSet<ObjectRef>) {
    let secret = |name: &str| ObjectRef::namespaced(Kind::Secret, &spec.names.namespace, name);
    let names = &spec.names;
    let is_edited = |reference: &ObjectRef| {
        let mut keys = desired.edits.iter().filter_map(|edit| edit.place.key());
        keys.any(|key| key.at.object == *reference)
    };
    let is_wanted = |reference: &ObjectRef| {
        let mut wanted = desired.objects.iter();
        wanted.any(|object| object.reference == *reference)
    };
    let token = secret(&names.token_secret());
    // The only Secret of jobs that is an instance's own.
    let jobs = (names.consumer == Consumer::GrafanaAgent).then(|| secret(&names.agent_jobs()));
    let found = Kind::MONITORS
        .into_iter()
        .chain([Kind::PrometheusRule])
        .chain(Kind::AGENTS)
        .chain((names.consumer == Consumer::Alloy).then_some(Kind::ConfigMap))
        .chain([Kind::RoleBinding, Kind::Role])
        .flat_map(|kind| objects.keys().filter(move |object| object.kind == kind))
        .cloned()
        .chain([
            ObjectRef::cluster(Kind::ClusterRoleBinding, &names.cluster_role_binding()),
            ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role()),
            token.clone(),
        ])
        .chain(jobs)
        .filter(|reference| !is_edited(reference) && !is_wanted(reference));
    // What names a Secret goes before the Secret.
    let stage = |object: &ObjectRef| match object.kind {
        Kind::Secret => Stage::Enclosure,
        _ => Stage::Cleanup,
    };
    let mut surplus: Vec<Surplus> = found
        .map(|object| Surplus {
            why: "no longer wanted".to_owned(),
            stage: stage(&object),
            needed: needed.get(&object).cloned(),
            object,
        })
        .collect();
    let mut left_behind: BTreeSet<ObjectRef> = surplus
        .iter()
        .map(|surplus| &surplus.object)
        .filter(|object| objects.contains_key(object) && was_destination(object.kind, form))
        .cloned()
        .collect();
    let unbound = decision.orphan.map(|orphan| Surplus {
        object: secret(&former.slots[orphan]),
        why: "no token in use; deleting it revokes what is left".to_owned(),
        stage: Stage::Cleanup,
        needed: None,
    });
    surplus.extend(unbound);
    if let Some(slot) = former.slot.filter(|slot| *slot != decision.slot) {
        let object = secret(&former.slots[slot]);
        left_behind.insert(object.clone());
        surplus.push(Surplus {
            object,
            why: "revokes the token of the destination before".to_owned(),
            stage: Stage::Enclosure,
            needed: needed
                .get(&token)
                .map(|why| format!("its token is in {token}: {why}")),
        });
    }
    (surplus, left_behind)
}

/// Whether objects of a kind that are no longer wanted were a destination of jobs or token, other than `form`.
fn was_destination(kind: Kind, form: &Form) -> bool {
    let (carries_monitors, is_agent) = match form {
        Form::Operator => (true, false),
        Form::Agent { monitors, .. } => (*monitors, true),
        _ => (false, false),
    };
    match kind {
        Kind::Secret | Kind::ConfigMap => true,
        Kind::ServiceMonitor | Kind::PodMonitor | Kind::ScrapeConfig => !carries_monitors,
        Kind::GrafanaAgent | Kind::MetricsInstance => !is_agent,
        _ => false,
    }
}

/// Those of the files wanted that exist, beside those that have been read already: a plan is made of one look at each.
pub(super) fn files(
    desired: &Desired,
    mut files: BTreeMap<PathBuf, ExistingFile>,
) -> Result<BTreeMap<PathBuf, ExistingFile>> {
    let edited = desired.edits.iter().filter_map(|edit| edit.place.file());
    let whole = desired.files.iter().map(|file| file.path.as_path());
    for path in whole.chain(edited) {
        if !files.contains_key(path)
            && let Some(existing) = promfile::read(path)?
        {
            files.insert(path.to_owned(), existing);
        }
    }
    Ok(files)
}
