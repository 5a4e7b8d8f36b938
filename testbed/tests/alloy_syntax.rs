//! Alloy's parser: what it accepts, and what it understands.

use serde_json::json;
use testbed::{alloy_syntax, grafana_agent};

/// Strings as in configurations of others: quotes, backslashes, references of Prometheus, other scripts, controls.
const AWKWARD: &str = r#"// of ours
discovery.relabel "k" {
	targets = discovery.kubernetes.k.targets

	rule {
		regex       = "a\"b\\d+\t${1} $1 ünï \u00e9 // no comment"
		replacement = `raw\d"$1`
	}

	rule {
		source_labels = ["__address__", ""]
		modulus       = 2
	}
}

prometheus.scrape "k" {
	targets       = [{"__address__" = "127.0.0.1:1", plain = "<&>"}]
	forward_to    = [prometheus.remote_write.main.receiver]
	honor_labels  = true
	sample_ratio  = 0.5
	scrape_config = null
}
"#;

#[test]
fn values_arrive_literally_and_references_as_their_text() {
    let values = alloy_syntax::values(AWKWARD);
    let attribute = |name: &str, value| json!({"attribute": name, "value": value});
    let block =
        |name: &str, label: &str, body| json!({"block": name, "label": label, "body": body});
    let rule = |body| block("rule", "", body);
    let regex = "a\"b\\d+\t${1} $1 ünï é // no comment";
    let relabel = json!([
        attribute(
            "targets",
            json!({"$expression": "discovery.kubernetes.k.targets"})
        ),
        rule(json!([
            attribute("regex", json!(regex)),
            attribute("replacement", json!("raw\\d\"$1"))
        ])),
        rule(json!([
            attribute("source_labels", json!(["__address__", ""])),
            attribute("modulus", json!(2)),
        ])),
    ]);
    let receiver = json!({"$expression": "prometheus.remote_write.main.receiver"});
    let scrape = json!([
        attribute(
            "targets",
            json!([{"__address__": "127.0.0.1:1", "plain": "<&>"}])
        ),
        attribute("forward_to", json!([receiver])),
        attribute("honor_labels", json!(true)),
        attribute("sample_ratio", json!(0.5)),
        attribute("scrape_config", json!(null)),
    ]);
    let expected = json!([
        block("discovery.relabel", "k", relabel),
        block("prometheus.scrape", "k", scrape),
    ]);
    assert_eq!(values, expected, "{values:#}");
}

#[test]
fn the_formatter_keeps_what_it_wrote_and_agrees_with_flow_modes() {
    assert_eq!(alloy_syntax::format(AWKWARD).as_deref(), Ok(AWKWARD));
    let squeezed = AWKWARD.replace(['\t'], "").replace(" = ", "=");
    assert_eq!(alloy_syntax::format(&squeezed).as_deref(), Ok(AWKWARD));
    assert_eq!(grafana_agent::fmt(&squeezed).as_deref(), Ok(AWKWARD));
}

#[test]
fn a_refusal_names_every_place() {
    for (text, place) in [
        ("a \"b\" {\n", "config.alloy:2:1: "),
        ("a = \"x\n", "config.alloy:1:5: "),
        ("# no comment\n", "config.alloy:1:1: "),
        ("a \"b-c\" { }\n", "config.alloy:1:3: "),
        ("a = \"\\d\"\n", "config.alloy:1:"),
    ] {
        let refusal = alloy_syntax::format(text).expect_err("it is not Alloy's language");
        assert!(refusal.contains(place), "{text}: {refusal}");
    }
}
