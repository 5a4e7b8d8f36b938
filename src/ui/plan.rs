//! How a plan looks: head, table, diff, summary.

use super::color::{BOLD, CYAN, DIM, GREEN, Paint, RED, YELLOW};
use crate::diff::{Line, LineKind};
use crate::mask::{Masker, scrub};
use crate::plan::{Action, Blocked, Change, Head, Plan, Reason, Target, shown};
use crate::spec::Consumer;

/// The whole plan as text.
pub(super) fn text(plan: &Plan, head: &Head, context_lines: usize, paint: Paint) -> String {
    let mut out = self::head(head);
    out.push('\n');
    out.push_str(&table(plan, paint));
    out.push_str(&receivers(plan));
    let mut masker = Masker::default();
    for change in &plan.changes {
        out.push_str(&diff(change, context_lines, &mut masker, paint));
    }
    out.push('\n');
    out.push_str(&paint.with(BOLD, &summary(plan, head)));
    out.push('\n');
    out
}

/// What blocks a plan, and how to unblock it: the end of a plan that cannot be applied.
pub(super) fn blocked(blocked: &Blocked, paint: Paint) -> String {
    let line = |color: &str, word: &str, text: &str| {
        format!("{} {}\n", paint.with(color, word), scrub(text))
    };
    let reason = |reason: &Reason| {
        let blockers = reason.blockers.iter();
        let blockers = blockers.map(|blocker| line(RED, "blocked:", &blocker.to_string()));
        let fix = reason.fix.iter().map(|fix| line(BOLD, "fix:", fix));
        blockers.chain(fix).collect::<String>()
    };
    blocked.reasons.iter().map(reason).collect()
}

fn head(head: &Head) -> String {
    let place = if head.files_only {
        "No cluster asked (offline): only configuration files are compared".to_owned()
    } else if head.server.is_empty() {
        "No cluster asked (offline): planned as if nothing existed there".to_owned()
    } else {
        let mode = if head.applying { "" } else { ", read only" };
        format!(
            "Cluster {} ({}) as {}{mode}",
            head.context, head.server, head.identity
        )
    };
    if head.removing {
        return scrub(&format!(
            "{place}\n{}: removal of instance {} in namespace {}\n",
            head.consumer.title(),
            head.instance,
            head.namespace
        ));
    }
    if let Some(rotation) = &head.rotation {
        let lines = rotation.lines().into_iter();
        let lines: Vec<String> = lines
            .map(|(name, what)| format!("  {name:<10}  {what}\n"))
            .collect();
        return scrub(&format!(
            "{place}\n{}: rotation of instance {} in namespace {}\n{}",
            head.consumer.title(),
            head.instance,
            head.namespace,
            lines.concat()
        ));
    }
    // Alloy has one format.
    let format = if head.consumer == Consumer::Alloy {
        String::new()
    } else {
        format!("{} format, ", head.format)
    };
    scrub(&format!(
        "{place}\n{}: {format}jobs {}\n",
        head.consumer.title(),
        head.jobs.join(", ")
    ))
}

fn table(plan: &Plan, paint: Paint) -> String {
    let rows: Vec<(&Change, String, String)> = plan
        .changes
        .iter()
        .map(|change| (change, kind(change), scrub(&place(change))))
        .collect();
    let width = |column: fn(&(&Change, String, String)) -> usize| {
        rows.iter().map(column).max().unwrap_or(0)
    };
    let (kinds, places) = (
        width(|row| row.1.chars().count()),
        width(|row| row.2.chars().count()),
    );
    rows.iter()
        .map(|(change, kind, place)| {
            let row = format!(
                "{:>3} {kind:kinds$}  {place:places$}  {}",
                sign(change.action),
                scrub(&change.note)
            );
            paint.with(color(change.action), row.trim_end()) + "\n"
        })
        .collect()
}

/// The namespaces into which an operator copies the token.
fn receivers(plan: &Plan) -> String {
    let namespaces = plan.receiving_namespaces();
    if namespaces.is_empty() {
        return String::new();
    }
    let namespaces = namespaces.into_iter();
    let namespaces: Vec<String> = namespaces
        .map(|(namespace, who)| format!("{namespace} ({})", who.join(", ")))
        .collect();
    scrub(&format!(
        "\nNamespaces that receive the token: {}\n",
        namespaces.join(", ")
    ))
}

fn kind(change: &Change) -> String {
    match &change.target {
        Target::Object(object) => object.kind.name().to_owned(),
        Target::Key(key) => key.object.kind.name().to_owned(),
        Target::File(_) => "file".to_owned(),
        Target::Folder(_) => "folder".to_owned(),
    }
}

fn place(change: &Change) -> String {
    match &change.target {
        Target::Object(object) => object.location(),
        Target::Key(key) => format!("{}, key {}", key.object.location(), key.key),
        Target::File(path) | Target::Folder(path) => path.display().to_string(),
    }
}

const fn sign(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace => "-/+",
        Action::Delete => "-",
        Action::Unchanged => "=",
    }
}

const fn color(action: Action) -> &'static str {
    match action {
        Action::Create => GREEN,
        Action::Update | Action::Replace => YELLOW,
        Action::Delete => RED,
        Action::Unchanged => DIM,
    }
}

