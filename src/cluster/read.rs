//! Everything that a plan needs to know of the cluster, asked in one parallel wave.
//!
//! No question waits for another's answer: what depends on an answer (whether the cluster serves
//! monitors, which slot holds the token's handle) is asked for every possible answer at once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, Cluster, Failure, Snapshot};
use crate::access::Rule;
use crate::object::{Kind, ObjectRef};
use crate::render::{COMPONENT, INSTANCE, MANAGED_BY, grants};
use crate::spec::{Alerts, AlloyPlace, Consumer, Form, Names, Spec};
use crate::token::KeySet;

const WHAT_MAY_I: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const SIGNING_KEYS: &str = "/openid/v1/jwks";
const PROMETHEUSES: &str = "/apis/monitoring.coreos.com/v1/prometheuses";
const AGENTS: &str = "/apis/monitoring.grafana.com/v1alpha1/grafanaagents";
/// kube-controller-manager publishes it into every namespace; this one always exists.
const ROOT_CA: &str = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt";

/// A namespace that every cluster has: what holds in the whole cluster holds there too.
const ANY_NAMESPACE: &str = "default";

pub(super) type Outcome<T = Answer> = Result<T, Box<Failure>>;

impl Cluster {
    /// Asks everything at once. `before_writing` also asks which rights the caller holds, so that a
    /// role that may not be granted is known before anything is written.
    ///
    /// # Errors
    /// Objects that cannot be read: all refusals together, or the first failure of another kind.
    pub async fn read(&self, spec: &Spec, before_writing: bool) -> Outcome<Snapshot> {
        let with_monitors = with_monitors(spec);
        let references = objects(spec, with_monitors);
        let objects = join_all(references.iter().map(|object| self.send(Call::get(object))));
        let own_kinds = spec.names.consumer.kinds().into_iter();
        let own_monitors = join_all(
            own_kinds.map(|kind| self.own(kind, Some(&spec.names.namespace), &spec.names)),
        );
        let roles = [Kind::Role, Kind::RoleBinding].into_iter();
        let own_roles = join_all(
            roles
                .filter(|_| !spec.existing_access)
                .map(|kind| self.own(kind, None, &spec.names)),
        );
        let served = self.served(spec.names.consumer);
        let kinds = if with_monitors {
            monitor_kinds(spec)
        } else {
            BTreeSet::new()
        };
        let unfamiliar = join_all(kinds.into_iter().map(async |kind| {
            if spec.existing_access {
                Some(kind)
            } else {
                self.unfamiliar(kind).await
            }
        }));
        let (whose, path) = match spec.names.consumer {
            Consumer::GrafanaAgent => ("GrafanaAgent objects", AGENTS),
            _ => ("Prometheus objects", PROMETHEUSES),
        };
        let selecting = async {
            if !with_selecting(spec) {
                return None;
            }
            Some(self.send(Call::read(whose, path)).await)
        };
        let root_ca = async {
            // A Pod is given it, and asks no other namespace for it.
            if self.is_in_cluster() {
                return None;
            }
            let call = Call::read("ConfigMap default/kube-root-ca.crt", ROOT_CA);
            self.send(call).await.ok()
        };
        let keys = self.send(Call::read("the keys that sign tokens", SIGNING_KEYS));
        let user = self.send(Call::who_am_i());
        let asked = if before_writing && !spec.existing_access {
            held_in(spec)
        } else {
            BTreeSet::new()
        };
        let held = join_all(asked.into_iter().map(|namespace| self.held(namespace)));
        let (
            objects,
            own_monitors,
            own_roles,
            served,
            unfamiliar,
            selecting,
            root_ca,
            keys,
            user,
            held,
        ) = tokio::join!(
            objects,
            own_monitors,
            own_roles,
            served,
            unfamiliar,
            selecting,
            root_ca,
            keys,
            user,
            held
        );

        let mut snapshot = Snapshot {
            now: user
                .as_ref()
                .ok()
                .and_then(|answer| answer.date)
                .unwrap_or_else(Timestamp::now),
            user: text(user.ok(), "/status/userInfo/username"),
            objects: found(references, objects)?,
            prometheuses: None,
            agents: None,
            served: served?,
            root_ca: text(root_ca, "/data/ca.crt"),
            keys: keys.ok().and_then(|answer| KeySet::parse(&answer.body)),
            unfamiliar: unfamiliar.into_iter().flatten().collect(),
            held: held.into_iter().flatten().collect(),
            warnings: Vec::new(),
        };
        if let Some(selecting) = selecting.filter(|_| with_monitors) {
            snapshot.selecting(selecting, spec)?;
        }
        let what = match spec.names.consumer {
            Consumer::Alloy => "ConfigMaps",
            _ => "monitors",
        };
        if with_monitors || spec.names.consumer == Consumer::Alloy {
            for own in own_monitors {
                snapshot.own(own, what, spec)?;
            }
        }
        for own in own_roles {
            snapshot.own(own, "Roles in namespaces", spec)?;
        }
        Ok(snapshot)
    }

