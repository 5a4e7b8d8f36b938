//! The cluster's operator may be older than the one that the templates are written for.

use super::desired::DesiredObject;
use super::renderer::Renderer;
use crate::error::{Error, Result};

/// Without these the same targets are found and reached in the same way.
const DISPENSABLE: [&str; 2] = ["spec.serviceDiscoveryRole", "spec.jobName"];

impl Renderer<'_> {
    /// A monitor without the fields that the installed CRD does not know; they are said. What monconf knows of the
    /// operator itself has been checked before, so none of them is a mistake.
    ///
    /// # Errors
    /// A field that cannot be left out: without it other targets would be found, or reached in another way.
    pub(super) fn fitted(&mut self, mut object: DesiredObject) -> Result<DesiredObject> {
        let Some(schema) = self.surroundings.schemas.get(&object.reference.kind) else {
            return Ok(object);
        };
        let left_out = schema.prune(&mut object.value);
        if left_out.is_empty() {
            return Ok(object);
        }
        object.text = yaml::emit(&object.value);
        let kind = object.reference.kind.name();
        if let Some(field) = left_out
            .iter()
            .find(|field| !DISPENSABLE.contains(&field.as_str()))
        {
            return Err(Error::usage_hint(
                format!(
                    "the {kind} of this cluster's prometheus-operator has no field {field}, without which {} would not be what it says",
                    object.reference
                ),
                "prometheus-operator 0.77 has it; or write a scrape configuration instead: --format raw",
            ));
        }
        for field in left_out {
            let warning = format!(
                "the {kind} of this cluster's prometheus-operator has no field {field}: it is left out"
            );
            if !self.desired.warnings.contains(&warning) {
                self.desired.warnings.push(warning);
            }
        }
        Ok(object)
    }
}
