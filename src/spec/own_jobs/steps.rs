//! An own job's relabelling.

use super::fields::{Fields, Reader};
use promconf::{ACTIONS, RelabelConfig};

const KEYS: [&str; 7] = [
    "action",
    "sourceLabels",
    "separator",
    "regex",
    "modulus",
    "targetLabel",
    "replacement",
];

pub(super) fn steps(reader: &mut Reader, fields: &Fields, key: &str) -> Vec<RelabelConfig> {
    let Some(list) = fields.map.get(key) else {
        return Vec::new();
    };
    let pointer = fields.pointer(key);
    let steps = reader.maps(list, &pointer, &KEYS);
    steps.iter().map(|fields| step(reader, fields)).collect()
}

fn step(reader: &mut Reader, fields: &Fields) -> RelabelConfig {
    let step = RelabelConfig {
        action: reader
            .text(fields, "action")
            .unwrap_or_else(|| ACTIONS[0].to_owned()),
        source_labels: reader.texts(fields, "sourceLabels"),
        separator: reader.text(fields, "separator"),
        regex: reader.text(fields, "regex"),
        modulus: reader.number(fields, "modulus"),
        target_label: reader.text(fields, "targetLabel"),
        replacement: reader.text(fields, "replacement"),
    };
    let is_understood = fields.map.keys().all(|key| KEYS.contains(&key.as_str()));
    if is_understood && let Err((field, why)) = step.check() {
        let key = match field {
            "source_labels" => "sourceLabels",
            "target_label" => "targetLabel",
            other => other,
        };
        reader.fault(fields, key, &why);
    }
    step
}
