//! Whether an operator picks up the objects that carry the jobs: that they are there, by whom they are selected, what they
//! select themselves, and what the operator says of them. Asked with our own credentials.

mod found;
mod rejected;
mod selected;

pub use rejected::changed;

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;

use super::diagnosis::Cause;
use super::report::{Outcome, Row};
use crate::client::{Cluster, Failure};
use crate::object::{Kind, ObjectRef};
use crate::render::Operators;

/// The objects of an operator that carry the jobs of an instance, and who may select them.
#[derive(Clone, Debug, Default)]
pub struct Pickup {
    /// The monitors, and a MetricsInstance.
    pub carriers: Vec<Carrier>,
    /// The labels of the namespace that they are in.
    pub namespace_labels: BTreeMap<String, String>,
    /// The objects of operators that may select them.
    pub operators: Operators,
    /// When the Secret that the carriers refer to was changed last.
    pub secret_changed: Option<Timestamp>,
}

/// An object of an operator that carries a job.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// The job; `None` for a MetricsInstance, which carries them all.
    pub job: Option<String>,
    /// Which.
    pub object: ObjectRef,
    /// As it is; `None` where it is not there.
    pub live: Option<Value>,
}

/// What came of a check, and what is said of it.
type Finding = (Outcome, String);

/// Checks each carrier; what we may not read is said, and no failure.
pub async fn picked_up(pickup: &Pickup, cluster: &Cluster) -> Vec<Row> {
    let mut rows = Vec::new();
    for carrier in &pickup.carriers {
        let Some(live) = &carrier.live else {
            let cause = Cause::NotApplied {
                object: carrier.object.clone(),
            };
            let found = (Outcome::Failed(cause), "not there".to_owned());
            rows.push(carrier.row("exists", Instant::now(), found));
            continue;
        };
        let begun = Instant::now();
        let found = pickup.selected(carrier, live);
        rows.push(carrier.row("is selected", begun, found));
        if let Kind::ServiceMonitor | Kind::PodMonitor = carrier.object.kind {
            let begun = Instant::now();
            let found = found::found(&carrier.object, live, cluster).await;
            rows.push(carrier.row("selects what has its port", begun, found));
        }
        let begun = Instant::now();
        let found = rejected::rejected(carrier, live, pickup.secret_changed, cluster).await;
        rows.push(carrier.row("is taken by its operator", begun, found));
    }
    rows
}

impl Carrier {
    fn row(&self, check: &str, begun: Instant, (outcome, result): Finding) -> Row {
        Row {
            job: self.job.clone(),
            target: self.object.to_string(),
            check: check.to_owned(),
            outcome,
            result,
            took: begun.elapsed(),
        }
    }

    /// What Prometheus calls the scrape pools that the operator makes of it.
    #[must_use]
    pub fn pools(&self) -> Vec<String> {
        let place = self.object.location();
        let each = |prefix: &str, field: &str| {
            let live = self.live.as_ref();
            let endpoints = live.and_then(|live| live["spec"][field].as_array());
            let count = endpoints.map_or(0, Vec::len);
            (0..count)
                .map(|index| format!("{prefix}/{place}/{index}"))
                .collect()
        };
        match self.object.kind {
            Kind::ServiceMonitor => each("serviceMonitor", "endpoints"),
            Kind::PodMonitor => each("podMonitor", "podMetricsEndpoints"),
            Kind::ScrapeConfig if self.live.is_some() => vec![format!("scrapeConfig/{place}")],
            _ => Vec::new(),
        }
    }
}

/// What cannot be read is nothing that failed.
fn unknown(failure: &Failure) -> Finding {
    (Outcome::Nothing, format!("not known: {failure}"))
}
