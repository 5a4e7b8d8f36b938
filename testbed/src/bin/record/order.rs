//! Whether writes were sent in the stages that keep an interrupted run inert.
//!
//! Writes of one stage are sent together, and those of the next when all of them are answered: so a write that arrives
//! before one of an earlier stage shows that the stages have changed. `docs/requests.md` and `docs/remove.md` list them.

use testbed::Event;

use super::target::target;

/// What the writes of a run are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An instance is created or changed.
    Apply,
    /// An instance is removed.
    Removal,
}

impl Purpose {
    /// Told from the command line.
    pub(crate) fn of(command: &str) -> Self {
        if command.starts_with("monconf remove") {
            Self::Removal
        } else {
            Self::Apply
        }
    }

    /// Each pair of writes that arrived in the wrong order.
    pub(crate) fn violations(self, events: &[Event]) -> Vec<String> {
        let writes: Vec<&Event> = events.iter().filter(|event| event.is_write()).collect();
        let staged: Vec<(u8, &Event)> = writes
            .iter()
            .filter(|event| !is_replaced(event, &writes))
            .filter_map(|event| Some((self.stage(event)?, *event)))
            .collect();
        let mut violations = Vec::new();
        for (index, (stage, event)) in staged.iter().enumerate() {
            for (earlier_stage, earlier) in &staged[..index] {
                if earlier_stage > stage {
                    violations.push(format!("{} before {}", name(earlier), name(event)));
                }
            }
        }
        violations.sort();
        violations
    }

    /// None where the stage of such a write differs from run to run, as that of a bound Secret does.
    fn stage(self, event: &Event) -> Option<u8> {
        let resource = event.resource.as_str();
        let is_secret = |ends: &[&str]| {
            resource == "secrets" && ends.iter().any(|end| event.name.ends_with(end))
        };
        let is_bound = is_secret(&["-token-a", "-token-b"]);
        let is_token = is_secret(&["-token"]);
        Some(match (self, resource) {
            (Self::Removal, _) if is_bound => 0,
            (Self::Removal, "clusterrolebindings" | "rolebindings") => 1,
            (Self::Removal, "clusterroles" | "roles" | "serviceaccounts") => 2,
            (Self::Removal, "namespaces") => 5,
            (Self::Removal, _) if is_token => 4,
            (Self::Removal, _) => 3,
            (Self::Apply, _) if is_bound => return None,
            (Self::Apply, _) if event.verb == "delete" => 5,
            (Self::Apply, "roles" | "rolebindings") => return None,
            (Self::Apply, "namespaces" | "clusterroles") => 0,
            (Self::Apply, "serviceaccounts") if event.subresource == "token" => 2,
            (Self::Apply, "clusterrolebindings" | "serviceaccounts") => 1,
            (Self::Apply, _) if is_token => 3,
            (Self::Apply, _) => 4,
        })
    }
}

/// Whether it deletes what is then created again, in the stage of what it is.
fn is_replaced(event: &Event, writes: &[&Event]) -> bool {
    let same = |other: &&Event| {
        other.verb == "patch"
            && (&other.resource, &other.namespace, &other.name)
                == (&event.resource, &event.namespace, &event.name)
    };
    event.verb == "delete" && writes.iter().any(same)
}

fn name(event: &Event) -> String {
    format!("{} {}", event.verb, target(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(verb: &str, resource: &str, name: &str) -> Event {
        let at = "2026-01-01T00:00:00.000000Z";
        let json = json!({
            "verb": verb, "objectRef": {"resource": resource, "name": name},
            "requestReceivedTimestamp": at, "stageTimestamp": at,
        });
        Event::parse(&json).expect("an event")
    }

    #[test]
    fn stages_in_order_are_no_violation() {
        let events = [
            event("patch", "clusterroles", "a"),
            event("patch", "namespaces", "a"),
            event("patch", "secrets", "a-token-a"),
            event("patch", "serviceaccounts", "a"),
            event("patch", "secrets", "a-token"),
            event("patch", "secrets", "a-token-a"),
            event("delete", "scrapeconfigs", "a"),
            event("patch", "scrapeconfigs", "a"),
            event("delete", "scrapeconfigs", "b"),
        ];
        assert_eq!(Purpose::Apply.violations(&events), [""; 0]);
        let events = [
            event("delete", "secrets", "a-token-a"),
            event("delete", "rolebindings", "a"),
            event("delete", "serviceaccounts", "a"),
            event("patch", "configmaps", "jobs"),
            event("delete", "secrets", "a-token"),
        ];
        assert_eq!(Purpose::of("monconf remove"), Purpose::Removal);
        assert_eq!(Purpose::Removal.violations(&events), [""; 0]);
    }

    #[test]
    fn a_later_stage_that_comes_first_is_one() {
        let events = [
            event("patch", "servicemonitors", "k8s"),
            event("patch", "secrets", "a-token"),
        ];
        let expected = ["patch servicemonitors k8s before patch secrets a-token"];
        assert_eq!(Purpose::Apply.violations(&events), expected);
        let events = [
            event("delete", "clusterroles", "a"),
            event("delete", "secrets", "a-token-b"),
        ];
        let expected = ["delete clusterroles a before delete secrets a-token-b"];
        assert_eq!(Purpose::Removal.violations(&events), expected);
    }
}
