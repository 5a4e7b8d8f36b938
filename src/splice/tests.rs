use serde_json::json;

use super::*;
use crate::mark::{ClusterIdentity, Mark};
use yaml::Step;

fn entry(name: &str, extra: &str) -> Entry {
    Entry {
        name: name.to_owned(),
        value: json!({"job_name": name, "scheme": extra, "kubernetes_sd_configs": [{"role": "node"}]}),
    }
}

fn steps() -> Vec<Step> {
    vec![Step::Key("scrape_configs".to_owned())]
}

fn with(text: &str, steps: &[Step], entries: &[Entry]) -> Result<Spliced, Refusal> {
    let mark = Mark::new("monitoring", ClusterIdentity::default());
    splice(
        text,
        "prometheus.yml",
        &Splice {
            steps,
            name_key: "job_name",
            mark: &mark,
            fresh: &mark,
            entries,
            told: None,
        },
    )
}

/// Adds two jobs, changes one of them, takes both away, and has the text that it began with.
fn there_and_back(text: &str, steps: &[Step]) -> String {
    let apply = |text: &str, entries: &[Entry]| {
        let spliced = with(text, steps, entries).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let new = spliced.text.unwrap_or_else(|| text.to_owned());
        assert_eq!(
            with(&new, steps, entries).expect("valid").text,
            None,
            "again: {new}"
        );
        new
    };
    let one = apply(text, &[entry("k8s-a", "https"), entry("k8s-b", "https")]);
    let two = apply(&one, &[entry("k8s-a", "http"), entry("k8s-b", "https")]);
    assert_eq!(
        two.replacen("http\n", "https\n", 1)
            .replacen("http\r\n", "https\r\n", 1),
        one
    );
    let three = apply(&two, &[entry("k8s-b", "https")]);
    let back = apply(&three, &[]);
    assert_eq!(back, text);
    one
}

#[test]
fn every_style_of_list_is_extended_and_given_back() {
    for text in [
        "scrape_configs:\n- job_name: a\n",
        "scrape_configs:\n  - job_name: a\n    x: 1 # c\n\n# end\n",
        "scrape_configs:\n  -   job_name: a\n      x: 1\nalerting: {}\n",
        "scrape_configs:\n- # first\n  job_name: a\n-\n  job_name: b",
        "scrape_configs:\n- {job_name: a,\n   x: [1,\n  2]}\nglobal:\n  x: 1",
        "scrape_configs: []\n",
        "scrape_configs: []  # none yet\nglobal: {}\n",
        "scrape_configs: [ ]",
        "scrape_configs:\n",
        "scrape_configs: # later\nglobal: {}\n",
        "scrape_configs: null\n",
        "scrape_configs: ~",
        "global:\n  scrape_interval: 15s\n",
        "global:\n  scrape_interval: 15s",
        "",
        "# nothing\n",
        "---\nglobal: {}\n...\n",
        "global: {}\n---\nother: 1\n",
        "\u{feff}scrape_configs:\n- job_name: a\n",
        "\u{feff}",
        "scrape_configs:\r\n- job_name: a\r\n  x: |\r\n    text\r\n    # text\r\n\r\nglobal: {}\r\n",
        "scrape_configs:\n- job_name: a\n  x: |+\n    text\n\n\n# c\nglobal: {}\n",
        "scrape_configs:\n- job_name: a\n  x: |-\n    text\n\n\n# c\nglobal: {}\n",
        "x: &x {a: 1}\nscrape_configs:\n- job_name: a\n  <<: *x\n- &b\n  job_name: b\n- *b\n",
        "  global: {}\n  scrape_configs:\n  - job_name: a\n",
        "%YAML 1.1\n---\nscrape_configs:\n- job_name: a\n",
        "global: {}\nscrape_configs:\n  # - job_name: old\n  #   x: 1\n\nalerting: {}\n",
        "scrape_configs:\n- job_name: a\n  x:\n  - 1\n  -\n",
        "\"scrape_configs\":\n- \"job_name\": 'a'\n",
    ] {
        let extended = there_and_back(text, &steps());
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = line.trim_start_matches('\u{feff}');
            assert!(
                extended.contains(line) || extended.contains("# by monconf, was: "),
                "{line:?} is gone: {extended}"
            );
        }
    }
    for text in [
        "",
        "# mine\n",
        "[]\n",
        "- job_name: a\n",
        "---\n- job_name: a",
        "null",
    ] {
        there_and_back(text, &[]);
    }
}

#[test]
fn what_cannot_be_edited_is_refused_with_its_line() {
    for (text, expected) in [
        (
            "scrape_configs: [{job_name: a}]\n",
            "prometheus.yml:1: scrape_configs is written in brackets",
        ),
        (
            "scrape_configs: &a\n- job_name: a\nx: *a\n",
            "prometheus.yml:3: the list, or what holds it, is also used here",
        ),
        (
            "x: &a\n- job_name: a\nscrape_configs: *a\n",
            "prometheus.yml:3: scrape_configs is an alias",
        ),
        (
            "x: &a {scrape_configs: []}\n<<: *a\n",
            "prometheus.yml:2: scrape_configs may come through the merge key",
        ),
        (
            "{global: {}}\n",
            "prometheus.yml:1: the document is a map in braces",
        ),
        ("- a\n", "prometheus.yml:1: the document is a list"),
        (
            "a: 1\na: 2\n",
            "prometheus.yml:2:1: the key \"a\" is given twice",
        ),
        ("a: [\n", "prometheus.yml:"),
        (
            "scrape_configs: text\n",
            "prometheus.yml:1: scrape_configs is not a list",
        ),
        (
            "a: |\n  text",
            "prometheus.yml:2: this cannot be changed safely",
        ),
    ] {
        let refused = with(text, &steps(), &[entry("k8s-a", "https")]).expect_err(text);
        assert!(
            refused.to_string().starts_with(expected),
            "{text}: {refused}"
        );
    }
}
