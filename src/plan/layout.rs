//! Whose configuration a text is: Prometheus', or that of an agent, which has several.

use super::{Blocker, Unwritable, Why};
use crate::spec::KeyPlace;
use crate::splice::Refusal;
use crate::yaml::{List, NOTHING, Step, locate};

/// The way to what holds `scrape_configs`: none in the configuration of Prometheus, to one of `metrics.configs` in that
/// of an agent.
///
/// # Errors
/// A text that is not valid, or an agent's that does not have the config that is meant.
pub(super) fn holder(text: &str, place: &KeyPlace) -> Result<Vec<Step>, Blocker> {
    let origin = place.at.to_string();
    let unwritable = |why| {
        Blocker::Unwritable(Box::new(Unwritable {
            key: place.at.clone(),
            why,
        }))
    };
    let unfit = |refusal| Blocker::Unfit {
        refusal,
        is_file: false,
    };
    let mut steps = vec![Step::Key("metrics".to_owned())];
    let metrics =
        locate(text, &steps, "", NOTHING, &origin).map_err(|error| unfit(error.into()))?;
    let named = place.config.as_ref();
    if metrics.key.is_none() {
        return match named {
            Some(_) => Err(unwritable(Why::NoAgent)),
            None => Ok(Vec::new()),
        };
    }
    steps.push(Step::Key("configs".to_owned()));
    let configs =
        locate(text, &steps, "name", NOTHING, &origin).map_err(|error| unfit(error.into()))?;
    let configs: Vec<String> = match configs.list {
        List::Block { items, .. } => items
            .into_iter()
            .map(|item| {
                item.name
                    .map_or_else(|| "one without a name".to_owned(), Into::into)
            })
            .collect(),
        List::Absent { .. } | List::Empty { .. } => Vec::new(),
        List::Unfit { line, why, .. } => {
            return Err(unfit(Refusal {
                origin,
                line,
                column: 0,
                why,
            }));
        }
    };
    let index = match named {
        Some(named) => configs.iter().position(|config| config == named),
        None => (configs.len() == 1).then_some(0),
    };
    let Some(index) = index else {
        return Err(unwritable(match named {
            Some(named) => Why::NoConfig {
                named: named.clone(),
                configs,
            },
            None => Why::WhichConfig { configs },
        }));
    };
    steps.push(Step::Index(index));
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Kind, ObjectKey, ObjectRef};

    fn holder_in(text: &str, config: Option<&str>) -> Result<usize, String> {
        let place = KeyPlace {
            at: ObjectKey {
                object: ObjectRef::namespaced(Kind::ConfigMap, "obs", "agent"),
                key: "agent.yaml".to_owned(),
            },
            config: config.map(str::to_owned),
        };
        let steps = holder(text, &place).map_err(|blocker| blocker.to_string())?;
        match steps.last() {
            None => Ok(99),
            Some(Step::Index(index)) => Ok(*index),
            Some(Step::Key(key)) => Err(key.clone()),
        }
    }

    #[test]
    fn prometheus_has_one_list_and_an_agent_one_for_each_config() {
        let two = "metrics:\n  configs:\n  - name: a\n    remote_write: []\n  - scrape_configs: []\n    name: b\n";
        for (text, config, expected) in [
            ("global: {}\nscrape_configs: []\n", None, Ok(99)),
            ("", None, Ok(99)),
            ("metrics:\n  configs:\n  - name: a\n", None, Ok(0)),
            ("metrics:\n  configs:\n  - name: a\n", Some("a"), Ok(0)),
            (two, Some("b"), Ok(1)),
            (
                two,
                None,
                Err(
                    "ConfigMap obs/agent, key agent.yaml: metrics.configs has a, b, and it is not said which is meant",
                ),
            ),
            (
                two,
                Some("c"),
                Err("ConfigMap obs/agent, key agent.yaml: metrics.configs has no c, but a, b"),
            ),
            (
                "metrics:\n  global: {}\n",
                None,
                Err("ConfigMap obs/agent, key agent.yaml: metrics.configs is empty"),
            ),
            (
                "scrape_configs: []\n",
                Some("a"),
                Err(
                    "ConfigMap obs/agent, key agent.yaml: this is no agent's configuration: it has no metrics.configs",
                ),
            ),
            (
                "metrics:\n  configs: [{name: a}]\n",
                None,
                Err(
                    "ConfigMap obs/agent, key agent.yaml:2: metrics.configs is written in brackets; only a list of lines that begin with a dash can be edited",
                ),
            ),
            (
                "metrics: {}\nmetrics: {}\n",
                None,
                Err("ConfigMap obs/agent, key agent.yaml:2:1: the key \"metrics\" is given twice"),
            ),
        ] {
            let found = holder_in(text, config);
            assert_eq!(
                found.as_ref().map_err(String::as_str),
                expected.as_ref().map_err(|words| *words),
                "{text}"
            );
        }
    }
}
