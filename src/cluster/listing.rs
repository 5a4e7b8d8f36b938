//! Lists, page by page: of what a discovery finds, and of any collection.

use serde_json::Value;

use crate::access;
use crate::client::call::query;
use crate::client::{Call, Cause, Cluster, Failure};
use crate::job::{Discovery, Role};
use crate::rbac::Scope;

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
        let path = format!("{root}/{api_version}{place}/{resource}");
        let first = format!("{path}?limit={PAGE}{selected}");
        let call = |path: &str| Call::list(&subject, path, (&api_version, role.kind()), namespace);
        self.follow(&first, call, found).await
    }

    /// Every object of the collection at `path`, which has no parameters; `call` makes the request for a page.
    ///
    /// # Errors
    /// The first page that cannot be had, or is no page of a list.
    pub(super) async fn every_page(
        &self,
        path: &str,
        call: impl Fn(&str) -> Call,
        found: &mut dyn FnMut(Value),
    ) -> Result<(), Box<Failure>> {
        let first = format!("{path}?limit={PAGE}");
        self.follow(&first, call, found).await
    }

    /// The page at `first`, and those that it leads to.
    async fn follow(
        &self,
        first: &str,
        call: impl Fn(&str) -> Call,
        found: &mut dyn FnMut(Value),
    ) -> Result<(), Box<Failure>> {
        let mut next = first.to_owned();
        loop {
            let call = call(&next);
            let task = format!("{} {}", call.action, call.subject);
            let body = self.send(call).await?.body;
            let unfit =
                |reason: &str| Failure::new(task.clone(), Cause::Unexpected(reason.to_owned()));
            let (items, token) = page(body).ok_or_else(|| unfit("the answer is no list"))?;
            items.into_iter().for_each(&mut *found);
            let Some(token) = token else { return Ok(()) };
            let after = format!("{first}&continue={}", query(&token));
            if after == next {
                return Err(unfit("the list begins again at the same place"));
            }
            next = after;
        }
    }
}

/// The items of a page, and where the next one begins. Where Go has no items it may write null.
fn page(mut body: Value) -> Option<(Vec<Value>, Option<String>)> {
    let is_list = body["kind"].as_str()?.ends_with("List");
    let items = match body.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return None,
    };
    let token = body["metadata"]["continue"].as_str();
    let token = token.filter(|token| !token.is_empty()).map(str::to_owned);
    is_list.then_some((items, token))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::page;

    #[test]
    fn what_is_no_list_is_not_taken_for_an_empty_one() {
        for body in [
            json!([]),
            json!({}),
            json!(null),
            json!({"items": []}),
            json!({"kind": "Status", "items": []}),
            json!({"kind": "PodList", "items": {}}),
        ] {
            assert_eq!(page(body.clone()), None, "{body}");
        }
        let last = page(json!({"kind": "PodList", "items": null}));
        assert_eq!(last, Some((Vec::new(), None)));
        let more = json!({"kind": "PodList", "items": [1], "metadata": {"continue": "a"}});
        assert_eq!(page(more), Some((vec![json!(1)], Some("a".to_owned()))));
    }
}
