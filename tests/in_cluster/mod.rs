//! How monconf behaves where nobody watches it: in a Pod, under a Job or a CronJob.

mod account;
mod documented;
mod log;
mod pod;
mod result;
mod variables;

use serde_json::Value;

use crate::support::Run;

/// Every line on standard error, each of which has to be a JSON object.
#[track_caller]
fn lines(run: &Run) -> Vec<Value> {
    objects(&run.stderr)
}

#[track_caller]
fn objects(text: &str) -> Vec<Value> {
    let object = |line: &str| {
        let value: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        assert!(value.is_object(), "{line}");
        value
    };
    text.lines().map(object).collect()
}

/// What a result says, without what differs from run to run.
#[track_caller]
fn settled(result: &str) -> Value {
    let mut value: Value =
        serde_json::from_str(result).unwrap_or_else(|error| panic!("{error} in {result}"));
    assert!(result.len() <= 4_096 && result.ends_with('\n'), "{result}");
    let fields = value.as_object_mut().unwrap();
    assert!(fields.remove("milliseconds").unwrap().is_u64(), "{result}");
    value
}
