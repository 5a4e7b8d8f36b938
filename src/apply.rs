//! Carrying a plan out: stage by stage, each stage's writes in parallel, the token in between.
//!
//! Whatever interrupts it, what is already written is inert by itself (a role that nobody holds, an
//! account without a token), and the next run goes on from there. A removal revokes first, so what is left is inert too.

mod files;
mod key;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{LocalBoxFuture, join_all};
use serde_json::Value;

use self::files::Files;
use crate::client::{Answer, Call, Cluster};
use crate::cluster::{Issued, Order};
use crate::error::{Error, Result};
use crate::mask::PENDING_TOKEN;
use crate::object::{self, EXPIRES_AT, ISSUED_AT, Kind, ObjectRef, REVOKE_AFTER};
use crate::plan::{Action, Blocked, Blocker, Change, Plan, Target};
use crate::render::{PENDING_TIME, Stage};
use crate::spec::Spec;
use crate::token::{Overlap, Token};

/// How far an apply has come; readable at any moment, also after it was dropped half-way.
pub struct Progress<'a> {
    states: RefCell<BTreeMap<usize, State>>,
    token: Cell<bool>,
    report: &'a dyn Fn(&Change),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    UnderWay,
    Done,
}

/// How a change stood when an apply ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Written.
    Done,
    /// Sent, without an answer: it may or may not have been written.
    Unknown,
    /// Not begun.
    Pending,
}

impl<'a> Progress<'a> {
    /// Nothing done yet; `report` is told of every change as it is written.
    #[must_use]
    pub fn new(report: &'a dyn Fn(&Change)) -> Self {
        Self {
            states: RefCell::default(),
            token: Cell::new(false),
            report,
        }
    }

    /// How the `index`th change of the plan stands.
    #[must_use]
    pub fn standing(&self, index: usize) -> Standing {
        match self.states.borrow().get(&index) {
            Some(State::Done) => Standing::Done,
            Some(State::UnderWay) => Standing::Unknown,
            None => Standing::Pending,
        }
    }

    /// Whether a token was asked for that has not been stored.
    #[must_use]
    pub fn token_lost(&self) -> bool {
        self.token.get()
    }

    fn begin(&self, index: usize) {
        self.states.borrow_mut().insert(index, State::UnderWay);
    }

    fn failed(&self, index: usize, error: &Error) {
        if error.is_refusal() {
            self.states.borrow_mut().remove(&index);
        }
    }

    fn done(&self, index: usize, change: &Change) {
        self.states.borrow_mut().insert(index, State::Done);
        (self.report)(change);
    }
}

/// What a new token has to pass before it is written where the consumer reads it.
pub type Proof<'a> = &'a dyn Fn(&Token) -> LocalBoxFuture<'a, Result<()>>;

/// Writes everything that `plan` changes. Returns the token that was issued, if one was.
///
/// # Errors
/// The first failure. Writes of the same stage that were under way are waited for; later stages are
/// not begun.
pub async fn apply(
    plan: &Plan,
    spec: &Spec,
    handle: &str,
    cluster: &Cluster,
    progress: &Progress<'_>,
    proof: Option<Proof<'_>>,
) -> Result<Option<Issued>> {
    let files = Files::check(spec, plan)?;
    let run = Run {
        plan,
        cluster,
        progress,
        force: spec.take_ownership,
        maker: spec.existing_access.then(|| spec.names.maker()),
        files,
        issued: RefCell::new(None),
        overlap: spec.renewal.overlap,
        alone: proof.is_some().then_some(handle),
    };
    let mut bound = None;
    for stage in Stage::ALL {
        let written = match run.stage(stage).await {
            Err(error) if run.is_unread(stage, &error) => {
                // Before the token is recorded, a bound Secret that changed serves another run too.
                let is_recorded = stage != Stage::Handover;
                run.revoke(bound.as_ref(), is_recorded).await;
                return Err(error);
            }
            written => written?,
        };
        if stage == Stage::Identity && plan.issues_token() {
            run.issue(spec, handle, &written).await?;
            let mut written = written.into_iter();
            bound = written.find(|(object, _)| object.name == handle);
            if let Some(proof) = proof {
                run.prove(bound.as_ref(), proof).await?;
            }
        }
        if stage == Stage::Credentials {
            progress.token.set(false);
        }
    }
    Ok(run.issued.into_inner())
}

