//! One job as its consumer scrapes it, and the URL of each of its targets.

use promconf::{Fate, RelabelConfig, TargetLabels, relabel};
use std::collections::BTreeMap;
use std::sync::Arc;

use http::Uri;

use super::diagnosis::Answerer;
use super::format::Format;
use super::targets::ADDRESS;
use crate::client::Trust;
use crate::job::{Authority, Discovery, Job};
use crate::token::Token;

const SCHEME: &str = "__scheme__";
const PATH: &str = "__metrics_path__";
const PARAMETER: &str = "__param_";

/// One job as its consumer scrapes it.
#[derive(Clone, Debug)]
pub struct Scraping {
    /// The job's name.
    pub job: String,
    /// How its targets are found.
    pub discovery: Discovery,
    /// `http` or `https`, unless relabelling says otherwise.
    pub scheme: String,
    /// The path, unless relabelling says otherwise.
    pub path: String,
    /// Query parameters, each with its values.
    pub params: Vec<(String, Vec<String>)>,
    /// Target relabelling.
    pub relabelling: Vec<RelabelConfig>,
    /// Whose token the target is shown.
    pub shown: Shown,
    /// Who answers there, where the job says.
    pub answerer: Option<Answerer>,
    /// Whom the target has to prove to be.
    pub trust: Trust,
    /// Whether the consumer follows redirects.
    pub follows_redirects: bool,
    /// The format of answers whose Content-Type Prometheus does not know, where the job says one.
    pub fallback: Option<Format>,
}

/// Whose token a target is shown.
#[derive(Clone, Debug)]
pub enum Shown {
    /// Nobody's.
    Nothing,
    /// The one that is verified.
    Verified,
    /// One that is for the targets alone.
    Other(Token),
}

/// Where a scrape goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its label `instance`, which stands for it in what is shown.
    pub instance: String,
    /// What is asked.
    pub url: Uri,
}

impl Scraping {
    /// A job of ours. `ca` is the bundle that the consumer verifies with, and `server` the API server as it reaches it.
    #[must_use]
    pub fn of(job: &Job, server: &str, ca: &Arc<str>) -> Self {
        let job = job.clone().through_api_server(server);
        let verifies = job.authority.wants_token() && !job.insecure_tls;
        Self {
            job: job.name.clone(),
            scheme: if job.tls { "https" } else { "http" }.to_owned(),
            path: job.metrics_path.clone(),
            params: job.params.clone(),
            relabelling: job.raw_relabelling(),
            shown: if job.authority.wants_token() {
                Shown::Verified
            } else {
                Shown::Nothing
            },
            answerer: Some(match job.authority {
                Authority::ApiServer | Authority::KubeletProxy => Answerer::ApiServer,
                Authority::Kubelet => Answerer::Kubelet,
                Authority::Component | Authority::Nobody => Answerer::Other,
            }),
            trust: Trust {
                ca: verifies.then(|| Arc::clone(ca)),
                server_name: job
                    .authority
                    .server_name()
                    .filter(|_| verifies)
                    .map(str::to_owned),
                insecure: job.insecure_tls,
            },
            follows_redirects: !job.authority.wants_token(),
            fallback: None,
            discovery: job.discovery,
        }
    }

    /// What becomes of a target with the labels `discovered`: the labels that tell it from others, and where it is
    /// asked; `None` where it is dropped or has no address.
    #[must_use]
    pub fn target(&self, discovered: TargetLabels) -> Option<(TargetLabels, Target)> {
        let mut labels = discovered;
        for (label, value) in [
            ("job", &self.job),
            (SCHEME, &self.scheme),
            (PATH, &self.path),
        ] {
            labels
                .entry(label.to_owned())
                .or_insert_with(|| value.clone());
        }
        for (name, values) in &self.params {
            if let Some(value) = values.first() {
                labels.insert(format!("{PARAMETER}{name}"), value.clone());
            }
        }
        if relabel(&self.relabelling, &mut labels) == Fate::Dropped {
            return None;
        }
        labels.retain(|label, _| !label.starts_with("__meta_"));
        let url = self.url(&labels)?;
        let address = labels.get(ADDRESS)?;
        let instance = labels.get("instance").unwrap_or(address).clone();
        Some((labels, Target { instance, url }))
    }

