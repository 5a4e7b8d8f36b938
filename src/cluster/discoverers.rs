//! Whether those who discover for us may do so.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Call, Cluster, Failure};
use crate::access::{Need, Right, Scope};
use crate::render::Discoverer;

const MAY_SOMEBODY: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

impl Cluster {
    /// What a discoverer needs and may not do, as the API server's authorizers decide.
    ///
    /// # Errors
    /// Where the caller may not ask.
    pub async fn lacking(&self, discoverer: &Discoverer) -> Result<Vec<Need>, Box<Failure>> {
        let questions = discoverer.needs.iter().map(|need| {
            let review = review(need, &discoverer.namespace, &discoverer.service_account);
            self.send(Call::review("SubjectAccessReview", MAY_SOMEBODY, review))
        });
        let answers = join_all(questions).await;
        let mut lacking = Vec::new();
        for (need, answer) in discoverer.needs.iter().zip(answers) {
            if answer?.body["status"]["allowed"] != true {
                lacking.push(need.clone());
            }
        }
        Ok(lacking)
    }
}

fn review(need: &Need, namespace: &str, service_account: &str) -> Value {
    let mut spec = json!({
        "user": format!("system:serviceaccount:{namespace}:{service_account}"),
        "groups": [
            "system:serviceaccounts",
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated",
        ],
    });
    match &need.right {
        Right::Url { path, verb } => {
            spec["nonResourceAttributes"] = json!({"path": path, "verb": verb});
        }
        Right::Resource {
            group,
            resource,
            verb,
            name,
        } => {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let namespace = match &need.scope {
                Scope::Cluster => "",
                Scope::Namespace(namespace) => namespace,
            };
            spec["resourceAttributes"] = json!({
                "group": group, "resource": resource, "subresource": subresource, "verb": verb,
                "name": name.as_deref().unwrap_or_default(), "namespace": namespace,
            });
        }
    }
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec})
}
