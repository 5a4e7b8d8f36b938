//! Which `Prometheus` objects read a Secret's list of jobs, and what makes the others read it.

use promconf::Duration;
use serde_json::{Value, json};

use crate::spec::{KeyPlace, Names};

/// What the owners of `Prometheus` objects have to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    /// For each that does not read the list yet, what makes it: these objects belong to others.
    pub remaining: Vec<String>,
    /// What keeps it from being read, or used.
    pub warnings: Vec<String>,
}

/// Looks at every `Prometheus` object beside `place`. Each reads one key of one Secret in its own namespace
/// (`additionalScrapeConfigs` in the API reference of prometheus-operator).
#[must_use]
pub fn readers(
    place: &KeyPlace,
    mount_dir: &str,
    names: &Names,
    prometheuses: &[Value],
) -> Readers {
    let beside = beside(place, prometheuses);
    if beside.is_empty() {
        return Readers {
            remaining: Vec::new(),
            warnings: vec![nobody(place, prometheuses)],
        };
    }
    let token_secret = names.token_secret();
    let is_mounted_by_operator = names.namespace == place.namespace()
        && mount_dir == format!("{}/{token_secret}", names.consumer.mount_root());
    let token_secret = is_mounted_by_operator.then_some(token_secret.as_str());
    Readers {
        remaining: beside
            .iter()
            .filter_map(|(name, spec)| remaining(place, token_secret, name, spec))
            .collect(),
        warnings: Vec::new(),
    }
}

/// The shortest scrape interval of those that read the list or could; that of prometheus-operator where there is none.
pub(super) fn interval(place: &KeyPlace, prometheuses: &[Value]) -> String {
    let intervals = beside(place, prometheuses)
        .into_iter()
        .filter(|(_, spec)| Reads::of(place, spec) != Reads::Other)
        .filter_map(|(_, spec)| spec["scrapeInterval"].as_str());
    let seconds = |text: &str| text.parse::<Duration>().map_or(u64::MAX, Duration::as_secs);
    let shortest = intervals.min_by_key(|text| seconds(text));
    shortest.unwrap_or("30s").to_owned()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    This,
    Other,
    Nothing,
}

impl Reads {
    fn of(place: &KeyPlace, spec: &Value) -> Self {
        let reference = &spec["additionalScrapeConfigs"];
        if reference.is_null() {
            Self::Nothing
        } else if reference["name"] == place.at.object.name && reference["key"] == place.at.key {
            Self::This
        } else {
            Self::Other
        }
    }
}

/// Name and `spec` of each in the namespace, by name.
fn beside<'a>(place: &KeyPlace, prometheuses: &'a [Value]) -> Vec<(&'a str, &'a Value)> {
    let mut beside: Vec<(&str, &Value)> = prometheuses
        .iter()
        .filter(|object| object["metadata"]["namespace"] == place.namespace())
        .filter_map(|object| Some((object["metadata"]["name"].as_str()?, &object["spec"])))
        .collect();
    beside.sort_by_key(|&(name, _)| name);
    beside
}

fn nobody(place: &KeyPlace, prometheuses: &[Value]) -> String {
    let text = |object: &Value, field: &str| object["metadata"][field].as_str().map(str::to_owned);
    let mut elsewhere: Vec<String> = prometheuses
        .iter()
        .filter_map(|object| {
            Some(format!(
                "{}/{}",
                text(object, "namespace")?,
                text(object, "name")?
            ))
        })
        .collect();
    elsewhere.sort();
    let elsewhere = if elsewhere.is_empty() {
        String::new()
    } else {
        format!(
            "; those of other namespaces ({}) cannot read it",
            elsewhere.join(", ")
        )
    };
    format!(
        "nothing reads {}: there is no Prometheus object in namespace {}{elsewhere}",
        place.at,
        place.namespace()
    )
}

