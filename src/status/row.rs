//! One line of the overview.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use super::fault::faults;
use super::file::TokenFile;
use super::state::{Life, State, Status, status};
use crate::cluster::{Instance, Seen};
use crate::object::metadata;
use crate::spec::{Consumer, Names};

/// Label that the cluster keeps on a token of its own that somebody has logged in with: the day of the last time.
/// There is none such for tokens of the TokenRequest API.
const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";

/// One instance, or one file with a token that no other row is about.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who reads the configuration; `None` where a file's token is of no instance on the cluster.
    pub consumer: Option<Consumer>,
    /// The instance's name; empty where there is none.
    pub instance: String,
    /// The ServiceAccount's namespace.
    pub namespace: String,
    /// The ServiceAccount's name.
    pub service_account: String,
    /// Where the token is.
    pub place: Place,
    /// How it is.
    pub token: Status,
    /// Tokens of the same account that never end.
    pub legacy: Vec<Legacy>,
    /// Whether the cluster is as the settings want it; `None` where they are not of this instance.
    pub drift: Option<Drift>,
    /// Rights beyond those that the jobs need; `None` where these are not known.
    pub surplus: Option<Vec<String>>,
    /// What is wrong with role and binding.
    pub faults: Vec<String>,
    /// What else there is to say.
    pub remarks: Vec<String>,
}

/// Where a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a Secret of this name.
    Secret(String),
    /// In a file.
    File(PathBuf),
    /// Nowhere that is known: in files of which none was named, or there is none.
    Elsewhere,
}

/// A token that the cluster wrote into a Secret, and that never ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// The Secret.
    pub secret: String,
    /// The day of its last use, where the cluster has seen one.
    pub last_used: Option<String>,
}

/// What a plan would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    /// So many objects and files.
    Pending {
        /// To be created.
        create: usize,
        /// To be changed or replaced.
        change: usize,
        /// To be deleted.
        delete: usize,
    },
    /// It could not be applied, for this reason.
    Blocked(String),
}

impl Drift {
    /// Whether there is any.
    #[must_use]
    pub const fn is_some(&self) -> bool {
        !matches!(
            self,
            Self::Pending {
                create: 0,
                change: 0,
                delete: 0
            }
        )
    }
}

impl Row {
    fn of(instance: &Instance, now: Timestamp) -> Self {
        let names = &instance.names;
        Self {
            place: match instance.token_secret {
                Seen::There(_) | Seen::Hidden => Place::Secret(names.token_secret()),
                Seen::Absent => Place::Elsewhere,
            },
            token: status(instance, now),
            legacy: instance.legacy.iter().map(legacy).collect(),
            faults: faults(instance),
            ..Self::of_names(names)
        }
    }

