//! What a rotation refuses, before it writes anything: an instance that does not exist, and a token that is elsewhere.

use crate::client::Cluster;
use crate::command::{Global, of_consumer};
use crate::error::{Error, Result};
use crate::object::{Kind, ObjectRef};
use crate::prepare::{Account, Found, Prepared};
use crate::promfile::resolved;
use crate::quoted::shell_word;
use crate::spec::{Consumer, Names, Spec, TokenPlace};
use crate::token::{BoundSecret, Verdict};

/// A rotation that is planned, and what it was planned for.
pub(super) struct Guard<'a> {
    pub(super) spec: &'a Spec,
    pub(super) cluster: &'a Cluster,
    pub(super) global: &'a Global,
}

impl Guard<'_> {
    /// Refuses where there is no instance, or where its token is not where the settings say.
    pub(super) async fn check(&self, prepared: &Prepared) -> Result<()> {
        let (Some(found), Some(decision)) = (&prepared.found, &prepared.decision) else {
            return Ok(());
        };
        self.account(found).await?;
        if matches!(decision.verdict, Verdict::Keep(_)) {
            return Ok(());
        }
        if let Some(bound) = &decision.elsewhere {
            return Err(self.elsewhere(bound, found));
        }
        if let Some(current) = &found.current
            && found.in_secret.as_deref() == Some(current.name.as_str())
        {
            return Err(self.shared(current));
        }
        if !found.holds_token && found.place != TokenPlace::Pod {
            return Err(Error::usage_hint(
                format!(
                    "{} {}: nothing to replace, and nothing was written",
                    self.place(found),
                    without_token(&found.place),
                ),
                format!("{}; {}", self.places(), self.issues_another()),
            ));
        }
        Ok(())
    }

    async fn account(&self, found: &Found) -> Result<()> {
        let names = &self.spec.names;
        let account = format!("ServiceAccount {}", names.account());
        match &found.account {
            Account::Ours => Ok(()),
            Account::Missing if found.has_parts => Err(Error::usage_hint(
                format!(
                    "{account} of instance {} does not exist: no token can be issued for it. Nothing was written",
                    names.instance
                ),
                format!(
                    "`{}` creates it again, with a new token",
                    self.consumer_command()
                ),
            )),
            Account::Missing => Err(self.no_instance(&format!("{account} does not exist")).await),
            Account::Unlabelled => {
                let why = format!("{account} exists and was not created by monconf");
                Err(self.no_instance(&why).await)
            }
            Account::Other {
                instance,
                component,
            } => {
                let (name, namespace) = (shell_word(instance), shell_word(&names.namespace));
                let component = shell_word(component);
                Err(Error::usage_hint(
                    format!(
                        "{account} belongs to instance {instance} of {component}, not to instance {} of {}. Nothing was written",
                        names.instance,
                        names.consumer.name()
                    ),
                    format!(
                        "`monconf rotate {component} --name {name} --namespace {namespace}` plans the rotation of its token"
                    ),
                ))
            }
        }
    }

    /// Names the instances that exist, as far as the current user may list them.
    async fn no_instance(&self, why: &str) -> Error {
        let names = &self.spec.names;
        let mut lines = vec![format!(
            "no instance {} of {} in namespace {}: {why}. Nothing was written",
            names.instance,
            names.consumer.name(),
            names.namespace
        )];
        let mut meant = None;
        match self.cluster.instances(&names.namespace).await {
            Err(failure) => lines.push(format!("which instances exist is not known: {failure}")),
            Ok(instances) => {
                let place = match &instances.only {
                    Some(namespace) => format!("in namespace {namespace}"),
                    None => "on this cluster".to_owned(),
                };
                let found: Vec<&Names> = instances.found.iter().map(|found| &found.names).collect();
                lines.push(if found.is_empty() {
                    format!("no instance exists {place}")
                } else {
                    format!("instances {place}:")
                });
                let name = |of: &&Names| {
                    format!("  {} {}/{}", of.consumer.name(), of.namespace, of.instance)
                };
                lines.extend(found.iter().map(name));
                meant = closest(&found, names).cloned();
            }
        }
        let hint = match meant {
            Some(of) => format!(
                "`monconf rotate {} --name {} --namespace {}` plans the rotation of that instance's token",
                of.consumer.name(),
                of.instance,
                of.namespace
            ),
            None => format!("`{}` creates one", self.consumer_command()),
        };
        Error::usage_hint(lines.join("\n  "), hint)
    }

    fn elsewhere(&self, bound: &BoundSecret, found: &Found) -> Error {
        let names = &self.spec.names;
        let holder = found
            .in_secret
            .as_ref()
            .filter(|named| **named == bound.name)
            .map(|_| format!("Secret {}/{}", names.namespace, names.token_secret()));
        let without = match (found.holds_token, found.place == TokenPlace::Pod) {
            (_, true) => "is not that of the live one".to_owned(),
            (true, _) => "holds another token".to_owned(),
            (false, _) => without_token(&found.place).to_owned(),
        };
        let message = format!(
            "the token of instance {} is not where these flags say: bound Secret {}/{} is live, {}, and {} {without}. Nothing was written",
            names.instance,
            names.namespace,
            bound.name,
            bound.life(found.now),
            self.place(found),
        );
        let hint = match holder {
            Some(holder) if found.place == TokenPlace::Pod => format!(
                "its token is in {holder}: add --token-from secret or --token-from mount, as `monconf {}` was given it",
                names.consumer.name()
            ),
            Some(holder) => format!(
                "its token is in {holder}: leave out the flags that name other places (--drop-in, --config, --token-dir, --token-from); {}",
                self.issues_another()
            ),
            None => format!("{}; {}", self.places(), self.issues_another()),
        };
        Error::usage_hint(message, hint)
    }

    /// Revoking the token at this place would revoke the one of the monitors too.
    fn shared(&self, bound: &BoundSecret) -> Error {
        let names = &self.spec.names;
        Error::usage_hint(
            format!(
                "bound Secret {}/{} has another live token, in Secret {}/{}: revoking one revokes both. Nothing was written",
                names.namespace,
                bound.name,
                names.namespace,
                names.token_secret()
            ),
            format!(
                "`{}` moves the instance to this destination first",
                self.consumer_command()
            ),
        )
    }

    /// Where the token was looked for.
    fn place(&self, found: &Found) -> String {
        place(self.spec, &found.place)
    }

    /// The flags that say where the token is.
    fn places(&self) -> String {
        let flags = match self.spec.names.consumer {
            Consumer::Prometheus => "--drop-in FILE, --config FILE, --token-dir DIR or --format",
            Consumer::GrafanaAgent => "--config FILE, --token-dir DIR or --format",
            Consumer::Alloy => "--token-from, --config FILE or --token-dir DIR",
        };
        format!(
            "add the flags that `monconf {}` was given and that say where its token is ({flags}), or its settings file (--file FILE)",
            self.spec.names.consumer.name()
        )
    }

    fn issues_another(&self) -> String {
        format!(
            "if the token is lost, `{}` issues another",
            self.consumer_command()
        )
    }

    fn consumer_command(&self) -> String {
        let names = &self.spec.names;
        of_consumer(&self.global.arguments, names.consumer).unwrap_or_else(|| {
            format!(
                "monconf {} --name {} --namespace {} --apply",
                names.consumer.name(),
                names.instance,
                names.namespace
            )
        })
    }
}