fn remaining(
    place: &KeyPlace,
    token_secret: Option<&str>,
    name: &str,
    spec: &Value,
) -> Option<String> {
    let namespace = place.namespace();
    let who = format!("Prometheus {namespace}/{name}");
    let mut patch = json!({"spec": {}});
    let mut lacking = Vec::new();
    match Reads::of(place, spec) {
        Reads::This => {}
        Reads::Nothing => {
            patch["spec"]["additionalScrapeConfigs"] =
                json!({"name": place.at.object.name, "key": place.at.key});
            lacking.push("read these jobs");
        }
        Reads::Other => {
            let reference = &spec["additionalScrapeConfigs"];
            let text = |field: &str| reference[field].as_str().unwrap_or_default();
            let (secret, key) = (text("name"), text("key"));
            return Some(format!(
                "{who} reads Secret {namespace}/{secret}, key {key}, and can read no second one: name that one, {} {namespace}/{secret}:{key}",
                place.flag()
            ));
        }
    }
    let mut secrets = spec["secrets"].as_array().cloned().unwrap_or_default();
    if let Some(token_secret) = token_secret
        && !secrets.iter().any(|secret| secret == token_secret)
    {
        secrets.push(token_secret.into());
        patch["spec"]["secrets"] = secrets.into();
        lacking.push("mount the token");
    }
    // Names of Secrets that others wrote: none of them ends the quotes.
    let patch = patch.to_string().replace('\'', r"'\''");
    (!lacking.is_empty()).then(|| {
        format!(
            "{who} does not yet {}; whoever owns it can have it: kubectl -n {namespace} patch prometheus {name} --type merge -p '{patch}'",
            lacking.join(" or ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Kind, ObjectKey, ObjectRef};
    use crate::spec::Consumer;

    const MOUNTED: &str = "/etc/prometheus/secrets/prometheus-k8s-token";

    fn place() -> KeyPlace {
        KeyPlace {
            at: ObjectKey {
                object: ObjectRef::namespaced(Kind::Secret, "monitoring", "more"),
                key: "jobs.yaml".to_owned(),
            },
            config: None,
        }
    }

    fn prometheus(namespace: &str, name: &str, spec: &Value) -> Value {
        json!({"metadata": {"namespace": namespace, "name": name}, "spec": spec})
    }

    fn told(mount_dir: &str, namespace: &str, spec: &Value) -> Readers {
        let names = Names::new(Consumer::Prometheus, None, Some(namespace)).expect("valid");
        let objects = [prometheus("monitoring", "main", spec)];
        readers(&place(), mount_dir, &names, &objects)
    }

    fn patch(mount_dir: &str, namespace: &str, spec: &Value) -> String {
        let told = told(mount_dir, namespace, spec);
        assert_eq!(
            (told.remaining.len(), told.warnings.len()),
            (1, 0),
            "{told:?}"
        );
        let (_, patch) = told.remaining[0].split_once(" -p ").expect("a patch");
        patch.to_owned()
    }

    #[test]
    fn a_patch_holds_what_is_lacking_and_keeps_what_is_there() {
        let reference = json!({"name": "more", "key": "jobs.yaml"});
        let (read, mount) = (
            r#""additionalScrapeConfigs":{"name":"more","key":"jobs.yaml"}"#,
            r#""secrets":["tls","prometheus-k8s-token"]"#,
        );
        for (mount_dir, namespace, spec, expected) in [
            (
                MOUNTED,
                "monitoring",
                json!({"secrets": ["tls"]}),
                format!("{read},{mount}"),
            ),
            (
                MOUNTED,
                "monitoring",
                json!({"secrets": ["tls"], "additionalScrapeConfigs": reference}),
                mount.to_owned(),
            ),
            (
                MOUNTED,
                "monitoring",
                json!({"secrets": ["prometheus-k8s-token"]}),
                read.to_owned(),
            ),
            // What is not mounted by the operator, or cannot be, is not its business.
            ("/elsewhere", "monitoring", json!({}), read.to_owned()),
            (MOUNTED, "other", json!({}), read.to_owned()),
        ] {
            let expected = format!("'{{\"spec\":{{{expected}}}}}'");
            assert_eq!(patch(mount_dir, namespace, &spec), expected);
        }
        let all =
            json!({"secrets": ["prometheus-k8s-token"], "additionalScrapeConfigs": reference});
        assert_eq!(told(MOUNTED, "monitoring", &all), Readers::default());
    }

    #[test]
    fn nothing_of_others_ends_the_quotes_of_a_patch() {
        let patch = patch(
            MOUNTED,
            "monitoring",
            &json!({"secrets": ["a'; reboot; '"]}),
        );
        assert!(patch.contains(r"a'\''; reboot; '\''"), "{patch}");
    }

    #[test]
    fn whoever_reads_another_secret_is_told_which_and_whoever_is_elsewhere_cannot() {
        let other = json!({"additionalScrapeConfigs": {"name": "theirs", "key": "k"}});
        let told = told(MOUNTED, "monitoring", &other);
        assert_eq!(
            told.remaining,
            [
                "Prometheus monitoring/main reads Secret monitoring/theirs, key k, and can read no second one: name that one, --additional-scrape-configs monitoring/theirs:k"
            ]
        );
        let names = Names::new(Consumer::Prometheus, None, None).expect("valid");
        for (objects, expected) in [
            (vec![], ""),
            (
                vec![
                    prometheus("b", "x", &json!({})),
                    prometheus("a", "y", &json!({})),
                ],
                "; those of other namespaces (a/y, b/x) cannot read it",
            ),
        ] {
            let told = readers(&place(), MOUNTED, &names, &objects);
            assert_eq!(
                told.warnings,
                [format!(
                    "nothing reads Secret monitoring/more, key jobs.yaml: there is no Prometheus object in namespace monitoring{expected}"
                )]
            );
            assert!(told.remaining.is_empty());
        }
    }

    #[test]
    fn the_interval_is_that_of_whoever_reads_or_could() {
        let other = json!({"name": "theirs", "key": "k"});
        let objects = [
            prometheus("monitoring", "a", &json!({"scrapeInterval": "2m"})),
            prometheus("monitoring", "b", &json!({"scrapeInterval": "90s"})),
            prometheus(
                "monitoring",
                "c",
                &json!({"scrapeInterval": "5s", "additionalScrapeConfigs": other}),
            ),
            prometheus("elsewhere", "d", &json!({"scrapeInterval": "5s"})),
        ];
        assert_eq!(interval(&place(), &objects), "90s");
        assert_eq!(interval(&place(), &[]), "30s");
    }
}