fn diff(change: &Change, context_lines: usize, masker: &mut Masker, paint: Paint) -> String {
    let lines = shown(change, context_lines, masker);
    if lines.is_empty() {
        return String::new();
    }
    let target = scrub(&change.target.to_string());
    let mut out = String::from("\n");
    if change.before.is_some() {
        out.push_str(&paint.with(BOLD, &format!("--- {target}")));
        out.push('\n');
    }
    if change.after.is_some() {
        out.push_str(&paint.with(BOLD, &format!("+++ {target}")));
        out.push('\n');
    }
    for line in lines {
        out.push_str(&self::line(&line, paint));
        out.push('\n');
    }
    out
}

/// One line of a diff, with its sign.
pub(super) fn line(line: &Line, paint: Paint) -> String {
    let text = scrub(&line.text);
    match line.kind {
        LineKind::Context => format!(" {text}"),
        LineKind::Added => paint.with(GREEN, &format!("+{text}")),
        LineKind::Removed => paint.with(RED, &format!("-{text}")),
        LineKind::Hunk => paint.with(CYAN, &text),
    }
}

fn summary(plan: &Plan, head: &Head) -> String {
    if plan.is_empty() && !plan.blockers.is_empty() {
        return "No plan. Blocked: nothing was written.".to_owned();
    }
    if plan.is_empty() && head.removing {
        return format!(
            "Nothing to remove: instance {} has nothing here.",
            scrub(&head.instance)
        );
    }
    if plan.is_empty() {
        return "No changes: everything is as wanted.".to_owned();
    }
    let counts = format!(
        "Plan: {} to create, {} to change, {} to delete.",
        plan.count(&[Action::Create]),
        plan.count(&[Action::Update, Action::Replace]),
        plan.count(&[Action::Delete]),
    );
    if !plan.blockers.is_empty() {
        format!("{counts} Blocked: nothing was written.")
    } else if head.applying {
        counts
    } else if head.removing {
        format!("{counts} Nothing was deleted; --apply deletes it.")
    } else {
        format!("{counts} Nothing was written; --apply writes it.")
    }
}

/// `  ✓ ScrapeConfig monitoring/k8s-cadvisor created`.
pub(super) fn written(target: &str, word: &str, paint: Paint) -> String {
    let tick = paint.with(GREEN, "✓");
    format!("  {tick} {target} {word}\n")
}

/// What has happened to a target.
pub(super) const fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "changed",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Unchanged => "unchanged",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::PENDING_TOKEN;
    use crate::object::{Kind, ObjectRef};
    use crate::render::{Content, Stage};
    use crate::spec::Consumer;
    use serde_json::json;

    fn change(action: Action, kind: Kind, name: &str) -> Change {
        Change {
            target: Target::Object(ObjectRef::namespaced(kind, "monitoring", name)),
            action,
            stage: Stage::Identity,
            before: None,
            after: None,
            rendered: None,
            note: String::new(),
            apply: None,
            resource_version: None,
            uid: None,
        }
    }

    #[test]
    fn a_plan_reads_from_cluster_to_summary() {
        let head = Head {
            context: "prod-eu".into(),
            server: "https://10.0.0.1:6443".into(),
            identity: "jane@example.com".into(),
            consumer: Consumer::Prometheus,
            format: "operator".into(),
            jobs: vec!["apiserver".into(), "kubelet".into()],
            ..Head::default()
        };
        let old = json!({"kind": "Secret", "data": {"token": "b2xkLXRva2Vu"}});
        let new = json!({"kind": "Secret", "data": {"token": PENDING_TOKEN}});
        let plan = Plan {
            changes: vec![
                change(Action::Unchanged, Kind::ServiceAccount, "monitoring-sa"),
                Change {
                    before: Some(Content::Object(old)),
                    after: Some(Content::Object(new)),
                    note: "new token, 90d asked".into(),
                    ..change(Action::Update, Kind::Secret, "prometheus-k8s-token")
                },
                Change {
                    after: Some(Content::Object(json!({"spec": {"a": "b"}}))),
                    rendered: Some("spec: # why\n  a: b\n".into()),
                    ..change(Action::Create, Kind::ServiceMonitor, "k8s")
                },
            ],
            ..Plan::default()
        };
        let expected = "\
Cluster prod-eu (https://10.0.0.1:6443) as jane@example.com, read only
Prometheus: operator format, jobs apiserver, kubelet

  = ServiceAccount  monitoring/monitoring-sa
  ~ Secret          monitoring/prometheus-k8s-token  new token, 90d asked
  + ServiceMonitor  monitoring/k8s

--- Secret monitoring/prometheus-k8s-token
+++ Secret monitoring/prometheus-k8s-token
@@ -1,3 +1,3 @@
 kind: Secret
 data:
-  token: <not shown #1>
+  token: <not shown #2, a new token>

+++ ServiceMonitor monitoring/k8s
@@ new @@
+spec: # why
+  a: b

Plan: 1 to create, 1 to change, 0 to delete. Nothing was written; --apply writes it.
";
        assert_eq!(text(&plan, &head, 3, Paint::plain()), expected);
    }
}
