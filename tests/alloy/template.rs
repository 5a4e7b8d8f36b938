//! A template of the user's own: formatted, and held to the jobs that were asked for.

use std::fs;

use monconf::job::{BLACKBOX_EXPORTER, catalogue, select};
use monconf::render::{Builtin, Templates, alloy};

use super::{decision, pod, spec};
use crate::support::Monconf;

fn rendered(text: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.alloy"), text).unwrap();
    let names = ["kubelet".to_owned(), "apiserver".to_owned()];
    let spec = spec(select(&names, catalogue(BLACKBOX_EXPORTER)).unwrap());
    let dir = folder.path().display().to_string();
    let templates = Templates::load(Some(folder.path()));
    templates
        .and_then(|templates| alloy(&spec, &decision(), &pod(), &templates))
        .map(|(text, _)| text)
        .map_err(|error| error.to_string().replace(&dir, "DIR"))
}

const OWN: &str = "
{% for job in jobs %}
  // of {{ job.name | comment }}
  discovery.kubernetes {{ job.label }} { role={{ job.role }} }
prometheus.scrape {{ job.label }} {
    job_name = {{ job.job_name }} // why
    targets = discovery.kubernetes.{{ job.label | expression }}.targets
    forward_to = [{{ forward_to | expression }}]
}
{% endfor %}
";

#[test]
fn a_template_of_the_users_own_is_formatted() {
    let text = rendered(OWN).unwrap();
    assert_eq!(testbed::alloy_syntax::format(&text).as_ref(), Ok(&text));
    let kubelet = r#"
// of kubelet
discovery.kubernetes "monconf_monitoring_kubelet" {
	role = "node"
}

prometheus.scrape "monconf_monitoring_kubelet" {
	// why
	job_name   = "kubernetes-nodes"
	targets    = discovery.kubernetes.monconf_monitoring_kubelet.targets
	forward_to = [prometheus.remote_write.theirs.receiver]
}
"#;
    assert!(text.ends_with(kubelet), "{text}");
}

#[test]
fn whatever_a_template_does_wrong_is_told_with_its_line() {
    let built_in = Builtin::named("config").unwrap().text;
    for (from, to, fault) in [
        (
            "\trole = {{ job.role }}",
            "\trole {{ job.role }}",
            "DIR/config.alloy:20: renders no valid configuration: `{` must stand here, not the end of the line, in `role \"endpointslice\"`",
        ),
        (
            "\trole = {{ job.role }}",
            "\trole = {{ job.roll }}",
            "DIR/config.alloy:20: undefined value: `job.roll` is undefined: job.roll",
        ),
        (
            "discovery.relabel {{ job.label }}",
            "discovery.relabel \"x\"",
            "DIR/config.alloy:73: renders no valid configuration: prometheus.scrape \"monconf_monitoring_apiserver\": targets must be those of a discovery.kubernetes or discovery.relabel in this text, in `prometheus.scrape \"monconf_monitoring_apiserver\" {`",
        ),
        (
            "job_name = {{ job.job_name }}",
            "job_name = \"x\"",
            "DIR/config.alloy:73: must render the jobs kubernetes-apiservers, kubernetes-nodes, but renders x, x",
        ),
        (
            "{{ job.metrics_path }}",
            "{{ job.metrics_path | expression }}",
            "DIR/config.alloy:86: invalid operation: \"/metrics\" is no expression: a value must stand here, not `/`",
        ),
        (
            "{{ job.metrics_path }}",
            "{{ {\"a\\\\b\": 1} }}",
            "DIR/config.alloy:86: invalid operation: \"a\\\\b\" cannot be a key in Alloy's language",
        ),
        (
            "{{ step | attributes(2) }}",
            "{{ {\"a-b\": 1} | attributes(2) }}",
            "DIR/config.alloy:67: invalid operation: \"a-b\" cannot be an attribute's name",
        ),
    ] {
        assert!(built_in.contains(from), "{from}");
        let found = rendered(&built_in.replacen(from, to, 1));
        assert_eq!(found, Err(fault.to_owned()));
    }
}

#[test]
fn the_template_is_listed_shown_and_ejected_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let list = Monconf::new(["template", "list"]).run().ok();
    assert!(list.stdout.contains("config.alloy "), "{}", list.stdout);
    let text = Builtin::named("config.alloy").unwrap().text;
    let shown = Monconf::new(["template", "show", "config"]).run().ok();
    assert_eq!(shown.stdout, text);
    let eject = Monconf::new(["template", "eject", "config", "--templates"]);
    eject.args([folder.path()]).run().ok();
    let file = folder.path().join("config.alloy");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    fs::rename(&file, folder.path().join("confg.alloy")).unwrap();
    let refusal = Templates::load(Some(folder.path())).err().unwrap();
    assert_eq!(refusal.to_string(), "there is no template \"confg.alloy\"");
}
