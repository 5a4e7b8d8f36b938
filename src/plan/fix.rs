//! What unblocks a plan, with a line to paste.

use super::blocker::operator;
use super::{Blocker, Head, Plan};
use crate::command_line::CommandLine;
use crate::object::Kind;
use crate::quoted::shell_word;
use crate::spec::Names;

/// What unblocks `plan` where `blocker` blocks it. With an object of another instance in the way, other names are the
/// only way, and one that helps with every other object too.
pub(super) fn fix(blocker: &Blocker, plan: &Plan, head: &Head) -> Option<String> {
    let needs_names = plan.blockers.iter().find(|other| other.needs_other_names());
    match needs_names {
        Some(other) if blocker.object().is_some() => other.hint(head),
        _ => blocker.hint(head),
    }
}

impl Blocker {
    /// What unblocks the plan that `head` is of, with a line to paste.
    #[must_use]
    pub fn hint(&self, head: &Head) -> Option<String> {
        let take_over = head.call.clone().with("--take-ownership");
        let other_names = other_names(head);
        Some(match self {
            Self::ForeignFile { .. } | Self::OthersFile { .. } => return self.file_hint(head),
            Self::FieldConflict { .. } | Self::NotOurs { .. } => {
                format!(
                    "`{take_over}` takes it over ({DIFF}); `{other_names}` leaves it and creates an instance with other names"
                )
            }
            Self::OtherInstance { .. }
            | Self::ForeignJob {
                owner: Some(_),
                is_elsewhere: false,
                ..
            } => format!("`{other_names}` creates an instance with other names"),
            Self::ForeignJob {
                is_elsewhere: true, ..
            }
            | Self::OtherCluster { .. } => {
                format!(
                    "`{other_names}` creates an instance with other names for this cluster; `{take_over}` moves these scrape jobs to it"
                )
            }
            Self::SeveralClusters { servers, .. } => match servers.first() {
                Some(server) => format!(
                    "`{}` names the cluster that is meant; or leave out --offline",
                    head.call.clone().set("--api-server", server)
                ),
                None => "leave out --offline: the cluster then tells which scrape jobs are its own"
                    .into(),
            },
            Self::ForeignJob { .. } => {
                format!(
                    "`{take_over}` replaces it ({DIFF}); `{other_names}` leaves it and writes scrape jobs with other names"
                )
            }
            Self::NoFile { path } => format!(
                "`touch {}` begins an empty configuration, if the path is right",
                shell_word(&path.to_string_lossy())
            ),
            Self::Unfit { refusal, .. } if refusal.column > 0 => {
                "fix it at that place first".into()
            }
            Self::Unfit { is_file, .. } => {
                let or = if *is_file {
                    "; or let --drop-in FILE hold the scrape jobs"
                } else {
                    ""
                };
                format!("write that list with one item a line, each after a dash{or}")
            }
            Self::Unwritable(unwritable) => unwritable.hint(),
            Self::Unselected(unselected) => unselected.hint(),
            Self::Unloadable { hint, .. }
            | Self::Layout { hint, .. }
            | Self::Exposed { hint, .. } => hint.clone(),
            Self::Terminating { namespace, .. } => format!(
                "`{} get namespace {namespace} -o yaml` shows what holds it; wait until it is deleted, or choose another with --namespace",
                kubectl(head)
            ),
            Self::NotVacant { .. } => format!(
                "`{}` removes everything but the Namespace",
                head.call.clone().without("--delete-namespace")
            ),
            Self::NoNamespace { namespace, object } => {
                let or = match object.kind {
                    Kind::Role => "; or take it out of the job's namespaces",
                    _ => "",
                };
                format!(
                    "`{} create namespace {namespace}` creates it{or}",
                    kubectl(head)
                )
            }
            Self::NoAccount { .. } => format!(
                "`{}` creates it; or install what creates it, such as the chart",
                head.call
                    .clone()
                    .without("--existing-access")
                    .with("--existing-access=false")
            ),
            Self::KindNotServed { kinds } => {
                let text = match kinds.first() {
                    Some(kind) if Kind::AGENTS.contains(kind) => "static",
                    _ => "raw",
                };
                format!(
                    "`{}` writes a scrape configuration instead; or install {} (its CRDs suffice)",
                    head.call.clone().set("--format", text),
                    operator(kinds)
                )
            }
            Self::Escalation { object, .. } => format!(
                "let a user who holds these permissions run `{}`, or ask an administrator for `escalate` and `bind` on {} {}",
                head.call,
                object.kind.plural(),
                object.location()
            ),
        })
    }

    /// The same for a file that would be written whole and is not this instance's.
    fn file_hint(&self, head: &Head) -> Option<String> {
        let take_over = head.call.clone().with("--take-ownership");
        Some(match self {
            Self::ForeignFile {
                is_elsewhere: true, ..
            } => format!(
                "`{}` creates an instance with other names for this cluster, with files of its own by --drop-in and --token-dir; or `{take_over}` overwrites these",
                other_names(head)
            ),
            Self::ForeignFile { .. } => {
                format!("`{take_over}` overwrites it; or name another file")
            }
            Self::OthersFile {
                path,
                user,
                is_token: true,
            } => format!(
                "`rm {}`; or `{}` where Prometheus runs as that user",
                shell_word(&path.to_string_lossy()),
                head.call.clone().set("--token-owner", &user.to_string())
            ),
            Self::OthersFile { path, .. } => format!(
                "`rm {}`; or `{take_over}` writes to it",
                shell_word(&path.to_string_lossy())
            ),
            _ => return None,
        })
    }
}

const DIFF: &str = "the diff above shows what changes";

/// The same command line for an instance of another name.
fn other_names(head: &Head) -> CommandLine {
    let another = format!("{}-2", head.instance);
    let another = if Names::new(head.consumer, Some(&another), None).is_ok() {
        &another
    } else {
        "NAME"
    };
    head.call.clone().set("--name", another)
}

/// kubectl, for the cluster that the command line names.
fn kubectl(head: &Head) -> String {
    match head.call.value("--context") {
        Some(context) => format!("kubectl --context {}", shell_word(context)),
        None => "kubectl".to_owned(),
    }
}
