//! What has to hold for any bytes at all; run here on mutated files, and by the fuzz targets on whatever they find.

use monconf::splice::{Entry, Splice, Spliced, splice};
use serde_json::{Value, json};
use yaml::Step;

/// A change of a list, of each place that there is one in: it is refused, or right, and goes back.
pub(crate) fn change(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let key = |key: &str| Step::Key(key.to_owned());
    let places = [
        vec![key("scrape_configs")],
        vec![],
        vec![
            key("metrics"),
            key("configs"),
            Step::Index(0),
            key("scrape_configs"),
        ],
    ];
    for steps in places {
        change_at(text, &steps);
    }
}

fn change_at(text: &str, steps: &[Step]) {
    let jobs = ["k8s-a", "k8s-b"].map(|name| Entry {
        name: name.to_owned(),
        value: json!({"job_name": name, "kubernetes_sd_configs": [{"role": "node"}], "scheme": "a: b"}),
    });
    let Some(spliced) = changed(text, steps, &jobs) else {
        return;
    };
    let Some(new) = spliced.text else { return };
    for (secrets, text) in [
        (&spliced.secrets_before, text),
        (&spliced.secrets_after, &new),
    ] {
        assert!(
            secrets
                .iter()
                .all(|secret| text.get(secret.clone()).is_some()),
            "{text:?}"
        );
    }
    let again = changed(&new, steps, &jobs);
    assert_eq!(
        again.expect("valid once").text,
        None,
        "from {text:?} to {new:?}"
    );
    let is_ours = ["monconf", "k8s-"].iter().any(|ours| text.contains(ours));
    if !is_ours {
        if let Some(expected) = extended(text, steps, &jobs) {
            let found = first(&new).expect("valid for both readers");
            assert_eq!(found, expected, "from {text:?} to {new:?}");
        }
        if let Some(Spliced { text: back, .. }) = changed(&new, steps, &[]) {
            assert_eq!(back.as_deref(), Some(text), "by way of {new:?}");
        }
    }
}

/// `None` where it is refused, for which there is a reason.
fn changed(text: &str, steps: &[Step], entries: &[Entry]) -> Option<Spliced> {
    let mark = monconf::mark::Mark::new("monitoring", monconf::mark::ClusterIdentity::default());
    let wanted = Splice {
        steps,
        name_key: "job_name",
        mark: &mark,
        fresh: &mark,
        entries,
        told: Some("k8s"),
    };
    let spliced = splice(text, "file", &wanted);
    spliced
        .inspect_err(|refusal| assert!(refusal.why.len() > 5, "{refusal} for {text:?}"))
        .ok()
}

/// The first document, if it is certain which one that is: the reader of values leaves out those of nothing.
fn first(text: &str) -> Option<Value> {
    let documents = yaml::parse(text, "file").ok()?;
    let is_certain = text.matches("---").count() < 2;
    documents.into_iter().next().filter(|_| is_certain)
}

/// It, with jobs at the end of its list.
fn extended(text: &str, steps: &[Step], jobs: &[Entry]) -> Option<Value> {
    let mut document = first(text)?;
    let mut place = &mut document;
    for step in steps {
        place = match step {
            Step::Key(key) => place.as_object_mut()?.entry(key).or_insert(Value::Null),
            Step::Index(index) => place.get_mut(*index)?,
        };
    }
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    let values = jobs.iter().map(|job| job.value.clone());
    place.as_array_mut()?.extend(values);
    Some(document)
}

/// The readers: neither panics, what one reads is read again as it is written, and places are within the text.
pub(crate) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let values = yaml::parse(text, "file");
    if let Ok(values) = &values {
        for value in values {
            let written = yaml::emit(value);
            let read = yaml::parse(&written, "written").expect("what is written is valid");
            let is_nothing = value.is_null() && read.is_empty();
            assert!(
                is_nothing || read == std::slice::from_ref(value),
                "{written}"
            );
        }
    }
    match (values, yaml::parse_located(text, "file")) {
        (Ok(values), Ok(documents)) => {
            let lines = text.lines().count().max(1);
            for (value, document) in values.iter().zip(&documents) {
                assert_eq!(*value, document.value);
                // Other characters may end lines as well.
                assert!(
                    document.lines.of("")
                        <= lines
                            + text
                                .matches(['\r', '\u{85}', '\u{2028}', '\u{2029}'])
                                .count()
                );
            }
            assert_eq!(values.len(), documents.len());
        }
        (Err(error), Err(_)) => assert!(!error.message.is_empty(), "{text:?}"),
        (values, _) => panic!("one reads it, the other does not: {values:?} {text:?}"),
    }
    for secret in yaml::values_under(text, |_| yaml::Extent::All) {
        assert!(text.get(secret).is_some(), "{text:?}");
    }
    let _ = yaml::comment(text);
}
