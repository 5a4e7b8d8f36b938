//! What only root can do.

use std::io::Write;

/// Whether a test that needs root can run. If not, a word on standard error says so; in CI that is a failure.
pub fn is_available(what: &str) -> bool {
    if rustix::process::geteuid().is_root() {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{what} needs root, in CI too"
    );
    // Straight to the handle: the test runner would swallow it otherwise.
    let _ = writeln!(std::io::stderr(), "NOT RUN: {what} needs root");
    false
}