    /// Whether the cluster serves every kind of an operator's that the jobs of `spec` may be written as.
    ///
    /// # Errors
    /// A discovery document that cannot be read.
    pub async fn serves(&self, spec: &Spec) -> Outcome<bool> {
        let kinds = spec.operator_kinds();
        if kinds.is_empty() {
            return Ok(true);
        }
        let served = self.served(spec.names.consumer).await?;
        Ok(kinds.iter().all(|kind| served.contains(kind)))
    }

    /// The kinds of monitors that the discovery documents of their API versions list; those are open to everybody who
    /// can log in. A document that cannot be read is an error: taken for a cluster without these kinds, it would have
    /// their objects removed.
    async fn served(&self, consumer: Consumer) -> Outcome<Vec<Kind>> {
        let mut kinds = Kind::MONITORS.to_vec();
        match consumer {
            Consumer::Prometheus => kinds.push(Kind::PrometheusRule),
            Consumer::GrafanaAgent => kinds.extend(Kind::AGENTS),
            Consumer::Alloy => {}
        }
        let versions: BTreeSet<&str> = kinds.iter().map(|kind| kind.api_version()).collect();
        let documents = join_all(versions.into_iter().map(|version| self.discovery(version)));
        let documents: Vec<(&str, Value)> = documents.await.into_iter().collect::<Outcome<_>>()?;
        let is_listed = |kind: &Kind| {
            documents.iter().any(|(version, document)| {
                let resources = document["resources"].as_array().into_iter().flatten();
                kind.api_version() == *version
                    && resources
                        .into_iter()
                        .any(|resource| resource["kind"] == kind.name())
            })
        };
        kinds.retain(is_listed);
        Ok(kinds)
    }

    /// What an API version serves; nothing where the cluster does not know it.
    async fn discovery<'a>(&self, version: &'a str) -> Outcome<(&'a str, Value)> {
        let call = Call::read("the kinds that are served", &format!("/apis/{version}"));
        match self.send(call).await {
            Ok(answer) => Ok((version, answer.body)),
            Err(failure) if failure.is_not_found() => Ok((version, Value::Null)),
            Err(failure) => Err(failure),
        }
    }

    /// The rules that the caller holds in a namespace; none where they are not all known.
    async fn held(&self, namespace: String) -> Option<(String, Vec<Rule>)> {
        let question = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        });
        let review = Call::review("SelfSubjectRulesReview", WHAT_MAY_I, question);
        let answer = self.send(review).await.ok()?;
        Some((namespace, held_rules(&answer.body)?))
    }

    /// The instance's objects of one kind, whatever they are called; in every namespace where none is given.
    pub(super) async fn own(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        names: &Names,
    ) -> Outcome<Vec<(ObjectRef, Value)>> {
        let path = labelled_path(kind, namespace, names);
        let place = namespace.unwrap_or("any namespace");
        let subject = format!("{}s of this instance in {place}", kind.name());
        let answer = self.send(Call::read(&subject, &path)).await?;
        let (api_version, kind_name) = (kind.api_version(), kind.name());
        Ok(items(answer.body)
            .into_iter()
            .filter_map(|mut object| {
                // Items of a list come without what the list says once.
                object["apiVersion"] = api_version.into();
                object["kind"] = kind_name.into();
                let text = |field: &str| Some(object["metadata"][field].as_str()?.to_owned());
                let reference = ObjectRef::namespaced(kind, &text("namespace")?, &text("name")?);
                Some((reference, object))
            })
            .collect())
    }
}