struct Run<'a> {
    plan: &'a Plan,
    cluster: &'a Cluster,
    progress: &'a Progress<'a>,
    force: bool,
    /// As which field manager a shared object is made, where the caller's rights are for names alone.
    maker: Option<String>,
    files: Files,
    issued: RefCell<Option<Issued>>,
    /// For how long a token stays valid that is replaced.
    overlap: Overlap,
    /// The handle that no other run may have made in the meantime, where a token is proved first.
    alone: Option<&'a str>,
}

type Written = BTreeMap<ObjectRef, Value>;

impl Run<'_> {
    /// Writes a stage's objects in parallel, then its files. A token that replaces another is recorded once that other one
    /// is marked: so a recorded token whose predecessor is not marked is in use at another place.
    async fn stage(&self, stage: Stage) -> Result<Written> {
        let changes = || {
            self.plan
                .changes
                .iter()
                .enumerate()
                .filter(move |(_, change)| {
                    change.stage == stage && change.action != Action::Unchanged
                })
        };
        let objects = changes().filter_map(|(index, change)| {
            let object = change.target.object()?;
            Some(async move { (object.clone(), self.object(index, object, change).await) })
        });
        let records = stage == self.recorded_in();
        let (answers, recorded) = tokio::join!(join_all(objects), async {
            if records && stage != Stage::Handover {
                return self.record().await;
            }
            Ok(())
        });
        let mut written = Written::new();
        for (object, answer) in answers {
            if let Some(answer) = answer? {
                written.insert(object, answer);
            }
        }
        recorded?;
        if records && stage == Stage::Handover {
            self.record().await?;
        }
        for (index, change) in changes() {
            let issued = self.issued.borrow();
            let issued = issued.as_ref().map(|issued| issued.token.expose());
            if let Some(step) = self.files.step(change, issued) {
                self.progress.begin(index);
                self.files
                    .take(&step)
                    .inspect_err(|error| self.progress.failed(index, error))?;
                self.progress.done(index, change);
            }
        }
        Ok(written)
    }

    /// Whether it is certain, after an error in `stage`, that nothing reads the new token of a rotation.
    fn is_unread(&self, stage: Stage, error: &Error) -> bool {
        let is_unwritten = match stage {
            Stage::Handover => true,
            Stage::Credentials => error.is_refusal(),
            _ => false,
        };
        // Elsewhere a token may share its bound Secret with another one.
        self.alone.is_some() && is_unwritten
    }

    /// When the new token is recorded. Where it replaces one, before it is written: a bound Secret without a record then
    /// never had a token that something reads.
    fn recorded_in(&self) -> Stage {
        let replaces = |change: &Change| change.stage == Stage::Handover;
        if self.plan.changes.iter().any(replaces) {
            Stage::Handover
        } else {
            Stage::Credentials
        }
    }

    async fn object(
        &self,
        index: usize,
        object: &ObjectRef,
        change: &Change,
    ) -> Result<Option<Value>> {
        self.progress.begin(index);
        let answer = self.change(object, change).await;
        match &answer {
            Ok(_) => self.progress.done(index, change),
            Err(error) => self.progress.failed(index, error),
        }
        answer
    }

    async fn change(&self, object: &ObjectRef, change: &Change) -> Result<Option<Value>> {
        if let Target::Key(_) = &change.target {
            return self.key(object, change).await.map(Some);
        }
        match change.action {
            Action::Delete => {
                self.delete(object, change).await?;
                Ok(None)
            }
            Action::Replace => {
                self.delete(object, change).await?;
                self.send(object, change, None).await.map(Some)
            }
            _ => {
                let version = change.resource_version.as_deref();
                self.send(object, change, version).await.map(Some)
            }
        }
    }

    async fn send(
        &self,
        object: &ObjectRef,
        change: &Change,
        version: Option<&str>,
    ) -> Result<Value> {
        let mut body = change.apply.clone().unwrap_or_default();
        settle(&mut body, self.issued.borrow().as_ref(), self.overlap);
        if let Some(version) = version {
            body["metadata"]["resourceVersion"] = version.into();
        }
        let answer = self
            .cluster
            .send(Call::apply(object, body, self.force))
            .await;
        let is_anothers = |answer: &Answer| {
            let is_new = matches!(change.action, Action::Create | Action::Replace);
            is_new && !answer.created && self.alone == Some(object.name.as_str())
        };
        match answer {
            // Server-side apply tells whoever comes second that it is there already.
            Ok(answer) if is_anothers(&answer) => Err(Error::Changed {
                target: object.to_string(),
            }),
            Ok(answer) => Ok(answer.body),
            Err(failure) if failure.is_stale() => Err(Error::Changed {
                target: object.to_string(),
            }),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn delete(&self, object: &ObjectRef, change: &Change) -> Result<()> {
        if object.kind == Kind::Namespace {
            self.is_vacant(&object.name).await?;
        }
        let mut call = Call::delete(object);
        if let Some(uid) = &change.uid {
            call = call.only(uid, change.resource_version.as_deref());
        }
        match self.cluster.send(call).await {
            Err(failure) if failure.is_stale() => Err(Error::Changed {
                target: object.to_string(),
            }),
            Err(failure) if !failure.is_not_found() => Err(failure.into()),
            _ => Ok(()),
        }
    }

    /// Looks again into a Namespace right before it is deleted: whatever was created in it since the plan was made
    /// would be deleted with it.
    async fn is_vacant(&self, namespace: &str) -> Result<()> {
        let content = self.cluster.content(namespace).await;
        match Blocker::of_content(&content, namespace, &self.plan.deleted_uids()) {
            Some(blocker) => Err(Blocked::by(
                blocker,
                "run the same command without --delete-namespace: it removes what is left but the Namespace",
            )
            .error(false)),
            None => Ok(()),
        }
    }

    /// Asks for the token, bound to the handle that was just written.
    async fn issue(&self, spec: &Spec, handle: &str, written: &Written) -> Result<()> {
        let names = &spec.names;
        let uid = written
            .iter()
            .find(|(object, _)| object.name == handle)
            .and_then(|(_, handle)| object::uid(handle))
            .unwrap_or_default();
        self.progress.token.set(true);
        let issued = self
            .cluster
            .issue(&Order {
                namespace: &names.namespace,
                service_account: &names.service_account(),
                handle,
                handle_uid: uid,
                duration: spec.duration,
            })
            .await
            .inspect_err(|failure| self.progress.token.set(!failure.is_refusal()))?;
        self.issued.replace(Some(issued));
        Ok(())
    }

    /// Has the new token proved; one that fails is revoked, and nothing else is written.
    async fn prove(&self, bound: Option<&(ObjectRef, Value)>, proof: Proof<'_>) -> Result<()> {
        let token = self
            .issued
            .borrow()
            .as_ref()
            .map(|issued| issued.token.clone());
        let Some(token) = token else { return Ok(()) };
        let Err(error) = proof(&token).await else {
            return Ok(());
        };
        self.revoke(bound, false).await;
        Err(error)
    }

    /// Revokes the new token, which nothing reads, by deleting its bound Secret: unless it is recorded only as it was
    /// created. The next run does where this fails.
    async fn revoke(&self, bound: Option<&(ObjectRef, Value)>, is_recorded: bool) {
        if let Some((object, live)) = bound {
            let created = live["metadata"]["resourceVersion"].as_str();
            let version = created.filter(|_| !is_recorded);
            let uid = object::uid(live).unwrap_or_default();
            let call = Call::delete(object).only(uid, version);
            let _ = self.cluster.send(call).await;
            self.progress.token.set(false);
        }
    }

    /// Writes on the handle when its token was issued and when it ends.
    async fn record(&self) -> Result<()> {
        if self.issued.borrow().is_none() {
            return Ok(());
        }
        let handles = self.plan.changes.iter().filter_map(|change| {
            let body = change.apply.as_ref()?;
            let pending = object::metadata(body, "annotations", ISSUED_AT) == Some(PENDING_TIME);
            pending.then(|| change.target.object().map(|object| (object, body.clone())))?
        });
        for (object, mut body) in handles {
            settle(&mut body, self.issued.borrow().as_ref(), self.overlap);
            self.cluster
                .send(Call::apply(object, body, self.force))
                .await?;
        }
        Ok(())
    }
}

/// Puts in what is known by now for what the plan left open; what is not known yet is left out.
fn settle(body: &mut Value, issued: Option<&Issued>, overlap: Overlap) {
    if body["data"]["token"] == PENDING_TOKEN
        && let Some(issued) = issued
    {
        body["data"]["token"] = STANDARD.encode(issued.token.expose()).into();
    }
    let Some(annotations) = body["metadata"]["annotations"].as_object_mut() else {
        return;
    };
    for (key, time) in [
        (ISSUED_AT, issued.map(|issued| issued.grant.issued_at)),
        (EXPIRES_AT, issued.map(|issued| issued.grant.expires_at)),
        (
            REVOKE_AFTER,
            issued.map(|issued| overlap.after(issued.now())),
        ),
    ] {
        if annotations
            .get(key)
            .is_some_and(|value| value == PENDING_TIME)
        {
            match time {
                Some(time) => annotations.insert(key.to_owned(), time.to_string().into()),
                None => annotations.remove(key),
            };
        }
    }
}
