//! What a call carries: the secrets in it, and whether an object shows that it was carried out.

use serde_json::Value;

use super::Call;
use crate::mask::secrecy;
use crate::object::decoded;
use yaml::values_under;

/// The token of a review, and the Secret data in a call, as it was sent and decoded: a server may repeat either. Of configuration, whose words are
/// those of error messages too, the secret values.
pub(crate) fn secrets(call: &Call) -> Vec<String> {
    let mut secrets = Vec::new();
    let Some(body) = &call.body else {
        return secrets;
    };
    secrets.extend(body["spec"]["token"].as_str().map(str::to_owned));
    for field in ["data", "stringData"] {
        for value in body[field]
            .as_object()
            .into_iter()
            .flat_map(|data| data.values())
        {
            let text = value.as_str().unwrap_or_default();
            let decoded = decoded(text);
            if call.is_configuration {
                let plain = decoded.as_deref().unwrap_or(text);
                let values = values_under(plain, secrecy).into_iter();
                secrets.extend(values.map(|value| plain[value].to_owned()));
            } else {
                secrets.extend(decoded);
                secrets.push(text.to_owned());
            }
        }
    }
    secrets
}

/// Whether `live` has every field that was `applied`; the version that was expected does not count.
pub(crate) fn holds(live: &Value, applied: &Value) -> bool {
    match (live, applied) {
        (Value::Object(live), Value::Object(applied)) => applied
            .iter()
            .filter(|(key, _)| *key != "resourceVersion")
            .all(|(key, applied)| live.get(key).is_some_and(|live| holds(live, applied))),
        (Value::Array(live), Value::Array(applied)) => {
            live.len() == applied.len()
                && live
                    .iter()
                    .zip(applied)
                    .all(|(live, applied)| holds(live, applied))
        }
        (live, applied) => live == applied,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;
    use crate::object::{Kind, ObjectRef};

    #[test]
    fn secrets_are_found_in_both_forms() {
        let body =
            json!({"data": {"token": "c2VjcmV0", "n": 1}, "stringData": {"a": "plain text"}});
        let secrets = secrets(&Call::create("a Secret", "/", body));
        for secret in ["c2VjcmV0", "secret", "plain text"] {
            assert!(secrets.iter().any(|known| known == secret), "{secret}");
        }
    }

    #[test]
    fn of_configuration_only_secret_values_are_secret() {
        let text = "- job_name: it cannot be fulfilled\n  basic_auth: {password: correct-horse}\n";
        let map = ObjectRef::namespaced(Kind::ConfigMap, "obs", "c");
        for value in [text.to_owned(), STANDARD.encode(text)] {
            let call = Call::merge_configuration(&map, json!({"data": {"jobs": value}}));
            assert_eq!(secrets(&call), ["correct-horse"]);
        }
    }

    #[test]
    fn an_object_shows_what_was_applied() {
        let live = json!({"metadata": {"resourceVersion": "8", "uid": "u", "labels": {"a": "b", "x": "y"}}, "rules": [{"verbs": ["get"], "extra": 1}]});
        for (applied, held) in [
            (
                json!({"metadata": {"resourceVersion": "7", "labels": {"a": "b"}}, "rules": [{"verbs": ["get"]}]}),
                true,
            ),
            (json!({"metadata": {"labels": {"a": "c"}}}), false),
            (json!({"rules": []}), false),
            (json!({"data": {}}), false),
        ] {
            assert_eq!(holds(&live, &applied), held, "{applied}");
        }
    }
}
