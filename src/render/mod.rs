//! From the model to manifests and configuration text, through templates.
//!
//! Every object and fragment is a template that the user may replace; whatever a template gives is
//! parsed and checked before it is planned.

mod agent;
mod agreement;
mod alerts;
mod alloy;
mod alloy_form;
mod attached;
mod check;
mod configuration;
mod content;
mod context;
mod desired;
mod discoverers;
mod filters;
mod fit;
mod label_selector;
mod mismatch;
mod monitors;
mod operators;
mod readers;
mod receivers;
mod renderer;
mod roles;
mod schema;
mod scrape_configs;
mod selection;
mod stage;
mod templates;

pub use agent::mounted;
pub use alloy::alloy;
pub use attached::attached;
pub use configuration::{FILES, JOBS};
pub use content::{Content, PENDING_TIME};
pub use desired::{
    Desired, DesiredEdit, DesiredFile, DesiredList, DesiredObject, EditPlace, Surroundings,
    desired, discovered, grants, secrets,
};
pub use discoverers::{Discoverer, discoverers};
pub use label_selector::matches as selector_matches;
pub use mismatch::{Fault, Mismatch};
pub use operators::Operators;
pub use readers::{Readers, readers};
pub use receivers::{Receiver, receivers};
pub use schema::{OPERATOR_VERSION, Schema, Violation, violations};
pub use selection::{Asked, Conflict, Selection, Selector, select};
pub use stage::Stage;
pub use templates::{Builtin, Templates};

use crate::mark::{ClusterIdentity, Mark};
use crate::spec::Names;

/// The mark of a text that is for any cluster it is put into.
fn unplaced(names: &Names) -> Mark {
    Mark::new(&names.instance, ClusterIdentity::default())
}
