//! Everything that should exist for one request: objects and files, rendered and checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::operators::Operators;
use super::renderer::Renderer;
use super::schema::Schema;
use super::templates::Templates;
use super::{agent, alloy_form as alloy};
use crate::access::{self, Grants, Need};
use crate::error::Result;
use crate::job::Job;
use crate::mark::Comment;
use crate::object::{Kind, ObjectRef};
use crate::render::{Content, Stage};
use crate::spec::{AccessLevel, Alerts, AlloyToken, Form, KeyPlace, Spec, TokenPlace, needs_file};
use crate::splice::Entry;
use crate::token::{Decision, Token};
use yaml::Step;

/// What of the cluster shapes the configuration.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The API server as monconf reaches it; for [`Form::Files`].
    pub server: &'a str,
    /// The CA bundle, PEM, that verifies the API server as the consumer reaches it.
    pub ca: &'a str,
    /// The objects of operators that may select ours.
    pub operators: &'a Operators,
    /// The objects that exist.
    pub objects: &'a BTreeMap<ObjectRef, Value>,
    /// The schemas of monitors where the cluster's differ, or may differ, from those that monconf carries.
    pub schemas: &'a BTreeMap<Kind, Schema>,
    /// The labels of the instance's namespace.
    pub namespace_labels: &'a BTreeMap<String, String>,
    /// The token that the consumer reads today.
    pub token: Option<&'a Token>,
    /// The handle in the slot that is used, if it exists.
    pub handle: Option<&'a Value>,
    /// Whether Prometheus' own file names the drop-in already, by somebody else's pattern.
    pub is_named: bool,
}

/// Everything that should exist.
#[derive(Clone)]
pub struct Desired {
    /// Objects, in the order in which a plan lists them.
    pub objects: Vec<DesiredObject>,
    /// Files.
    pub files: Vec<DesiredFile>,
    /// Texts of others that should hold something of ours.
    pub edits: Vec<DesiredEdit>,
    /// Configuration that belongs to nobody's file: for standard output.
    pub output: Option<String>,
    /// What the roles grant.
    pub grants: Grants,
    /// Sentences that the user should read.
    pub warnings: Vec<String>,
}

/// One object that should exist.
#[derive(Clone)]
pub struct DesiredObject {
    /// Which.
    pub reference: ObjectRef,
    /// The fields that monconf wants, and only those.
    pub value: Value,
    /// The manifest as rendered, with comments and without any secret.
    pub text: String,
    /// When it is written.
    pub stage: Stage,
    /// A few words beside it.
    pub note: String,
}

/// One file that should exist.
#[derive(Clone)]
pub struct DesiredFile {
    /// Where.
    pub path: PathBuf,
    /// What it holds, without its mark.
    pub content: Content,
    /// What begins a comment in it, where its first line is a mark.
    pub comment: Option<Comment>,
    /// When it is written.
    pub stage: Stage,
    /// A few words beside it.
    pub note: String,
}

/// Lists in somebody's text, and what of them should be ours.
#[derive(Clone, Debug)]
pub struct DesiredEdit {
    /// Where the text is.
    pub place: EditPlace,
    /// Each list.
    pub lists: Vec<DesiredList>,
    /// Which of an agent's `metrics.configs`, where it is named.
    pub config: Option<String>,
    /// The drop-in file that holds the jobs, where there is one.
    pub drop_in: Option<PathBuf>,
    /// Whether the text may be an agent's.
    pub may_be_agents: bool,
    /// The jobs that Prometheus reads with this file, in it or in the drop-in.
    pub jobs: Vec<Entry>,
    /// The file of the token that our jobs read.
    pub token_file: String,
    /// The scrape interval of jobs that have none, where the text does not say.
    pub interval: String,
}

/// Where somebody's text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditPlace {
    /// In a file.
    File(PathBuf),
    /// In the cluster.
    Key(KeyPlace),
}

impl EditPlace {
    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Key(_) => None,
        }
    }

    /// The key of an object.
    #[must_use]
    pub fn key(&self) -> Option<&KeyPlace> {
        match self {
            Self::File(_) => None,
            Self::Key(place) => Some(place),
        }
    }
}

