//! The pair of steps that divides a job's targets among the agent's shards, which Alloy's clustering does instead.

use serde_json::Value as Json;

use super::context::Context;

/// Takes the pair out: a hash over `$(SHARDS)`, and what keeps those of `$(SHARD)`.
pub(super) fn without_shards(config: &mut Json, path: &str, context: &mut Context) {
    let Some(steps) = config
        .get_mut("relabel_configs")
        .and_then(Json::as_array_mut)
    else {
        return;
    };
    let hash = steps.iter().find(|step| names(&step["modulus"], "SHARDS"));
    let Some(label) = hash.and_then(|step| step["target_label"].as_str()) else {
        return;
    };
    let label = label.to_owned();
    let is_keep =
        |step: &Json| names(&step["regex"], "SHARD") && step["source_labels"][0] == label.as_str();
    if !steps.iter().any(is_keep) {
        return;
    }
    steps.retain(|step| !names(&step["modulus"], "SHARDS") && !is_keep(step));
    context.findings.note(
        format!("{path}.relabel_configs"),
        "the steps for $(SHARDS) and $(SHARD) are left out: where several Alloys run this, --clustering divides the targets among them",
    );
}

fn names(value: &Json, variable: &str) -> bool {
    value.as_str() == Some(&format!("$({variable})"))
}
