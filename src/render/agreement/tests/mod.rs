//! Every job in every form agrees with its model.

mod cases;
mod changes;
mod sentences;

use self::cases::{CASES, mounted, rendered};
use crate::error::Error;
use crate::render::{Builtin, Templates};
use crate::spec::{AlloyPlace, AlloyToken, Form};

#[test]
fn every_job_in_every_form_is_the_job() {
    for template in [
        "scrape-configs.yaml",
        "servicemonitor.yaml",
        "podmonitor.yaml",
        "scrapeconfig.yaml",
        "config.alloy",
    ] {
        assert!(
            CASES.iter().any(|case| case.template == template),
            "{template}"
        );
    }
    for case in &*CASES {
        let told = case.told(&case.rendered);
        assert!(
            told.is_empty(),
            "{} of {}: {told:?}",
            case.template,
            case.job.name
        );
    }
}

#[test]
fn a_built_in_template_that_contradicts_the_job_ends_the_run() {
    for (name, form, from, to, difference) in [
        (
            "scrape-configs.yaml",
            mounted(),
            "scheme: {{ job.scheme }}",
            "scheme: http",
            "job apiserver says: scheme is http, the job has https",
        ),
        (
            "servicemonitor.yaml",
            Form::Operator,
            "honorLabels: {{ job.honor_labels }}",
            "honorLabels: true",
            "job apiserver says: honor_labels is true, the job has false",
        ),
        (
            "config.alloy",
            Form::Alloy {
                token: AlloyToken::Pod,
                place: AlloyPlace::Output,
            },
            "insecure_skip_verify = true",
            "insecure_skip_verify = false",
            "job controller-manager says: tls_config is missing, the job has {insecure_skip_verify: true}",
        ),
        (
            "scrape-configs.yaml",
            mounted(),
            "  follow_redirects: false\n  authorization",
            "  authorization",
            "job apiserver says: follow_redirects is missing, the job has false",
        ),
        (
            "scrape-configs.yaml",
            mounted(),
            "    follow_redirects: false\n",
            "",
            "job apiserver says: kubernetes_sd_configs[0].follow_redirects is missing, the job has false",
        ),
        (
            "servicemonitor.yaml",
            Form::Operator,
            "followRedirects: false",
            "followRedirects: true",
            "job apiserver says: follow_redirects is missing, the job has false",
        ),
        (
            "config.alloy",
            Form::Alloy {
                token: AlloyToken::Pod,
                place: AlloyPlace::Output,
            },
            "	follow_redirects = false\n\n",
            "\n",
            "job apiserver says: follow_redirects is missing, the job has false",
        ),
        // Grafana Agent's operator does not read it.
        (
            "servicemonitor.yaml",
            agent(),
            "job.wants_token and job.bearer_token_secret",
            "false",
            "job apiserver says: authorization.credentials is {name: prometheus-k8s-token, key: token}, the job has token",
        ),
        (
            "grafanaagent.yaml",
            agent(),
            "secrets: {{ agent.secrets }}",
            "secrets: []",
            "jobs need to be run: spec.secrets is without prometheus-k8s-token, which is read from there",
        ),
        (
            "metricsinstance.yaml",
            agent(),
            "  serviceMonitorSelector:",
            "  probeSelector:",
            "jobs need to be run: spec.serviceMonitorSelector does not select the monitors of the jobs",
        ),
    ] {
        let text = Builtin::named(name).expect("built in").text;
        assert!(text.contains(from));
        let templates = Templates::with_builtin(name, &text.replace(from, to)).expect("valid");
        let error = rendered(&form, &templates).err().expect("a contradiction");
        assert!(matches!(error, Error::Disagreement { .. }), "{error}");
        let expected = format!("built-in template {name} does not render what the {difference}");
        assert_eq!(error.to_string(), expected);
        let hint = error.hint().expect("a hint");
        assert!(hint.contains("a bug of monconf"), "{hint}");
    }
}

fn agent() -> Form {
    Form::Agent {
        monitors: true,
        mount_dir: "/credentials".to_owned(),
    }
}
