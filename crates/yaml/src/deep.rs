//! Brackets in brackets without end: the reader of values refuses them, but takes hours to find out.

use super::error::YamlError;
use super::walk::Walk;

/// # Errors
/// Too much nesting, told by the parser that does not mind it; or what else that finds wrong on the way.
pub(super) fn refuse(text: &str, origin: &str) -> Result<(), YamlError> {
    if !may_be_deep(text) {
        return Ok(());
    }
    let mut walk = Walk::of_all(text);
    loop {
        match walk.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) => {
                let origin = origin.to_owned();
                return Err(YamlError { origin, ..error });
            }
        }
    }
}

/// Whether there are more brackets open somewhere than anybody writes, those in texts and comments counted as well.
fn may_be_deep(text: &str) -> bool {
    const DEEP: usize = 1_000;
    let mut open = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > DEEP
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crate::{from_str, parse};

    #[test]
    fn brackets_without_end_are_refused_at_once() {
        for deep in ["[", "{a: ", "[{a: ", "&a ["] {
            let text = format!("a: 1\nb: {}", deep.repeat(100_000));
            let start = Instant::now();
            for error in [
                parse(&text, "file").expect_err(deep),
                from_str::<serde_json::Value>(&text, "file").expect_err(deep),
            ] {
                assert_eq!((error.origin.as_str(), error.line), ("file", 2), "{error}");
            }
            // Where each bracket is looked at anew for every other, it takes hours.
            assert!(start.elapsed() < Duration::from_mins(1), "{deep}");
        }
        let quoted = format!("a: '{}' # {}\n", "[{".repeat(1_000), "{".repeat(1_000));
        assert_eq!(parse(&quoted, "file").expect("valid").len(), 1);
    }
}
