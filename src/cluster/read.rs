//! Everything that a plan needs to know of the cluster, asked in one parallel wave.
//!
//! No question waits for another's answer: what depends on an answer (whether the cluster serves
//! monitors, which slot holds the token's handle) is asked for every possible answer at once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Snapshot;
use super::cluster_ca::ClusterCa;
use super::left_behind::referenced;
use crate::client::shape::OPENID;
use crate::client::{Answer, Call, Cluster, Failure};
use crate::mark::ClusterIdentity;
use crate::object::{COMPONENT, INSTANCE, Kind, MANAGED_BY, ObjectRef, uid};
use crate::rbac::Rule;
use crate::reads::{ANY_NAMESPACE, CLUSTER, Labelled, PlanReads, ROOT_CA, SIGNING_KEYS, Selecting};
use crate::render::Operators;
use crate::spec::{Consumer, Names, Spec};
use crate::token::KeySet;

const WHAT_MAY_I: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

pub(super) type Outcome<T = Answer> = Result<T, Box<Failure>>;

impl Cluster {
    /// Asks everything at once. `before_writing` also asks which rights the caller holds, so that a
    /// role that may not be granted is known before anything is written.
    ///
    /// # Errors
    /// Objects that cannot be read: all refusals together, or the first failure of another kind.
    pub async fn read(&self, spec: &Spec, before_writing: bool) -> Outcome<Snapshot> {
        whole(self.read_what_may_be(spec, before_writing).await?)
    }

    /// The same as far as the caller may read it; beside it what was denied and is indispensable, each with the object
    /// that it is about, if it is one.
    ///
    /// # Errors
    /// The first failure other than a denied read.
    pub async fn read_what_may_be(
        &self,
        spec: &Spec,
        before_writing: bool,
    ) -> Outcome<(Snapshot, Vec<Refused>)> {
        let reads = PlanReads::of(spec);
        let objects = join_all(
            reads
                .objects
                .iter()
                .map(|object| self.send(Call::get(object))),
        );
        let labelled = join_all(reads.labelled.iter().map(|Labelled { kind, namespace }| {
            self.own(*kind, namespace.as_deref(), &spec.names)
        }));
        let served = self.served(spec.names.consumer);
        let unfamiliar = join_all(reads.monitors.iter().map(async |&kind| {
            if reads.crds {
                self.unfamiliar(kind).await
            } else {
                Some(kind)
            }
        }));
        let selecting = join_all(reads.selecting.iter().map(async |&selecting| {
            let call = Call::list(selecting.title(), selecting.path(), selecting.kind(), None);
            (selecting, self.send(call).await)
        }));
        let root_ca = async {
            // A Pod is given it, and asks no other namespace for it; nor does whoever has few rights and another one.
            if self.is_in_cluster() || spec.existing_access && self.ca_pem().is_some() {
                return None;
            }
            let root_ca = ObjectRef::namespaced(Kind::ConfigMap, ANY_NAMESPACE, ROOT_CA);
            self.send(Call::get(&root_ca)).await.ok()
        };
        let keys = async {
            // Every account of the cluster may read them, other users as a rule not.
            if spec.existing_access && !self.is_in_cluster() {
                return None;
            }
            let call = Call::document("the keys that sign tokens", SIGNING_KEYS, &OPENID);
            self.send(call).await.ok()
        };
        let namespace = self.cluster_namespace(reads.cluster, &reads.objects);
        let user = self.send(Call::who_am_i());
        let asked = reads.held.iter().filter(|_| before_writing);
        let held = join_all(asked.map(|namespace| self.held(namespace)));
        let (
            objects,
            labelled,
            served,
            unfamiliar,
            selecting,
            root_ca,
            keys,
            namespace,
            user,
            held,
        ) = tokio::join!(
            objects, labelled, served, unfamiliar, selecting, root_ca, keys, namespace, user, held
        );

        let (objects, mut refused) = what_may_be(reads.objects, objects)?;
        let root_ca = match text(root_ca, "/data/ca.crt") {
            Some(published) => self.verified(published).await?,
            None => ClusterCa::default(),
        };
        let mut snapshot = Snapshot {
            cluster: self.identity(namespace.as_ref(), &objects, root_ca.pem.as_deref()),
            now: user
                .as_ref()
                .ok()
                .and_then(|answer| answer.date)
                .unwrap_or_else(Timestamp::now),
            user: text(user.ok(), "/status/userInfo/username"),
            objects,
            operators: Operators::default(),
            served: served?,
            root_ca: root_ca.pem,
            root_ca_fault: root_ca.fault,
            root_ca_warning: root_ca.warning,
            keys: keys.and_then(|answer| KeySet::parse(&answer.body)),
            unfamiliar: unfamiliar.into_iter().flatten().collect(),
            held: held.into_iter().flatten().collect(),
            warnings: Vec::new(),
        };
        let selected = selecting
            .into_iter()
            .map(|(selecting, answer)| snapshot.selecting(selecting, answer, spec));
        let mut denied: Vec<Outcome<()>> = selected.collect();
        for (Labelled { namespace, .. }, own) in reads.labelled.iter().zip(labelled) {
            let what = match (namespace, spec.names.consumer) {
                (None, _) => "Roles in namespaces",
                (_, Consumer::Alloy) => "ConfigMaps",
                _ => "monitors",
            };
            denied.push(snapshot.own(own, what, spec));
        }
        for failure in denied.into_iter().filter_map(Outcome::err) {
            if failure.denied().is_none() {
                return Err(failure);
            }
            refused.push((None, failure));
        }
        Ok((snapshot, refused))
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
        let call = Call::kinds(&format!("/apis/{version}"));
        match self.send(call).await {
            Ok(answer) => Ok((version, answer.body)),
            Err(failure) if failure.is_not_found() => Ok((version, Value::Null)),
            Err(failure) => Err(failure),
        }
    }

