//! Whom a binding names, and who a request comes from.

use std::fmt;

/// Whom a binding names.
///
/// A user named `system:serviceaccount:NAMESPACE:NAME` is that ServiceAccount: the authorizer makes no difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A ServiceAccount.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Everybody in a group.
    Group(String),
    /// A user.
    User(String),
}

/// How a ServiceAccount's user name begins.
const ACCOUNT: &str = "system:serviceaccount:";

impl Subject {
    /// The user of that name, which may be a ServiceAccount's.
    #[must_use]
    pub fn user(name: &str) -> Self {
        let account = name
            .strip_prefix(ACCOUNT)
            .and_then(|rest| rest.split_once(':'));
        match account {
            Some((namespace, name)) => Self::ServiceAccount {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            },
            None => Self::User(name.to_owned()),
        }
    }

    /// `ServiceAccount`, `Group` or `User`, as in a binding.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ServiceAccount { .. } => "ServiceAccount",
            Self::Group(_) => "Group",
            Self::User(_) => "User",
        }
    }

    /// The name, a ServiceAccount's as `NAMESPACE/NAME`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::ServiceAccount { namespace, name } => format!("{namespace}/{name}"),
            Self::Group(name) | Self::User(name) => name.clone(),
        }
    }
}

/// `ServiceAccount monitoring/prometheus`, `Group ops`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

/// Who a request comes from: what the authenticator says, and so what the authorizer is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user's name; `None` for anybody in the groups.
    pub user: Option<String>,
    /// The groups, those included that everybody of the kind is in.
    pub groups: Vec<String>,
}

impl Identity {
    /// A user in `groups`, and in the group that the API server adds
    /// (`pkg/authentication/group/authenticated_group_adder.go` of apiserver).
    #[must_use]
    pub fn user(name: &str, groups: &[&str]) -> Self {
        let mut groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
        let all = if name == "system:anonymous" {
            "system:unauthenticated"
        } else {
            "system:authenticated"
        };
        if !groups.iter().any(|group| group == all) {
            groups.push(all.to_owned());
        }
        Self {
            user: Some(name.to_owned()),
            groups,
        }
    }

    /// A ServiceAccount, with its three groups.
    #[must_use]
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self::user(
            &format!("{ACCOUNT}{namespace}:{name}"),
            &[
                "system:serviceaccounts",
                &format!("system:serviceaccounts:{namespace}"),
            ],
        )
    }

    /// The least that is known of whoever `subject` names.
    #[must_use]
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::ServiceAccount { namespace, name } => Self::service_account(namespace, name),
            Subject::User(name) => Self::user(name, &[]),
            Subject::Group(name) => Self {
                user: None,
                groups: vec![name.clone()],
            },
        }
    }

    /// Every subject of a binding that means this identity.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let user = self.user.as_deref().map(Subject::user);
        let groups = self.groups.iter().cloned().map(Subject::Group);
        user.into_iter().chain(groups).collect()
    }
}
