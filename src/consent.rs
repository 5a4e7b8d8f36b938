//! The question that a user answers before something is written, and whether `--apply` alone may answer it.

use crate::mask::scrub_line;
use crate::object::Kind;
use crate::plan::{Action, Change, Head, Plan, Target};
use crate::render::Stage;
use crate::spec::Names;
use crate::words::{counted, joined};

/// Asks for one decision, and names everything that it depends on: what is written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    text: String,
    /// Without a terminal, whether `--yes` is required beside `--apply`.
    pub needs_yes: bool,
}

impl Question {
    /// `deed` is an imperative with its objects, as in `Replace the token of monitoring`; the cluster follows it.
    #[must_use]
    pub fn new(deed: &str, head: &Head) -> Self {
        let mut letters = deed.chars();
        let first: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        let text = format!(
            "{first}{} on context {} ({})?",
            letters.as_str(),
            head.context,
            head.server
        );
        Self {
            text: scrub_line(&text),
            needs_yes: false,
        }
    }

    /// What `plan` writes, counted. Deleting an instance and moving it to another destination need `--yes` where there is
    /// no terminal; deleting what is no longer in the desired configuration is an ordinary change.
    #[must_use]
    pub fn of_plan(plan: &Plan, head: &Head, names: &Names) -> Self {
        let clause = |verb: &str, actions: &[Action]| {
            let items = items(plan, actions);
            (!items.is_empty()).then(|| format!("{verb} {}", joined(&items)))
        };
        let mut clauses: Vec<String> = [
            clause("create", &[Action::Create]),
            clause("change", &[Action::Update, Action::Replace]),
            clause("delete", &[Action::Delete]),
        ]
        .into_iter()
        .flatten()
        .collect();
        if head.removing {
            match revoked(plan) {
                0 => clauses.push(format!("remove {}", names.instance)),
                1 => clauses.push(format!("revoke the token of {}", names.instance)),
                tokens => clauses.push(format!("revoke {tokens} tokens of {}", names.instance)),
            }
        }
        Self {
            needs_yes: head.removing || plan.moves(),
            ..Self::new(&joined(&clauses), head)
        }
    }

    /// The same with a sentence behind it, about what follows from a yes.
    #[must_use]
    pub fn remark(self, sentence: &str) -> Self {
        Self {
            text: scrub_line(&format!("{} {sentence}", self.text)),
            ..self
        }
    }

