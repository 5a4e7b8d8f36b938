//! Whom a request of Prometheus is from.

use super::node::{Node, Spelling};
use yaml::YamlError;

/// Where Kubernetes puts a pod's own token.
const OWN_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Whom a request is from, as far as a configuration says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// The ServiceAccount of the pod that discovers and scrapes.
    OwnAccount,
    /// Whose token is in that file.
    TokenFile(String),
    /// Whose token is in that key of a Secret: `NAMESPACE/NAME, key KEY`.
    TokenSecret(String),
    /// Whose token the configuration holds; it is not shown.
    InlineToken,
    /// The user of a kubeconfig's current context.
    Kubeconfig(String),
    /// The name in a client certificate.
    Certificate(String),
    /// Whose token an OAuth 2 server issues.
    OAuth2,
    /// Nobody: `system:anonymous`.
    Anonymous,
}

impl Identity {
    /// What is shown of it.
    pub(super) const fn shown(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "the client certificate",
            _ => "the token",
        }
    }
}

/// For people, within a sentence.
impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OwnAccount => write!(f, "the ServiceAccount of the pod that scrapes"),
            Self::TokenFile(path) => write!(f, "whoever's token is in {path}"),
            Self::TokenSecret(secret) => write!(f, "whoever's token is in Secret {secret}"),
            Self::InlineToken => write!(f, "whoever's token the configuration holds"),
            Self::Kubeconfig(path) => write!(f, "the user of the kubeconfig {path}"),
            Self::Certificate(path) => write!(f, "whoever the client certificate {path} names"),
            Self::OAuth2 => write!(f, "whoever the OAuth 2 server's token names"),
            Self::Anonymous => write!(f, "system:anonymous"),
        }
    }
}

/// What a client shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    /// Nothing.
    None,
    /// Something that Kubernetes takes for somebody.
    Of(Identity),
    /// Something else, such as a password.
    Foreign(&'static str),
}

/// Reads the part of a configuration that says who its requests are from (`HTTPClientConfig` of
/// `github.com/prometheus/common`, or the same fields of an operator's object).
pub(super) fn credentials(node: &Node<'_>, namespace: &str) -> Result<Credentials, YamlError> {
    let secret = |selector: &Node<'_>| -> Result<Identity, YamlError> {
        let text = |key| selector.text(key).map(Option::unwrap_or_default);
        let secret = format!("{namespace}/{}, key {}", text("name")?, text("key")?);
        Ok(Identity::TokenSecret(secret))
    };
    if let Some(authorization) = node.get("authorization") {
        let kind = authorization.text("type")?;
        if kind.is_some_and(|kind| {
            !kind.trim().is_empty() && !kind.trim().eq_ignore_ascii_case("bearer")
        }) {
            return Ok(Credentials::Foreign(
                "an authorization that is no bearer token",
            ));
        }
        if let Some(path) = given(authorization.text("credentials_file")?) {
            return Ok(Credentials::Of(token_file(path)));
        }
        if let Some(credentials) = authorization.get("credentials") {
            return Ok(Credentials::Of(match node.source.spelling {
                Spelling::Prometheus => Identity::InlineToken,
                Spelling::Operator => secret(&credentials)?,
            }));
        }
    }
    if let Some(path) = given(node.text("bearer_token_file")?) {
        return Ok(Credentials::Of(token_file(path)));
    }
    if node.get("bearer_token").is_some() {
        return Ok(Credentials::Of(Identity::InlineToken));
    }
    if let Some(selector) = node.get("bearer_token_secret")
        && given(selector.text("name")?).is_some()
    {
        return Ok(Credentials::Of(secret(&selector)?));
    }
    if node.get("basic_auth").is_some() {
        return Ok(Credentials::Foreign("a password (basic_auth)"));
    }
    if node.get("oauth2").is_some() {
        return Ok(Credentials::Of(Identity::OAuth2));
    }
    let Some(tls) = node.get("tls_config") else {
        return Ok(Credentials::None);
    };
    if let Some(path) = given(tls.text("cert_file")?) {
        return Ok(Credentials::Of(Identity::Certificate(path)));
    }
    let name = |kind| {
        tls.at(&["cert", kind])
            .map(|selector| selector.text("name"))
    };
    let of_object = name("secret").or_else(|| name("config_map")).transpose()?;
    if let Some(name) = of_object.flatten() {
        return Ok(Credentials::Of(Identity::Certificate(format!(
            "{namespace}/{name}"
        ))));
    }
    if node.source.spelling == Spelling::Prometheus && tls.get("cert").is_some() {
        return Ok(Credentials::Of(Identity::Certificate(
            "of the configuration".to_owned(),
        )));
    }
    Ok(Credentials::None)
}

/// An empty text is none.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn token_file(path: String) -> Identity {
    if path == OWN_TOKEN {
        Identity::OwnAccount
    } else {
        Identity::TokenFile(path)
    }
}
