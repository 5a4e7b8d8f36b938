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
mod templates;

pub use agent::mounted;
pub use alloy::alloy;
pub use attached::attached;
pub use configuration::{FILES, JOBS};
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
pub use templates::{Builtin, Templates};

use std::collections::BTreeMap;

use crate::mark::{ClusterIdentity, Mark};
use crate::spec::Names;

/// Label: which tool made an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Label: which instance an object belongs to.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// Label: which consumer it is for.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// Label of a ServiceAccount that somebody else, such as a chart, made for an instance: which.
pub const MADE_FOR: &str = "monconf/instance";
/// Annotation of a token Secret: the handle that its token is bound to.
pub const HANDLE: &str = "monconf/handle";
/// Annotation of a handle: the duration that was asked for.
pub const REQUESTED: &str = "monconf/requested";
/// Annotation of a handle: when its token was issued.
pub const ISSUED_AT: &str = "monconf/issued-at";
/// Annotation of a handle: when its token ends, as the server granted it.
pub const EXPIRES_AT: &str = "monconf/expires-at";
/// Annotation of the bound Secret of a token that was replaced: until when that token stays valid.
pub const REVOKE_AFTER: &str = "monconf/revoke-after";

/// The mark of a text that is for any cluster it is put into.
fn unplaced(names: &Names) -> Mark {
    Mark::new(&names.instance, ClusterIdentity::default())
}

/// The labels that every object of an instance carries.
#[must_use]
pub fn labels(names: &Names) -> BTreeMap<String, String> {
    [
        (MANAGED_BY, "monconf"),
        (INSTANCE, names.instance.as_str()),
        (COMPONENT, names.consumer.name()),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}
