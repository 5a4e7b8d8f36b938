//! Marks: comments that name the instance and the cluster for which monconf wrote a file or an item of a list.
//!
//! A file has its mark in the first line, an item of a list behind its name. Both hold the same fields, and one writer and
//! one reader serve both.

mod cluster;

#[cfg(test)]
mod tests;

pub use cluster::ClusterIdentity;

use std::fmt;

/// How the mark of an item begins, behind what begins a comment.
const ITEM: &str = "by monconf, ";
/// How the mark of a file begins, behind what begins a comment.
const FILE: &str = "Written by monconf, ";
/// How the mark of a file ends.
const FILE_END: &str = ": changes made here by hand are overwritten.";

const INSTANCE: &str = "instance ";
const CLUSTER: &str = "cluster ";
const CA: &str = "ca ";

/// What begins a comment in the language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comment {
    /// `#`: YAML, PEM, and the text format of metrics.
    Hash,
    /// `//`: the language of Alloy.
    Slashes,
}

impl Comment {
    const ALL: [Self; 2] = [Self::Hash, Self::Slashes];

    const fn begin(self) -> &'static str {
        match self {
            Self::Hash => "#",
            Self::Slashes => "//",
        }
    }
}

/// The instance and the cluster that a text belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name of the instance.
    pub instance: String,
    /// The cluster, as far as it is known.
    pub cluster: ClusterIdentity,
}

/// The owner of a text, from the view of one instance on one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// There is no text.
    Absent,
    /// The text holds nothing but white space.
    Empty,
    /// The same instance wrote it, for the same cluster or for a cluster that nothing tells apart from it.
    Ours(Mark),
    /// Another instance wrote it.
    AnotherInstance(Mark),
    /// An instance of the same name wrote it for another cluster.
    AnotherCluster(Mark),
    /// It has no mark.
    Foreign,
}

impl Mark {
    /// The mark of `instance` on `cluster`.
    #[must_use]
    pub fn new(instance: &str, cluster: ClusterIdentity) -> Self {
        Self {
            instance: instance.to_owned(),
            cluster,
        }
    }

    /// The mark in the first line of a file.
    #[must_use]
    pub fn of_file(text: &str) -> Option<Self> {
        let line = text.trim_start_matches('\u{feff}').lines().next()?;
        let mut comments = Comment::ALL.iter();
        let line = comments.find_map(|comment| line.strip_prefix(comment.begin()))?;
        let fields = line.trim_start().strip_prefix(FILE)?;
        Self::read(fields.trim_end().strip_suffix(FILE_END)?)
    }

    /// The mark of an item: the comment that is all that `behind` holds.
    #[must_use]
    pub fn of_item(behind: &str) -> Option<Self> {
        let comment = behind.trim_start().strip_prefix(Comment::Hash.begin())?;
        Self::read(comment.trim().strip_prefix(ITEM)?)
    }

    /// The first line of a file.
    #[must_use]
    pub fn header(&self, comment: Comment) -> String {
        format!("{} {FILE}{self}{FILE_END}\n", comment.begin())
    }

    /// The comment behind the name of an item.
    #[must_use]
    pub fn comment(&self) -> String {
        format!("{} {ITEM}{self}", Comment::Hash.begin())
    }

    /// Whether some item of `text` may have a mark of `instance`, or of an instance whose name begins with it.
    #[must_use]
    pub fn may_be_in(text: &str, instance: &str) -> bool {
        text.contains(&format!(
            "{} {ITEM}{INSTANCE}{instance}",
            Comment::Hash.begin()
        ))
    }

    /// The owner of a file that holds `text`; `None` stands for a file that does not exist.
    #[must_use]
    pub fn owns(&self, text: Option<&str>) -> Ownership {
        match text {
            None => Ownership::Absent,
            Some(text) if text.trim().is_empty() => Ownership::Empty,
            Some(text) => Self::of_file(text).map_or(Ownership::Foreign, |found| self.judge(found)),
        }
    }

    /// The owner of a text that has the mark `found`.
    #[must_use]
    pub fn judge(&self, found: Self) -> Ownership {
        if found.instance != self.instance {
            Ownership::AnotherInstance(found)
        } else if self.cluster.is(&found.cluster) == Some(false) {
            Ownership::AnotherCluster(found)
        } else {
            Ownership::Ours(found)
        }
    }

    /// The mark that replaces `found`, one of ours: what is known now, and what only `found` says. A user who may read
    /// less than the one before keeps the mark as it is.
    #[must_use]
    pub fn after(&self, found: &Self) -> Self {
        Self {
            instance: self.instance.clone(),
            cluster: self.cluster.after(&found.cluster),
        }
    }

    fn read(fields: &str) -> Option<Self> {
        let mut fields = fields.split(", ");
        let instance = fields.next()?.strip_prefix(INSTANCE)?;
        let is_name = |name: &str| {
            !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        let (mut uid, mut ca) = (None, None);
        for field in fields {
            if let Some(field) = field.strip_prefix(CLUSTER)
                && uid.is_none()
                && ca.is_none()
            {
                uid = Some(field);
            } else if let Some(field) = field.strip_prefix(CA)
                && ca.is_none()
            {
                ca = Some(field);
            } else {
                return None;
            }
        }
        let cluster = ClusterIdentity::written(uid, ca)?;
        is_name(instance).then(|| Self::new(instance, cluster))
    }
}

/// The fields of a mark.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{INSTANCE}{}", yaml::comment(&self.instance))?;
        if let Some(uid) = self.cluster.uid() {
            write!(f, ", {CLUSTER}{uid}")?;
        }
        if let Some(ca) = self.cluster.ca() {
            write!(f, ", {CA}{ca}")?;
        }
        Ok(())
    }
}

impl Ownership {
    /// Whether a file may be written: it is ours, empty, or does not exist.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        matches!(self, Self::Absent | Self::Empty | Self::Ours(_))
    }

    /// Whether it belongs to the same instance on another cluster.
    #[must_use]
    pub const fn is_elsewhere(&self) -> bool {
        matches!(self, Self::AnotherCluster(_))
    }

    /// The owner in words, where it is another instance or the same one on another cluster.
    #[must_use]
    pub fn other(&self) -> Option<String> {
        match self {
            Self::AnotherInstance(mark) => Some(format!("instance {} of monconf", mark.instance)),
            Self::AnotherCluster(mark) => Some(format!(
                "instance {} of monconf on another cluster ({})",
                mark.instance, mark.cluster
            )),
            Self::Absent | Self::Empty | Self::Ours(_) | Self::Foreign => None,
        }
    }
}