impl Snapshot {
    /// The objects of whoever selects ours.
    fn selecting(&mut self, answer: Outcome, spec: &Spec) -> Outcome<()> {
        let unknown = match (spec.format.settled(), spec.names.consumer) {
            (Some(Form::Key { place, .. }), _) if place.at.object.kind == Kind::ConfigMap => {
                return Ok(());
            }
            (Some(Form::Key { .. }), _) => "whether a Prometheus reads these jobs",
            (_, Consumer::GrafanaAgent) => "which GrafanaAgent runs the MetricsInstance",
            _ => "which labels make a Prometheus select the monitors",
        };
        let selecting = match spec.names.consumer {
            Consumer::GrafanaAgent => &mut self.agents,
            _ => &mut self.prometheuses,
        };
        match answer {
            Ok(answer) => *selecting = Some(items(answer.body)),
            Err(failure) if failure.is_not_found() => *selecting = Some(Vec::new()),
            // Nobody reads a hook's warnings, and without the labels nothing scrapes.
            Err(failure) if spec.existing_access => return Err(failure),
            Err(failure) => self
                .warnings
                .push(format!("{failure}; so it is not known {unknown}")),
        }
        Ok(())
    }

    fn own(
        &mut self,
        answer: Outcome<Vec<(ObjectRef, Value)>>,
        what: &str,
        spec: &Spec,
    ) -> Outcome<()> {
        match answer {
            Ok(own) => self.objects.extend(own),
            Err(failure) if failure.is_not_found() => {}
            Err(failure) if spec.existing_access => return Err(failure),
            Err(failure) => self.warnings.push(format!(
                "{failure}; so {what} that are no longer wanted are not found"
            )),
        }
        Ok(())
    }
}

/// The path of the instance's objects of one kind; in every namespace where none is given.
pub(super) fn labelled_path(kind: Kind, namespace: Option<&str>, names: &Names) -> String {
    format!(
        "{}?labelSelector={MANAGED_BY}%3Dmonconf,{INSTANCE}%3D{},{COMPONENT}%3D{}",
        kind.collection(namespace),
        names.instance,
        names.consumer.name(),
    )
}

/// Every object that might be there, for every form that `spec` might turn out to ask for.
pub(super) fn objects(spec: &Spec, with_monitors: bool) -> Vec<ObjectRef> {
    let names = &spec.names;
    let namespaced = |kind, name: &str| ObjectRef::namespaced(kind, &names.namespace, name);
    let [first, second] = names.handles();
    let mut objects = vec![
        ObjectRef::cluster(Kind::Namespace, &names.namespace),
        namespaced(Kind::ServiceAccount, &names.service_account()),
        namespaced(Kind::Secret, &names.token_secret()),
        namespaced(Kind::Secret, &first),
        namespaced(Kind::Secret, &second),
    ];
    if !spec.existing_access {
        objects.extend(roles(spec));
    }
    if let Some(Form::Key { place, .. }) = spec.format.settled() {
        objects.push(place.at.object.clone());
        let namespace = ObjectRef::cluster(Kind::Namespace, place.namespace());
        let is_known = spec.existing_access || ALWAYS_THERE.contains(&place.namespace());
        if !is_known && !objects.contains(&namespace) {
            objects.push(namespace);
        }
    }
    if let Some(Form::Alloy {
        place: AlloyPlace::ConfigMap(key),
        ..
    }) = spec.format.settled()
    {
        objects.push(key.object.clone());
    }
    if with_monitors {
        objects.extend(spec.jobs.iter().filter_map(|job| {
            let kind = spec.monitor_kind(job)?;
            Some(namespaced(kind, &names.monitor(&job.name)))
        }));
        if spec.alerts == Some(Alerts::Object) {
            objects.push(namespaced(Kind::PrometheusRule, &names.alerts()));
        }
        if spec.operator_kinds().contains(&Kind::MetricsInstance) {
            objects.extend(Kind::AGENTS.map(|kind| namespaced(kind, &names.agent())));
        }
        if names.consumer == Consumer::GrafanaAgent {
            objects.push(namespaced(Kind::Secret, &names.agent_jobs()));
        }
    }
    objects
}