/// Where the consumer reads the token: an object, or the file that its path leads to.
pub(super) fn place(spec: &Spec, place: &TokenPlace) -> String {
    let names = &spec.names;
    match place {
        TokenPlace::File(path) => {
            let path = resolved(path)
                .or_else(|| std::path::absolute(path).ok())
                .unwrap_or_else(|| path.clone());
            format!("file {}", path.display())
        }
        TokenPlace::Secret => {
            ObjectRef::namespaced(Kind::Secret, &names.namespace, &names.token_secret()).to_string()
        }
        TokenPlace::Pod => "the token of the Pod itself".to_owned(),
    }
}

const fn without_token(place: &TokenPlace) -> &'static str {
    match place {
        TokenPlace::File(_) => "does not exist",
        TokenPlace::Pod => "is renewed by the kubelet",
        TokenPlace::Secret => "holds no token",
    }
}

/// The instance that was probably meant: the only one, or the only one of that name or namespace.
fn closest<'a>(found: &[&'a Names], names: &Names) -> Option<&'a Names> {
    let only = |is_one: &dyn Fn(&Names) -> bool| {
        let mut which = found.iter().filter(|of| is_one(of));
        which.next().filter(|_| which.next().is_none()).copied()
    };
    only(&|of| of.instance == names.instance)
        .or_else(|| only(&|of| of.namespace == names.namespace))
        .or_else(|| only(&|_| true))
}
