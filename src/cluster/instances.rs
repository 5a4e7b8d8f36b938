//! Every instance on the cluster: its ServiceAccount, and the metadata of what belongs to it. Of Secrets nothing but
//! metadata is asked for, so no token gets here.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::read::items;
use crate::client::{Answer, Call, Cluster, Failure};
use crate::object::{COMPONENT, INSTANCE, Kind, MADE_FOR, MANAGED_BY, metadata};
use crate::reads;
use crate::spec::{Consumer, Names};

/// Of a token that the cluster once wrote into a Secret by itself: whose it is.
const ACCOUNT_OF_LEGACY: &str = "kubernetes.io/service-account.name";
const LEGACY_TYPE: &str = "kubernetes.io%2Fservice-account-token";

type Outcome<T = Answer> = Result<T, Box<Failure>>;

/// What the cluster said of its instances.
pub struct Instances {
    /// Who the API server says we are.
    pub user: Option<String>,
    /// The API server's clock, or ours where it does not tell.
    pub now: Timestamp,
    /// By namespace and name.
    pub found: Vec<Instance>,
    /// The only namespace that was looked at, where the caller may not look into all.
    pub only: Option<String>,
    /// What could not be read.
    pub warnings: Vec<String>,
}

/// One instance, as far as metadata tells.
pub struct Instance {
    /// What everything of it is called.
    pub names: Names,
    /// The ServiceAccount.
    pub account: Value,
    /// Metadata of the token Secret.
    pub token_secret: Seen,
    /// Metadata of the handle in each slot.
    pub handles: [Seen; 2],
    /// The ClusterRole.
    pub role: Seen,
    /// The binding of the ClusterRole.
    pub binding: Seen,
    /// Metadata of Secrets with tokens of the account that never end.
    pub legacy: Vec<Value>,
}

/// One object of an instance.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It exists.
    There(Value),
    /// It does not exist.
    Absent,
    /// The caller may not read it.
    Hidden,
}

impl Seen {
    /// The object, where it is seen.
    #[must_use]
    pub const fn object(&self) -> Option<&Value> {
        match self {
            Self::There(object) => Some(object),
            Self::Absent | Self::Hidden => None,
        }
    }
}

impl Cluster {
    /// Finds every instance by its ServiceAccount: in all namespaces, or where the caller may list only there, in
    /// `namespace`; then reads what belongs to each.
    ///
    /// # Errors
    /// ServiceAccounts that may be listed in neither, and failures other than denied reads.
    pub async fn instances(&self, namespace: &str) -> Outcome<Instances> {
        let (accounts, user) = tokio::join!(self.accounts(None), self.send(Call::who_am_i()));
        let (accounts, only) = match accounts {
            Err(failure) if failure.denied().is_some() => {
                let accounts = self.accounts(Some(namespace)).await?;
                (accounts, Some(namespace.to_owned()))
            }
            accounts => (accounts?, None),
        };
        let user = user.ok();
        let mut instances = Instances {
            now: user
                .as_ref()
                .and_then(|answer| answer.date)
                .unwrap_or_else(Timestamp::now),
            user: user
                .as_ref()
                .and_then(|answer| answer.body.pointer("/status/userInfo/username")?.as_str())
                .map(str::to_owned),
            found: Vec::new(),
            only,
            warnings: Vec::new(),
        };
        let mut named = Vec::new();
        for account in accounts {
            match names(&account) {
                Ok(of) => named.push((of, account)),
                Err(why) => instances.warnings.push(why),
            }
        }
        self.complete(named, &mut instances).await?;
        instances.found.sort_by(|one, other| {
            let key = |names: &Names| (names.namespace.clone(), names.instance.clone());
            key(&one.names).cmp(&key(&other.names))
        });
        Ok(instances)
    }

