//! The forms that scrape jobs come in: Prometheus' configuration, a part of it, an agent's, an operator's objects.

use std::collections::BTreeMap;

use super::explanation::Explanation;
use super::monitors::{default_role, has_default_class, monitor};
use super::node::{Node, Source, Spelling};
use super::scrape_config::scrape_config;
use super::wrapped::unwrapped;
use super::{Place, Scrape, Settings};
use crate::job::Role;
use yaml::{Document, YamlError};

/// A file.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name, for messages.
    pub file: String,
    /// What it holds.
    pub text: String,
}

/// Explains every job of `inputs`, which are the files of one Prometheus.
///
/// # Errors
/// Everything that Prometheus would refuse, with its place.
pub fn read(inputs: &[Input], settings: &Settings<'_>) -> Result<Vec<Explanation>, Vec<YamlError>> {
    let scrapes = scrapes(inputs, settings)?;
    let servers = api_servers(&scrapes, settings);
    let scrapes = scrapes.iter();
    Ok(scrapes
        .map(|scrape| Explanation::of(scrape, &servers))
        .collect())
}

/// Every job of `inputs` as it is written.
pub(super) fn scrapes(
    inputs: &[Input],
    settings: &Settings<'_>,
) -> Result<Vec<Scrape>, Vec<YamlError>> {
    let mut reader = Reader {
        settings,
        default_role: None,
        default_class: false,
        scrapes: Vec::new(),
        names: BTreeMap::new(),
        faults: Vec::new(),
    };
    let mut all: Vec<(String, Document)> = Vec::new();
    for input in unwrapped(inputs) {
        match yaml::parse_located(&input.text, &input.file) {
            Ok(documents) => {
                let documents = documents.into_iter();
                all.extend(documents.map(|document| (input.file.clone(), document)));
            }
            Err(fault) => reader.faults.push(fault),
        }
    }
    reader.default_role = default_role(all.iter().map(|(_, document)| &document.value));
    reader.default_class = all
        .iter()
        .any(|(_, document)| has_default_class(&document.value));
    for (file, document) in &all {
        let source = Source {
            file,
            lines: &document.lines,
            spelling: Spelling::Prometheus,
        };
        let read = reader.document(&Node::root(source, &document.value));
        reader.faults.extend(read.err());
    }
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    Ok(reader.scrapes)
}

/// The patterns of `scrape_config_files` in a configuration, each with its place.
///
/// # Errors
/// A text that is no YAML, or a value that is no pattern.
pub fn scrape_config_files(input: &Input) -> Result<Vec<(String, Place)>, YamlError> {
    let mut patterns = Vec::new();
    for document in yaml::parse_located(&input.text, &input.file)? {
        let source = Source {
            file: &input.file,
            lines: &document.lines,
            spelling: Spelling::Prometheus,
        };
        for pattern in Node::root(source, &document.value).list("scrape_config_files")? {
            patterns.push((pattern.as_text()?, pattern.place()));
        }
    }
    Ok(patterns)
}

struct Reader<'a> {
    settings: &'a Settings<'a>,
    default_role: Option<Role>,
    /// Whether a Prometheus object adds something to every monitor.
    default_class: bool,
    scrapes: Vec<Scrape>,
    /// Where each job is configured.
    names: BTreeMap<String, Place>,
    faults: Vec<YamlError>,
}

impl Reader<'_> {
    fn document(&mut self, node: &Node<'_>) -> Result<(), YamlError> {
        if node.value.is_array() {
            return self.jobs(&node.items()?);
        }
        if let Some(configurations) = node.at(&["metrics", "configs"]) {
            // Each configuration of an agent is a Prometheus of its own.
            for configuration in configurations.items()? {
                self.names.clear();
                self.jobs(&configuration.list("scrape_configs")?)?;
            }
            return Ok(());
        }
        if node.get("apiVersion").is_none() {
            return self.jobs(&node.list("scrape_configs")?);
        }
        for item in node.list("items")? {
            self.document(&item)?;
        }
        let version = node.text("apiVersion")?.unwrap_or_default();
        if version.starts_with("monitoring.coreos.com/") {
            let object = node.clone().spelled(Spelling::Operator);
            let mut scrapes = monitor(&object, self.settings, self.default_role)?;
            if self.default_class || object.at(&["spec", "scrape_class"]).is_some() {
                for scrape in &mut scrapes {
                    scrape.remark = Some(
                        "its scrapeClass may add credentials, TLS, relabelling and metadata: the rights for these are not told here"
                            .to_owned(),
                    );
                }
            }
            self.scrapes.extend(scrapes);
        }
        Ok(())
    }

    fn jobs(&mut self, nodes: &[Node<'_>]) -> Result<(), YamlError> {
        for node in nodes {
            let Some(name) = node.text("job_name")?.filter(|name| !name.is_empty()) else {
                self.faults.push(node.fault("job_name is empty"));
                continue;
            };
            let other = self.names.insert(name.clone(), node.place());
            let (same, elsewhere) = match other {
                Some(other) if other.file == node.source.file => (Some(other), None),
                other => (None, other),
            };
            if let Some(other) = same {
                let twice = format!(
                    "found multiple scrape configs with job name {name:?}, also at {other}"
                );
                self.faults.push(node.fault(twice));
                continue;
            }
            match scrape_config(node, name, self.settings) {
                Ok(mut scrape) => {
                    // Files of one folder may be of several Prometheuses.
                    scrape.remark = elsewhere.map(|other| {
                        format!(
                            "a job of that name is also at {other}; one Prometheus refuses both"
                        )
                    });
                    self.scrapes.push(scrape);
                }
                Err(fault) => self.faults.push(fault),
            }
        }
        Ok(())
    }
}

/// `HOST:PORT` of every API server that is named.
fn api_servers(scrapes: &[Scrape], settings: &Settings<'_>) -> Vec<String> {
    let named = scrapes.iter().flat_map(|scrape| &scrape.found);
    let named = named.filter_map(|found| found.api_server.as_deref());
    named
        .chain(settings.api_server)
        .filter_map(|url| {
            let uri: http::Uri = url.parse().ok()?;
            let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
                Some("http") => 80,
                _ => 443,
            });
            Some(format!("{}:{port}", uri.host()?))
        })
        .collect()
}
