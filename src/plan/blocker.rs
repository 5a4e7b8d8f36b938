//! What keeps a plan from being applied, in words.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{Unselected, Unwritable};
use crate::object::{Found, Kind, NamespaceContent, ObjectRef};
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
        /// The owner, as far as it is known: `instance blue of monconf`.
        owner: Option<String>,
        /// Whether it is the same instance on another cluster.
        is_elsewhere: bool,
    },
    /// The file belongs to another user, and nothing in it is monconf's.
    OthersFile {
        /// The file.
        path: PathBuf,
        /// The number of its user.
        user: u32,
        /// Whether it would hold a token.
        is_token: bool,
    },
    /// Others can read or replace what is written to this file, which is a token's or CA's.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
        /// What to do about it.
        hint: String,
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
        /// The owner, as far as it is known: `instance blue of monconf`.
        owner: Option<String>,
        /// Whether it is the same instance on another cluster.
        is_elsewhere: bool,
    },
    /// Jobs of this instance's name are for another cluster.
    OtherCluster {
        /// The file.
        place: String,
        /// One of the jobs, in a file that others write to too.
        job: Option<String>,
        /// The address of the API server in it.
        server: String,
    },
    /// A text has jobs of instances of this name on several clusters, and it is not known which is meant.
    SeveralClusters {
        /// The file, or the key.
        place: String,
        /// The name of the instances.
        instance: String,
        /// The addresses of the API servers in the jobs.
        servers: Vec<String>,
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

    /// The file that is in the way, where it would be written whole.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::ForeignFile { path, .. }
            | Self::OthersFile { path, .. }
            | Self::Exposed { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether another instance has the name, which `--take-ownership` does not change.
    #[must_use]
    pub const fn needs_other_names(&self) -> bool {
        matches!(
            self,
            Self::OtherInstance { .. }
                | Self::ForeignJob {
                    owner: Some(_),
                    is_elsewhere: false,
                    ..
                }
        )
    }

    /// Whether `--take-ownership` lifts it.
    #[must_use]
    pub const fn is_lifted_by_taking_over(&self) -> bool {
        matches!(
            self,
            Self::FieldConflict { .. }
                | Self::NotOurs { .. }
                | Self::ForeignJob { owner: None, .. }
        )
    }
}

impl Blocker {
    /// What keeps the namespace from being deleted once the objects with the UIDs `going` are deleted.
    #[must_use]
    pub fn of_content(
        content: &NamespaceContent,
        namespace: &str,
        going: &BTreeSet<&str>,
    ) -> Option<Self> {
        let goes = |found: &&Found| found.uid.as_deref().is_some_and(|uid| going.contains(uid));
        let others = content.objects.iter().filter(|found| !goes(found));
        let others: Vec<String> = others.map(|found| found.name.clone()).collect();
        (!others.is_empty() || !content.unknown.is_empty()).then(|| Self::NotVacant {
            namespace: namespace.to_owned(),
            others,
            unknown: content.unknown.clone(),
        })
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
            Self::ForeignFile { path, owner, .. } => {
                foreign_file(f, &path.display(), owner.as_deref())
            }
            Self::OthersFile {
                path,
                user,
                is_token,
            } => others_file(f, &path.display(), *user, *is_token),
            Self::Exposed { path, why, .. } => write!(f, "cannot write {}: {why}", path.display()),
            Self::NoFile { path } => write!(f, "there is no file {} to edit", path.display()),
            Self::Unfit { refusal, .. } => refusal.fmt(f),
            Self::Unwritable(unwritable) => unwritable.fmt(f),
            Self::Layout { place, why, .. } => write!(f, "{place}: {why}"),
            Self::ForeignJob {
                place, job, owner, ..
            } => foreign_job(f, place, job, owner.as_deref()),
            Self::OtherCluster { place, job, server } => {
                match job {
                    Some(job) => write!(f, "{place}: job {job} of this instance is")?,
                    None => write!(f, "{place}: the jobs of this instance are")?,
                }
                write!(f, " for another cluster ({server})")
            }
            Self::SeveralClusters {
                place,
                instance,
                servers,
            } => write!(
                f,
                "{place} has jobs of instance {instance} on several clusters, and none or more than one of them discovers at the API server that is named (in the file: {})",
                servers.join(", ")
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

fn foreign_job(
    f: &mut fmt::Formatter<'_>,
    place: &str,
    job: &str,
    owner: Option<&str>,
) -> fmt::Result {
    match owner {
        Some(owner) => write!(f, "{place}: job {job} belongs to {owner}"),
        None => write!(f, "{place}: job {job} was not written by monconf"),
    }
}

fn foreign_file(
    f: &mut fmt::Formatter<'_>,
    path: &dyn fmt::Display,
    owner: Option<&str>,
) -> fmt::Result {
    match owner {
        Some(owner) => write!(f, "file {path} belongs to {owner}"),
        None => write!(f, "file {path} exists and was not written by monconf"),
    }
}

fn others_file(
    f: &mut fmt::Formatter<'_>,
    path: &dyn fmt::Display,
    user: u32,
    is_token: bool,
) -> fmt::Result {
    if !is_token {
        return write!(f, "file {path} is empty and belongs to user {user}");
    }
    write!(
        f,
        "file {path} belongs to user {user} and does not hold a token of this instance: user {user} could read the new one"
    )
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
pub(super) fn operator(kinds: &[Kind]) -> &'static str {
    match kinds.first() {
        Some(kind) if Kind::AGENTS.contains(kind) => "Grafana Agent's operator",
        _ => "prometheus-operator",
    }
}
