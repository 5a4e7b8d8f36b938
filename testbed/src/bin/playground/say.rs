//! What is said while something goes on.

use std::io::{self, Write};

/// Progress goes to standard error; standard output is for answers.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "playground: {line}");
}
