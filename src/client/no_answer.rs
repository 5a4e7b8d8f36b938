//! Why a target gave no answer.

use std::fmt;
use std::io;

use rustls::CertificateError;

use super::transport::{Link, certificate_reason, chain, find, innermost, kind, reason};

/// Why a target gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing listens at that port.
    Refused,
    /// The host's name is not known here.
    UnknownName,
    /// There is no way to it from here; the system's reason.
    Unreachable(String),
    /// Nothing came within that time.
    Silent {
        /// How long it was waited.
        seconds: u64,
    },
    /// Its certificate is signed by nobody whom it is trusted for.
    UnknownAuthority,
    /// Its certificate is for other names.
    OtherName(String),
    /// Its certificate is of another time, with the dates.
    OtherTime(String),
    /// It does not speak TLS there.
    NoTls,
    /// The TLS handshake failed for another reason.
    Tls(String),
    /// Anything else, such as a connection that was closed early.
    Broken(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("nothing listens there (connection refused)"),
            Self::UnknownName => f.write_str("its name is not known here"),
            Self::Silent { seconds } => write!(f, "no answer within {seconds} s"),
            Self::UnknownAuthority => {
                f.write_str("its certificate is signed by an unknown authority")
            }
            Self::NoTls => f.write_str("it does not speak TLS there"),
            Self::Unreachable(reason)
            | Self::OtherName(reason)
            | Self::OtherTime(reason)
            | Self::Tls(reason)
            | Self::Broken(reason) => f.write_str(reason),
        }
    }
}

/// Told from the errors of the libraries below.
pub(crate) fn no_answer_of(error: Link<'_>) -> NoAnswer {
    let chain = chain(error);
    match find::<rustls::Error>(&chain) {
        Some(rustls::Error::InvalidCertificate(error)) => return of_certificate(error),
        Some(rustls::Error::InvalidMessage(_)) => return NoAnswer::NoTls,
        Some(error) => return NoAnswer::Tls(format!("the TLS handshake failed ({error})")),
        None => {}
    }
    match kind(&chain) {
        Some(io::ErrorKind::ConnectionRefused) => NoAnswer::Refused,
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            NoAnswer::Unreachable(format!("there is no way to it ({})", innermost(&chain)))
        }
        _ => {
            let reason = reason(&chain);
            if reason.starts_with("its name is not known") {
                NoAnswer::UnknownName
            } else {
                NoAnswer::Broken(reason)
            }
        }
    }
}

fn of_certificate(error: &CertificateError) -> NoAnswer {
    use CertificateError as Bad;
    let (reason, _) = certificate_reason(error);
    match error {
        Bad::UnknownIssuer | Bad::BadSignature => NoAnswer::UnknownAuthority,
        // A certificate that is its own authority.
        Bad::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            NoAnswer::UnknownAuthority
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => NoAnswer::OtherName(reason),
        Bad::Expired
        | Bad::ExpiredContext { .. }
        | Bad::NotValidYet
        | Bad::NotValidYetContext { .. } => NoAnswer::OtherTime(reason),
        _ => NoAnswer::Tls(reason),
    }
}