/// Roles and bindings, with the Namespaces that they are in.
fn roles(spec: &Spec) -> Vec<ObjectRef> {
    let names = &spec.names;
    let mut objects = vec![
        ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role()),
        ObjectRef::cluster(Kind::ClusterRoleBinding, &names.cluster_role_binding()),
    ];
    for namespace in role_namespaces(spec) {
        objects.push(ObjectRef::namespaced(Kind::Role, &namespace, &names.role()));
        objects.push(ObjectRef::namespaced(
            Kind::RoleBinding,
            &namespace,
            &names.role_binding(),
        ));
        if !ALWAYS_THERE.contains(&namespace.as_str()) && namespace != names.namespace {
            objects.push(ObjectRef::cluster(Kind::Namespace, &namespace));
        }
    }
    objects
}

/// Whether the instance may have operators' objects.
fn with_monitors(spec: &Spec) -> bool {
    !matches!(
        spec.format.settled(),
        Some(Form::Files { .. } | Form::Alloy { .. })
    )
}

/// Whether it matters who selects the objects of an operator: where there may be some, and beside them to whoever may
/// look around.
fn with_selecting(spec: &Spec) -> bool {
    let may_be_written = matches!(
        spec.format.settled(),
        None | Some(Form::Operator | Form::Agent { .. })
    );
    may_be_written || !spec.existing_access
}

/// Namespaces of every cluster.
pub(super) const ALWAYS_THERE: [&str; 2] = [ANY_NAMESPACE, "kube-system"];

/// Where rights of our own may be needed that are not needed in the whole cluster.
fn role_namespaces(spec: &Spec) -> BTreeSet<String> {
    if spec.format.settled() == Some(&Form::Operator) {
        return BTreeSet::new();
    }
    // Of the forms that discover with our own token, any.
    grants(spec, &Form::of(spec, false))
        .namespaces
        .into_keys()
        .collect()
}

fn held_in(spec: &Spec) -> BTreeSet<String> {
    let mut namespaces = role_namespaces(spec);
    namespaces.insert(ANY_NAMESPACE.to_owned());
    namespaces
}

fn monitor_kinds(spec: &Spec) -> BTreeSet<Kind> {
    let jobs = spec.jobs.iter();
    let rule = (spec.alerts == Some(Alerts::Object)).then_some(Kind::PrometheusRule);
    jobs.filter_map(|job| spec.monitor_kind(job))
        .chain(rule)
        .collect()
}

pub(super) fn found(
    references: Vec<ObjectRef>,
    answers: Vec<Outcome>,
) -> Outcome<BTreeMap<ObjectRef, Value>> {
    let mut objects = BTreeMap::new();
    let mut failures = Vec::new();
    for (reference, answer) in references.into_iter().zip(answers) {
        match answer {
            Ok(answer) => {
                objects.insert(reference, answer.body);
            }
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => failures.push(failure),
        }
    }
    match Failure::together(failures) {
        Some(failure) => Err(failure),
        None => Ok(objects),
    }
}

/// `None` where an authorizer other than RBAC decides too and cannot list its rules. The Node
/// authorizer never can, but it allows a user nothing that concerns us.
fn held_rules(review: &Value) -> Option<Vec<Rule>> {
    let status = &review["status"];
    let unknown = status["evaluationError"].as_str().unwrap_or_default();
    let complete = status["incomplete"] != true
        || unknown == "node authorizer does not support user rule resolution";
    if !complete {
        return None;
    }
    let rules = |field: &str| Vec::<Rule>::deserialize(&status[field]).unwrap_or_default();
    Some([rules("resourceRules"), rules("nonResourceRules")].concat())
}

pub(super) fn items(mut list: Value) -> Vec<Value> {
    match list["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

pub(super) fn text(answer: Option<Answer>, pointer: &str) -> Option<String> {
    Some(answer?.body.pointer(pointer)?.as_str()?.to_owned())
}
