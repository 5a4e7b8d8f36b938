//! What jobs of monconf's own need.

use super::Reason;
use super::explanation::Explanation;
use super::identity::Identity;
use crate::access::{Need, scrape};
use crate::job::{Authority, Job};
use crate::rbac::Scope;

/// Explains `job`; `discoverer` finds its targets, `scraper` scrapes them.
#[must_use]
pub fn own(job: &Job, discoverer: &Identity, scraper: &Identity) -> Explanation {
    let mut explanation = Explanation::new(job.name.clone(), None);
    explanation.discovery(&job.discovery, discoverer, None);
    let path = &job.metrics_path;
    let why = match job.authority {
        Authority::ApiServer => "the API server itself is scraped".to_owned(),
        Authority::Kubelet => format!("the kubelets are asked directly for {path}"),
        Authority::KubeletProxy => {
            "the API server is asked to pass the scrape on to the kubelet".to_owned()
        }
        Authority::Component => "the component asks the API server about the path".to_owned(),
        Authority::Nobody => "the scrape shows no token: the target answers everybody".to_owned(),
    };
    match scrape(job.authority, path) {
        Some(right) => explanation.need(Reason {
            right,
            scope: Scope::Cluster,
            identity: scraper.clone(),
            why,
            place: None,
        }),
        None => explanation.free.push(why),
    }
    explanation
}

/// Explains why `reader` is to read a Secret, which no job needs by itself.
#[must_use]
pub fn secret(need: Need, reader: &Identity) -> Explanation {
    let mut explanation = Explanation::new(need.jobs.join(", "), None);
    explanation.need(Reason {
        right: need.right,
        scope: need.scope,
        identity: reader.clone(),
        why: "the configuration names this Secret".to_owned(),
        place: None,
    });
    explanation
}
