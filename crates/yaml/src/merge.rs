//! Merge keys: `<<`, whose maps give what is not there already.

use serde_yaml::{Mapping, Value};

/// Puts into every map what its merge key names, which may have merge keys itself.
///
/// # Errors
/// A sentence for a merge key that names something else than maps.
pub(super) fn merge(value: &mut Value) -> Result<(), &'static str> {
    match value {
        Value::Sequence(items) => items.iter_mut().try_for_each(merge),
        Value::Mapping(map) => {
            map.values_mut().try_for_each(merge)?;
            match map.shift_remove("<<") {
                None => Ok(()),
                Some(Value::Mapping(merged)) => {
                    add(map, merged);
                    Ok(())
                }
                Some(Value::Sequence(maps)) => maps.into_iter().try_for_each(|merged| {
                    let Value::Mapping(merged) = merged else {
                        return Err(NO_MAP);
                    };
                    add(map, merged);
                    Ok(())
                }),
                Some(_) => Err(NO_MAP),
            }
        }
        _ => Ok(()),
    }
}

const NO_MAP: &str = "a merge key (<<) that names no map";

fn add(map: &mut Mapping, merged: Mapping) {
    for (key, value) in merged {
        map.entry(key).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::parse;

    #[test]
    fn merged_maps_may_have_merge_keys_themselves() {
        let text = "a: &a {x: 1, y: 1}
b: &b {y: 2, <<: *a, z: 2}
c: {<<: *b, z: 3}
d: {<<: [{y: 0}, *b], list: [{<<: *b}]}
";
        let b = json!({"y": 2, "z": 2, "x": 1});
        assert_eq!(
            parse(text, "file").expect("valid"),
            [json!({
                "a": {"x": 1, "y": 1},
                "b": b,
                "c": {"z": 3, "y": 2, "x": 1},
                "d": {"list": [b], "y": 0, "z": 2, "x": 1},
            })]
        );
        for text in [
            "<<: 1",
            "<<: [{}, 1]",
            "a: [{<<: []}, {<<: text}]",
            "<<: [[]]",
        ] {
            let error = parse(text, "file").expect_err(text);
            assert!(error.message.contains("merge key"), "{error}");
        }
    }
}
