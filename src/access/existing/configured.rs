//! Jobs as their consumer carries them out: who finds the targets where, and what is shown to them.

use super::forms::{Input, scrapes};
use super::identity::{Credentials, Identity};
use super::node::Node;
use super::{Found, Scrape, Settings};
use crate::job::Discovery;
use promconf::RelabelConfig;
use yaml::YamlError;

/// One discovery of a job, and how what it finds is scraped.
#[derive(Clone, Debug)]
pub struct Configured {
    /// `job_name`.
    pub job: String,
    /// What is looked for.
    pub discovery: Discovery,
    /// Who looks.
    pub finder: Identity,
    /// Where; `None` for the API server of Prometheus' own Pod.
    pub api_server: Option<String>,
    /// Whom that has to prove to be.
    pub server: Tls,
    /// Whose token the targets are shown, if any's.
    pub scraper: Option<Identity>,
    /// Whom the targets have to prove to be.
    pub targets: Tls,
    /// `http` or `https`.
    pub scheme: String,
    /// The path that is scraped.
    pub path: String,
    /// Query parameters, each with its values.
    pub params: Vec<(String, Vec<String>)>,
    /// Target relabelling.
    pub relabelling: Vec<RelabelConfig>,
    /// Whether redirects are followed.
    pub follows_redirects: bool,
    /// `fallback_scrape_protocol`, where there is one.
    pub fallback: Option<String>,
}

/// The part of a `tls_config` that says whom a server has to prove to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The file of the authorities, as it is written.
    pub ca_file: Option<String>,
    /// The name in the certificate.
    pub server_name: Option<String>,
    /// Whether any certificate will do.
    pub insecure: bool,
}

/// Every job of `inputs` that finds its targets in Kubernetes.
///
/// # Errors
/// Everything that Prometheus would refuse, with its place.
pub fn configured(
    inputs: &[Input],
    settings: &Settings<'_>,
) -> Result<Vec<Configured>, Vec<YamlError>> {
    let scrapes = scrapes(inputs, settings)?;
    let each = scrapes.iter().flat_map(|scrape| {
        let found = scrape.found.iter();
        found.map(|found| Configured::of(scrape, found))
    });
    Ok(each.collect())
}

impl Configured {
    fn of(scrape: &Scrape, found: &Found) -> Self {
        Self {
            job: scrape.name.clone(),
            discovery: found.discovery.clone(),
            finder: found.identity.clone(),
            api_server: found.api_server.clone(),
            server: found.tls.clone(),
            scraper: match &scrape.credentials {
                Credentials::Of(identity) => Some(identity.clone()),
                Credentials::None | Credentials::Foreign(_) => None,
            },
            targets: scrape.tls.clone(),
            scheme: scrape.scheme.clone(),
            path: scrape.path.clone(),
            params: scrape.params.clone(),
            relabelling: scrape.relabelling.clone(),
            follows_redirects: scrape.follows_redirects,
            fallback: scrape.fallback.clone(),
        }
    }
}

/// Reads it, if there is one.
pub(super) fn tls(node: &Node<'_>) -> Result<Tls, YamlError> {
    let Some(tls) = node.get("tls_config") else {
        return Ok(Tls::default());
    };
    Ok(Tls {
        ca_file: tls.text("ca_file")?,
        server_name: tls.text("server_name")?,
        insecure: tls.flag("insecure_skip_verify")?,
    })
}
