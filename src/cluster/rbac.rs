//! Roles and bindings of the whole cluster.

use futures_util::future::join_all;
use serde_json::Value;

use super::read;
use crate::client::call::query;
use crate::client::{Call, Cause, Cluster, Failure};
use crate::rbac::bindings::Roles;

const ROOT: &str = "/apis/rbac.authorization.k8s.io/v1";
/// Kind and collection of everything that RBAC consists of.
const KINDS: [(&str, &str); 4] = [
    ("ClusterRole", "clusterroles"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("Role", "roles"),
    ("RoleBinding", "rolebindings"),
];
/// How many objects one answer holds at most; as kubectl asks.
const PAGE: usize = 500;
impl Cluster {
    /// Every role and binding, read in one wave of lists.
    ///
    /// # Errors
    /// Lists that cannot be read: all refusals together, or the first failure of another kind.
    pub async fn roles(&self) -> Result<Roles, Box<Failure>> {
        let lists = join_all(KINDS.map(|(kind, plural)| self.list(kind, plural))).await;
        let mut roles = Roles::default();
        let mut failures = Vec::new();
        for ((kind, _), items) in KINDS.iter().zip(lists) {
            match items {
                Ok(items) => {
                    for item in items {
                        roles.add(&item, None).map_err(|wrong| {
                            let reason = format!("{}: {}", wrong.pointer, wrong.reason);
                            Failure::unexpected(&format!("read {kind}s"), &reason)
                        })?;
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        match Failure::together(failures) {
            Some(failure) => Err(failure),
            None => Ok(roles),
        }
    }

    async fn list(&self, kind: &str, plural: &str) -> Result<Vec<Value>, Box<Failure>> {
        let subject = format!("{kind}s");
        let list =
            |path: &str| Call::list(&subject, path, ("rbac.authorization.k8s.io/v1", kind), None);
        let mut items = Vec::new();
        let mut next = format!("{ROOT}/{plural}?limit={PAGE}");
        loop {
            let mut page = match self.send(list(&next)).await {
                Ok(answer) => answer.body,
                // The place where the last page ended is forgotten after some minutes: then all at once.
                Err(failure) if is_expired(&failure) && next.contains("continue=") => {
                    items.clear();
                    let all = format!("{ROOT}/{plural}");
                    self.send(list(&all)).await?.body
                }
                Err(failure) => return Err(failure),
            };
            let place = page.pointer_mut("/metadata/continue").map(Value::take);
            items.extend(read::items(page).into_iter().map(|mut item| {
                // Items of a list come without what the list says once.
                item["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
                item["kind"] = kind.into();
                item
            }));
            match place.as_ref().and_then(Value::as_str) {
                Some(place) if !place.is_empty() => {
                    next = format!("{ROOT}/{plural}?limit={PAGE}&continue={}", query(place));
                }
                _ => return Ok(items),
            }
        }
    }
}

fn is_expired(failure: &Failure) -> bool {
    matches!(&failure.cause, Cause::Refused(refusal) if refusal.code == 410)
}
