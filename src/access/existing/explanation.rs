//! What a job needs, with the reason for every right.

use std::fmt;

use super::identity::{Credentials, Identity};
use super::labels::{ADDRESS, Labels};
use super::reach::{Outcome, Scraped, reach};
use super::template::Template;
use super::{Address, Found, Place, Scrape};
use crate::access::{self, Need};
use crate::job::{Discovery, Role};
use crate::rbac::{Right, Scope};

/// What one job needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `job_name`, or the name that prometheus-operator gives the job.
    pub job: String,
    /// Where the job is configured, if in a file.
    pub place: Option<Place>,
    /// Each right that it needs.
    pub needs: Vec<Reason>,
    /// Why its scrapes need nothing, where that is certain.
    pub free: Vec<String>,
    /// What cannot be told from the configuration.
    pub unproven: Vec<Unproven>,
    /// What should be known beside it.
    pub remarks: Vec<String>,
}

/// A right, and why it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The right.
    pub right: Right,
    /// Where it is needed.
    pub scope: Scope,
    /// Who needs it.
    pub identity: Identity,
    /// What it is needed for.
    pub why: String,
    /// Which lines ask for it.
    pub place: Option<Place>,
}

/// A scrape of which the configuration does not say what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// Why not.
    pub why: String,
    /// Rights that it may need; it may as well need none.
    pub maybe: Vec<Right>,
    /// Who would need them.
    pub identity: Identity,
}

impl Explanation {
    pub(super) fn new(job: String, place: Option<Place>) -> Self {
        Self {
            job,
            place,
            needs: Vec::new(),
            free: Vec::new(),
            unproven: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Explains a scrape; `api_servers` are the addresses that the whole configuration names.
    pub(super) fn of(scrape: &Scrape, api_servers: &[String]) -> Self {
        let mut explanation = Self::new(scrape.name.clone(), Some(scrape.place.clone()));
        explanation.remarks.extend(scrape.remark.clone());
        for found in &scrape.found {
            explanation.discovery(&found.discovery, &found.identity, Some(&found.place));
            explanation.remarks.extend(found.remark.clone());
            let labels = Labels::new(Some(found.discovery.role), &scrape.scheme, &scrape.path);
            explanation.scrape(scrape, labels, Some(found), &scrape.place, api_servers);
        }
        for target in &scrape.statics {
            let mut labels = Labels::new(None, &scrape.scheme, &scrape.path);
            let address = match &target.address {
                Address::Known(address) => Template::text(address.as_str()),
                Address::FoundBy(key) => Template::made_of(vec![key.clone()]),
            };
            labels.set(ADDRESS, address);
            for (label, value) in &target.labels {
                labels.set(label, Template::text(value.as_str()));
            }
            explanation.scrape(scrape, labels, None, &target.place, api_servers);
        }
        explanation
    }

    pub(super) fn discovery(
        &mut self,
        discovery: &Discovery,
        identity: &Identity,
        place: Option<&Place>,
    ) {
        for (right, scope) in access::discovery(discovery) {
            self.need(Reason {
                why: for_discovery(discovery, &right),
                right,
                scope,
                identity: identity.clone(),
                place: place.cloned(),
            });
        }
    }

    pub(super) fn need(&mut self, reason: Reason) {
        let known = self.needs.iter().any(|known| {
            (&known.right, &known.scope, &known.identity)
                == (&reason.right, &reason.scope, &reason.identity)
        });
        if !known {
            self.needs.push(reason);
        }
    }

    fn scrape(
        &mut self,
        scrape: &Scrape,
        mut labels: Labels,
        found: Option<&Found>,
        place: &Place,
        api_servers: &[String],
    ) {
        for (label, values) in &scrape.kept {
            labels.keep(label, values.clone());
        }
        for step in &scrape.relabelling {
            labels.apply(step);
        }
        let (identity, shown) = match &scrape.credentials {
            Credentials::Of(identity) => (identity.clone(), Some(identity.shown())),
            Credentials::None | Credentials::Foreign(_) => (Identity::Anonymous, None),
        };
        let outcome = reach(&Scraped {
            labels: &labels,
            discovery: found.map(|found| &found.discovery),
            api_servers,
            shown,
        });
        match outcome {
            Outcome::Nothing(mut why) => {
                if let Credentials::Foreign(what) = scrape.credentials {
                    why = format!("the scrape shows {what}, which is nobody to Kubernetes");
                }
                if !self.free.contains(&why) {
                    self.free.push(why);
                }
            }
            Outcome::Unproven { why, maybe } => {
                let unproven = Unproven {
                    why,
                    maybe,
                    identity,
                };
                if !self.unproven.contains(&unproven) {
                    self.unproven.push(unproven);
                }
            }
            Outcome::Needs {
                rights,
                scopes,
                why,
            } => {
                for right in rights {
                    for scope in &scopes {
                        self.need(Reason {
                            right: right.clone(),
                            scope: scope.clone(),
                            identity: identity.clone(),
                            why: why.clone(),
                            place: Some(place.clone()),
                        });
                    }
                }
            }
        }
    }
}

/// What discovery asks for that right for.
pub(super) fn for_discovery(discovery: &Discovery, right: &Right) -> String {
    let role = discovery.role;
    let Right::Resource { resource, .. } = right else {
        return String::new();
    };
    match (resource.as_str(), role) {
        ("nodes", Role::Node)
        | ("pods", Role::Pod)
        | ("services", Role::Service)
        | ("endpoints" | "endpointslices" | "ingresses", _) => {
            format!("role {} finds targets", role.name())
        }
        ("services", _) => format!("role {} adds each target's Service", role.name()),
        ("pods", _) => format!("role {} adds each target's pod", role.name()),
        ("nodes", _) => "attach_metadata: node".to_owned(),
        ("namespaces", _) => "attach_metadata: namespace".to_owned(),
        ("replicasets", _) => "attach_metadata: deployment".to_owned(),
        _ => "attach_metadata: job or cronjob".to_owned(),
    }
}

/// `why; it may need get /metrics, or nothing`.
impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let maybe: Vec<String> = self.maybe.iter().map(ToString::to_string).collect();
        if maybe.is_empty() {
            return f.write_str(&self.why);
        }
        write!(
            f,
            "{}; it needs {}, or nothing",
            self.why,
            maybe.join(" or ")
        )
    }
}

