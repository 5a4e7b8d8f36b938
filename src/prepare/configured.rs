//! What an existing configuration of Prometheus asks, token by token.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Issued;
use crate::access::Need;
use crate::access::existing::{Configured, Explanation, Identity, Tls};
use crate::client::{Address, Cluster, Trust};
use crate::error::{Error, Result};
use crate::promfile;
use crate::token::Token;
use crate::verify::{Format, Pickup, Scraping, Shown};

/// What can be verified of a configuration, and what cannot.
#[derive(Default)]
pub struct Identities {
    /// One for each token and API server.
    pub issued: Vec<Issued>,
    /// Sentences about jobs that are left out.
    pub left_out: Vec<String>,
}

/// Where a configuration stands, and who stands in for what it does not say.
pub struct Standing<'a> {
    /// The folder that paths in it are relative to.
    pub folder: &'a Path,
    /// The API server of jobs that name none.
    pub ours: Option<&'a Cluster>,
    /// Verified in place of every other token.
    pub given: Option<&'a Token>,
}

/// Groups `jobs` by token and API server; `explanations` say what each of these needs.
///
/// # Errors
/// A file that cannot be read.
pub fn identities(
    jobs: Vec<Configured>,
    explanations: &[Explanation],
    standing: &Standing<'_>,
) -> Result<Identities> {
    let mut found = Identities::default();
    let mut groups: BTreeMap<(Identity, Option<String>), Vec<Configured>> = BTreeMap::new();
    for job in jobs {
        let key = (job.finder.clone(), job.api_server.clone());
        groups.entry(key).or_default().push(job);
    }
    for ((finder, api_server), jobs) in groups {
        let names: Vec<&str> = jobs.iter().map(|job| job.job.as_str()).collect();
        let Some(token) = standing.token(&finder)? else {
            found.left_out.push(format!(
                "{}: targets are found as {finder}, whose token is not to be had here; --token-file names one to try",
                names.join(", ")
            ));
            continue;
        };
        let Some(address) = standing.address(api_server.as_deref(), &jobs[0].server)? else {
            found.left_out.push(format!(
                "{}: no api_server is named, and there is no kubeconfig that says which cluster is meant",
                names.join(", ")
            ));
            continue;
        };
        let scrapings = jobs
            .iter()
            .map(|job| standing.scraping(job, &finder))
            .collect::<Result<_>>()?;
        found.issued.push(Issued {
            token,
            address,
            scrapings,
            needs: needs(&finder, &jobs, explanations),
            discovers: true,
            pickup: Pickup::default(),
            pools: Vec::new(),
        });
    }
    Ok(found)
}

/// The rights that these jobs need of this identity.
fn needs(identity: &Identity, jobs: &[Configured], explanations: &[Explanation]) -> Vec<Need> {
    let mut needs = Vec::new();
    let is_asked = |explanation: &&Explanation| jobs.iter().any(|job| job.job == explanation.job);
    for explanation in explanations.iter().filter(is_asked) {
        for reason in explanation
            .needs
            .iter()
            .filter(|reason| reason.identity == *identity)
        {
            let jobs = vec![explanation.job.clone()];
            crate::access::add(&mut needs, reason.right.clone(), reason.scope.clone(), jobs);
        }
    }
    needs
}

impl Standing<'_> {
    /// `None` where the token is not in a file.
    fn token(&self, identity: &Identity) -> Result<Option<Token>> {
        if let Some(given) = self.given {
            return Ok(Some(given.clone()));
        }
        let Identity::TokenFile(path) = identity else {
            return Ok(None);
        };
        let text = self.text(path)?;
        Ok(Some(Token::new(text.trim().to_owned())))
    }

    fn address(&self, api_server: Option<&str>, tls: &Tls) -> Result<Option<Address>> {
        let Some(url) = api_server else {
            return Ok(self.ours.map(Cluster::address));
        };
        Ok(Some(Address {
            url: url.trim_end_matches('/').to_owned(),
            trust: self.trust(tls)?,
        }))
    }

    fn scraping(&self, job: &Configured, finder: &Identity) -> Result<Scraping> {
        let shown = match &job.scraper {
            None => Shown::Nothing,
            Some(scraper) if scraper == finder => Shown::Verified,
            Some(scraper) => self.token(scraper)?.map_or(Shown::Nothing, Shown::Other),
        };
        Ok(Scraping {
            job: job.job.clone(),
            discovery: job.discovery.clone(),
            scheme: job.scheme.clone(),
            path: job.path.clone(),
            params: job.params.clone(),
            relabelling: job.relabelling.clone(),
            shown,
            answerer: None,
            trust: self.trust(&job.targets)?,
            follows_redirects: job.follows_redirects,
            fallback: job.fallback.as_deref().and_then(Format::of_protocol),
        })
    }

    fn trust(&self, tls: &Tls) -> Result<Trust> {
        let ca = tls.ca_file.as_deref().map(|path| self.text(path));
        Ok(Trust {
            ca: ca.transpose()?,
            server_name: tls.server_name.clone(),
            insecure: tls.insecure,
        })
    }

    /// Paths are relative to the configuration, as for Prometheus.
    fn text(&self, path: &str) -> Result<Arc<str>> {
        let path: PathBuf = self.folder.join(path);
        let file = promfile::read(&path)?;
        let file = file.ok_or_else(|| Error::File {
            action: "read",
            path,
            reason: "there is no such file".to_owned(),
        })?;
        Ok(file.text)
    }
}