    /// Of an instance that is not there.
    #[must_use]
    pub fn of_names(names: &Names) -> Self {
        Self {
            consumer: Some(names.consumer),
            instance: names.instance.clone(),
            namespace: names.namespace.clone(),
            service_account: names.service_account(),
            place: Place::Elsewhere,
            token: Status::of(
                State::Missing,
                Some("this instance is not there".to_owned()),
            ),
            legacy: Vec::new(),
            drift: None,
            surplus: None,
            faults: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn of_file(file: &TokenFile, of: Option<&Instance>, now: Timestamp) -> Self {
        let (namespace, account) = file.account().unwrap_or_default();
        Self {
            consumer: of.map(|of| of.names.consumer),
            instance: of.map(|of| of.names.instance.clone()).unwrap_or_default(),
            namespace: namespace.to_owned(),
            service_account: account.to_owned(),
            place: Place::File(file.path.clone()),
            token: file.status(of, now),
            legacy: Vec::new(),
            drift: None,
            surplus: None,
            faults: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Whether something has to be done: about the token, its rights, or what differs from the settings.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.token.state.is_due()
            || !self.faults.is_empty()
            || self.drift.as_ref().is_some_and(Drift::is_some)
            || self
                .surplus
                .as_ref()
                .is_some_and(|rights| !rights.is_empty())
    }

    /// Whether it is about the instance of these names.
    #[must_use]
    pub fn is_of(&self, names: &Names) -> bool {
        self.consumer == Some(names.consumer)
            && self.instance == names.instance
            && self.namespace == names.namespace
    }

    /// The day of the last use that the cluster knows of.
    #[must_use]
    pub fn last_used(&self) -> Option<&str> {
        let used = self.legacy.iter();
        used.filter_map(|legacy| legacy.last_used.as_deref()).max()
    }

    /// `monitoring/monitoring-sa`.
    #[must_use]
    pub fn account(&self) -> String {
        if self.service_account.is_empty() {
            return String::new();
        }
        format!("{}/{}", self.namespace, self.service_account)
    }
}

/// A row for each instance, then one for each file whose token is not that instance's current one.
#[must_use]
pub fn rows(instances: &[Instance], files: &[TokenFile], now: Timestamp) -> Vec<Row> {
    let mut rows: Vec<Row> = instances
        .iter()
        .map(|instance| Row::of(instance, now))
        .collect();
    for file in files {
        let of = instances.iter().position(|instance| {
            let names = &instance.names;
            file.account() == Some((&names.namespace, &names.service_account()))
        });
        let instance = of.map(|index| &instances[index]);
        let mut row = Row::of_file(file, instance, now);
        let Some(own) = of.map(|index| &mut rows[index]) else {
            rows.push(row);
            continue;
        };
        let handle_of = |status: &Status| status.handle.as_ref().map(|(_, uid)| uid.clone());
        let is_current =
            handle_of(&row.token).is_some() && handle_of(&row.token) == handle_of(&own.token);
        let requested = own.token.life.and_then(|life| life.requested);
        if is_current && own.place == Place::Elsewhere {
            own.place = row.place;
            if let Some(life) = &mut row.token.life {
                life.requested = requested;
            }
            own.token = row.token;
        } else {
            if !is_current && row.token.state.is_valid() == Some(true) {
                row.remarks.push(
                    "there is a newer token: this one stays valid until its handle is deleted"
                        .to_owned(),
                );
            }
            rows.push(row);
        }
    }
    for (row, instance) in rows.iter_mut().zip(instances) {
        row.remarks.extend(old_handles(instance, &row.token));
    }
    for row in &mut rows {
        row.remarks.extend(clamped(&row.token));
        row.remarks.extend(row.legacy.iter().map(Legacy::sentence));
    }
    rows
}

/// What is left of tokens that have been replaced.
fn old_handles(instance: &Instance, token: &Status) -> Vec<String> {
    let Some((current, _)) = &token.handle else {
        return Vec::new();
    };
    let names = instance.names.handles();
    let others = names.iter().zip(&instance.handles);
    others
        .filter(|(name, seen)| *name != current && seen.object().is_some())
        .map(|(name, _)| {
            format!("the token before this one is valid until its handle {name} is deleted, which a run does ten minutes after the swap")
        })
        .collect()
}

fn clamped(token: &Status) -> Option<String> {
    let life = token.life.filter(Life::is_clamped)?;
    Some(format!(
        "tokens here live {}, less than was asked for: a run with --apply has to come at least every {}",
        life.granted(),
        life.often()
    ))
}

fn legacy(secret: &Value) -> Legacy {
    Legacy {
        secret: secret["metadata"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        last_used: metadata(secret, "labels", LAST_USED).map(str::to_owned),
    }
}

impl Legacy {
    fn sentence(&self) -> String {
        let used = match &self.last_used {
            Some(day) => format!("last used {day}"),
            None => "not seen in use".to_owned(),
        };
        format!(
            "Secret {} holds a token of the same account that never ends, {used}",
            self.secret
        )
    }
}
