//! Structural checks of objects against the CRDs of prometheus-operator and of Grafana Agent's operator, without a
//! cluster.
//!
//! The schemas hold what is needed to find an unknown field, a missing one, a wrong type or value:
//! names, types, `required` and `enum` of the CRDs of v0.93.0 ([`OPERATOR_VERSION`]) and v0.44.8. The integration tests
//! derive them anew from the CRDs themselves and compare.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::object::Kind;

/// A structural schema as Kubernetes has it, reduced. A schema without a type accepts anything.
#[derive(Clone, Debug, Deserialize)]
pub struct Schema {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    required: Vec<String>,
    #[serde(rename = "enum", default)]
    values: Vec<Value>,
    properties: Option<BTreeMap<String, Schema>>,
    items: Option<Box<Schema>>,
}

/// The version of prometheus-operator whose schemas these are.
pub const OPERATOR_VERSION: &str = "0.93.0";

const SERVICE_MONITOR: &str = include_str!("schemas/servicemonitor.json");
const POD_MONITOR: &str = include_str!("schemas/podmonitor.json");
const SCRAPE_CONFIG: &str = include_str!("schemas/scrapeconfig.json");
const PROMETHEUS_RULE: &str = include_str!("schemas/prometheusrule.json");
const GRAFANA_AGENT: &str = include_str!("schemas/grafanaagent.json");
const METRICS_INSTANCE: &str = include_str!("schemas/metricsinstance.json");

/// What the API server would refuse in `object`, in its words where it has a sentence for it:
/// `spec.selector: Required value`. Empty for kinds of Kubernetes itself.
#[must_use]
pub fn violations(kind: Kind, object: &Value) -> Vec<Violation> {
    let text = match kind {
        Kind::ServiceMonitor => SERVICE_MONITOR,
        Kind::PodMonitor => POD_MONITOR,
        Kind::ScrapeConfig => SCRAPE_CONFIG,
        Kind::PrometheusRule => PROMETHEUS_RULE,
        Kind::GrafanaAgent => GRAFANA_AGENT,
        Kind::MetricsInstance => METRICS_INSTANCE,
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    if let Ok(schema) = serde_json::from_str::<Schema>(text) {
        check(&schema, object, "", &mut found);
    }
    found
}

impl Schema {
    /// The schema of one version of a CRD, from the CRD itself.
    #[must_use]
    pub fn of_crd(crd: &Value, version: &str) -> Option<Self> {
        let versions = crd["spec"]["versions"].as_array()?;
        let found = versions.iter().find(|found| found["name"] == version)?;
        Self::deserialize(&found["schema"]["openAPIV3Schema"]).ok()
    }

    /// Whether it has a field, given as a path through maps: `spec.selector`.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        let mut schema = self;
        path.split('.').all(|name| {
            let below = schema.properties.as_ref().and_then(|known| known.get(name));
            schema = below.unwrap_or(schema);
            below.is_some()
        })
    }

    /// Removes the fields that the schema does not know; their paths, as [`Violation::path`] writes them, without the
    /// numbers of list items.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        let mut removed = Vec::new();
        prune(self, object, "", &mut removed);
        removed.dedup();
        removed
    }
}

fn prune(schema: &Schema, value: &mut Value, path: &str, removed: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            let Some(properties) = &schema.properties else {
                return;
            };
            object.retain(|name, value| {
                let path = format!("{path}.{name}");
                let Some(schema) = properties.get(name) else {
                    removed.push(path.trim_start_matches('.').to_owned());
                    return false;
                };
                prune(schema, value, &path, removed);
                true
            });
        }
        Value::Array(items) => {
            for item in items {
                if let Some(schema) = &schema.items {
                    prune(schema, item, &format!("{path}[]"), removed);
                }
            }
        }
        _ => {}
    }
}

/// One field that the CRD does not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path: `spec.endpoints[0].port`.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

fn check(schema: &Schema, value: &Value, path: &str, found: &mut Vec<Violation>) {
    let mut report = |path: &str, reason: String| {
        found.push(Violation {
            path: path.trim_start_matches('.').to_owned(),
            reason,
        });
    };
    if let Some(kind) = &schema.kind
        && !is_a(kind, value)
    {
        report(path, format!("must be of type {kind}"));
        return;
    }
    if !schema.values.is_empty() && !schema.values.contains(value) {
        let known: Vec<String> = schema.values.iter().map(ToString::to_string).collect();
        report(
            path,
            format!(
                "Unsupported value {value}: supported are {}",
                known.join(", ")
            ),
        );
    }
    if let Some(object) = value.as_object() {
        for name in &schema.required {
            if !object.contains_key(name) {
                report(&format!("{path}.{name}"), "Required value".to_owned());
            }
        }
        // `metadata` is declared in the CRD without its properties: the API server knows those.
        if let Some(properties) = &schema.properties {
            for (name, value) in object {
                let path = format!("{path}.{name}");
                match properties.get(name) {
                    Some(schema) => check(schema, value, &path, found),
                    None => found.push(Violation {
                        path: path.trim_start_matches('.').to_owned(),
                        reason: "unknown field".to_owned(),
                    }),
                }
            }
        }
    }
    if let (Some(items), Some(list)) = (&schema.items, value.as_array()) {
        for (index, value) in list.iter().enumerate() {
            check(items, value, &format!("{path}[{index}]"), found);
        }
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(kind: Kind, object: &Value) -> Vec<String> {
        violations(kind, object)
            .iter()
            .map(|violation| format!("{}: {}", violation.path, violation.reason))
            .collect()
    }

    #[test]
    fn the_schemas_can_be_read() {
        for text in [SERVICE_MONITOR, POD_MONITOR, SCRAPE_CONFIG, PROMETHEUS_RULE] {
            serde_json::from_str::<Schema>(text).expect("a schema");
        }
    }

    #[test]
    fn what_a_tutorial_writes_is_refused_for_its_missing_selector() {
        let monitor = json!({
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": {"name": "k8s", "namespace": "monitoring"},
            "spec": {"endpoints": [{
                "port": "https",
                "scheme": "https",
                "tlsConfig": {"insecureSkipVerify": true},
                "bearerTokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token",
            }]},
        });
        assert_eq!(
            said(Kind::ServiceMonitor, &monitor),
            ["spec.selector: Required value"]
        );
    }

    #[test]
    fn wrong_names_types_and_values_are_found() {
        let config = json!({
            "metadata": {"name": "x"},
            "spec": {
                "metricPath": "/metrics",
                "scheme": "ftp",
                "honorLabels": "yes",
                "kubernetesSDConfigs": [{"role": "node"}, {}],
            },
        });
        assert_eq!(
            said(Kind::ScrapeConfig, &config),
            [
                "spec.metricPath: unknown field",
                "spec.scheme: Unsupported value \"ftp\": supported are \"http\", \"https\", \"HTTP\", \"HTTPS\"",
                "spec.honorLabels: must be of type boolean",
                "spec.kubernetesSDConfigs[0].role: Unsupported value \"node\": supported are \"Pod\", \"Endpoints\", \"Ingress\", \"Service\", \"Node\", \"EndpointSlice\"",
                "spec.kubernetesSDConfigs[1].role: Required value",
            ]
        );
    }
}
