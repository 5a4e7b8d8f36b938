//! Runs that are meant to end by their own limit, on a machine that may be busy.

/// Limits of a run, each for where the one before was too short to come to what the test is about.
const LIMITS: [&str; 4] = ["4s", "16s", "64s", "256s"];

/// Tries with longer and longer limits until one sufficed.
#[track_caller]
pub(crate) fn until_it_suffices(what: &str, attempt: impl FnMut(&'static str) -> bool) {
    assert!(LIMITS.into_iter().any(attempt), "no time for {what}");
}
