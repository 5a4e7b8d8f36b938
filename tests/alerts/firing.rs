//! When the alerts fire, by `promtool test rules`, with the metrics that `monconf status` writes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monconf::spec::{Consumer, Names};
use monconf::status::{Life, Overview, Row, State, Status, exposition};
use serde_json::{Value, json};
use testbed::promtool_test_rules;

use super::rules_in;

const MINUTE: i64 = 60;
const FIRING: &str = r#"count by (alertname) (ALERTS{alertstate="firing"})"#;
const NOT_RUNNING: &str = "MonconfRotationNotRunning";
const SOON: &str = "MonconfTokenExpiresSoon";

/// A token that was issued and ends at these seconds.
fn life(issued: i64, expires: i64) -> Life {
    Life {
        issued_at: Timestamp::from_second(issued).unwrap(),
        expires_at: Timestamp::from_second(expires).unwrap(),
        requested: "90d".parse().ok(),
    }
}

/// What `monconf status` says of a token at a moment, as metrics.
fn metrics(life: Life, now: Timestamp) -> String {
    let names = Names::new(Consumer::Prometheus, None, None).unwrap();
    let row = Row {
        token: Status {
            state: life.state(now),
            reason: None,
            handle: None,
            life: Some(life),
        },
        ..Row::of_names(&names)
    };
    exposition(&Overview {
        context: "prod".to_owned(),
        server: String::new(),
        identity: String::new(),
        now,
        only: None,
        rows: vec![row],
    })
}

/// The series of as many steps of `step` seconds, where each has looked anew at the token of that moment.
fn series(step: i64, steps: i64, token: impl Fn(i64) -> Life) -> Vec<Value> {
    let mut series: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for index in 0..=steps {
        let now = index * step;
        let text = metrics(token(now), Timestamp::from_second(now).unwrap());
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let values = series.entry(name.to_owned()).or_default();
            values.push(value.to_owned());
        }
    }
    series
        .into_iter()
        .map(|(series, values)| json!({"series": series, "values": values.join(" ")}))
        .collect()
}

/// Those of `names` that fire.
fn fire(at: i64, names: &[&str]) -> Value {
    let samples: Vec<Value> = names
        .iter()
        .map(|name| json!({"labels": format!("{{alertname=\"{name}\"}}"), "value": 1}))
        .collect();
    json!({"expr": FIRING, "eval_time": format!("{at}s"), "exp_samples": samples})
}

#[track_caller]
fn test(step: i64, series: &[Value], expected: &[Value], alerts: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    let rules = rules_in(folder.path());
    let tests = json!({
        "rule_files": [rules], "evaluation_interval": format!("{step}s"),
        "tests": [{
            "interval": format!("{step}s"), "input_series": series,
            "promql_expr_test": expected, "alert_rule_test": alerts,
        }],
    });
    let file = folder.path().join("tests.yml");
    std::fs::write(&file, tests.to_string()).unwrap();
    if let Err(said) = promtool_test_rules(&file) {
        panic!("{said}");
    }
}

/// Asked for 90 days, granted an hour: the state in the table and what the rules see change at the same moments, and
/// no alert fires while the table says that all is well.
#[test]
fn a_clamped_token_is_alerted_of_by_its_real_life_and_as_status_has_it() {
    let token = life(0, 3_600);
    assert!(token.is_clamped());
    let mut expected = Vec::new();
    for minute in 0..=70 {
        let now = minute * MINUTE;
        let state = token.state(Timestamp::from_second(now).unwrap());
        let is_due = json!({
            "expr": "count(time() > monconf_token_rotation_due_timestamp_seconds)",
            "eval_time": format!("{now}s"),
            "exp_samples": if state == State::Ok { json!([]) } else { json!([{"labels": "{}", "value": 1}]) },
        });
        expected.push(is_due);
        let firing: &[&str] = match minute {
            ..53 => &[],
            53..55 => &[NOT_RUNNING],
            _ => &[NOT_RUNNING, SOON],
        };
        assert!(firing.is_empty() || state != State::Ok, "{minute}");
        assert!(firing.len() == 2 || state != State::Expired, "{minute}");
        expected.push(fire(now, firing));
    }
    let fifty_three = json!({
        "eval_time": "53m", "alertname": NOT_RUNNING,
        "exp_alerts": [{
            "exp_labels": {
                "severity": "warning", "context": "prod", "consumer": "prometheus",
                "service_account": "monitoring/monitoring-sa",
            },
            "exp_annotations": {
                "summary": "The token of monitoring/monitoring-sa should have been replaced by now",
                "description": "Its replacement has been due for 13m 0s, and no run has made it. Consumers keep working until the token ends.",
                "command": "monconf prometheus --name monitoring --namespace monitoring --apply",
            },
        }],
    });
    test(
        MINUTE,
        &series(MINUTE, 70, |_| token),
        &expected,
        &[fifty_three],
    );
}

