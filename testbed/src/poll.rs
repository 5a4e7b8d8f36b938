//! Waiting for something that happens in another process.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Asks `probe` again and again until it has an answer; `None` when `timeout` has passed without one.
pub fn poll<T>(timeout: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + timeout;
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
pub fn until(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    poll(timeout, || condition().then_some(()))
        .unwrap_or_else(|| panic!("waited {timeout:?} in vain until {what}"));
}
