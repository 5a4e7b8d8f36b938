//! A key of an object that others write to as well.

use serde_json::{Value, json};

use super::Run;
use crate::client::{Answer, Call, Failure};
use crate::error::{Error, Result};
use crate::object::{self, ObjectRef};
use crate::plan::Change;

impl Run<'_> {
    /// Writes one key, and nothing else of an object that is there. One that was not there when it was read is made,
    /// and if it is there by now, it is left as it is.
    pub(super) async fn key(&self, object: &ObjectRef, change: &Change) -> Result<Value> {
        let body = change.apply.clone().unwrap_or_default();
        let answer = match (&change.resource_version, &self.maker) {
            (Some(_), _) => {
                let call = Call::merge_configuration(object, body);
                self.cluster.send(call).await.map(Some)
            }
            (None, None) => {
                let call = Call::create_configuration(object, body);
                self.cluster.send(call).await.map(Some)
            }
            (None, Some(maker)) => self.make(object, body, maker).await,
        };
        match answer {
            Ok(Some(answer)) => Ok(answer.body),
            Err(failure) if !is_changed(&failure) => Err(failure.into()),
            _ => Err(Error::Changed {
                target: change.target.to_string(),
            }),
        }
    }

    /// Makes the object under its name, which a role can allow by that name. An apply does not say that the object must
    /// not exist: where somebody else has made it, all of this is taken back, and there is no answer.
    async fn make(
        &self,
        object: &ObjectRef,
        body: Value,
        maker: &str,
    ) -> Result<Option<Answer>, Box<Failure>> {
        let call = Call::make_configuration(object, body, maker);
        let answer = self.cluster.send(call).await?;
        // An earlier try, whose answer was lost, may have made it.
        if answer.created || object::managers(&answer.body) == [maker] {
            return Ok(Some(answer));
        }
        // With its UID, so that none is made where it is gone again.
        let nothing = json!({
            "apiVersion": object.kind.api_version(),
            "kind": object.kind.name(),
            "metadata": {"uid": object::uid(&answer.body)},
        });
        let call = Call::make_configuration(object, nothing, maker);
        self.cluster.send(call).await?;
        Ok(None)
    }
}

/// Whether that is why: changed, made or deleted since it was read.
fn is_changed(failure: &Failure) -> bool {
    failure.is_stale()
        || failure.is_already_there()
        || failure.is_not_found()
        || !failure.conflicts().is_empty()
}
