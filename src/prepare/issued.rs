//! What was issued for an instance, and what it is for.

use std::sync::Arc;

use super::existing::current_token;
use crate::access::Need;
use crate::client::{Address, Cluster, Trust};
use crate::cluster::Snapshot;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::object::{Kind, ObjectRef, decoded};
use crate::promfile;
use crate::render::grants;
use crate::spec::{Form, Spec, TokenPlace};
use crate::token::Token;
use crate::verify::{Carrier, Pickup, Pools, Scraping, changed};

/// What was issued for an instance, and what it is for.
pub struct Issued {
    /// The token.
    pub token: Token,
    /// The API server as it is asked with the token.
    pub address: Address,
    /// The jobs, as the consumer scrapes them.
    pub scrapings: Vec<Scraping>,
    /// The rights that the jobs need.
    pub needs: Vec<Need>,
    /// Whether the token finds the targets too.
    pub discovers: bool,
    /// The operator's objects that carry the jobs, where it has any.
    pub pickup: Pickup,
    /// What Prometheus calls the jobs.
    pub pools: Vec<Pools>,
}

/// Reads the token that the consumer reads, or takes `given` instead; and what else verifying it takes.
///
/// # Errors
/// What cannot be read; no token.
pub async fn issued(spec: &Spec, cluster: &Cluster, given: Option<Token>) -> Result<Issued> {
    let snapshot = Box::pin(cluster.read(spec, false)).await?;
    let form = Form::of(spec, snapshot.serves(spec));
    let token = match given {
        Some(token) => token,
        None => current_token(spec, &form, &snapshot)?.ok_or_else(|| none(spec, &form))?,
    };
    let ca = ca(spec, &form, &snapshot)?;
    let address = address(spec, &form, cluster, ca.as_ref());
    let ca = ca
        .or_else(|| cluster.ca_pem().map(Arc::from))
        .unwrap_or_default();
    let pickup = pickup(spec, &form, &snapshot);
    Ok(Issued {
        pools: pools(spec, &form, &pickup),
        pickup,
        scrapings: spec
            .jobs
            .iter()
            .map(|job| Scraping {
                follows_redirects: !job.authority.wants_token()
                    || !says_redirects(spec, &form, job),
                ..Scraping::of(job, &address.url, &ca)
            })
            .collect(),
        needs: grants(spec, &form).needs(),
        discovers: form != Form::Operator && !matches!(form, Form::Agent { monitors: true, .. }),
        token,
        address,
    })
}

/// Whether the consumer reads that it must not follow redirects of a job: a ScrapeConfig has no field for it, and Grafana
/// Agent's operator does not read the field of monitors.
fn says_redirects(spec: &Spec, form: &Form, job: &Job) -> bool {
    match form {
        Form::Operator => job.monitor_kind() != Kind::ScrapeConfig,
        Form::Agent { monitors, .. } => !monitors || spec.monitor_kind(job).is_none(),
        _ => true,
    }
}

/// The objects that the operator of this form takes the jobs from.
fn pickup(spec: &Spec, form: &Form, snapshot: &Snapshot) -> Pickup {
    let names = &spec.names;
    let is_agent = match form {
        Form::Operator => false,
        Form::Agent { .. } => true,
        _ => return Pickup::default(),
    };
    let carrier = |job: Option<String>, kind: Kind, name: &str| {
        let object = ObjectRef::namespaced(kind, &names.namespace, name);
        let live = snapshot.objects.get(&object).cloned();
        Carrier { job, object, live }
    };
    let instance = is_agent.then(|| carrier(None, Kind::MetricsInstance, &names.agent()));
    let monitors = spec.jobs.iter().filter_map(|job| {
        let kind = spec.monitor_kind(job)?;
        Some(carrier(
            Some(job.name.clone()),
            kind,
            &names.monitor(&job.name),
        ))
    });
    let secret = snapshot.secret(spec, &names.token_secret());
    Pickup {
        carriers: instance.into_iter().chain(monitors).collect(),
        namespace_labels: snapshot.namespace_labels(spec),
        operators: snapshot.operators.clone(),
        secret_changed: secret.and_then(changed),
    }
}

/// Without an operator a job keeps its name.
fn pools(spec: &Spec, form: &Form, pickup: &Pickup) -> Vec<Pools> {
    if *form == Form::Operator {
        let carriers = pickup.carriers.iter();
        return carriers
            .map(|carrier| Pools {
                job: carrier.job.clone().unwrap_or_default(),
                names: carrier.pools(),
            })
            .collect();
    }
    let jobs = spec.jobs.iter();
    jobs.map(|job| Pools {
        job: job.name.clone(),
        names: vec![job.job_name.clone()],
    })
    .collect()
}

/// The bundle that lies beside the token.
fn ca(spec: &Spec, form: &Form, snapshot: &Snapshot) -> Result<Option<Arc<str>>> {
    Ok(match form.token_place() {
        TokenPlace::File(path) => {
            promfile::read(&path.with_file_name("ca.crt"))?.map(|file| file.text)
        }
        TokenPlace::Secret => snapshot
            .secret(spec, &spec.names.token_secret())
            .and_then(|secret| secret["data"]["ca.crt"].as_str())
            .and_then(decoded)
            .map(Arc::from),
        TokenPlace::Pod => snapshot.root_ca.as_deref().map(Arc::from),
    })
}

/// A consumer outside the cluster asks by the address that its configuration names; one inside by a name that is not
/// known here, so the address that we use stands for it.
fn address(spec: &Spec, form: &Form, cluster: &Cluster, ca: Option<&Arc<str>>) -> Address {
    let TokenPlace::File(_) = form.token_place() else {
        return cluster.address();
    };
    let ours = cluster.address();
    let url = spec.api_server.clone().unwrap_or(ours.url);
    Address {
        url,
        trust: Trust {
            ca: ca.cloned().or(ours.trust.ca),
            server_name: None,
            insecure: false,
        },
    }
}

fn none(spec: &Spec, form: &Form) -> Error {
    let names = &spec.names;
    let consumer = names.consumer.name();
    let (what, hint) = match form.token_place() {
        TokenPlace::File(path) => (
            format!("there is no token in {}", path.display()),
            format!("`monconf {consumer} --apply` issues one; --token-file names another"),
        ),
        TokenPlace::Secret => (
            format!(
                "there is no token in Secret {}/{}",
                names.namespace,
                names.token_secret()
            ),
            format!("`monconf {consumer} --apply` issues one; --token-file names another"),
        ),
        TokenPlace::Pod => {
            let account = names.service_account();
            (
                format!("the token of {consumer}'s own Pod cannot be read from here"),
                format!(
                    "try another one of its account: (umask 077; kubectl create token -n {} {account} --duration 10m >t); monconf verify {consumer} --token-file t",
                    names.namespace
                ),
            )
        }
    };
    Error::usage_hint(what, hint)
}