/// What is worth more than it looks among the needs, one sentence each.
#[must_use]
pub fn dangers(explanations: &[Explanation]) -> Vec<String> {
    let jobs = |holds: &dyn Fn(&Reason) -> bool| -> Vec<&str> {
        let needing = explanations.iter();
        let needing = needing.filter(|explanation| explanation.needs.iter().any(holds));
        needing
            .map(|explanation| explanation.job.as_str())
            .collect()
    };
    let mut dangers = Vec::new();
    for (resource, what) in [
        (
            "nodes/proxy",
            "executes commands in every pod of the node, unseen by the audit log; \
             kubelets asked directly (role node, scheme https, port 10250) need only nodes/metrics",
        ),
        (
            "services/proxy",
            "reaches every port of every Service there, with the API server's address",
        ),
        (
            "pods/proxy",
            "reaches every port of every pod there, with the API server's address",
        ),
    ] {
        let needing = jobs(
            &|reason| matches!(&reason.right, Right::Resource { resource: needed, .. } if needed == resource),
        );
        if !needing.is_empty() {
            dangers.push(format!(
                "get {resource} (for {}) {what}",
                needing.join(", ")
            ));
        }
    }
    let anonymous = jobs(&|reason| reason.identity == Identity::Anonymous);
    if !anonymous.is_empty() {
        dangers.push(format!(
            "{} would discover as system:anonymous: give api_server credentials instead of rights to everybody",
            anonymous.join(", ")
        ));
    }
    dangers
}

/// The identities that need something, in order, each with what all jobs together need of it.
#[must_use]
pub fn by_identity(explanations: &[Explanation]) -> Vec<(Identity, Vec<Need>)> {
    let mut all: Vec<(Identity, Vec<Need>)> = Vec::new();
    for explanation in explanations {
        for reason in &explanation.needs {
            let position = all
                .iter()
                .position(|(identity, _)| *identity == reason.identity);
            let index = position.unwrap_or_else(|| {
                all.push((reason.identity.clone(), Vec::new()));
                all.len() - 1
            });
            let jobs = vec![explanation.job.clone()];
            access::add(
                &mut all[index].1,
                reason.right.clone(),
                reason.scope.clone(),
                jobs,
            );
        }
    }
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all
}
