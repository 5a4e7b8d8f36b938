//! The order in which everything is written.

/// When, in the course of an apply, a change is written. Each stage waits for the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Where everything goes: the handles, with which every token is revoked.
    Revocation,
    /// Where everything goes: the bindings, and with them every right.
    Unbinding,
    /// Where everything goes: roles and ServiceAccount.
    Dismissal,
    /// What everything else needs to exist: Namespace and ClusterRole.
    Foundation,
    /// Who scrapes: ClusterRoleBinding, ServiceAccount, the token's handle.
    Identity,
    /// What a bound Secret records of a token that is replaced, before the new one is where the consumer reads it.
    Handover,
    /// The token, where the consumer reads it: Secret, or token and CA files.
    Credentials,
    /// The consumer's configuration, last, so that it never names what does not exist.
    Configuration,
    /// What is no longer wanted. Where everything goes: the token Secret and files, once no configuration names them.
    Cleanup,
    /// The bound Secret of the destination before, once nothing uses its token. The token Secret names it, so that goes
    /// later: a run that is cut off in between leaves what the next one needs to find it.
    Retirement,
    /// Where everything goes: what held the rest, the Namespace and the token's folder.
    Enclosure,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 11] = [
        Self::Revocation,
        Self::Unbinding,
        Self::Dismissal,
        Self::Foundation,
        Self::Identity,
        Self::Handover,
        Self::Credentials,
        Self::Configuration,
        Self::Cleanup,
        Self::Retirement,
        Self::Enclosure,
    ];
}
