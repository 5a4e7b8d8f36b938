//! Whether what was set up works, and why it does not.

pub mod diagnosis;
