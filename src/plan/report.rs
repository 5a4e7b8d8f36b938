//! A plan as data, for `-o json`.

use serde_json::{Value, json};

use super::fix::fix;
use super::shown::{foreign, shown};
use super::{Action, Change, Plan, Rotation, Target};
use crate::command_line::CommandLine;
use crate::diff::{Line, LineKind};
use crate::mask::{Masker, scrub};
use crate::render::Content;
use crate::spec::Consumer;

/// What a plan is for.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The kubeconfig's context; empty offline.
    pub context: String,
    /// The API server's address; empty offline.
    pub server: String,
    /// Who the API server says we are; empty offline.
    pub identity: String,
    /// Who reads the configuration.
    pub consumer: Consumer,
    /// The instance's name.
    pub instance: String,
    /// The instance's namespace.
    pub namespace: String,
    /// `operator` or `raw`.
    pub format: String,
    /// Names of the jobs.
    pub jobs: Vec<String>,
    /// Whether the plan is about to be applied.
    pub applying: bool,
    /// Whether configuration files alone are compared.
    pub files_only: bool,
    /// Whether the instance goes.
    pub removing: bool,
    /// The command line, for lines to paste.
    pub call: CommandLine,
    /// The token, where nothing but that is replaced.
    pub rotation: Option<Rotation>,
}

/// Everything that the plan shows, with JSON pointers to what changes and every secret masked.
#[must_use]
pub fn report(plan: &Plan, head: &Head, masker: &mut Masker) -> Value {
    let blockers: Vec<Value> = plan
        .blockers
        .iter()
        .map(|blocker| {
            let fix = fix(blocker, plan, head).map(|fix| scrub(&fix));
            json!({"message": scrub(&blocker.to_string()), "hint": fix})
        })
        .collect();
    let mut report = json!({
        "cluster": {"context": head.context, "server": head.server},
        "identity": head.identity,
        "consumer": head.consumer.name(),
        "instance": head.instance,
        "namespace": head.namespace,
        "format": head.format,
        "jobs": head.jobs,
        "removing": head.removing,
        "changes": plan.changes.iter().map(|change| entry(change, masker)).collect::<Vec<_>>(),
        "blockers": blockers,
        "warnings": plan.all_warnings().collect::<Vec<_>>(),
        "remaining": plan.remaining,
        "receivers": receivers(plan),
        "moves": plan.moves(),
        "summary": {
            "create": plan.count(&[Action::Create]),
            "update": plan.count(&[Action::Update]),
            "replace": plan.count(&[Action::Replace]),
            "delete": plan.count(&[Action::Delete]),
            "unchanged": plan.count(&[Action::Unchanged]),
        },
    });
    if let Some(rotation) = &head.rotation {
        report["rotation"] = rotation.report();
    }
    report
}

fn receivers(plan: &Plan) -> Vec<Value> {
    let namespaces = plan.receiving_namespaces().into_iter();
    namespaces
        .map(|(namespace, who)| json!({"namespace": namespace, "selectedBy": who}))
        .collect()
}

fn entry(change: &Change, masker: &mut Masker) -> Value {
    let mut entry = match &change.target {
        Target::Object(object) => json!({
            "target": "object",
            "apiVersion": object.kind.api_version(),
            "kind": object.kind.name(),
            "namespace": object.namespace,
            "name": object.name,
        }),
        Target::Key(key) => json!({
            "target": "key",
            "apiVersion": key.object.kind.api_version(),
            "kind": key.object.kind.name(),
            "namespace": key.object.namespace,
            "name": key.object.name,
            "key": key.key,
        }),
        Target::File(path) => json!({"target": "file", "path": path}),
        Target::Folder(path) => json!({"target": "folder", "path": path}),
    };
    let action = match change.action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Unchanged => "unchanged",
    };
    let mut changes = Vec::new();
    if is_large(change) {
        changes = hunks(change, masker);
    } else if change.action != Action::Unchanged {
        let before = change.before.as_ref().map(|content| value(content, masker));
        let after = change.after.as_ref().map(|content| value(content, masker));
        compare(
            before.as_ref(),
            after.as_ref(),
            &mut String::new(),
            &mut changes,
        );
    }
    entry["action"] = action.into();
    entry["note"] = change.note.clone().into();
    entry["resourceStatus"] = json!({
        "oldExists": change.before.is_some(),
        "newExists": change.after.is_some(),
    });
    entry["changes"] = changes.into();
    entry
}

