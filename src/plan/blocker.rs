//! What keeps a plan from being applied, in words.

use std::fmt;
use std::path::PathBuf;

use super::{Unselected, Unwritable};
use crate::object::{Kind, ObjectRef};
use crate::splice::Refusal;

/// Something that keeps the plan from being applied, known before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// Another field manager set a field to a value that monconf would change.
    FieldConflict {
        /// The object.
        object: ObjectRef,
        /// Each field in dotted form (`.rules`), and its manager.
        fields: Vec<(String, String)>,
    },
    /// The object exists without monconf's labels: made by hand, or by another tool.
    NotOurs {
        /// The object.
        object: ObjectRef,
        /// The field managers that wrote it, where there are any.
        managers: Vec<String>,
    },
    /// The object belongs to another instance of monconf.
    OtherInstance {
        /// The object.
        object: ObjectRef,
        /// The value of its `app.kubernetes.io/instance` label.
        instance: String,
        /// The value of its `app.kubernetes.io/component` label.
        component: String,
    },
    /// The file exists and was not written by monconf, or for another instance.
    ForeignFile {
        /// The file.
        path: PathBuf,
        /// Whose it is, as far as it says: `instance blue of monconf`.
        owner: Option<String>,
    },
    /// There is no file to edit.
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// The text cannot be edited.
    Unfit {
        /// Why not.
        refusal: Refusal,
        /// Whether it is that of a file, so that a file of its own could hold the jobs.
        is_file: bool,
    },
    /// There is no text to edit, or it cannot be written.
    Unwritable(Box<Unwritable>),
    /// An agent's configuration does not have the part that is meant.
    Layout {
        /// The file, or the key.
        place: String,
        /// Why not.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// A job of a wanted name exists that this instance did not write.
    ForeignJob {
        /// Where: `FILE:LINE`.
        place: String,
        /// Its name.
        job: String,
        /// The instance of monconf that wrote it, if one did.
        instance: Option<String>,
    },
    /// Jobs of this instance's name are for another cluster.
    OtherCluster {
        /// The file.
        place: String,
        /// One of the jobs.
        job: String,
        /// The address of the API server in it.
        server: String,
    },
    /// Prometheus would not load the configuration.
    Unloadable {
        /// The file.
        place: String,
        /// Why not.
        why: String,
        /// What to do about it.
        hint: String,
    },
    /// The namespace is being deleted.
    Terminating {
        /// The namespace.
        namespace: String,
        /// What its deletion waits for: finalizers, and conditions that report remaining content.
        waits_for: Vec<String>,
    },
    /// A namespace that is to be deleted holds what is not this instance's.
    NotVacant {
        /// The namespace.
        namespace: String,
        /// What is in it: `Pod web-0`.
        others: Vec<String>,
        /// Sentences about what could not be looked at.
        unknown: Vec<String>,
    },
    /// A job looks for targets in a namespace that does not exist, or a Prometheus is said to be there.
    NoNamespace {
        /// The namespace.
        namespace: String,
        /// The Role or Secret that would have to be written there.
        object: ObjectRef,
    },
    /// Access is somebody else's, who has not made the ServiceAccount.
    NoAccount {
        /// The ServiceAccount.
        object: ObjectRef,
    },
    /// The cluster does not serve the kinds of the operator format.
    KindNotServed {
        /// The kinds.
        kinds: Vec<Kind>,
    },
    /// It is not settled who selects the monitors, and so receives the token.
    Unselected(Box<Unselected>),
    /// The caller does not hold rights that the role would grant, nor `escalate`.
    Escalation {
        /// The role.
        object: ObjectRef,
        /// Who asks.
        user: String,
        /// The rights that the caller lacks, in words: `get nodes/metrics`.
        missing: Vec<String>,
    },
}

impl Blocker {
    /// The object that is in the way, where it is one.
    #[must_use]
    pub const fn object(&self) -> Option<&ObjectRef> {
        match self {
            Self::FieldConflict { object, .. }
            | Self::NotOurs { object, .. }
            | Self::OtherInstance { object, .. } => Some(object),
            _ => None,
        }
    }

