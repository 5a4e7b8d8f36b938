//! When the CronJob looks: as often as monconf itself would say.

use jiff::Timestamp;
use monconf::token::Grant;
use promconf::Duration;
use serde_json::json;
use testbed::{ControlPlane, Helm};

use super::CHART;
use super::rendered::{Rendered, run};

/// An hour is the least that a cluster may limit tokens to.
const LEAST: u64 = 3_600;

fn schedule(rendered: &Rendered) -> String {
    let cron_job = rendered.object("CronJob", "demo-monconf-rotate");
    cron_job["spec"]["schedule"].as_str().unwrap().to_owned()
}

fn expected(asked: Duration, life: u64) -> &'static str {
    let expires_at = Timestamp::from_second(i64::try_from(life).unwrap()).unwrap();
    Grant {
        asked,
        issued_at: Timestamp::UNIX_EPOCH,
        expires_at,
    }
    .schedule()
}

#[test]
fn before_a_token_is_granted_it_fits_the_shortest_life_that_a_cluster_may_grant() {
    for helm in Helm::ALL {
        let default = Rendered::of(helm, "{}", &[]);
        assert_eq!(schedule(&default), expected(Duration::from_days(90), LEAST));
        for asked in [
            "10m", "11m30s", "15m", "29m59s", "30m", "010m08s", "59m59s", "1h", "90d", "1y2w3d",
        ] {
            let rendered = Rendered::of(helm, &format!("config: {{duration: {asked}}}"), &[]);
            let asked: Duration = asked.parse().unwrap();
            let life = asked.as_secs().min(LEAST);
            assert_eq!(
                schedule(&rendered),
                expected(asked, life),
                "{helm:?} {asked}"
            );
        }
        let mine = Rendered::of(helm, "rotation: {schedule: '7 4 * * 1'}", &[]);
        assert_eq!(schedule(&mine), "7 4 * * 1");
        let none = Rendered::of(helm, "rotation: {enabled: false}", &[]);
        assert!(none.0.iter().all(|object| object["kind"] != "CronJob"));
    }
}

#[test]
fn once_a_token_is_granted_it_fits_the_life_of_that() {
    let scope = ControlPlane::shared().scope("schedule");
    scope.create_namespace();
    let secrets = format!("/api/v1/namespaces/{}/secrets", scope.namespace);
    let post = |name: &str, annotations: serde_json::Value| {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": annotations},
        });
        scope.admin().post(&secrets, &secret).unwrap();
    };
    let token = format!("{}-k8s-token", scope.name);
    let handle = format!("{token}-a");
    post(&token, json!({"monconf/handle": handle}));
    post(&handle, json!({}));
    let kubeconfig = scope.kubeconfig().to_str().unwrap();
    for (index, seconds) in [
        600, 3_569, 3_570, 3_599, 7_200, 21_600, 43_201, 86_399, 604_800, 7_776_000,
    ]
    .into_iter()
    .enumerate()
    {
        let issued_at = Timestamp::from_second(1_800_000_000).unwrap();
        let expires_at = Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let annotations = json!({"metadata": {"annotations": {
            "monconf/issued-at": issued_at.to_string(), "monconf/expires-at": expires_at.to_string(),
        }}});
        scope
            .admin()
            .patch_merge(&format!("{secrets}/{handle}"), &annotations)
            .unwrap();
        let arguments = [
            "install",
            "demo",
            CHART,
            "--dry-run=server",
            "--kubeconfig",
            kubeconfig,
            "--namespace",
            &scope.namespace,
            "--output",
            "json",
        ];
        let helm = Helm::ALL[index % 2];
        let output = run(
            helm,
            &arguments,
            &format!("config: {{name: {}}}", scope.name),
        );
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let release: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let manifest = release["manifest"].as_str().unwrap();
        let objects = yaml::parse(manifest, "helm").unwrap();
        let life = u64::try_from(seconds).unwrap();
        let expected = expected(Duration::from_days(90), life);
        assert_eq!(schedule(&Rendered(objects)), expected, "{helm:?} {seconds}");
    }
}
