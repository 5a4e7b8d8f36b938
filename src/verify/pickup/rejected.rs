//! What an operator says of an object that it leaves out: Events of type Warning.

use jiff::Timestamp;
use serde_json::Value;

use super::{Carrier, Finding, unknown};
use crate::client::Cluster;
use crate::mask::scrub_line;
use crate::object::uid;
use crate::verify::diagnosis::Cause;
use crate::verify::report::Outcome;

/// Whether the newest Warning about an object still holds: Events stay for an hour, so one from before the object or the
/// Secret that it refers to was changed says nothing of how they are now.
pub(super) async fn rejected(
    carrier: &Carrier,
    live: &Value,
    secret_changed: Option<Timestamp>,
    cluster: &Cluster,
) -> Finding {
    let events = match cluster.warnings_about(&carrier.object).await {
        Ok(events) => events,
        Err(failure) => return unknown(&failure),
    };
    let is_about = |event: &&Value| {
        let about = &event["involvedObject"];
        let of_uid = about["uid"].as_str();
        let version = about["apiVersion"].as_str();
        let group = version.map(|version| version.split_once('/').map_or("", |(group, _)| group));
        // Another group may have a kind of the same name.
        group.is_none_or(|group| group == carrier.object.kind.group())
            && (of_uid.is_none() || of_uid == uid(live))
    };
    let newest = events
        .iter()
        .filter(is_about)
        .max_by_key(|event| seen(event));
    let Some(event) = newest else {
        return (Outcome::Passed, "no warning".to_owned());
    };
    let changed = changed(live).max(secret_changed);
    if let (Some(seen), Some(changed)) = (seen(event), changed)
        && seen < changed
    {
        let result = format!("changed since the last warning, of {seen}");
        return (Outcome::Passed, result);
    }
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let cause = Cause::RejectedByOperator {
        object: carrier.object.clone(),
        said: scrub_line(text("message")),
    };
    (Outcome::Failed(cause), text("reason").to_owned())
}

/// When an Event was seen last; each of its versions has another field for it.
fn seen(event: &Value) -> Option<Timestamp> {
    [
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ]
    .iter()
    .find_map(|field| event.pointer(field)?.as_str()?.parse().ok())
}

/// When somebody changed an object last, its status aside.
#[must_use]
pub fn changed(object: &Value) -> Option<Timestamp> {
    let fields = object["metadata"]["managedFields"].as_array()?.iter();
    fields
        .filter(|fields| fields["subresource"].is_null())
        .filter_map(|fields| fields["time"].as_str()?.parse().ok())
        .max()
}
