//! Whose configuration a text is: Prometheus', or that of an agent, which has several.

use super::Blocker;
use crate::render::EditPlace;
use crate::splice::Refusal;
use yaml::{List, NOTHING, Step, locate};

/// The way to what holds `scrape_configs`: none in the configuration of Prometheus, to one of `metrics.configs` in that
/// of an agent; `config` names it where it is named.
///
/// # Errors
/// A text that is not valid, or an agent's that does not have the config that is meant.
pub(super) fn holder(
    text: &str,
    place: &EditPlace,
    config: Option<&str>,
) -> Result<Vec<Step>, Blocker> {
    let origin = place.to_string();
    let unfit = |refusal| Blocker::Unfit {
        refusal,
        is_file: false,
    };
    let refused = |why: String, hint: String| Blocker::Layout {
        place: origin.clone(),
        why,
        hint,
    };
    let mut steps = vec![Step::Key("metrics".to_owned())];
    let metrics =
        locate(text, &steps, "", NOTHING, &origin).map_err(|error| unfit(error.into()))?;
    if metrics.key.is_none() {
        return match config {
            Some(_) => Err(refused(
                "this is no agent's configuration: it has no metrics.configs".to_owned(),
                format!("leave the name out: {}", place.flag(None)),
            )),
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
                origin: origin.clone(),
                line,
                column: 0,
                why,
            }));
        }
    };
    let index = match config {
        Some(named) => configs.iter().position(|name| name == named),
        None => (configs.len() == 1).then_some(0),
    };
    let Some(index) = index else {
        let names = configs.join(", ");
        let why = match config {
            _ if configs.is_empty() => "metrics.configs is empty".to_owned(),
            Some(config) => format!("metrics.configs has no {config}, but {names}"),
            None => format!("metrics.configs has {names}, and it is not said which is meant"),
        };
        return Err(refused(
            why,
            format!("name one of them: {}", place.flag(Some("CONFIG"))),
        ));
    };
    steps.push(Step::Index(index));
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Kind, ObjectKey, ObjectRef};
    use crate::spec::KeyPlace;

    fn holder_in(text: &str, config: Option<&str>) -> Result<usize, String> {
        let place = EditPlace::Key(KeyPlace {
            at: ObjectKey {
                object: ObjectRef::namespaced(Kind::ConfigMap, "obs", "agent"),
                key: "agent.yaml".to_owned(),
            },
            config: config.map(str::to_owned),
        });
        let steps = holder(text, &place, config).map_err(|blocker| blocker.to_string())?;
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