    /// The question as it is asked, on one line, safe to print.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// How many objects, keys, files and folders; a Namespace that is deleted is named, for what is in it goes with it.
fn items(plan: &Plan, actions: &[Action]) -> Vec<String> {
    let changes: Vec<&Change> = plan
        .changes
        .iter()
        .filter(|change| actions.contains(&change.action))
        .collect();
    let deleted_namespace = |change: &&Change| match &change.target {
        Target::Object(object) if object.kind == Kind::Namespace => {
            (change.action == Action::Delete).then(|| object.to_string())
        }
        _ => None,
    };
    let count = |noun: &str, is_one: fn(&Target) -> bool| {
        let counts =
            |change: &&&Change| is_one(&change.target) && deleted_namespace(change).is_none();
        match changes.iter().filter(counts).count() {
            0 => None,
            number => Some(counted(number, noun)),
        }
    };
    [
        count("object", |target| matches!(target, Target::Object(_))),
        count("key", |target| matches!(target, Target::Key(_))),
        count("file", |target| matches!(target, Target::File(_))),
        count("folder", |target| matches!(target, Target::Folder(_))),
    ]
    .into_iter()
    .flatten()
    .chain(changes.iter().filter_map(deleted_namespace))
    .collect()
}

/// How many bound Secrets a removal deletes, and with each a token.
fn revoked(plan: &Plan) -> usize {
    let is_revocation =
        |change: &&Change| change.stage == Stage::Revocation && change.action == Action::Delete;
    plan.changes.iter().filter(is_revocation).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{ObjectKey, ObjectRef};
    use crate::spec::Consumer;

    fn change(action: Action, target: Target) -> Change {
        Change {
            target,
            action,
            stage: Stage::Cleanup,
            before: None,
            after: None,
            rendered: None,
            note: String::new(),
            apply: None,
            resource_version: None,
            uid: None,
        }
    }

    fn object(kind: Kind, name: &str) -> Target {
        Target::Object(ObjectRef::namespaced(kind, "monitoring", name))
    }

    fn key() -> Target {
        let Target::Object(object) = object(Kind::Secret, "more") else {
            unreachable!("an object")
        };
        Target::Key(ObjectKey {
            object,
            key: "jobs.yaml".to_owned(),
        })
    }

    fn question(removing: bool, changes: Vec<Change>) -> Question {
        let head = Head {
            context: "lab".to_owned(),
            server: "https://10.0.0.1:6443".to_owned(),
            removing,
            ..Head::default()
        };
        let plan = Plan {
            changes,
            ..Plan::default()
        };
        let names = Names::new(Consumer::Prometheus, Some("ext"), None).expect("valid names");
        Question::of_plan(&plan, &head, &names)
    }

    #[test]
    fn what_is_written_is_counted_by_action_and_sort() {
        let account = || object(Kind::ServiceAccount, "ext-sa");
        let file = || Target::File("k8s.yml".into());
        for (changes, deed) in [
            (vec![change(Action::Create, account())], "Create 1 object"),
            (
                vec![
                    change(Action::Create, account()),
                    change(Action::Create, account()),
                    change(Action::Unchanged, account()),
                    change(Action::Update, file()),
                ],
                "Create 2 objects and change 1 file",
            ),
            (
                vec![
                    change(Action::Replace, account()),
                    change(Action::Update, key()),
                    change(Action::Delete, account()),
                    change(Action::Create, Target::Folder("tokens".into())),
                ],
                "Create 1 folder, change 1 object and 1 key, and delete 1 object",
            ),
        ] {
            let text = format!("{deed} on context lab (https://10.0.0.1:6443)?");
            let question = question(false, changes);
            assert_eq!(question.text(), text);
            assert!(!question.needs_yes, "{text}");
        }
    }

    #[test]
    fn a_removal_names_the_instance_its_tokens_and_its_namespace() {
        let secret = |name: &str| Change {
            stage: Stage::Revocation,
            ..change(Action::Delete, object(Kind::Secret, name))
        };
        let rest = || change(Action::Delete, object(Kind::ServiceAccount, "ext-sa"));
        let namespace = ObjectRef::cluster(Kind::Namespace, "monitoring");
        for (changes, deed) in [
            (
                vec![secret("a"), rest()],
                "Delete 2 objects and revoke the token of ext",
            ),
            (
                vec![secret("a"), secret("b"), rest()],
                "Delete 3 objects and revoke 2 tokens of ext",
            ),
            (
                vec![
                    secret("a"),
                    change(Action::Update, Target::File("prometheus.yml".into())),
                    change(Action::Delete, Target::Object(namespace)),
                ],
                "Change 1 file, delete 1 object and Namespace monitoring, and revoke the token of ext",
            ),
            (vec![rest()], "Delete 1 object and remove ext"),
        ] {
            let question = question(true, changes);
            assert_eq!(
                question.text(),
                format!("{deed} on context lab (https://10.0.0.1:6443)?")
            );
            assert!(question.needs_yes);
        }
    }

    #[test]
    fn leaving_a_destination_needs_yes_and_pruning_does_not() {
        let monitor = |action| change(action, object(Kind::ServiceMonitor, "k8s"));
        let behind = object(Kind::ServiceMonitor, "k8s").object().cloned();
        for (action, left_behind, needs_yes) in [
            (Action::Delete, behind.clone(), true),
            // Something still needs it, and it stays.
            (Action::Unchanged, behind, false),
            (Action::Delete, None, false),
        ] {
            let plan = Plan {
                changes: vec![monitor(action)],
                left_behind: left_behind.into_iter().collect(),
                ..Plan::default()
            };
            let names = Names::new(Consumer::Prometheus, Some("ext"), None).expect("valid names");
            let question = Question::of_plan(&plan, &Head::default(), &names);
            assert_eq!(question.needs_yes, needs_yes, "{}", question.text());
        }
    }

    #[test]
    fn nothing_in_a_name_speaks_to_the_terminal() {
        let head = Head {
            context: "lab\u{1b}[2K\r\nCreate 0 objects?".to_owned(),
            server: "https://admin:secret@10.0.0.1".to_owned(),
            ..Head::default()
        };
        let question = Question::new("replace the token of ext", &head);
        assert_eq!(
            question.text(),
            "Replace the token of ext on context lab\\u{1b}[2K\\u{d}\\nCreate 0 objects? (https://admin:<password>@10.0.0.1)?"
        );
    }
}
