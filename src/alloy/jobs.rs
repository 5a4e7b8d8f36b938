//! Scrape jobs of a configuration, in the words of Prometheus' own.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::fault::Fault;
use super::parse::parse;
use super::tree::{Block, Body};
use super::value::Value;

const DISCOVERY: &str = "discovery.kubernetes";
const RELABEL: &str = "discovery.relabel";
const SCRAPE: &str = "prometheus.scrape";
const METRIC_RELABEL: &str = "prometheus.relabel";

/// What `tls_config` calls a text where Prometheus calls it otherwise.
const RENAMED: [(&str, &str); 3] = [("ca_pem", "ca"), ("cert_pem", "cert"), ("key_pem", "key")];

/// Every `prometheus.scrape`, in its order: its `job_name`, and a `scrape_config` of Prometheus that says the same.
///
/// What is not written is not filled in: Alloy's defaults stay unsaid. A value that is known only while Alloy runs is
/// its expression's text: `credentials: local.file.monconf_alloy.content`. What samples go through before a component
/// that the text does not hold is in `metric_relabel_configs`.
///
/// # Errors
/// What cannot be read, and targets that are not those of a `discovery.kubernetes`, through any number of
/// `discovery.relabel`.
pub fn jobs(text: &str) -> Result<Vec<(String, Json)>, Fault> {
    let body = parse(text)?;
    let components = Components::of(&body);
    let scrapes = body.blocks().filter(|block| block.name == SCRAPE);
    scrapes.map(|scrape| components.job(scrape)).collect()
}

/// Components by name and label.
struct Components<'a>(BTreeMap<(&'a str, &'a str), &'a Block>);

impl<'a> Components<'a> {
    fn of(body: &'a Body) -> Self {
        let blocks = body.blocks();
        Self(
            blocks
                .map(|block| ((block.name.as_str(), block.label.as_str()), block))
                .collect(),
        )
    }

    fn job(&self, scrape: &'a Block) -> Result<(String, Json), Fault> {
        let name = match scrape.body.attribute("job_name") {
            Some(Value::String(name)) => name.clone(),
            _ => format!("{SCRAPE}.{}", scrape.label),
        };
        let mut job = fields(&scrape.body);
        for own_to_alloy in ["targets", "forward_to", "clustering"] {
            job.remove(own_to_alloy);
        }
        job.insert("job_name".to_owned(), json!(name));
        let (discovery, steps) = self.targets(scrape)?;
        job.insert("kubernetes_sd_configs".to_owned(), json!([discovery]));
        for (list, steps) in [
            ("relabel_configs", steps),
            ("metric_relabel_configs", self.samples(scrape)?),
        ] {
            if !steps.is_empty() {
                job.insert(list.to_owned(), steps.into());
            }
        }
        Ok((name, Json::Object(job)))
    }

    /// How targets are discovered, and the steps on the way to the scrape.
    fn targets(&self, scrape: &'a Block) -> Result<(Json, Vec<Json>), Fault> {
        let mut steps: Vec<Json> = Vec::new();
        let mut block = scrape;
        for _ in 0..=self.0.len() {
            let source = match block.body.attribute("targets") {
                Some(Value::Expression(reference)) => self.exporter(reference),
                _ => None,
            };
            match source {
                Some((source, "targets")) if source.name == DISCOVERY => {
                    let mut discovery = fields(&source.body);
                    let selectors: Vec<Json> = named(&source.body, "selectors");
                    if !selectors.is_empty() {
                        discovery.insert("selectors".to_owned(), selectors.into());
                    }
                    return Ok((Json::Object(discovery), steps));
                }
                Some((source, "output")) if source.name == RELABEL => {
                    steps.splice(..0, named(&source.body, "rule"));
                    block = source;
                }
                _ => break,
            }
        }
        Err(fault(
            block,
            format!("targets must be those of a {DISCOVERY} or {RELABEL} in this text"),
        ))
    }

    /// The steps between the scrape and what takes the samples.
    fn samples(&self, scrape: &'a Block) -> Result<Vec<Json>, Fault> {
        let mut steps = Vec::new();
        let mut block = scrape;
        for _ in 0..=self.0.len() {
            let Some(Value::Array(receivers)) = block.body.attribute("forward_to") else {
                return Err(fault(block, "forward_to must be a list"));
            };
            let relabels: Vec<&Block> = receivers
                .iter()
                .filter_map(|receiver| match receiver {
                    Value::Expression(reference) => self.exporter(reference),
                    _ => None,
                })
                .filter_map(|(source, _)| (source.name == METRIC_RELABEL).then_some(source))
                .collect();
            match (relabels.as_slice(), receivers.len()) {
                ([], _) => return Ok(steps),
                ([relabel], 1) => {
                    steps.extend(named(&relabel.body, "rule"));
                    block = relabel;
                }
                _ => break,
            }
        }
        Err(fault(
            block,
            format!("samples must go through one {METRIC_RELABEL} after the other"),
        ))
    }

