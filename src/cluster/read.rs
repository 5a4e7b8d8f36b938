//! Everything that a plan needs to know of the cluster, asked in one parallel wave.
//!
//! No question waits for another's answer: what depends on an answer (whether the cluster serves
//! monitors, which slot holds the token's handle) is asked for every possible answer at once.

use std::collections::BTreeMap;

use futures_util::future::{OptionFuture, join_all};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, Cluster, Failure, Snapshot};
use crate::access::Rule;
use crate::object::{Kind, ObjectRef};
use crate::render::{INSTANCE, MANAGED_BY};
use crate::spec::{Format, Names, Spec};
use crate::token::KeySet;

const WHO_AM_I: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const WHAT_MAY_I: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const SIGNING_KEYS: &str = "/openid/v1/jwks";
const PROMETHEUSES: &str = "/apis/monitoring.coreos.com/v1/prometheuses";
/// kube-controller-manager publishes it into every namespace; this one always exists.
const ROOT_CA: &str = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt";

const MONITORS: [Kind; 2] = [Kind::ServiceMonitor, Kind::ScrapeConfig];

type Outcome<T = Answer> = Result<T, Box<Failure>>;

impl Cluster {
    /// Asks everything at once. `before_writing` also asks which rights the caller holds, so that a
    /// role that may not be granted is known before anything is written.
    ///
    /// # Errors
    /// Objects that cannot be read: all refusals together, or the first failure of another kind.
    pub async fn read(&self, spec: &Spec, before_writing: bool) -> Outcome<Snapshot> {
        let with_monitors = !matches!(spec.format, Format::DropIn { .. });
        let references = objects(spec, with_monitors);
        let objects = join_all(references.iter().map(|object| self.send(Call::get(object))));
        let own_monitors = join_all(MONITORS.map(|kind| self.own(kind, &spec.names)));
        let served = join_all(MONITORS.map(|kind| self.served(kind)));
        let prometheuses = self.send(Call::read("Prometheus objects", PROMETHEUSES));
        let root_ca = self.send(Call::read("ConfigMap default/kube-root-ca.crt", ROOT_CA));
        let keys = self.send(Call::read("the keys that sign tokens", SIGNING_KEYS));
        let user = self.send(Call::review("SelfSubjectReview", WHO_AM_I, who_am_i()));
        let held: OptionFuture<_> = before_writing
            .then(|| {
                self.send(Call::review(
                    "SelfSubjectRulesReview",
                    WHAT_MAY_I,
                    what_may_i(),
                ))
            })
            .into();
        let (objects, own_monitors, served, prometheuses, root_ca, keys, user, held) = tokio::join!(
            objects,
            own_monitors,
            served,
            prometheuses,
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
            served: served.into_iter().collect::<Outcome<Vec<_>>>()?.concat(),
            root_ca: text(root_ca.ok(), "/data/ca.crt"),
            keys: keys.ok().and_then(|answer| KeySet::parse(&answer.body)),
            held: held
                .and_then(Result::ok)
                .and_then(|answer| held_rules(&answer.body)),
            warnings: Vec::new(),
        };
        if with_monitors {
            snapshot.prometheuses(prometheuses);
            for own in own_monitors {
                snapshot.own_monitors(own);
            }
        }
        Ok(snapshot)
    }

    /// `kind` again, if the discovery document of its API version lists it; that document is open to
    /// everybody who can log in. A document that cannot be read is an error: taken for a cluster without
    /// these kinds, it would have their objects removed.
    async fn served(&self, kind: Kind) -> Outcome<Vec<Kind>> {
        let path = format!("/apis/{}", kind.api_version());
        let document = match self
            .send(Call::read("the kinds that are served", &path))
            .await
        {
            Ok(answer) => answer.body,
            Err(failure) if failure.is_not_found() => return Ok(Vec::new()),
            Err(failure) => return Err(failure),
        };
        let mut resources = document["resources"].as_array().into_iter().flatten();
        let listed = resources.any(|resource| resource["kind"] == kind.name());
        Ok(if listed { vec![kind] } else { Vec::new() })
    }

    /// The instance's objects of one monitor kind, whatever they are called.
    async fn own(&self, kind: Kind, names: &Names) -> Outcome<Vec<(ObjectRef, Value)>> {
        let path = format!(
            "{}?labelSelector={MANAGED_BY}%3Dmonconf,{INSTANCE}%3D{}",
            kind.collection(Some(&names.namespace)),
            names.instance
        );
        let subject = format!("{}s of this instance in {}", kind.name(), names.namespace);
        let answer = self.send(Call::read(&subject, &path)).await?;
        let (api_version, kind_name) = (kind.api_version(), kind.name());
        Ok(items(answer.body)
            .into_iter()
            .filter_map(|mut object| {
                // Items of a list come without what the list says once.
                object["apiVersion"] = api_version.into();
                object["kind"] = kind_name.into();
                let name = object["metadata"]["name"].as_str()?.to_owned();
                Some((ObjectRef::namespaced(kind, &names.namespace, &name), object))
            })
            .collect())
    }
}

impl Snapshot {
    fn prometheuses(&mut self, answer: Outcome) {
        match answer {
            Ok(answer) => self.prometheuses = Some(items(answer.body)),
            Err(failure) if failure.is_not_found() => self.prometheuses = Some(Vec::new()),
            Err(failure) => self.warnings.push(format!(
                "{failure}; so it is not known which labels make a Prometheus select the monitors"
            )),
        }
    }

    fn own_monitors(&mut self, answer: Outcome<Vec<(ObjectRef, Value)>>) {
        match answer {
            Ok(own) => self.objects.extend(own),
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => self.warnings.push(format!(
                "{failure}; so monitors that are no longer wanted are not found"
            )),
        }
    }
}

/// Every object that might be there, for every form that `spec` might turn out to ask for.
fn objects(spec: &Spec, with_monitors: bool) -> Vec<ObjectRef> {
    let names = &spec.names;
    let namespaced = |kind, name: &str| ObjectRef::namespaced(kind, &names.namespace, name);
    let [first, second] = names.handles();
    let mut objects = vec![
        ObjectRef::cluster(Kind::Namespace, &names.namespace),
        ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role()),
        ObjectRef::cluster(Kind::ClusterRoleBinding, &names.cluster_role_binding()),
        namespaced(Kind::ServiceAccount, &names.service_account()),
        namespaced(Kind::Secret, &names.token_secret()),
        namespaced(Kind::Secret, &first),
        namespaced(Kind::Secret, &second),
    ];
    if with_monitors && !matches!(spec.format, Format::Mounted { .. }) {
        objects.extend(
            spec.jobs
                .iter()
                .map(|job| namespaced(job.monitor_kind(), &names.monitor(job.name))),
        );
    }
    objects
}

fn found(references: Vec<ObjectRef>, answers: Vec<Outcome>) -> Outcome<BTreeMap<ObjectRef, Value>> {
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

fn who_am_i() -> Value {
    json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
}

/// Asked for a namespace, because there is no cluster-wide form; cluster-wide rules are in every answer.
fn what_may_i() -> Value {
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    })
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

fn items(mut list: Value) -> Vec<Value> {
    match list["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn text(answer: Option<Answer>, pointer: &str) -> Option<String> {
    Some(answer?.body.pointer(pointer)?.as_str()?.to_owned())
}
