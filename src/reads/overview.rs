//! What `monconf status` is made from.

use super::Labelled;
use crate::object::{Kind, ObjectRef};
use crate::spec::Names;

/// The ServiceAccounts by which instances are found; where only those of a namespace may be listed, in that.
#[must_use]
pub fn accounts(namespace: Option<&str>) -> Labelled {
    Labelled {
        kind: Kind::ServiceAccount,
        namespace: namespace.map(str::to_owned),
    }
}

/// What belongs to an instance beside its ServiceAccount: token Secret, both handles, role and binding. Of Secrets
/// nothing but metadata is asked for.
#[must_use]
pub fn account_parts(names: &Names) -> [ObjectRef; 5] {
    let [first, second] = names.handles();
    let secret = |name: &str| ObjectRef::namespaced(Kind::Secret, &names.namespace, name);
    [
        secret(&names.token_secret()),
        secret(&first),
        secret(&second),
        ObjectRef::cluster(Kind::ClusterRole, &names.cluster_role()),
        ObjectRef::cluster(Kind::ClusterRoleBinding, &names.cluster_role_binding()),
    ]
}