    /// As `URL` in `scrape/target.go` of Prometheus makes it.
    fn url(&self, labels: &TargetLabels) -> Option<Uri> {
        let get = |label: &str| labels.get(label).map_or("", String::as_str);
        let mut params: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, values) in &self.params {
            params.insert(name, values.iter().map(String::as_str).collect());
        }
        for (label, value) in labels {
            if let Some(name) = label.strip_prefix(PARAMETER) {
                let values = params.entry(name).or_default();
                match values.first_mut() {
                    Some(first) => *first = value,
                    None => values.push(value),
                }
            }
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, values) in &params {
            for value in values {
                query.append_pair(name, value);
            }
        }
        let path = get(PATH);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{slash}{}{mark}{query}", escaped(path));
        Uri::builder()
            .scheme(get(SCHEME))
            .authority(get(ADDRESS))
            .path_and_query(path)
            .build()
            .ok()
    }
}

/// A path as part of a URL: what would end it, or is no part of one, percent-encoded.
fn escaped(path: &str) -> String {
    let mut escaped = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !b"?#%\"<>\\^`{|}".contains(&byte) {
            escaped.push(byte.into());
        } else {
            escaped.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    escaped
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{BLACKBOX_EXPORTER, catalogue};

    fn scraping(name: &str) -> Scraping {
        let jobs = catalogue(BLACKBOX_EXPORTER);
        let job = jobs.iter().find(|job| job.name == name).expect("a job");
        Scraping::of(job, "https://10.0.0.1:6443", &"ca".into())
    }

    fn url(scraping: &Scraping, labels: &[(&str, &str)]) -> Option<String> {
        let own = |&(label, value): &(&str, &str)| (label.to_owned(), value.to_owned());
        let labels = labels.iter().map(own).collect();
        scraping
            .target(labels)
            .map(|(_, target)| target.url.to_string())
    }

    #[test]
    fn the_url_is_what_relabelling_makes_of_a_target() {
        let kubelet = [("__address__", "[fd00::1]:10250"), ("instance", "node-1")];
        assert_eq!(
            url(&scraping("cadvisor"), &kubelet).as_deref(),
            Some("https://[fd00::1]:10250/metrics/cadvisor")
        );
        let pod = [
            ("__address__", "10.1.0.1:80"),
            (
                "__meta_kubernetes_pod_annotation_prometheus_io_scrape",
                "true",
            ),
            (
                "__meta_kubernetes_pod_annotation_prometheus_io_port",
                "9100",
            ),
            (
                "__meta_kubernetes_pod_annotation_prometheus_io_path",
                "/a b?c",
            ),
            (
                "__meta_kubernetes_pod_annotation_prometheus_io_param_x",
                "1&2",
            ),
        ];
        assert_eq!(
            url(&scraping("pods"), &pod).as_deref(),
            Some("http://10.1.0.1:9100/a%20b%3Fc?x=1%262")
        );
        assert_eq!(url(&scraping("pods"), &pod[..1]), None);
    }

    #[test]
    fn a_probe_keeps_its_parameters() {
        let ingress = [
            ("__address__", "shop.example"),
            (
                "__meta_kubernetes_ingress_annotation_prometheus_io_probe",
                "true",
            ),
            ("__meta_kubernetes_ingress_scheme", "https"),
            ("__meta_kubernetes_ingress_path", "/"),
        ];
        assert_eq!(
            url(&scraping("ingresses"), &ingress).as_deref(),
            Some(
                "http://prometheus-blackbox-exporter.monitoring.svc:9115/probe?module=http_2xx&target=https%3A%2F%2Fshop.example%2F"
            )
        );
    }
}
