//! Templates that render something else than the job says: they are used, and every field that differs is told.

use std::fs;
use std::path::Path;

use monconf::render::Builtin;
use serde_json::json;
use testbed::{ControlPlane, Scope};

use crate::support::{Monconf, Run};

/// Applies `jobs` in `format` with one template replaced, in which `from` is `to`.
fn replaced(
    scope: &Scope,
    folder: &Path,
    (format, jobs): (&str, &str),
    (name, from, to): (&str, &str, &str),
) -> Run {
    let text = Builtin::named(name).unwrap().text;
    assert!(text.contains(from), "{name}: {from}");
    fs::write(folder.join(name), text.replace(from, to)).unwrap();
    // From one form to the other is a move.
    let arguments = [
        "--apply",
        "--yes",
        "--format",
        format,
        "--jobs",
        jobs,
        "--templates",
    ];
    let run = Monconf::prometheus(scope, &arguments).args([folder]).run();
    fs::remove_file(folder.join(name)).unwrap();
    run.ok()
}

/// What is told of templates.
fn told(run: &Run) -> Vec<&str> {
    let lines = run.stderr.lines();
    lines
        .filter_map(|line| line.strip_prefix("warning: template "))
        .collect()
}

#[test]
fn a_replaced_template_is_used_and_every_field_that_differs_from_the_job_is_told() {
    let scope = ControlPlane::shared().scope("differing-template");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let raw = "scrape-configs.yaml";
    for (format, jobs, template, from, to, differences) in [
        (
            "raw",
            "kubelet,coredns",
            raw,
            "scheme: {{ job.scheme }}",
            "scheme: http",
            vec!["kubelet: scheme is http, the job has https"],
        ),
        (
            "raw",
            "kubelet,coredns",
            raw,
            "{%- if job.wants_token %}",
            "{%- if true %}",
            vec![
                "coredns: follow_redirects is false, the job has none",
                "coredns: authorization is {credentials: token}, the job has none",
            ],
        ),
        (
            "raw",
            "kubelet",
            raw,
            "  follow_redirects: false\n  authorization",
            "  follow_redirects: true\n  authorization",
            vec!["kubelet: follow_redirects is missing, the job has false"],
        ),
        (
            "operator",
            "apiserver",
            "servicemonitor.yaml",
            "followRedirects: false",
            "followRedirects: true",
            vec!["apiserver: follow_redirects is missing, the job has false"],
        ),
        (
            "raw",
            "kubelet",
            raw,
            "{%- for step in job.relabelling %}",
            "{%- for step in job.relabelling[1:] %}",
            vec![
                "kubelet: relabel_configs[0] is missing, the job has {action: replace, source_labels: [__metrics_path__], target_label: metrics_path}",
            ],
        ),
        (
            "operator",
            "kubelet,apiserver",
            "servicemonitor.yaml",
            "  - port: {{ port }}",
            "  - port: {{ port }}\n    proxyUrl: http://u:5eCrEt@elsewhere",
            vec!["apiserver: proxy_url is \"http://u:<password>@elsewhere\", the job has none"],
        ),
        (
            "operator",
            "kubelet,apiserver",
            "scrapeconfig.yaml",
            "metricsPath: {{ job.metrics_path }}",
            "metricsPath: /elsewhere\n  sampleLimit: 9",
            vec!["kubelet: metrics_path is /elsewhere, the job has /metrics"],
        ),
    ] {
        let run = replaced(&scope, folder, (format, jobs), (template, from, to));
        let file = folder.join(template).display().to_string();
        let expected = differences.iter();
        let expected: Vec<String> = expected
            .map(|difference| format!("{file}: job {difference}"))
            .collect();
        assert_eq!(told(&run), expected, "{}", run.stderr);
        assert!(!run.stderr.contains("5eCrEt"), "{}", run.stderr);
    }
    let path = format!(
        "/apis/monitoring.coreos.com/v1alpha1/namespaces/{}/scrapeconfigs/{}-k8s-kubelet",
        scope.namespace, scope.name
    );
    let live = scope.admin().get(&path).unwrap();
    assert_eq!(live["spec"]["metricsPath"], json!("/elsewhere"));
    assert_eq!(live["spec"]["sampleLimit"], json!(9));
}