/// What of a list should be ours.
#[derive(Clone, Debug)]
pub struct DesiredList {
    /// The way to the list; in the configuration of an agent from the one of its configs on that is meant.
    pub steps: Vec<Step>,
    /// What it should hold.
    pub entries: Vec<Entry>,
}

/// Inside the cluster the API server has this name, which its certificate carries.
pub(super) const IN_CLUSTER: &str = "https://kubernetes.default.svc";

/// Renders and checks everything that `spec` asks for in the form `form`.
///
/// # Errors
/// A template that does not render what it should.
pub fn desired(
    spec: &Spec,
    form: &Form,
    surroundings: &Surroundings,
    decision: &Decision,
    templates: &Templates,
) -> Result<Desired> {
    let mut renderer = Renderer::new(spec, surroundings, decision, templates, form);
    if !spec.existing_access {
        renderer.access()?;
    }
    if form.token_place() != TokenPlace::Pod {
        renderer.handle()?;
        renderer.replaced()?;
    }
    if let Some(Alerts::File(path)) = &spec.alerts {
        renderer.rules_file(path)?;
    }
    match form {
        Form::Operator => {
            renderer.token_secret()?;
            renderer.monitors()?;
            if spec.alerts == Some(Alerts::Object) {
                renderer.prometheus_rule()?;
            }
        }
        _ if spec.alerts == Some(Alerts::Object) => return Err(needs_file()),
        Form::Agent {
            monitors,
            mount_dir,
        } => {
            renderer.token_secret()?;
            renderer.agent(*monitors, mount_dir)?;
        }
        Form::Mounted { mount_dir } => {
            renderer.token_secret()?;
            let server = spec.api_server.as_deref().unwrap_or(IN_CLUSTER);
            let jobs = renderer.scrape_configs(&spec.jobs, server, mount_dir)?;
            renderer.desired.output = Some(renderer.whole_file(&jobs.text));
        }
        Form::Key { place, mount_dir } => {
            renderer.token_secret()?;
            let server = spec.api_server.as_deref().unwrap_or(IN_CLUSTER);
            let jobs = renderer.scrape_configs(&spec.jobs, server, mount_dir)?;
            renderer.key(place, mount_dir, jobs);
        }
        Form::Alloy { token, place } => {
            match token {
                AlloyToken::Pod => {}
                AlloyToken::Secret | AlloyToken::Mounted { .. } => renderer.token_secret()?,
                AlloyToken::Files { token_dir } => renderer.credential_files(token_dir),
            }
            renderer.alloy_configuration(token, place)?;
        }
        Form::Files { place, token_dir } => {
            let server = spec.api_server.as_deref().unwrap_or(surroundings.server);
            let jobs = renderer.scrape_configs(&spec.jobs, server, &token_dir.to_string_lossy())?;
            renderer.credential_files(token_dir);
            renderer.configuration(place, token_dir, jobs);
        }
    }
    Ok(renderer.desired)
}

/// What the roles of a request grant. With prometheus-operator it is Prometheus' own ServiceAccount that discovers;
/// ours then needs no right for it.
#[must_use]
pub fn grants(spec: &Spec, form: &Form) -> Grants {
    let mut needs = match form {
        Form::Operator => access::scraping(&spec.jobs),
        _ => access::both(&discovered(spec, form)),
    };
    needs.extend(secrets(spec, form));
    match spec.access {
        AccessLevel::Jobs => Grants::of(&needs),
        AccessLevel::Observer { nodes_proxy } => {
            Grants::beside(access::observer(nodes_proxy), &needs)
        }
    }
}

/// The jobs as whoever reads that form discovers them: what a monitor selects, Grafana Agent's operator finds by its
/// Endpoints.
#[must_use]
pub fn discovered(spec: &Spec, form: &Form) -> Vec<Job> {
    match form {
        Form::Agent { monitors: true, .. } => agent::discovered(spec),
        _ => spec.jobs.clone(),
    }
}

/// The Secrets that whoever reads that form reads itself, each by its name.
#[must_use]
pub fn secrets(spec: &Spec, form: &Form) -> Vec<Need> {
    match form {
        Form::Alloy { token, .. } => alloy::secrets(spec, token),
        _ => Vec::new(),
    }
}
