//! A file as it is.

use std::sync::Arc;

/// A file that exists.
pub struct ExistingFile {
    /// What it holds.
    pub text: Arc<str>,
    /// Its permissions.
    pub mode: u32,
    /// How many names it has, in this folder and in others.
    pub links: u64,
    /// The numbers of its user and of its group.
    pub owner: (u32, u32),
    /// Whether it belongs to the user who runs monconf.
    pub is_own: bool,
}
