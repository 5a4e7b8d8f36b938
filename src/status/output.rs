//! The file of `--output-file`: it is replaced only where it holds an overview of the same cluster.

use serde_json::Value;

use crate::mark::{ClusterIdentity, Comment, Mark, Ownership};

/// Stands for every instance in a mark. No instance has this name.
const EVERY: &str = "*";

/// The first line of a file of metrics.
#[must_use]
pub fn header(cluster: &ClusterIdentity) -> String {
    Mark::new(EVERY, cluster.clone()).header(Comment::Hash)
}

/// Why a file that holds `text` is not an overview of the cluster at `server`, in words; `None` where it is one, as
/// metrics or as JSON, or nothing.
#[must_use]
pub fn stranger(text: &str, cluster: &ClusterIdentity, server: &str) -> Option<String> {
    let unknown = || "was not written by `monconf status`".to_owned();
    let elsewhere = |cluster: &str| format!("is about another cluster ({cluster})");
    match Mark::new(EVERY, cluster.clone()).owns(Some(text)) {
        Ownership::Absent | Ownership::Empty | Ownership::Ours(_) => None,
        Ownership::AnotherCluster(found) => Some(elsewhere(&found.cluster.to_string())),
        Ownership::AnotherInstance(_) => Some(unknown()),
        Ownership::Foreign => {
            let report: Option<Value> = serde_json::from_str(text).ok();
            let report = report.filter(|report| {
                ["context", "identity", "onlyNamespace", "instances"]
                    .iter()
                    .all(|key| report.get(key).is_some())
            });
            match report.as_ref().and_then(|report| report["server"].as_str()) {
                Some(found) if found == server => None,
                Some(found) => Some(elsewhere(found)),
                None => Some(unknown()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "8a5f0b3e-6a52-4a3c-9d8e-2f6f3c1f7b11";
    const SERVER: &str = "https://10.0.0.1:6443";

    fn report(server: &str) -> String {
        format!(
            r#"{{"context": "a", "server": "{server}", "identity": "b", "onlyNamespace": null, "instances": []}}"#
        )
    }

    #[test]
    fn an_overview_of_the_same_cluster_is_replaced_and_nothing_else() {
        let here = ClusterIdentity::new(Some(UID), None, None);
        let there = ClusterIdentity::new(Some("11111111-2222-3333-4444-555555555555"), None, None);
        let of = |text: &str| stranger(text, &here, SERVER);
        for ours in ["", "\n", &(header(&here) + "a 1\n"), &report(SERVER)] {
            assert_eq!(of(ours), None, "{ours}");
        }
        for elsewhere in [
            &(header(&there) + "a 1\n"),
            &report("https://10.0.0.2:6443"),
        ] {
            let why = of(elsewhere).expect("refused");
            assert!(why.starts_with("is about another cluster ("), "{why}");
        }
        let instance = Mark::new("monitoring", here.clone()).header(Comment::Hash);
        for foreign in ["root:x:0:0\n", "{}", "[]", "# HELP a b\na 1\n", &instance] {
            let why = of(foreign).expect("refused");
            assert_eq!(why, "was not written by `monconf status`", "{foreign}");
        }
    }
}
