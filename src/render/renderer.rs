//! One request's objects and texts, rendered from templates one by one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use minijinja::value::Serde;

use super::check;
use super::context::Context;
use super::desired::{Desired, DesiredFile, DesiredObject, Surroundings, grants};
use super::templates::{Rendered, Templates};
use crate::error::Result;
use crate::mark::Comment;
use crate::mask::PENDING_TOKEN;
use crate::object::{EXPIRES_AT, ISSUED_AT, Kind, ObjectRef, REQUESTED, REVOKE_AFTER, metadata};
use crate::render::{Content, PENDING_TIME, Stage};
use crate::spec::{Form, Spec};
use crate::token::{Decision, Verdict};

/// Shorter than anything that is decided by these times.
const SAME_MOMENT: Duration = Duration::from_secs(30);

/// Collects what it renders.
pub(super) struct Renderer<'a> {
    pub(super) spec: &'a Spec,
    pub(super) surroundings: &'a Surroundings<'a>,
    pub(super) decision: &'a Decision,
    pub(super) templates: &'a Templates,
    pub(super) labels: BTreeMap<String, String>,
    handle: String,
    automount: bool,
    pub(super) desired: Desired,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(
        spec: &'a Spec,
        surroundings: &'a Surroundings,
        decision: &'a Decision,
        templates: &'a Templates,
        form: &Form,
    ) -> Self {
        Self {
            spec,
            surroundings,
            decision,
            templates,
            labels: spec.names.labels(),
            handle: spec.names.handles()[decision.slot].clone(),
            automount: form.runs_as_account(),
            desired: Desired {
                objects: Vec::new(),
                files: Vec::new(),
                edits: Vec::new(),
                output: None,
                grants: grants(spec, form),
                warnings: Vec::new(),
            },
        }
    }

    pub(super) fn handle(&mut self) -> Result<()> {
        let duration = self.spec.duration.to_string();
        let mut annotations: BTreeMap<String, String> = match &self.decision.verdict {
            Verdict::Issue(_) => [
                (REQUESTED, duration.as_str()),
                (ISSUED_AT, PENDING_TIME),
                (EXPIRES_AT, PENDING_TIME),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
            // What the token says of itself, should a run have ended between issuing and recording.
            Verdict::Keep(claims) => [
                (REQUESTED, duration),
                (ISSUED_AT, self.recorded(ISSUED_AT, claims.issued_at)),
                (EXPIRES_AT, self.recorded(EXPIRES_AT, claims.expires_at)),
            ]
            .map(|(key, value)| (key.to_owned(), value))
            .into(),
        };
        annotations.extend(self.mark_of_replaced());
        let context = Context {
            annotations: Some(&annotations),
            ..self.context()
        };
        let reference =
            ObjectRef::namespaced(Kind::Secret, &self.spec.names.namespace, &self.handle);
        let note = if self.surroundings.handle.is_some() {
            String::new()
        } else {
            "empty; deleting it revokes the token".to_owned()
        };
        let object = self.render("handle.yaml", reference, &context, Stage::Identity, note)?;
        self.desired.objects.push(object);
        Ok(())
    }

    /// The mark that a run has left on the bound Secret of a token that is kept, while the bound Secret of the token that was
    /// to follow is there: it tells that one from a token of another destination.
    fn mark_of_replaced(&self) -> Option<(String, String)> {
        let (Verdict::Keep(_), slot) = (&self.decision.verdict, self.decision.slot) else {
            return None;
        };
        let other = 1 - slot;
        let names = &self.spec.names;
        let reference =
            ObjectRef::namespaced(Kind::Secret, &names.namespace, &names.handles()[other]);
        let is_there = self.surroundings.objects.contains_key(&reference);
        let mark = metadata(self.surroundings.handle?, "annotations", REVOKE_AFTER)?;
        (is_there && self.decision.orphan != Some(other))
            .then(|| (REVOKE_AFTER.to_owned(), mark.to_owned()))
    }

    /// Records on the bound Secret of the token that is replaced until when that stays valid.
    pub(super) fn replaced(&mut self) -> Result<()> {
        let (Verdict::Issue(_), Some(used)) = (&self.decision.verdict, self.decision.used) else {
            return Ok(());
        };
        let names = &self.spec.names;
        let name = names.handles()[used].clone();
        let reference = ObjectRef::namespaced(Kind::Secret, &names.namespace, &name);
        let Some(live) = self.surroundings.objects.get(&reference) else {
            return Ok(());
        };
        let recorded = [REQUESTED, ISSUED_AT, EXPIRES_AT]
            .into_iter()
            .filter_map(|key| {
                let value = metadata(live, "annotations", key)?;
                Some((key.to_owned(), value.to_owned()))
            });
        let mut annotations: BTreeMap<String, String> = recorded.collect();
        annotations.insert(REVOKE_AFTER.to_owned(), PENDING_TIME.to_owned());
        let context = Context {
            annotations: Some(&annotations),
            ..Context::new(self.spec, &self.labels, &name, self.automount)
        };
        let note = match self.spec.renewal.overlap {
            overlap if overlap.is_none() => "token replaced, and revoked at once".to_owned(),
            overlap => format!("token replaced, and revoked after {}", overlap.0),
        };
        let object = self.render("handle.yaml", reference, &context, Stage::Handover, note)?;
        self.desired.objects.push(object);
        Ok(())
    }

    /// A time as the live handle has it, where that is the token's own but for the moments between issuing, signing and
    /// recording, which may fall into different seconds.
    fn recorded(&self, annotation: &str, claimed: Timestamp) -> String {
        let live = self.surroundings.handle;
        let live = live.and_then(|handle| metadata(handle, "annotations", annotation));
        let is_same = |recorded: &&str| {
            let recorded: Result<Timestamp, _> = recorded.parse();
            recorded
                .is_ok_and(|recorded| recorded.duration_since(claimed).unsigned_abs() < SAME_MOMENT)
        };
        live.filter(is_same)
            .map_or_else(|| claimed.to_string(), str::to_owned)
    }

    pub(super) fn token_secret(&mut self) -> Result<()> {
        let names = &self.spec.names;
        let reference =
            ObjectRef::namespaced(Kind::Secret, &names.namespace, &names.token_secret());
        let note = self.token_note();
        let mut object = self.render(
            "token-secret.yaml",
            reference,
            &self.context(),
            Stage::Credentials,
            note,
        )?;
        let token = match (&self.decision.verdict, self.surroundings.token) {
            (Verdict::Keep(_), Some(token)) => STANDARD.encode(token.expose()),
            _ => PENDING_TOKEN.to_owned(),
        };
        object.value["data"] = serde_json::json!({
            "ca.crt": STANDARD.encode(self.surroundings.ca),
            "token": token,
        });
        self.desired.objects.push(object);
        Ok(())
    }

    pub(super) fn credential_files(&mut self, dir: &Path) {
        let token = match (&self.decision.verdict, self.surroundings.token) {
            (Verdict::Keep(_), Some(token)) => token.expose().to_owned(),
            _ => PENDING_TOKEN.to_owned(),
        };
        self.desired.files.extend([
            DesiredFile {
                path: dir.join("ca.crt"),
                content: Content::Text(self.surroundings.ca.to_owned().into()),
                comment: Some(Comment::Hash),
                stage: Stage::Credentials,
                note: String::new(),
            },
            DesiredFile {
                path: dir.join("token"),
                content: Content::Token(token),
                comment: None,
                stage: Stage::Credentials,
                note: self.token_note(),
            },
        ]);
    }

    fn token_note(&self) -> String {
        match &self.decision.verdict {
            Verdict::Keep(claims) => {
                format!("token valid until {}", claims.expires_at.strftime("%F"))
            }
            Verdict::Issue(reason) if reason == "new token" => {
                format!("new token, {} asked", self.spec.duration)
            }
            Verdict::Issue(reason) => reason.clone(),
        }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context::new(self.spec, &self.labels, &self.handle, self.automount)
    }

    /// An object whose template needs nothing but names.
    pub(super) fn plain(
        &mut self,
        template: &'static str,
        reference: ObjectRef,
        stage: Stage,
    ) -> Result<()> {
        let object = self.render(template, reference, &self.context(), stage, String::new())?;
        self.desired.objects.push(object);
        Ok(())
    }

    pub(super) fn render(
        &self,
        template: &'static str,
        reference: ObjectRef,
        context: &Context,
        stage: Stage,
        note: String,
    ) -> Result<DesiredObject> {
        let rendered = self.text(template, context)?;
        let value = check::object(&rendered, &reference, &self.labels)?;
        Ok(DesiredObject {
            reference,
            value,
            text: rendered.text,
            stage,
            note,
        })
    }

    pub(super) fn text(&self, template: &'static str, context: &Context) -> Result<Rendered> {
        self.templates.render(template, &Serde(context).into())
    }
}
