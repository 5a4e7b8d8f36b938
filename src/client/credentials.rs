//! With what monconf logs in: what to call it, and what to do where a server does not accept it.

use std::fmt;

use super::kubeconfig::Entry;

/// With what monconf logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// The token of the Pod's own ServiceAccount.
    Pod,
    /// A token that monconf issued, or that it was told to try.
    Issued,
    /// The kubeconfig holds nothing for its user.
    None {
        /// The user entry, if the context names one.
        user: Option<String>,
    },
    /// What the credential plugin gave.
    Plugin {
        /// The user entry.
        user: String,
        /// The program.
        program: String,
    },
    /// The kubeconfig's token, or basic authentication.
    Token {
        /// The user entry.
        user: String,
    },
    /// The kubeconfig's client certificate.
    Certificate {
        /// The user entry.
        user: String,
    },
}

impl Credentials {
    /// Those of a kubeconfig's entry, whose plugin was `program`.
    pub(crate) fn of(entry: &Entry, program: Option<String>) -> Self {
        let auth = &entry.auth;
        let Some(user) = entry.user.clone() else {
            return Self::None { user: None };
        };
        if let Some(program) = program {
            Self::Plugin { user, program }
        } else if auth.token.is_some() || auth.token_file.is_some() || auth.username.is_some() {
            Self::Token { user }
        } else if auth.client_certificate.is_some() || auth.client_certificate_data.is_some() {
            Self::Certificate { user }
        } else {
            Self::None { user: Some(user) }
        }
    }

    /// The name of the kubeconfig's user entry.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Self::Pod | Self::Issued => None,
            Self::None { user } => user.as_deref(),
            Self::Plugin { user, .. } | Self::Token { user } | Self::Certificate { user } => {
                Some(user)
            }
        }
    }

    /// What to do where they are not accepted.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Pod => "has the ServiceAccount been deleted, or made anew? A new Pod gets a new token".into(),
            Self::Issued => "`monconf verify` tells why it is not accepted".into(),
            Self::None { user: Some(user) } => {
                format!("the kubeconfig has no credentials for user {user:?}; `kubectl config view` shows what it has")
            }
            Self::None { user: None } => "the kubeconfig's context names no user; `kubectl config view` shows what it has".into(),
            Self::Plugin { program, .. } => {
                format!("log in again with the tool that {program} belongs to; `kubectl auth whoami` asks the same server")
            }
            Self::Token { .. } => "the token may have expired: log in again; `kubectl auth whoami` asks the same server".into(),
            Self::Certificate { .. } => {
                "the certificate may have expired: get a new kubeconfig; `kubectl auth whoami` asks the same server".into()
            }
        }
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod => f.write_str("the token of the Pod's own account"),
            Self::Issued => f.write_str("the token"),
            Self::None { .. } => f.write_str("requests without credentials"),
            Self::Plugin { user, .. } => {
                write!(
                    f,
                    "the plugin's credentials of the kubeconfig's user {user:?}"
                )
            }
            Self::Token { user } => write!(f, "the token of the kubeconfig's user {user:?}"),
            Self::Certificate { user } => {
                write!(
                    f,
                    "the client certificate of the kubeconfig's user {user:?}"
                )
            }
        }
    }
}
