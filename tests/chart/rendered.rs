//! What Helm makes of the chart.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use testbed::Helm;

use super::CHART;

/// The release's namespace where no cluster is asked.
pub(super) const NAMESPACE: &str = "obs";

/// The objects of a release, hooks and tests among them.
pub(super) struct Rendered(pub(super) Vec<Value>);

impl Rendered {
    /// Of the chart, with values as a user writes them, in a cluster that serves `apis`.
    #[track_caller]
    pub(super) fn of(helm: Helm, values: &str, apis: &[&str]) -> Self {
        Self::of_chart(helm, Path::new(CHART), values, apis)
    }

    /// Of another chart.
    #[track_caller]
    pub(super) fn of_chart(helm: Helm, chart: &Path, values: &str, apis: &[&str]) -> Self {
        let served: Vec<&str> = apis
            .iter()
            .flat_map(|api| ["--api-versions", api])
            .collect();
        let chart = chart.to_str().unwrap();
        let template = ["template", "demo", chart, "--namespace", NAMESPACE];
        Self::read(&run(helm, &[&template[..], &served].concat(), values))
    }

    /// What was printed.
    #[track_caller]
    pub(super) fn read(output: &Output) -> Self {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        let objects = yaml::parse(&text, "helm").unwrap();
        Self(objects.into_iter().filter(Value::is_object).collect())
    }

    /// The only one of that kind and name.
    #[track_caller]
    pub(super) fn object(&self, kind: &str, name: &str) -> &Value {
        let is_it = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
        let found: Vec<&Value> = self.0.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{kind} {name}");
        found[0]
    }

    /// `monconf.yaml`, as the Jobs read it.
    #[track_caller]
    pub(super) fn settings(&self) -> &str {
        let settings = self.object("ConfigMap", "demo-monconf-settings");
        settings["data"]["monconf.yaml"].as_str().unwrap()
    }
}

/// `helm ARGUMENTS… --values FILE`.
pub(super) fn run(helm: Helm, arguments: &[&str], values: &str) -> Output {
    let home = TempDir::new().unwrap();
    let file = home.path().join("values.yaml");
    fs::write(&file, values).unwrap();
    let values = ["--values", file.to_str().unwrap()];
    helm.run(home.path(), &[arguments, &values].concat())
}
