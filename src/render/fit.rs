//! The cluster's operator may be older than the one that the templates are written for.

use super::desired::DesiredObject;
use super::renderer::Renderer;
use crate::yaml;

impl Renderer<'_> {
    /// A monitor without the fields that the installed CRD does not know; they are said. What monconf knows of the
    /// operator itself has been checked before, so none of them is a mistake.
    pub(super) fn fitted(&mut self, mut object: DesiredObject) -> DesiredObject {
        let Some(schema) = self.surroundings.schemas.get(&object.reference.kind) else {
            return object;
        };
        let left_out = schema.prune(&mut object.value);
        if left_out.is_empty() {
            return object;
        }
        object.text = yaml::emit(&object.value);
        let kind = object.reference.kind.name();
        for field in left_out {
            let warning = format!(
                "the {kind} of this cluster's prometheus-operator has no field {field}: it is left out"
            );
            if !self.desired.warnings.contains(&warning) {
                self.desired.warnings.push(warning);
            }
        }
        object
    }
}
