//! A token in a file.

use std::path::PathBuf;

use jiff::Timestamp;

use super::state::{Life, State, Status};
use crate::cluster::{Instance, Seen};
use crate::object::uid;
use crate::token::Claims;

/// A token file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    /// Where.
    pub path: PathBuf,
    /// What the token in it says of itself, or why there is none.
    pub claims: Result<Claims, String>,
}

impl TokenFile {
    /// The ServiceAccount that the token stands for, as namespace and name.
    pub(super) fn account(&self) -> Option<(&str, &str)> {
        self.claims.as_ref().ok()?.service_account.split_once('/')
    }

    /// How the token is, beside the instance that it is for, where that is on the cluster.
    pub(super) fn status(&self, of: Option<&Instance>, now: Timestamp) -> Status {
        let claims = match &self.claims {
            Ok(claims) => claims,
            Err(reason) => return Status::of(State::Broken, Some(reason.clone())),
        };
        let life = Life {
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
            requested: None,
        };
        let status = Status {
            handle: claims
                .handle
                .as_ref()
                .map(|handle| (handle.name.clone(), handle.uid.clone())),
            life: Some(life),
            ..Status::of(life.state(now), None)
        };
        let Some(instance) = of else {
            return Status {
                reason: Some("of no instance on this cluster".to_owned()),
                ..status
            };
        };
        if uid(&instance.account) != Some(claims.service_account_uid.as_str()) {
            let reason = "its ServiceAccount was deleted and made again, or is another cluster's";
            return Status {
                state: State::Broken,
                reason: Some(reason.to_owned()),
                ..status
            };
        }
        let Some(handle) = &claims.handle else {
            return status;
        };
        let mut handles = instance.handles.iter();
        if handles.any(|seen| {
            *seen == Seen::Hidden || seen.object().and_then(uid) == Some(handle.uid.as_str())
        }) {
            return status;
        }
        Status {
            state: State::Revoked,
            reason: Some(format!("its handle {} is gone", handle.name)),
            ..status
        }
    }
}