    /// The component of a reference such as `discovery.kubernetes.LABEL.targets`, and what of it is meant.
    fn exporter<'b>(&self, reference: &'b str) -> Option<(&'a Block, &'b str)> {
        let (component, export) = reference.rsplit_once('.')?;
        let (name, label) = component.rsplit_once('.')?;
        Some((self.0.get(&(name, label)).copied()?, export))
    }
}

/// Attributes, and blocks that stand once.
fn fields(body: &Body) -> Map<String, Json> {
    let mut map: Map<String, Json> = body
        .attributes()
        .map(|(name, value)| (name.to_owned(), value.to_json()))
        .collect();
    for block in body.blocks() {
        let mut inner = fields(&block.body);
        for (from, to) in RENAMED.into_iter().filter(|_| block.name == "tls_config") {
            if let Some(value) = inner.remove(from) {
                inner.insert(to.to_owned(), value);
            }
        }
        map.insert(block.name.clone(), Json::Object(inner));
    }
    map
}

/// Every block of that name.
fn named(body: &Body, name: &str) -> Vec<Json> {
    let blocks = body.blocks().filter(|block| block.name == name);
    blocks
        .map(|block| Json::Object(fields(&block.body)))
        .collect()
}

fn fault(block: &Block, message: impl Into<String>) -> Fault {
    Fault {
        line: block.line,
        column: block.column,
        message: format!("{} {:?}: {}", block.name, block.label, message.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPELINE: &str = r#"
discovery.kubernetes "a" {
	role       = "pod"
	api_server = "https://k8s.example"
	namespaces {
		names = ["x"]
	}
	selectors {
		role  = "pod"
		label = "app=a"
	}
	authorization {
		credentials = local.file.token.content
	}
	tls_config {
		ca_pem = nonsensitive(remote.kubernetes.secret.a.data["ca.crt"])
	}
}
discovery.relabel "first" {
	targets = discovery.kubernetes.a.targets
	rule { target_label = "one" }
}
discovery.relabel "second" {
	targets = discovery.relabel.first.output
	rule { target_label = "two" }
	rule { target_label = "three" }
}
prometheus.scrape "a" {
	targets      = discovery.relabel.second.output
	forward_to   = [prometheus.relabel.a.receiver]
	job_name     = "a"
	honor_labels = true
	params       = {module = ["b"]}
	clustering {
		enabled = true
	}
}
prometheus.relabel "a" {
	forward_to = [prometheus.remote_write.theirs.receiver]
	rule { action = "drop" }
}
prometheus.scrape "b" {
	targets    = discovery.kubernetes.a.targets
	forward_to = [prometheus.relabel.theirs.receiver, prometheus.remote_write.theirs.receiver]
}
"#;

    #[test]
    fn a_pipeline_is_a_scrape_config() {
        let jobs = jobs(PIPELINE).expect("valid");
        let discovery = json!({
            "role": "pod",
            "api_server": "https://k8s.example",
            "namespaces": {"names": ["x"]},
            "selectors": [{"role": "pod", "label": "app=a"}],
            "authorization": {"credentials": "local.file.token.content"},
            "tls_config": {"ca": "nonsensitive(remote.kubernetes.secret.a.data[\"ca.crt\"])"},
        });
        let first = json!({
            "job_name": "a",
            "honor_labels": true,
            "params": {"module": ["b"]},
            "kubernetes_sd_configs": [discovery],
            "relabel_configs": [{"target_label": "one"}, {"target_label": "two"}, {"target_label": "three"}],
            "metric_relabel_configs": [{"action": "drop"}],
        });
        let second =
            json!({"job_name": "prometheus.scrape.b", "kubernetes_sd_configs": [discovery]});
        let expected = [
            ("a".to_owned(), first),
            ("prometheus.scrape.b".to_owned(), second),
        ];
        assert_eq!(jobs, expected);
    }

    #[test]
    fn what_cannot_be_followed_is_told_with_its_place() {
        for (from, to, message) in [
            (
                "discovery.relabel.second.output",
                "discovery.relabel.third.output",
                "28:1: prometheus.scrape \"a\": targets must be those of a discovery.kubernetes or discovery.relabel in this text",
            ),
            (
                "targets = discovery.relabel.first.output",
                "targets = discovery.relabel.second.output",
                "23:1: discovery.relabel \"second\": targets must be those of a discovery.kubernetes or discovery.relabel in this text",
            ),
            (
                "[prometheus.relabel.a.receiver]",
                "[prometheus.relabel.a.receiver, b.c]",
                "28:1: prometheus.scrape \"a\": samples must go through one prometheus.relabel after the other",
            ),
            (
                "[prometheus.relabel.a.receiver]",
                "x",
                "28:1: prometheus.scrape \"a\": forward_to must be a list",
            ),
            (
                "role       =",
                "role",
                "3:12: `{` must stand here, not the end of the line",
            ),
        ] {
            let found = jobs(&PIPELINE.replacen(from, to, 1)).map_err(|fault| fault.to_string());
            assert_eq!(found, Err(message.to_owned()));
        }
    }
}
