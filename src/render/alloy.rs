//! Grafana Alloy's configuration: components for all jobs.

use minijinja::value::Serde;
use serde::Serialize;
use serde_json::Value;

use super::agreement::{References, agree, of_scrape_config};
use super::context::{Context, JobContext, Spelling};
use super::templates::{Rendered, Templates};
use crate::alloy::{
    Body, Credentials, Destination, Login, SERVICE_ACCOUNT_DIR, SecretRef, Settings, adapted,
    identifier, jobs, literal, parse, print,
};
use crate::error::Result;
use crate::job::Job;
use crate::spec::Spec;
use crate::token::Decision;

/// Where a Pod finds the API server.
const IN_CLUSTER: &str = "https://kubernetes.default.svc";

const TEMPLATE: &str = "config.alloy";

/// The whole file for the jobs of `spec`, as Alloy's own formatter writes it. Its first line says whose it is, and every
/// component's label begins with the instance's name, so that others may stand beside it. Behind it what there is to
/// warn of: where a replaced template renders something else than the jobs.
///
/// # Errors
/// A job that asks for what Alloy does not have; a template that does not render these jobs.
pub fn alloy(
    spec: &Spec,
    decision: &Decision,
    settings: &Settings,
    templates: &Templates,
) -> Result<(String, Vec<String>)> {
    let instance = spec.names.instance.as_str();
    let (labels, handles) = (spec.names.labels(), spec.names.handles());
    let server = settings.credentials.api_server().unwrap_or(IN_CLUSTER);
    let jobs = spec.jobs.iter().map(|job| adapted(job, server));
    let jobs: Vec<Job> = jobs.collect::<Result<_>>()?;
    let components = Components::new(instance, settings);
    let references = components.references();
    let context = AlloyContext {
        common: Context::new(spec, &labels, &handles[decision.slot], false),
        components,
        jobs: jobs
            .iter()
            .map(|job| Labelled {
                job: JobContext::new(job, Spelling::Alloy),
                label: identifier::own(instance, &job.name),
            })
            .collect(),
    };
    let rendered = templates.render(TEMPLATE, &Serde(context).into())?;
    let (body, found) = check(&rendered, &jobs)?;
    let api_server = settings.credentials.api_server();
    let mut warnings = Vec::new();
    for (job, found) in jobs.iter().zip(&found) {
        let found = of_scrape_config(found, &references);
        warnings.extend(agree(templates, TEMPLATE, job, api_server, &[found])?);
    }
    Ok((print(&body), warnings))
}

/// Exactly the jobs that were asked for, each followed to where its targets come from: the whole, and each of them.
fn check(rendered: &Rendered, wanted: &[Job]) -> Result<(Body, Vec<Value>)> {
    let invalid = |fault: crate::alloy::Fault| {
        let line = rendered.text.lines().nth(fault.line.saturating_sub(1));
        let line = line.unwrap_or_default().trim();
        rendered.failure_at(
            Some(fault.line),
            format!(
                "renders no valid configuration: {}, in `{line}`",
                fault.message
            ),
        )
    };
    let body = parse(&rendered.text).map_err(invalid)?;
    let found = jobs(&rendered.text).map_err(invalid)?;
    let (found, values): (Vec<String>, Vec<Value>) = found.into_iter().unzip();
    let wanted: Vec<&str> = wanted.iter().map(|job| job.job_name.as_str()).collect();
    if found != wanted {
        return Err(rendered.failure(
            "prometheus.scrape",
            format!(
                "must render the jobs {}, but renders {}",
                wanted.join(", "),
                found.join(", ")
            ),
        ));
    }
    Ok((body, values))
}

/// The variables of the template.
#[derive(Serialize)]
struct AlloyContext<'a> {
    #[serde(flatten)]
    common: Context<'a>,
    #[serde(flatten)]
    components: Components<'a>,
    jobs: Vec<Labelled<'a>>,
}

#[derive(Serialize)]
struct Labelled<'a> {
    #[serde(flatten)]
    job: JobContext<'a>,
    label: String,
}

/// What the jobs share.
#[derive(Serialize)]
struct Components<'a> {
    label: String,
    api_server: Option<&'a str>,
    token_path: Option<String>,
    token_file: Option<String>,
    token: Option<String>,
    ca_file: Option<String>,
    ca: Option<String>,
    secrets: Vec<SecretContext<'a>>,
    forward_to: Vec<String>,
    endpoints: Option<Vec<EndpointContext<'a>>>,
    clustering: bool,
}

