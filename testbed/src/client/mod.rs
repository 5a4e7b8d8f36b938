//! A blocking JSON client of the API server that hides nothing of its answers.

mod failure;
mod identity;

use std::time::Duration;

use http::Request;
use serde_json::Value;
use ureq::Agent;
use ureq::tls::TlsConfig;

pub use failure::ApiFailure;
pub use identity::Identity;

use crate::control_plane::ControlPlane;
use crate::poll::BOUND;

const LIMIT: u64 = 256 << 20;

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status.
    pub code: u16,
    /// The body as JSON; null when it is not JSON.
    pub json: Value,
    /// The body as it came.
    pub text: String,
    /// The headers.
    pub headers: http::HeaderMap,
}

/// A caller of one API server with one identity.
#[derive(Clone, Debug)]
pub struct Client {
    url: String,
    agent: Agent,
    authorization: Option<String>,
}

impl Client {
    /// A client for `url` (`https://127.0.0.1:PORT`), which trusts the authority `ca_pem`.
    pub fn new(url: &str, ca_pem: &str, identity: &Identity) -> Self {
        Self::build(url, identity.tls(Some(ca_pem)), identity)
    }

    /// A client for something whose certificate nobody signed, such as a `kube-scheduler` with its default flags.
    pub fn unverified(url: &str, identity: &Identity) -> Self {
        Self::build(url, identity.tls(None), identity)
    }

    fn build(url: &str, tls: TlsConfig, identity: &Identity) -> Self {
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .proxy(None)
            .allow_non_standard_methods(true)
            .timeout_global(Some(BOUND))
            .user_agent("monconf-testbed")
            .max_idle_age(Duration::from_mins(1))
            .build();
        Self {
            url: url.trim_end_matches('/').to_owned(),
            agent: agent.into(),
            authorization: identity.authorization(),
        }
    }

    /// A client of `cp` that shows a bearer token.
    pub fn with_token(cp: &ControlPlane, token: &str) -> Self {
        let token = Identity::Token(token.to_owned());
        Self::new(cp.url(), cp.ca_pem(), &token)
    }

    /// A client of `cp` that shows nothing.
    pub fn anonymous(cp: &ControlPlane) -> Self {
        Self::new(cp.url(), cp.ca_pem(), &Identity::Anonymous)
    }

    /// The same caller at another address, such as a relay's.
    #[must_use]
    pub fn via(&self, url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            ..self.clone()
        }
    }

    /// Sends any request; every status is an answer, only silence is a failure.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Response, ApiFailure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("accept", "application/json, */*");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let answer = if body.is_empty() {
            self.agent.run(request.body(()).expect("a valid request"))
        } else {
            let request = request.header("content-type", content_type);
            self.agent.run(request.body(body).expect("a valid request"))
        };
        let unanswered = |e: ureq::Error| ApiFailure::unanswered(method, path, &e);
        let mut answer = answer.map_err(unanswered)?;
        let text = answer
            .body_mut()
            .with_config()
            .limit(LIMIT)
            .read_to_string();
        let text = text.map_err(unanswered)?;
        Ok(Response {
            code: answer.status().as_u16(),
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
            headers: answer.headers().clone(),
        })
    }

    fn json(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Value, ApiFailure> {
        let answer = self.send(method, path, kind, body)?;
        if (200..300).contains(&answer.code) {
            Ok(answer.json)
        } else {
            Err(ApiFailure::refused(method, path, answer))
        }
    }

    /// Reads an object or a list.
    pub fn get(&self, path: &str) -> Result<Value, ApiFailure> {
        self.json("GET", path, "", &[])
    }

    /// Whether `path` answers 404; panics when it answers neither that nor success.
    pub fn is_absent(&self, path: &str) -> bool {
        match self.get(path) {
            Ok(_) => false,
            Err(failure) if failure.code == 404 => true,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Creates an object in the collection `path`.
    pub fn post(&self, path: &str, object: &Value) -> Result<Value, ApiFailure> {
        self.json(
            "POST",
            path,
            "application/json",
            object.to_string().as_bytes(),
        )
    }

    /// Replaces an object.
    pub fn put(&self, path: &str, object: &Value) -> Result<Value, ApiFailure> {
        self.json(
            "PUT",
            path,
            "application/json",
            object.to_string().as_bytes(),
        )
    }

    /// Merges `change` into an object.
    pub fn patch_merge(&self, path: &str, change: &Value) -> Result<Value, ApiFailure> {
        let kind = "application/merge-patch+json";
        self.json("PATCH", path, kind, change.to_string().as_bytes())
    }

    /// Applies an object on the server as `field_manager`, taking over fields of others.
    pub fn apply(
        &self,
        path: &str,
        object: &Value,
        field_manager: &str,
    ) -> Result<Value, ApiFailure> {
        self.apply_yaml(path, object.to_string().as_bytes(), field_manager)
    }

    /// [`Client::apply`] of a YAML document.
    pub fn apply_yaml(
        &self,
        path: &str,
        yaml: &[u8],
        field_manager: &str,
    ) -> Result<Value, ApiFailure> {
        let path = format!("{path}?fieldManager={field_manager}&force=true");
        self.json("PATCH", &path, "application/apply-patch+yaml", yaml)
    }

    /// Deletes an object, or with a selector in its query a collection.
    pub fn delete(&self, path: &str) -> Result<Value, ApiFailure> {
        self.json("DELETE", path, "", &[])
    }

    /// A token of a service account, from the `TokenRequest` API.
    pub fn token(
        &self,
        namespace: &str,
        service_account: &str,
        seconds: u64,
    ) -> Result<String, ApiFailure> {
        let path =
            format!("/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token");
        let request = serde_json::json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        });
        let answer = self.post(&path, &request)?;
        Ok(answer["status"]["token"]
            .as_str()
            .expect("a token")
            .to_owned())
    }
}
