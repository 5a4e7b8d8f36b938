//! Another time for one program.

use crate::packages::{self, Package, faketime};
use crate::root;

/// The environment in which a program's clock is `shift` from this machine's: `-2h`, `+1d`. `None`, with a word on
/// standard error, where the user is not root, who can install what does it; in CI that is a failure.
pub fn shifted(shift: &str) -> Option<Vec<(&'static str, String)>> {
    if !root::is_available("another clock") {
        return None;
    }
    packages::install(&[Package::Faketime]);
    let library = faketime().expect("libfaketime is installed");
    Some(vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME", shift.to_owned()),
        // What measures how long something takes goes on as it is.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ])
}
