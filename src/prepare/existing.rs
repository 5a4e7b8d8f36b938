//! What exists, as far as a plan needs to know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use super::account;
use crate::cluster::Snapshot;
use crate::error::{Error, Result};
use crate::mask::never_show;
use crate::object::{HANDLE, Kind, ObjectRef, decoded, metadata};
use crate::plan::{Existing, Surplus, is_valid_token};
use crate::promfile::{self, ExistingFile, FileOwner};
use crate::render::{Desired, Stage};
use crate::spec::{Consumer, Form, Spec, TokenPlace};
use crate::token::{Claims, Decision, Token};

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
    let token = text.map(Token::new);
    if let Some(token) = token.as_ref().filter(|token| token.is_jwt()) {
        never_show(token.expose());
    }
    Ok(token)
}

/// The bound Secret that the token's Secret names, where the consumer is taken to read its token at another place.
pub(super) fn named_by_secret(spec: &Spec, form: &Form, snapshot: &Snapshot) -> Option<String> {
    if form.token_place() == TokenPlace::Secret {
        return None;
    }
    let secret = snapshot.secret(spec, &spec.names.token_secret())?;
    let token = secret["data"]["token"].as_str().and_then(decoded);
    // The token itself says it; the annotation may have been lost.
    let bound = token
        .and_then(|token| Claims::of(&Token::new(token)))
        .and_then(|claims| claims.handle);
    let annotated = || metadata(secret, "annotations", HANDLE).map(str::to_owned);
    bound.map(|bound| bound.name).or_else(annotated)
}

/// In the cluster the consumer meets certificates of the cluster's own CA; from outside it first
/// meets whatever stands before the API server, as monconf did.
pub(super) fn ca(form: &Form, of_server: Option<&str>, snapshot: &Snapshot) -> Result<String> {
    let of_cluster = snapshot.root_ca.as_deref();
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
        let unreadable = "ConfigMap default/kube-root-ca.crt cannot be read";
        let reason = snapshot.root_ca_fault.as_deref().unwrap_or(unreadable);
        Error::usage_hint(
            format!("the cluster's CA is not known: the kubeconfig has none, and {reason}"),
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
    if let Some(slot) = former
        .slot
        .filter(|slot| *slot != decision.slot && Some(*slot) != decision.used)
    {
        let object = secret(&former.slots[slot]);
        left_behind.insert(object.clone());
        surplus.push(Surplus {
            object,
            why: "revokes the token of the destination before".to_owned(),
            stage: Stage::Retirement,
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

/// The files of a plan as they are.
pub(super) struct Files(Existing);

impl Files {
    /// Looks at those that are wanted, beside those that have been read already: a plan is made of one look at each.
    pub(super) fn read(desired: &Desired, files: BTreeMap<PathBuf, ExistingFile>) -> Result<Self> {
        let mut found = Existing {
            files,
            ..Existing::default()
        };
        let edited = desired.edits.iter().filter_map(|edit| edit.place.file());
        let edited = edited.map(|path| (path, Stage::Configuration));
        let whole = desired.files.iter();
        let whole = whole.map(|file| (file.path.as_path(), file.stage));
        for (path, stage) in whole.chain(edited) {
            if let Some(target) = promfile::resolved(path) {
                found.resolved.insert(path.to_owned(), target);
            }
            if !found.files.contains_key(path)
                && let Some(existing) = promfile::read(path)?
            {
                found.files.insert(path.to_owned(), existing);
            }
            let owner = found.files.get(path).map(|file| file.owner.0);
            let drafts = promfile::left_drafts(path, owner).into_iter();
            found.drafts.extend(drafts.map(|draft| (draft, stage)));
        }
        Ok(Self(found))
    }

    /// Whether others can change the way to token and CA: others than root, this user and the one whose the token is.
    /// That is `asked`; else the owner of the file that holds a token of the account.
    pub(super) fn guarded(
        self,
        (spec, form): (&Spec, &Form),
        desired: &Desired,
        snapshot: &Snapshot,
        asked: Option<FileOwner>,
    ) -> Existing {
        let Self(mut found) = self;
        let token = match form.token_place() {
            TokenPlace::File(path) => found.files.get(&path),
            TokenPlace::Secret | TokenPlace::Pod => None,
        };
        // Anybody can write down the claims of a token: without a known signature, that of another user proves nothing.
        let is_forged = |file: &ExistingFile| {
            let token = Token::new(file.text.to_string());
            let keys = snapshot.keys.as_ref();
            match keys.and_then(|keys| keys.signed(&token)) {
                Some(is_signed) => !is_signed,
                None => !file.is_own,
            }
        };
        found.is_forged = token.is_some_and(is_forged);
        let is_valid = |file: &&ExistingFile| {
            let account = account(spec, snapshot);
            !found.is_forged && is_valid_token(&file.text, &spec.names, account)
        };
        let reader = match asked {
            Some(asked) => Some(asked.user),
            None => token.filter(is_valid).map(|file| file.owner.0),
        };
        let files = desired.files.iter();
        for file in files.filter(|file| file.stage == Stage::Credentials) {
            if let Some(exposure) = promfile::exposure(&file.path, reader) {
                found.exposed.insert(file.path.clone(), exposure);
            }
        }
        found
    }

    /// Without a look at where token and CA are to be written.
    pub(super) fn unguarded(self) -> Existing {
        Existing {
            drafts: Vec::new(),
            ..self.0
        }
    }
}