/// Whether a text that changes is so large that nobody wants it twice as a whole.
fn is_large(change: &Change) -> bool {
    const LARGE: usize = 64 << 10;
    match (change.action, &change.before, &change.after) {
        (Action::Unchanged, ..) => false,
        (_, Some(Content::Text(before)), Some(Content::Text(after))) => {
            before.as_str().len().max(after.as_str().len()) > LARGE
        }
        _ => false,
    }
}

/// The lines that differ, and three around them, each hunk by itself.
fn hunks(change: &Change, masker: &mut Masker) -> Vec<Value> {
    let lines = shown(change, 3, masker);
    lines
        .chunk_by(|_, next| next.kind != LineKind::Hunk)
        .map(|hunk| {
            let (head, lines) = hunk.split_first().unzip();
            let side = |without: LineKind| {
                let lines = lines.into_iter().flatten();
                let lines = lines.filter(|line| line.kind != without);
                let lines = lines.map(|line| line.text.clone() + "\n");
                Value::from(lines.collect::<String>())
            };
            let (old, new) = (side(LineKind::Added), side(LineKind::Removed));
            let mut entry = replaced("", Some(&old), Some(&new));
            entry["hunk"] = head.map(|head: &Line| head.text.clone()).into();
            entry
        })
        .collect()
}

fn value(content: &Content, masker: &mut Masker) -> Value {
    match content {
        Content::Object(object) => masker.object(object),
        Content::Text(text) => masker.text(text).into(),
        Content::Token(token) => masker.token(token).into(),
        Content::Foreign(text) => foreign(text).into(),
    }
}

/// Maps are compared key by key, everything else as a whole.
fn compare(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut String,
    changes: &mut Vec<Value>,
) {
    if before == after {
        return;
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (before, after) {
        let added = new.keys().filter(|key| !old.contains_key(*key));
        for key in old.keys().chain(added) {
            let length = path.len();
            path.push('/');
            path.push_str(&key.replace('~', "~0").replace('/', "~1"));
            compare(old.get(key), new.get(key), path, changes);
            path.truncate(length);
        }
        return;
    }
    changes.push(replaced(path, before, after));
}

fn replaced(path: &str, before: Option<&Value>, after: Option<&Value>) -> Value {
    let redacted = [before, after].into_iter().flatten().any(|value| {
        let text = value.to_string();
        ["<not shown", "<token>", "<password>"]
            .iter()
            .any(|mask| text.contains(mask))
    });
    json!({
        "path": path,
        "change": match (before, after) {
            (None, _) => "add",
            (_, None) => "remove",
            _ => "replace",
        },
        "oldValue": before,
        "newValue": after,
        "redacted": redacted,
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::render::Stage;

    #[test]
    fn of_a_large_text_only_what_changes_is_reported() {
        let lines = |count| "- a\n".repeat(count);
        let text = |password, count| {
            let change = format!("- password: {password}\n");
            Content::Text((change.clone() + &lines(count) + &change).into())
        };
        let entry = |count| {
            let change = Change {
                target: Target::File(PathBuf::from("prometheus.yml")),
                action: Action::Update,
                stage: Stage::Configuration,
                before: Some(text("before", count)),
                after: Some(text("after", count)),
                rendered: None,
                note: String::new(),
                apply: None,
                resource_version: None,
                uid: None,
            };
            super::entry(&change, &mut Masker::default())["changes"].clone()
        };
        let small = entry(1);
        assert_eq!(
            small,
            json!([{
                "path": "", "change": "replace", "redacted": true,
                "oldValue": "- password: <not shown #1>\n- a\n- password: <not shown #1>\n",
                "newValue": "- password: <not shown #2>\n- a\n- password: <not shown #2>\n",
            }])
        );
        let large = entry(17_000);
        let hunk = |hunk, (above, below): (String, String)| {
            json!({
                "path": "", "change": "replace", "redacted": true, "hunk": hunk,
                "oldValue": format!("{above}- password: <not shown #1>\n{below}"),
                "newValue": format!("{above}- password: <not shown #2>\n{below}"),
            })
        };
        assert_eq!(large[0], hunk("@@ -1,4 +1,4 @@", (String::new(), lines(3))));
        assert_eq!(
            large[1],
            hunk("@@ -16999,4 +16999,4 @@", (lines(3), String::new()))
        );
        assert_eq!(large.as_array().map(Vec::len), Some(2));
    }
}
