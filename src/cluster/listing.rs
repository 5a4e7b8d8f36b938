//! What a discovery finds: the objects of its role, page by page.

use serde_json::Value;

use super::call::query;
use super::{Call, Cluster, Failure, read};
use crate::access;
use crate::access::Scope;
use crate::job::{Discovery, Role};

/// Nodes are large: a page of them stays below a few megabytes.
const PAGE: usize = 100;

impl Cluster {
    /// Every object of `role` that `discovery` looks at, in every namespace that it looks into; each goes to `found`.
    ///
    /// # Errors
    /// The first page that cannot be had.
    pub async fn each(
        &self,
        discovery: &Discovery,
        role: Role,
        found: &mut dyn FnMut(Value),
    ) -> Result<(), Box<Failure>> {
        for scope in access::scopes(discovery, role) {
            self.pages(discovery, role, &scope, found).await?;
        }
        Ok(())
    }

    async fn pages(
        &self,
        discovery: &Discovery,
        role: Role,
        scope: &Scope,
        found: &mut dyn FnMut(Value),
    ) -> Result<(), Box<Failure>> {
        let (group, resource) = role.resource();
        let api_version = match group {
            "" => "v1".to_owned(),
            group => format!("{group}/v1"),
        };
        let root = if group.is_empty() { "/api" } else { "/apis" };
        let namespace = match scope {
            Scope::Cluster => None,
            Scope::Namespace(namespace) => Some(namespace.as_str()),
        };
        let (place, subject) = match scope {
            Scope::Cluster => (String::new(), resource.to_owned()),
            Scope::Namespace(namespace) => (
                format!("/namespaces/{namespace}"),
                format!("{resource} in namespace {namespace}"),
            ),
        };
        let mut selectors = discovery.selectors.iter();
        let selector = selectors.find(|selector| selector.role == role);
        let selected: String = [
            ("labelSelector", selector.and_then(|by| by.label.as_deref())),
            ("fieldSelector", selector.and_then(|by| by.field.as_deref())),
        ]
        .into_iter()
        .filter_map(|(parameter, value)| Some(format!("&{parameter}={}", query(value?))))
        .collect();
        let first = format!("{root}/{api_version}{place}/{resource}?limit={PAGE}{selected}");
        let mut next = first.clone();
        loop {
            let call = Call::list(&subject, &next, (&api_version, role.kind()), namespace);
            let mut page = self.send(call).await?.body;
            let token = page.pointer_mut("/metadata/continue").map(Value::take);
            read::items(page).into_iter().for_each(&mut *found);
            match token.as_ref().and_then(Value::as_str) {
                Some(token) if !token.is_empty() => {
                    next = format!("{first}&continue={}", query(token));
                }
                _ => return Ok(()),
            }
        }
    }
}
