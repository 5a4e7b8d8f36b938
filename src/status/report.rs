//! The overview for programs.

use serde_json::{Value, json};

use super::Overview;
use super::row::{Drift, Place, Row};
use crate::mask::scrub_all;

/// The overview as one JSON document; times are RFC 3339, durations as Prometheus writes them.
#[must_use]
pub fn report(overview: &Overview) -> Value {
    let mut report = json!({
        "context": overview.context,
        "server": overview.server,
        "identity": overview.identity,
        "time": overview.now.to_string(),
        "onlyNamespace": overview.only,
        "due": overview.is_due(),
        "instances": overview.rows.iter().map(row).collect::<Vec<_>>(),
    });
    scrub_all(&mut report);
    report
}

fn row(row: &Row) -> Value {
    let life = row.token.life;
    let (secret, file) = match &row.place {
        Place::Secret(name) => (Some(name.clone()), None),
        Place::File(path) => (None, Some(path.display().to_string())),
        Place::Elsewhere => (None, None),
    };
    json!({
        "consumer": row.consumer.map(crate::spec::Consumer::name),
        "instance": text(&row.instance),
        "namespace": text(&row.namespace),
        "serviceAccount": text(&row.service_account),
        "secret": secret,
        "file": file,
        "due": row.is_due(),
        "token": {
            "state": row.token.state.name(),
            "reason": row.token.reason,
            "valid": row.token.state.is_valid(),
            "handle": row.token.handle.as_ref().map(|(name, _)| name),
            "issuedAt": life.map(|life| life.issued_at.to_string()),
            "expiresAt": life.map(|life| life.expires_at.to_string()),
            "rotationDueAt": life.map(|life| life.due_at().to_string()),
            "requested": life.and_then(|life| life.requested).map(|requested| requested.to_string()),
            "granted": life.map(|life| life.granted().to_string()),
        },
        "lastUsed": row.last_used(),
        "legacyTokens": row.legacy.iter().map(|legacy| json!({
            "secret": legacy.secret, "lastUsed": legacy.last_used,
        })).collect::<Vec<_>>(),
        "drift": row.drift.as_ref().map(drift),
        "surplusRights": row.surplus,
        "faults": row.faults,
        "remarks": row.remarks,
    })
}

fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn drift(drift: &Drift) -> Value {
    match drift {
        Drift::Pending {
            create,
            change,
            delete,
        } => json!({"create": create, "change": change, "delete": delete, "blocked": null}),
        Drift::Blocked(why) => {
            json!({"create": null, "change": null, "delete": null, "blocked": why})
        }
    }
}
