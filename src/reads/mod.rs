//! What the commands ask the cluster, as lists: [`crate::cluster`] sends the questions, [`crate::preflight`] says which
//! rights they take.

mod left_behind;
mod overview;
mod plan;
mod removal;

pub use left_behind::{for_a_move, readers_of_secrets, secret_of_jobs};
pub use overview::{account_parts, accounts};
pub use plan::{ALWAYS_THERE, ANY_NAMESPACE, CLUSTER, PlanReads, ROOT_CA, SIGNING_KEYS, Selecting};
pub use removal::RemovalReads;

use crate::object::Kind;

/// Objects that are found by the labels of an instance, whatever they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Their kind.
    pub kind: Kind,
    /// Where; in every namespace where there is none.
    pub namespace: Option<String>,
}
