//! What a removal is made from.

use super::Labelled;
use super::plan::{Selecting, objects, own, writes_files};
use crate::object::{Kind, ObjectRef};
use crate::spec::{Form, Spec};

/// Everything that a removal asks, at once.
pub struct RemovalReads {
    /// Every object that might be there, whichever way the instance was asked for.
    pub objects: Vec<ObjectRef>,
    /// Where there may be objects of other names.
    pub labelled: Vec<Labelled>,
    /// Who may still name the key that the jobs are in, where that is asked.
    pub naming: Option<Selecting>,
    /// Whether the metadata of the instance's Secrets is listed: jobs may be in one of somebody's choosing.
    pub secrets: bool,
    /// As in [`super::PlanReads::cluster`].
    pub cluster: bool,
}

impl RemovalReads {
    /// What a removal of the instance of `spec` asks.
    #[must_use]
    pub fn of(spec: &Spec) -> Self {
        let existing = spec.existing_access;
        let mut objects = objects(spec, true);
        objects.retain(|object| !existing || !Kind::ACCESS.contains(&object.kind));
        let in_secret = matches!(
            spec.format.settled(),
            Some(Form::Key { place, .. }) if place.at.object.kind == Kind::Secret
        );
        Self {
            objects,
            labelled: if existing {
                own(spec)
            } else {
                everywhere(spec)
            },
            naming: (in_secret && !existing).then_some(Selecting::Prometheus),
            secrets: !existing,
            cluster: writes_files(spec),
        }
    }
}

/// Kinds of which an instance may have objects of any name. Of Secrets, whose names are fixed but for one of somebody's
/// choosing that jobs are in, only metadata is listed.
fn everywhere(spec: &Spec) -> Vec<Labelled> {
    let by_name = [
        Kind::Secret,
        Kind::ServiceAccount,
        Kind::Role,
        Kind::RoleBinding,
    ];
    let kinds = Kind::ALL.into_iter();
    let kinds = kinds.filter(|kind| kind.namespaced() && !by_name.contains(kind));
    let here = kinds.map(|kind| Labelled {
        kind,
        namespace: Some(spec.names.namespace.clone()),
    });
    // A job may need rights in any namespace.
    let roles = [Kind::Role, Kind::RoleBinding].map(|kind| Labelled {
        kind,
        namespace: None,
    });
    here.chain(roles).collect()
}