#[test]
fn a_token_of_ninety_days_is_alerted_of_in_its_last_sixth() {
    let day = 86_400;
    let token = life(0, 90 * day);
    let at = |now: i64, names: &[&str]| fire(now * day, names);
    let expected = [
        at(60, &[]),
        at(75, &[]),
        at(77, &[NOT_RUNNING]),
        at(82, &[NOT_RUNNING]),
        at(83, &[NOT_RUNNING, SOON]),
        at(91, &[NOT_RUNNING, SOON]),
    ];
    test(day, &series(day, 91, |_| token), &expected, &[]);
}

/// Replaced when due, as a run every sixth of its life does.
#[test]
fn nothing_fires_where_rotation_runs() {
    let rotated = |now: i64| {
        // Issued at 0, replaced at 50 minutes at the latest, and again.
        let issued = now / (50 * MINUTE) * 50 * MINUTE;
        life(issued, issued + 3_600)
    };
    let expected: Vec<Value> = (0..=240).map(|minute| fire(minute * MINUTE, &[])).collect();
    test(MINUTE, &series(MINUTE, 240, rotated), &expected, &[]);
}

#[test]
fn nobody_looking_is_alerted_of() {
    let stale = "MonconfStatusStale";
    // Looked once, then never again.
    let text = metrics(life(0, 3_600), Timestamp::UNIX_EPOCH);
    let once: Vec<Value> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            json!({"series": series, "values": format!("{value}x60")})
        })
        .collect();
    let expected = [
        fire(20 * MINUTE, &[]),
        fire(30 * MINUTE, &[]),
        fire(31 * MINUTE, &[stale]),
    ];
    test(MINUTE, &once, &expected, &[]);
    // Nor ever.
    let expected = [fire(9 * MINUTE, &[]), fire(10 * MINUTE, &[stale])];
    let other = [json!({"series": "up{job=\"x\"}", "values": "1x60"})];
    test(MINUTE, &other, &expected, &[]);
}

#[test]
fn targets_that_refuse_are_told_from_those_that_cannot_be_reached() {
    let refused = "MonconfTargetsRefused";
    let of = |job: &str, instance: &str, up: i32, seconds: f64| {
        let labels = format!("{{job=\"{job}\",instance=\"{instance}\"}}");
        [
            json!({"series": format!("up{labels}"), "values": format!("{up}x30")}),
            json!({"series": format!("scrape_duration_seconds{labels}"), "values": format!("{seconds}x30")}),
        ]
    };
    let node = "kubernetes-nodes";
    let healthy = series(MINUTE, 30, |_| life(0, 90 * 86_400));
    for (targets, names) in [
        (
            vec![of(node, "a", 0, 0.01), of(node, "b", 0, 0.02)],
            &[refused][..],
        ),
        (vec![of(node, "a", 0, 0.01), of(node, "b", 1, 0.3)], &[]),
        (vec![of(node, "a", 0, 0.01), of(node, "b", 0, 10.0)], &[]),
        (vec![of("somebody-elses", "a", 0, 0.01)], &[]),
    ] {
        let all: Vec<Value> = targets
            .into_iter()
            .flatten()
            .chain(healthy.clone())
            .collect();
        let expected = [fire(9 * MINUTE, &[]), fire(12 * MINUTE, names)];
        test(MINUTE, &all, &expected, &[]);
    }
}
