//! What an operator's agent makes of dollars, undone: its reloader puts in variables for `$(NAME)` (`pkg/reloader` of
//! thanos), and the agent itself for `${NAME}`, where `$$` stands for one dollar (`static/config/config.go` and
//! drone/envsubst). In Alloy's language a dollar is a dollar.

use serde_json::Value as Json;

use super::finding::Findings;

/// `value` as the agent reads it.
pub(super) fn undone(value: &Json, path: &str, findings: &mut Findings) -> Json {
    match value {
        Json::String(text) => {
            if let Some(variable) = variable(text) {
                findings.error(
                    path,
                    format!("holds {variable}, a variable of the agent's Pods: write its value, or `sys.env` of Alloy"),
                );
            }
            Json::String(text.replace("$$", "$"))
        }
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| undone(item, &format!("{path}[{index}]"), findings))
            .collect(),
        Json::Object(map) => {
            let fields = map.iter().map(|(key, value)| {
                let value = undone(value, &format!("{path}.{key}"), findings);
                (key.clone(), value)
            });
            Json::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// The first variable of a text. `${1}` is a group of a regular expression, as the agent has it too.
fn variable(text: &str) -> Option<String> {
    let of_reloader = text.match_indices("$(").find_map(|(index, _)| {
        let name = &text[index + 2..];
        let end = name.find(')')?;
        is_name(&name[..end]).then(|| format!("$({})", &name[..end]))
    });
    of_reloader.or_else(|| {
        let unescaped = text.replace("$$", "");
        let mut found = unescaped.match_indices("${");
        found.find_map(|(index, _)| {
            let name = &unescaped[index + 2..];
            let end = name
                .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')?;
            let name = &name[..end];
            let is_group = name.bytes().all(|byte| byte.is_ascii_digit());
            (!is_group).then(|| format!("${{{name}}}"))
        })
    })
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dollars_are_what_the_agent_made_of_them() {
        for (text, expected) in [
            ("$1-${2}", "$1-${2}"),
            ("$$1 $${X}", "$1 ${X}"),
            ("$$$$", "$$"),
            ("$(a b)", "$(a b)"),
        ] {
            let mut findings = Findings::default();
            assert_eq!(
                undone(&json!([text]), "x", &mut findings),
                json!([expected])
            );
            assert_eq!(findings.0, [], "{text}");
        }
    }

    #[test]
    fn a_variable_is_told_by_its_name() {
        for (text, name) in [
            ("$(POD_NAME)-x", "$(POD_NAME)"),
            ("a$$(SHARD)", "$(SHARD)"),
            ("${TOKEN:-secret}", "${TOKEN}"),
        ] {
            let mut findings = Findings::default();
            undone(&json!({"b": text}), "a", &mut findings);
            let [finding] = &findings.0[..] else {
                panic!("{text}: {findings:?}");
            };
            assert!(
                finding
                    .to_string()
                    .starts_with(&format!("a.b: holds {name}, "))
            );
            assert!(!finding.message.contains("secret"));
        }
    }
}
