//! Waiting for something that happens in another process.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long an event may take, however busy the machine is. Only a test that fails waits this long.
pub const BOUND: Duration = Duration::from_mins(5);

/// Asks `probe` again and again until it has an answer; `None` when [`BOUND`] has passed without one.
pub fn poll<T>(mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + BOUND;
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(answer) = probe() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Like [`poll`], for a condition; panics with `what` when it does not come true.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    poll(|| condition().then_some(()))
        .unwrap_or_else(|| panic!("waited {BOUND:?} in vain until {what}"));
}
