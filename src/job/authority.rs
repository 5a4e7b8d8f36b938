//! Who decides whether a scrape is allowed, and by which right.

/// Who decides whether a scrape is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// kube-apiserver, which authorizes its own paths as non-resource URLs.
    ApiServer,
    /// The kubelet, which asks the API server about a subresource of `nodes`.
    Kubelet,
    /// kube-apiserver again, as the proxy before a kubelet: it asks for `nodes/proxy`.
    KubeletProxy,
    /// A component that asks the API server whether the caller may get the path, as kube-controller-manager does.
    Component,
    /// Nobody: the target serves whoever comes, and is shown no token.
    Nobody,
}

impl Authority {
    /// Every authority that an own job may name.
    pub const NAMED: [(&'static str, Self); 4] = [
        ("none", Self::Nobody),
        ("apiserver", Self::ApiServer),
        ("kubelet", Self::Kubelet),
        ("component", Self::Component),
    ];

    /// Whether the scrape shows the token.
    #[must_use]
    pub const fn wants_token(self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// The name in the target's certificate where it is not its address: the endpoints behind the Service
    /// `kubernetes` present a certificate for that name.
    #[must_use]
    pub const fn server_name(self) -> Option<&'static str> {
        match self {
            Self::ApiServer => Some("kubernetes"),
            _ => None,
        }
    }
}