#[test]
fn more_than_a_few_differences_of_one_job_are_counted() {
    let scope = ControlPlane::shared().scope("different-template");
    let folder = tempfile::tempdir().unwrap();
    let other = "scheme: http\n  params: {a: [b]}\n  scrape_interval: 1s\n  scrape_timeout: 1s\n  basic_auth: {username: u, password: 5eCrEt}\n  proxy_url: http://elsewhere";
    let run = replaced(
        &scope,
        folder.path(),
        ("raw", "kubelet"),
        ("scrape-configs.yaml", "scheme: {{ job.scheme }}", other),
    );
    let told = told(&run);
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(
        told[4].ends_with("job kubelet: and 2 more that differ"),
        "{told:?}"
    );
    assert!(!run.stderr.contains("5eCrEt"), "{}", run.stderr);
    // What the template says is what is written.
    let text = run.stdout;
    let written = yaml::parse(&text, "output").unwrap();
    assert_eq!(written[0]["scrape_configs"][0]["scheme"], json!("http"));
}

#[test]
fn the_program_s_own_templates_differ_in_nothing() {
    let scope = ControlPlane::shared().scope("own-templates");
    let folder = tempfile::tempdir().unwrap();
    Monconf::new(["template", "eject", "--templates"])
        .args([folder.path()])
        .run()
        .ok();
    let jobs = monconf::job::catalogue(monconf::job::BLACKBOX_EXPORTER);
    let jobs: Vec<String> = jobs.into_iter().map(|job| job.name).collect();
    let jobs = jobs.join(",");
    for format in ["raw", "operator"] {
        let arguments = [
            "--apply",
            "--format",
            format,
            "--jobs",
            &jobs,
            "--templates",
        ];
        let run = Monconf::prometheus(&scope, &arguments)
            .args([folder.path()])
            .run()
            .ok();
        assert_eq!(told(&run), [""; 0], "{}", run.stderr);
    }
}

#[test]
fn what_a_replaced_template_makes_grafana_s_programs_do_otherwise_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let agent = ["grafana-agent", "--format", "operator"];
    let monitors = ["grafana-agent", "--format", "monitors"];
    let alloy = ["alloy", "--token-from", "secret"];
    let (config, running) = ("config.alloy", "grafanaagent.yaml");
    let (instance, raw, monitor) = (
        "metricsinstance.yaml",
        "scrape-configs.yaml",
        "servicemonitor.yaml",
    );
    for (consumer, template, from, to, difference) in [
        (
            alloy,
            config,
            "{{ job.metrics_path }}",
            "\"/elsewhere\"",
            "job kubelet: metrics_path is /elsewhere, the job has /metrics",
        ),
        (
            agent,
            raw,
            "scheme: {{ job.scheme }}",
            "scheme: http",
            "job kubelet: scheme is http, the job has https",
        ),
        (
            monitors,
            monitor,
            "honorLabels: {{ job.honor_labels }}",
            "honorLabels: true",
            "job coredns: honor_labels is true, the job has false",
        ),
        (
            agent,
            running,
            "serviceAccountName: {{ names.service_account }}",
            "serviceAccountName: theirs",
            "spec.serviceAccountName is theirs, the rights are those of grafana-agent-sa",
        ),
        (
            agent,
            running,
            "secrets: {{ agent.secrets }}",
            "secrets: []",
            "spec.secrets is without grafana-agent-token, which is read from there",
        ),
        (
            agent,
            running,
            "{{ agent.selector | entries(8) }}",
            "run: theirs",
            "spec.metrics.instanceSelector does not select the MetricsInstance",
        ),
        (
            agent,
            instance,
            "key: {{ agent.jobs_key }}",
            "key: other.yaml",
            "spec.additionalScrapeConfigs is {name: k8s-agent-jobs, key: other.yaml}, the jobs are in {name: k8s-agent-jobs, key: jobs.yaml}",
        ),
        (
            monitors,
            instance,
            "serviceMonitorSelector:\n    matchLabels:",
            "serviceMonitorSelector:\n    matchLabels:\n      team: theirs",
            "spec.serviceMonitorSelector does not select the monitors of the jobs",
        ),
        (
            agent,
            instance,
            "- {{ agent.remote_write | entries(4) }}",
            "- url: http://elsewhere/",
            "spec.remoteWrite is without http://there/",
        ),
    ] {
        let text = Builtin::named(template).unwrap().text;
        assert!(text.contains(from), "{template}: {from}");
        let file = folder.join(template);
        let plan = |text: &str| {
            fs::write(&file, text).unwrap();
            let run = Monconf::new(consumer)
                .args(["--offline", "--jobs", "kubelet,coredns", "-o", "yaml"])
                .args(["--remote-write", "http://there/", "--templates"])
                .args([folder])
                .run();
            run.ok()
        };
        assert_eq!(told(&plan(text)), [""; 0]);
        let run = plan(&text.replacen(from, to, 1));
        let told = told(&run);
        let expected = format!("{}: {difference}", file.display());
        assert!(told.contains(&expected.as_str()), "{told:?}");
        fs::remove_file(&file).unwrap();
    }
}