    /// Whether `--take-ownership` lifts it.
    #[must_use]
    pub const fn is_lifted_by_taking_over(&self) -> bool {
        matches!(
            self,
            Self::FieldConflict { .. }
                | Self::NotOurs { .. }
                | Self::ForeignJob { instance: None, .. }
        )
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldConflict { object, fields } => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(field, manager)| format!("{field} is set by {manager}"))
                    .collect();
                write!(f, "{object}: {}", fields.join("; "))
            }
            Self::NotOurs { object, managers } => {
                write!(f, "{object} exists and was not made by monconf")?;
                if !managers.is_empty() {
                    write!(f, " (written by {})", managers.join(", "))?;
                }
                Ok(())
            }
            Self::OtherInstance {
                object,
                instance,
                component,
            } => write!(
                f,
                "{object} belongs to instance {instance} of monconf ({component})"
            ),
            Self::ForeignFile { path, owner } => match owner {
                Some(owner) => write!(f, "file {} belongs to {owner}", path.display()),
                None => write!(
                    f,
                    "file {} exists and was not written by monconf",
                    path.display()
                ),
            },
            Self::NoFile { path } => write!(f, "there is no file {} to edit", path.display()),
            Self::Unfit { refusal, .. } => refusal.fmt(f),
            Self::Unwritable(unwritable) => unwritable.fmt(f),
            Self::Layout { place, why, .. } => write!(f, "{place}: {why}"),
            Self::ForeignJob {
                place,
                job,
                instance,
            } => match instance {
                Some(instance) => {
                    write!(
                        f,
                        "{place}: job {job} belongs to instance {instance} of monconf"
                    )
                }
                None => write!(f, "{place}: job {job} was not written by monconf"),
            },
            Self::OtherCluster { place, job, server } => write!(
                f,
                "{place}: job {job} of this instance is for another cluster ({server})"
            ),
            Self::Unloadable { place, why, .. } => {
                write!(f, "Prometheus would refuse {place}: {why}")
            }
            Self::Terminating {
                namespace,
                waits_for,
            } => {
                write!(f, "Namespace {namespace} is being deleted")?;
                if !waits_for.is_empty() {
                    write!(f, "; it waits for: {}", waits_for.join("; "))?;
                }
                Ok(())
            }
            Self::NotVacant {
                namespace,
                others,
                unknown,
            } => not_vacant(f, namespace, others, unknown),
            Self::NoNamespace { namespace, object } => {
                write!(
                    f,
                    "cannot write {object}: there is no namespace {namespace}"
                )?;
                match object.kind {
                    Kind::Role => f.write_str(", where a job looks for targets"),
                    _ => Ok(()),
                }
            }
            Self::NoAccount { object } => {
                write!(f, "there is no {object}, for which the token would be")
            }
            Self::KindNotServed { kinds } => not_served(f, kinds),
            Self::Unselected(unselected) => unselected.fmt(f),
            Self::Escalation {
                object,
                user,
                missing,
            } => write!(
                f,
                "cannot write {object}: {user} may not grant rights that this user does not hold\n  missing: {}",
                missing.join("; ")
            ),
        }
    }
}

fn not_served(f: &mut fmt::Formatter<'_>, kinds: &[Kind]) -> fmt::Result {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    write!(
        f,
        "this cluster does not serve {}: the CRDs of {} are not installed",
        names.join(" and "),
        operator(kinds)
    )
}

fn not_vacant(
    f: &mut fmt::Formatter<'_>,
    namespace: &str,
    others: &[String],
    unknown: &[String],
) -> fmt::Result {
    write!(f, "Namespace {namespace} is not deleted: ")?;
    if others.is_empty() {
        f.write_str("it is not known what is in it")?;
    } else {
        write!(f, "it also holds {}", listed(others))?;
    }
    unknown
        .iter()
        .try_for_each(|unknown| write!(f, "\n  {unknown}"))
}

/// The first of them, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 10;
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => {
            format!("{} and {} more", first.join(", "), names.len() - SHOWN)
        }
        _ => names.join(", "),
    }
}

/// Whose kinds these are.
fn operator(kinds: &[Kind]) -> &'static str {
    match kinds.first() {
        Some(kind) if Kind::AGENTS.contains(kind) => "Grafana Agent's operator",
        _ => "prometheus-operator",
    }
}

impl Blocker {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::ForeignFile { .. } => {
                "--take-ownership overwrites it (the diff above shows what would change); or name another file".into()
            }
            Self::FieldConflict { .. } | Self::NotOurs { .. } => {
                "--take-ownership takes these over (the diff above shows what would change); --name NAME makes an instance with names of its own".into()
            }
            Self::OtherInstance { .. }
            | Self::ForeignJob {
                instance: Some(_), ..
            } => "--name NAME makes an instance with names of its own".into(),
            Self::ForeignJob { .. } => {
                "--take-ownership replaces it (the diff above shows what would change); --name NAME makes jobs with names of their own".into()
            }
            Self::NoFile { path } => format!(
                "is the path right? To begin an empty configuration: `touch {}`",
                path.display()
            ),
            Self::Unfit { refusal, .. } if refusal.column > 0 => "mend it at that place first".into(),
            Self::Unfit { is_file, .. } => {
                let or = if *is_file { "; or let --drop-in FILE hold the jobs" } else { "" };
                format!("write that list with one item a line, each after a dash{or}")
            }
            Self::Unwritable(unwritable) => unwritable.hint(),
            Self::Unselected(unselected) => unselected.hint(),
            Self::OtherCluster { .. } => {
                "--name NAME makes an instance with names of its own for this cluster; --take-ownership moves these jobs to it".into()
            }
            Self::Unloadable { hint, .. } | Self::Layout { hint, .. } => hint.clone(),
            Self::Terminating { namespace, .. } => format!(
                "wait until it is gone, see what holds it with `kubectl get namespace {namespace} -o yaml`, or choose another with --namespace"
            ),
            Self::NotVacant { .. } => {
                "leave out --delete-namespace to remove everything but the Namespace".into()
            }
            Self::NoNamespace { namespace, object } => {
                let or = match object.kind {
                    Kind::Role => ", or take it out of the job's namespaces",
                    _ => "",
                };
                format!("create it first (`kubectl create namespace {namespace}`){or}")
            }
            Self::NoAccount { .. } => {
                "install what makes it, such as the chart, or leave out --existing-access and it is made here".into()
            }
            Self::KindNotServed { kinds } => {
                let text = match kinds.first() {
                    Some(kind) if Kind::AGENTS.contains(kind) => "static",
                    _ => "raw",
                };
                format!(
                    "install {} (its CRDs suffice), or write a scrape configuration instead: --format {text}",
                    operator(kinds)
                )
            }
            Self::Escalation { object, .. } => format!(
                "ask someone who holds these rights to run this command, or an administrator for `escalate` and `bind` on {} {}",
                object.kind.plural(),
                object.location()
            ),
        })
    }
}