    /// The rules that the caller holds in a namespace; none where they are not all known.
    async fn held(&self, namespace: &str) -> Option<(String, Vec<Rule>)> {
        let question = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        });
        let review = Call::review("SelfSubjectRulesReview", WHAT_MAY_I, question);
        let answer = self.send(review).await.ok()?;
        Some((namespace.to_owned(), held_rules(&answer.body)?))
    }

    /// The Namespace by whose UID the marks of files tell clusters apart, where it is asked for and not among `objects`.
    /// Without it the CA tells them apart.
    pub(super) async fn cluster_namespace(
        &self,
        asks: bool,
        objects: &[ObjectRef],
    ) -> Option<Value> {
        let namespace = ObjectRef::cluster(Kind::Namespace, CLUSTER);
        if !asks || objects.contains(&namespace) {
            return None;
        }
        Some(self.send(Call::get(&namespace)).await.ok()?.body)
    }

    /// The identity of the cluster, from the Namespace by itself or among `objects`.
    pub(super) fn identity(
        &self,
        namespace: Option<&Value>,
        objects: &BTreeMap<ObjectRef, Value>,
        root_ca: Option<&str>,
    ) -> ClusterIdentity {
        let among = objects.get(&ObjectRef::cluster(Kind::Namespace, CLUSTER));
        let uid = namespace.or(among).and_then(uid);
        let server_ca = self.ca_pem();
        // A Pod is given the cluster's own.
        let own_ca = root_ca.or(server_ca.filter(|_| self.is_in_cluster()));
        ClusterIdentity::new(uid, own_ca, server_ca)
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
        let kind_name = (kind.api_version(), kind.name());
        let call = Call::list(&subject, &path, kind_name, namespace);
        let answer = self.send(call).await?;
        Ok(referenced(kind, answer.body))
    }
}

impl Snapshot {
    /// The objects of whoever selects ours.
    fn selecting(&mut self, whose: Selecting, answer: Outcome, spec: &Spec) -> Outcome<()> {
        let unknown = whose.tells(spec);
        let selecting = match whose {
            Selecting::Prometheus => &mut self.operators.prometheuses,
            Selecting::PrometheusAgent => &mut self.operators.prometheus_agents,
            Selecting::GrafanaAgent => &mut self.operators.grafana_agents,
            Selecting::MetricsInstance => &mut self.operators.metrics_instances,
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

/// A read that was denied, with the object that it is about, if it is one.
pub type Refused = (Option<ObjectRef>, Box<Failure>);

/// What was read, for whoever cannot do without any of it.
pub(super) fn whole<T>((read, refused): (T, Vec<Refused>)) -> Outcome<T> {
    let failures = refused.into_iter().map(|(_, failure)| failure);
    match Failure::together(failures.collect()) {
        Some(failure) => Err(failure),
        None => Ok(read),
    }
}

/// The objects that exist, and those that the caller may not read.
pub(super) fn what_may_be(
    references: Vec<ObjectRef>,
    answers: Vec<Outcome>,
) -> Outcome<(BTreeMap<ObjectRef, Value>, Vec<Refused>)> {
    let mut objects = BTreeMap::new();
    let mut refused = Vec::new();
    for (reference, answer) in references.into_iter().zip(answers) {
        match answer {
            Ok(answer) => {
                objects.insert(reference, answer.body);
            }
            Err(failure) if failure.is_not_found() => {}
            Err(failure) if failure.denied().is_none() => return Err(failure),
            Err(failure) => refused.push((Some(reference), failure)),
        }
    }
    Ok((objects, refused))
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

/// The objects of a list.
pub(super) fn items(mut list: Value) -> Vec<Value> {
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

pub(super) fn text(answer: Option<Answer>, pointer: &str) -> Option<String> {
    Some(answer?.body.pointer(pointer)?.as_str()?.to_owned())
}
