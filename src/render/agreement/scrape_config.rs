//! A `scrape_config` of Prometheus as it was rendered, with everything left out that does not matter.

use promconf::Duration;
use serde_json::{Map, Value, json};

use super::client::canonical_client;
use super::references::References;
use super::step::canonical;

/// Fields that say how much of a target is taken, and in which format: no job has an opinion of these, and a template
/// may set them.
const FREE: [&str; 18] = [
    "always_scrape_classic_histograms",
    "body_size_limit",
    "convert_classic_histograms_to_nhcb",
    "enable_compression",
    "fallback_scrape_protocol",
    "keep_dropped_targets",
    "label_limit",
    "label_name_length_limit",
    "label_value_length_limit",
    "metric_name_escaping_scheme",
    "metric_name_validation_scheme",
    "native_histogram_bucket_limit",
    "native_histogram_min_bucket_factor",
    "sample_limit",
    "scrape_classic_histograms",
    "scrape_protocols",
    "target_limit",
    "track_timestamps_staleness",
];

/// The job in the vocabulary of [`expected`](super::expected). A value that stands where none can be, a text for a list,
/// is kept: it then differs.
pub(in crate::render) fn of_scrape_config(job: &Value, references: &References) -> Value {
    let Some(fields) = job.as_object() else {
        return job.clone();
    };
    let mut fields = fields.clone();
    fields.retain(|field, value| !value.is_null() && !FREE.contains(&field.as_str()));
    // What every job has (`DefaultScrapeConfig` in `config/config.go` of Prometheus).
    for (field, default) in [
        ("scheme", json!("http")),
        ("metrics_path", json!("/metrics")),
        ("honor_labels", json!(false)),
        ("honor_timestamps", json!(true)),
    ] {
        fields.entry(field).or_insert(default);
    }
    for field in ["scrape_interval", "scrape_timeout"] {
        let duration = fields.get(field).and_then(Value::as_str);
        if let Some(Ok(duration)) = duration.map(str::parse::<Duration>) {
            fields.insert(field.to_owned(), json!(duration.to_string()));
        }
    }
    for field in ["relabel_configs", "metric_relabel_configs"] {
        if let Some(Value::Array(steps)) = fields.get_mut(field) {
            *steps = std::mem::take(steps).into_iter().map(canonical).collect();
        }
    }
    if let Some(Value::Array(discoveries)) = fields.get_mut("kubernetes_sd_configs") {
        for discovery in discoveries.iter_mut().filter_map(Value::as_object_mut) {
            discovery.retain(|_, value| !value.is_null());
            canonical_discovery(discovery, references);
        }
    }
    remove_empty(
        &mut fields,
        &["params", "relabel_configs", "metric_relabel_configs"],
    );
    canonical_client(&mut fields, references);
    fields.into()
}

fn canonical_discovery(discovery: &mut Map<String, Value>, references: &References) {
    for (field, within) in [("namespaces", "own_namespace"), ("attach_metadata", "")] {
        if let Some(Value::Object(map)) = discovery.get_mut(field) {
            // Not to attach, or not to look into, is what is done anyway.
            map.retain(|key, value| *value != false || !(within.is_empty() || key == within));
            remove_empty(map, &["names"]);
        }
    }
    remove_empty(discovery, &["namespaces", "attach_metadata", "selectors"]);
    canonical_client(discovery, references);
}

/// Lists and maps that are as good as none.
fn remove_empty(fields: &mut Map<String, Value>, names: &[&str]) {
    fields.retain(|field, value| {
        !names.contains(&field.as_str()) || (*value != json!([]) && *value != json!({}))
    });
}