    /// Those that monconf has made, and those that others have made for it.
    async fn accounts(&self, namespace: Option<&str>) -> Outcome<Vec<Value>> {
        let accounts = reads::accounts(namespace);
        let collection = accounts.kind.collection(accounts.namespace.as_deref());
        let selectors = [format!("{MANAGED_BY}%3Dmonconf"), MADE_FOR.to_owned()];
        let answers = join_all(selectors.iter().map(|selector| {
            let path = format!("{collection}?labelSelector={selector}");
            let kind = (accounts.kind.api_version(), accounts.kind.name());
            let subject = "the ServiceAccounts of instances";
            self.send(Call::list(subject, &path, kind, namespace))
        }));
        let mut found = Vec::new();
        for answer in answers.await {
            found.extend(items(answer?.body));
        }
        Ok(found)
    }

    /// Everything that belongs to the instances, in one wave.
    async fn complete(&self, named: Vec<(Names, Value)>, instances: &mut Instances) -> Outcome<()> {
        let namespaces: BTreeSet<String> = named
            .iter()
            .map(|(names, _)| names.namespace.clone())
            .collect();
        let objects = join_all(named.iter().map(|(names, _)| self.parts(names)));
        let legacy = join_all(namespaces.iter().map(|namespace| self.legacy(namespace)));
        let (objects, legacy) = tokio::join!(objects, legacy);
        let mut denied = Vec::new();
        let mut legacy_tokens = Vec::new();
        for answer in legacy {
            match answer {
                Ok(answer) => legacy_tokens.extend(items(answer.body)),
                Err(failure) if failure.denied().is_some() => denied.push(failure),
                Err(failure) => return Err(failure),
            }
        }
        for ((names, account), parts) in named.into_iter().zip(objects) {
            let mut seen = Vec::new();
            for part in parts {
                seen.push(match part {
                    Ok(answer) => Seen::There(answer.body),
                    Err(failure) if failure.is_not_found() => Seen::Absent,
                    Err(failure) if failure.denied().is_some() => {
                        denied.push(failure);
                        Seen::Hidden
                    }
                    Err(failure) => return Err(failure),
                });
            }
            let Ok([token_secret, first, second, role, binding]) = <[Seen; 5]>::try_from(seen)
            else {
                continue;
            };
            let is_of_account = |secret: &&Value| {
                secret["metadata"]["namespace"] == names.namespace.as_str()
                    && metadata(secret, "annotations", ACCOUNT_OF_LEGACY)
                        == Some(names.service_account().as_str())
            };
            let legacy = legacy_tokens.iter().filter(is_of_account).cloned();
            instances.found.push(Instance {
                legacy: legacy.collect(),
                names,
                account,
                token_secret,
                handles: [first, second],
                role,
                binding,
            });
        }
        let failure = Failure::together(denied);
        instances
            .warnings
            .extend(failure.map(|failure| failure.to_string()));
        Ok(())
    }

    /// Token Secret, both handles, role and binding.
    async fn parts(&self, names: &Names) -> Vec<Outcome> {
        let asked = reads::account_parts(names).map(|object| match object.kind {
            Kind::Secret => Call::get(&object).metadata_only(),
            _ => Call::get(&object),
        });
        join_all(asked.map(|call| self.send(call))).await
    }

    /// The Secrets of a namespace that the cluster writes tokens into by itself.
    async fn legacy(&self, namespace: &str) -> Outcome {
        let collection = Kind::Secret.collection(Some(namespace));
        let path = format!("{collection}?fieldSelector=type%3D{LEGACY_TYPE}");
        let subject = format!("Secrets of type kubernetes.io/service-account-token in {namespace}");
        let call = Call::list(&subject, &path, ("v1", "Secret"), Some(namespace));
        self.send(call.list_of_metadata()).await
    }
}

/// The names that the labels of an instance's ServiceAccount stand for.
fn names(account: &Value) -> Result<Names, String> {
    let text = |field: &str| account["metadata"][field].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    let label = |key: &str| metadata(account, "labels", key);
    let consumer = label(COMPONENT).and_then(Consumer::named);
    let names = consumer.and_then(|consumer| {
        let instance = label(MADE_FOR).or(label(INSTANCE))?;
        let names = Names::new(consumer, Some(instance), Some(namespace)).ok()?;
        (names.service_account() == name).then_some(names)
    });
    names.ok_or_else(|| {
        format!("ServiceAccount {namespace}/{name} carries monconf's label and is of no instance that this version knows")
    })
}
