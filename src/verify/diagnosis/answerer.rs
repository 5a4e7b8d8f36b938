//! Who gave an answer, as far as its address tells.

use std::fmt;

use crate::access::kubelet_resource;
use crate::rbac::Right;

/// Who gave an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answerer {
    /// The API server.
    ApiServer,
    /// A node's kubelet.
    Kubelet,
    /// kube-rbac-proxy, in front of an exporter.
    Proxy,
    /// Somebody else, or nobody knows.
    Other,
}

impl Answerer {
    /// Who listens at a URL, by the ports and paths that are usual.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Address::of(url).map_or(Self::Other, |address| address.answerer())
    }

    /// As data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiServer => "apiserver",
            Self::Kubelet => "kubelet",
            Self::Proxy => "kube-rbac-proxy",
            Self::Other => "unknown",
        }
    }
}

impl fmt::Display for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiServer => "the API server",
            Self::Kubelet => "the kubelet",
            Self::Proxy => "kube-rbac-proxy",
            Self::Other => "the server",
        })
    }
}

/// Where a request went.
pub(super) struct Address<'u> {
    port: Option<&'u str>,
    /// The path, without a query.
    pub(super) path: &'u str,
}

impl<'u> Address<'u> {
    /// Of an URL with a host.
    pub(super) fn of(url: &'u str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Some(Self { port, path })
    }

    /// Who listens there, by the ports that are usual.
    pub(super) fn answerer(&self) -> Answerer {
        let is_api = ["/api/", "/apis/", "/openid/", "/livez", "/readyz"]
            .iter()
            .any(|root| self.path.starts_with(root));
        match self.port {
            Some("10250") => Answerer::Kubelet,
            Some("6443") => Answerer::ApiServer,
            _ if is_api => Answerer::ApiServer,
            _ => Answerer::Other,
        }
    }

    /// Whether the API server passes the request on to a kubelet.
    pub(super) fn is_through_node(&self) -> bool {
        let rest = self.path.strip_prefix("/api/v1/nodes/");
        rest.and_then(|rest| rest.split('/').nth(1)) == Some("proxy")
    }

    /// What is checked for a GET, where the address tells.
    pub(super) fn right(&self) -> Option<Right> {
        let is_resource = ["/api/", "/apis/"]
            .iter()
            .any(|root| self.path.starts_with(root));
        match self.answerer() {
            _ if self.path.len() < 2 => None,
            Answerer::Kubelet => Some(Right::resource("", kubelet_resource(self.path), "get")),
            Answerer::ApiServer if !is_resource => Some(Right::get_url(self.path)),
            _ => None,
        }
    }
}

/// Whether the kubelet serves this path and the API server does not.
pub(super) fn is_kubelet_path(path: &str) -> bool {
    [
        "/stats",
        "/metrics/cadvisor",
        "/metrics/resource",
        "/metrics/probes",
        "/pods",
        "/runningpods",
    ]
    .iter()
    .any(|root| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_who_answers_and_what_is_checked() {
        for (url, who, right) in [
            (
                "https://10.0.0.5:10250/metrics/cadvisor",
                Answerer::Kubelet,
                "get nodes/metrics",
            ),
            (
                "https://k:6443/metrics?x=1",
                Answerer::ApiServer,
                "get /metrics",
            ),
            ("https://k/api/v1/pods", Answerer::ApiServer, ""),
            ("https://10.0.0.9:8443/metrics", Answerer::Other, ""),
            ("https://10.0.0.5:10250", Answerer::Kubelet, ""),
        ] {
            let address = Address::of(url).expect("an URL");
            assert_eq!(address.answerer(), who, "{url}");
            let found = address.right().map(|right| right.to_string());
            assert_eq!(found.unwrap_or_default(), right, "{url}");
        }
        assert!(Address::of("/metrics").is_none());
        assert!(
            Address::of("https://k/api/v1/nodes/n1:10250/proxy/metrics")
                .expect("an URL")
                .is_through_node()
        );
    }
}