#[derive(Serialize)]
struct SecretContext<'a> {
    label: String,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct EndpointContext<'a> {
    url: &'a str,
    username: Option<String>,
    password: Option<String>,
    token: Option<String>,
}

impl<'a> Components<'a> {
    fn new(instance: &str, settings: &'a Settings) -> Self {
        let label = identifier::shared(instance);
        let mut secrets = Secrets {
            label: label.clone(),
            contexts: Vec::new(),
        };
        let mut components = Self {
            api_server: settings.credentials.api_server(),
            token_path: None,
            token_file: None,
            token: None,
            ca_file: None,
            ca: None,
            secrets: Vec::new(),
            forward_to: Vec::new(),
            endpoints: None,
            clustering: settings.clustering,
            label: label.clone(),
        };
        match &settings.credentials {
            Credentials::Pod => {
                components.token_file = Some(format!("{SERVICE_ACCOUNT_DIR}/token"));
                components.ca_file = Some(format!("{SERVICE_ACCOUNT_DIR}/ca.crt"));
            }
            Credentials::Files { dir, .. } => {
                components.token_path = Some(format!("{dir}/token"));
                components.token = Some(format!("local.file.{label}.content"));
                components.ca_file = Some(format!("{dir}/ca.crt"));
            }
            Credentials::Secret { secret, .. } => {
                components.token = Some(secrets.key(secret, "token"));
                components.ca = Some(nonsensitive(&secrets.key(secret, "ca.crt")));
            }
        }
        match &settings.destination {
            Destination::ForwardTo(receivers) => {
                let receivers = receivers.iter().map(|receiver| receiver.name().to_owned());
                components.forward_to = receivers.collect();
            }
            Destination::RemoteWrite(endpoints) => {
                components.forward_to = vec![format!("prometheus.remote_write.{label}.receiver")];
                let endpoints = endpoints.iter();
                let endpoints = endpoints.map(|endpoint| {
                    endpoint_context(&endpoint.url, endpoint.login.as_ref(), &mut secrets)
                });
                components.endpoints = Some(endpoints.collect());
            }
        }
        components.secrets = secrets.contexts;
        components
    }
}

impl Components<'_> {
    fn references(&self) -> References {
        let ca_file = self.ca_file.as_deref();
        match (&self.token_file, &self.token) {
            (Some(token), _) => References::files(token, ca_file.unwrap_or_default()),
            (None, token) => {
                let token = token.as_deref().unwrap_or_default();
                References::expressions(token, ca_file, self.ca.as_deref())
            }
        }
    }
}

impl Credentials {
    fn api_server(&self) -> Option<&str> {
        match self {
            Self::Pod => None,
            Self::Files { api_server, .. } | Self::Secret { api_server, .. } => Some(api_server),
        }
    }
}

fn endpoint_context<'a>(
    url: &'a str,
    login: Option<&'a Login>,
    secrets: &mut Secrets<'a>,
) -> EndpointContext<'a> {
    let mut context = EndpointContext {
        url,
        username: None,
        password: None,
        token: None,
    };
    match login {
        None => {}
        Some(Login::Basic {
            secret,
            username_key,
            password_key,
        }) => {
            context.username = Some(nonsensitive(&secrets.key(secret, username_key)));
            context.password = Some(secrets.key(secret, password_key));
        }
        Some(Login::Bearer { secret, key }) => context.token = Some(secrets.key(secret, key)),
    }
    context
}

/// Alloy has this function as `convert.nonsensitive` too, and by this name still; flow mode of Grafana Agent by this name
/// only (`internal/stdlib/stdlib.go` of both languages).
fn nonsensitive(expression: &str) -> String {
    format!("nonsensitive({expression})")
}

/// The Secrets that are read, each once.
struct Secrets<'a> {
    label: String,
    contexts: Vec<SecretContext<'a>>,
}

impl<'a> Secrets<'a> {
    /// The expression of a key's value.
    fn key(&mut self, secret: &'a SecretRef, key: &str) -> String {
        let label = self.label(secret);
        let key = literal::string(key);
        format!("remote.kubernetes.secret.{label}.data[{key}]")
    }

    fn label(&mut self, secret: &'a SecretRef) -> String {
        let (namespace, name) = (secret.namespace.as_str(), secret.name.as_str());
        let mut known = self.contexts.iter();
        if let Some(known) = known.find(|known| (known.namespace, known.name) == (namespace, name))
        {
            return known.label.clone();
        }
        let label = match self.contexts.len() {
            0 => self.label.clone(),
            others => format!("{}_{}", self.label, others + 1),
        };
        self.contexts.push(SecretContext {
            label: label.clone(),
            namespace,
            name,
        });
        label
    }
}
