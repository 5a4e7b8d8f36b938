//! Why a target that gives no answer is not scraped.

use super::diagnosis::Cause;
use crate::client::NoAnswer;

impl Cause {
    /// What keeps the target from answering.
    #[must_use]
    pub fn of_no_answer(no_answer: &NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Refused => Self::Refused,
            NoAnswer::UnknownName => Self::UnknownHost,
            NoAnswer::Unreachable(_) => Self::Unreachable,
            NoAnswer::Silent { .. } => Self::Timeout,
            NoAnswer::UnknownAuthority => Self::UnknownCa,
            NoAnswer::OtherName(said) => Self::WrongName { said: said.clone() },
            NoAnswer::OtherTime(_) => Self::CertificateExpired,
            NoAnswer::NoTls => Self::WrongScheme,
            NoAnswer::Tls(said) | NoAnswer::Broken(said) => {
                Self::of_connection(said).unwrap_or_else(|| Self::Unknown { said: said.clone() })
            }
        }
    }
}
