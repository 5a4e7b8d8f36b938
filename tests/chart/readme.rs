//! The table of values in the chart's README, written from the comments of `values.yaml`.

use std::env;
use std::fmt::Write;
use std::fs;

use serde_json::Value;

use super::CHART;

const HEADING: &str = "## Values\n\n";

#[test]
fn the_readme_lists_every_value_with_what_it_is() {
    let path = format!("{CHART}/README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (head, _) = readme.split_once(HEADING).unwrap();
    let values = fs::read_to_string(format!("{CHART}/values.yaml")).unwrap();
    let text = format!("{head}{HEADING}{}", table(&values));
    if env::var_os("MONCONF_WRITE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(written, text, "MONCONF_WRITE_DOCS=1 writes it anew");
}

/// One row for each key that a `# --` stands above; every other key holds such keys.
fn table(text: &str) -> String {
    let values = yaml::parse(text, "values.yaml").unwrap().remove(0);
    let mut table = "| key | default | what it is |\n|---|---|---|\n".to_owned();
    let mut path: Vec<&str> = Vec::new();
    let mut about = None;
    let mut inside = usize::MAX;
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        let line = line.trim_start();
        if let Some(comment) = line.strip_prefix("# -- ") {
            about = Some(comment);
        }
        let Some((key, _)) = line.split_once(':').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        // What is below a key that has a comment is its default.
        if depth > inside {
            continue;
        }
        inside = usize::MAX;
        path.truncate(depth / 2);
        path.push(key);
        let value = path.iter().fold(&values, |value, key| &value[key]);
        if let Some(about) = about.take() {
            let default = yaml::flow(value);
            writeln!(table, "| `{}` | `{default}` | {about} |", path.join(".")).unwrap();
            inside = depth;
        } else {
            assert!(
                value.is_object() && value != &Value::Object(serde_json::Map::new()),
                "{key} has no comment"
            );
        }
    }
    table
}
