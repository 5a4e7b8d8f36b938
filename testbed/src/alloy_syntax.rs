//! Alloy's own parser and formatter: a module of its own, which unlike Alloy's can be built from what is published.

use std::process::Command;

use serde_json::Value;

use crate::components::Component;
use crate::process::run_on_text;

/// A configuration as `alloy fmt` writes it; a line for each thing that the parser refuses.
///
/// It knows the language, not the components: [`GrafanaAgent::start_flow`](crate::GrafanaAgent::start_flow) knows those.
pub fn format(text: &str) -> Result<String, String> {
    run("format", text)
}

/// What a configuration says: a list of statements, in order.
///
/// A block is `{"block": NAME, "label": LABEL or "", "body": [statement, …]}`; an attribute is
/// `{"attribute": NAME, "value": VALUE}`. Literals, lists and objects are JSON's; what is known only while it runs is
/// `{"$expression": TEXT}`. Panics with what the parser says when it refuses the text.
pub fn values(text: &str) -> Value {
    let json = run("values", text).unwrap_or_else(|refusal| panic!("{refusal}{text}"));
    serde_json::from_str(&json).expect("it prints JSON")
}

fn run(what: &str, text: &str) -> Result<String, String> {
    let mut command = Command::new(Component::AlloySyntax.binary("alloy-syntax"));
    command.arg(what);
    run_on_text(command, "config.alloy", text)
}
