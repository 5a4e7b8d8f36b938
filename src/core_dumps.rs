//! No other process of the same user reads the memory of this one, which holds tokens.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::error::{Error, Result};

/// Disables core dumps, and makes `/proc/PID/mem`, `ptrace` and the like root's alone. A program that this one starts is
/// dumpable again and keeps the limit.
///
/// # Errors
/// A kernel, or a filter of system calls, that refuses.
pub fn disable() -> Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|error| Error::usage(format!("cannot disable core dumps: {error}")))
}
