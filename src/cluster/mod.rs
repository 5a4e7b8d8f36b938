//! What monconf asks of a cluster: read in one wave, apply, issue tokens.

mod admission;
mod cluster_ca;
mod content;
mod discoverers;
mod identity;
mod instances;
mod left_behind;
mod listing;
mod metrics_instance;
mod origin;
mod owned;
mod pickup;
mod rbac;
mod read;
mod review;
mod schemas;
mod served;
mod snapshot;
mod token;

pub use admission::Tried;
pub use identity::Review;
pub use instances::{Instance, Instances, Seen};
pub use origin::Origin;
pub use owned::Owned;
pub use read::Refused;
pub use review::{Answers, Question};
pub use snapshot::Snapshot;
pub use token::{Issued, Order};
