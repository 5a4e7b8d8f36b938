//! What went wrong on the way to the server, told from the errors of the libraries below.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;
use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::connect::Cluster;
use super::failure::Cause;
use super::http2::ConnectError;

/// Why there was no answer.
pub(crate) struct Broken {
    /// The reason.
    pub cause: Cause,
    /// Whether the request may have been sent, and so carried out.
    pub sent: bool,
    /// Whether another try may end otherwise.
    pub passing: bool,
}

/// What `error` means for a request to `cluster`.
pub(crate) fn broken(error: &kube::Error, cluster: &Cluster) -> Broken {
    let chain = chain(error);
    let sent = !chain.iter().any(|error| is_connect(*error));
    let server = cluster.server().to_owned();
    if let Some(tls) = find::<rustls::Error>(&chain) {
        let (reason, hint) = tls_reason(tls);
        return Broken {
            cause: Cause::Tls {
                server,
                reason,
                hint,
            },
            sent,
            passing: false,
        };
    }
    if !matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_)) {
        return Broken {
            cause: Cause::Kubeconfig {
                reason: unusable(error, &chain, cluster),
                hint: None,
            },
            sent: false,
            passing: false,
        };
    }
    if kind(&chain) == Some(io::ErrorKind::TimedOut) {
        return Broken {
            cause: cluster.silent(),
            sent,
            passing: false,
        };
    }
    Broken {
        cause: Cause::Unreachable {
            server,
            proxy: cluster.proxy(),
            reason: reason(&chain),
        },
        sent,
        passing: true,
    }
}

/// Whether the TLS handshake failed.
pub(crate) fn is_tls(error: Link<'_>) -> bool {
    find::<rustls::Error>(&chain(error)).is_some()
}

/// Why a server that is not the cluster's gave no answer.
pub(crate) fn no_answer(error: Link<'_>) -> String {
    let chain = chain(error);
    match find::<rustls::Error>(&chain) {
        Some(rustls::Error::InvalidCertificate(error)) => {
            format!("its certificate is not trusted here ({error})")
        }
        Some(rustls::Error::InvalidMessage(_)) => "it does not speak TLS there".to_owned(),
        Some(error) if knows_no_authority(error) => NO_AUTHORITY.to_owned(),
        Some(error) => format!("the TLS handshake failed ({error})"),
        None => reason(&chain),
    }
}

pub(crate) fn kind(chain: &[Link<'_>]) -> Option<io::ErrorKind> {
    find::<io::Error>(chain).map(io::Error::kind)
}

pub(crate) fn reason(chain: &[Link<'_>]) -> String {
    let reason = innermost(chain);
    let lookup = chain.iter().any(|error| {
        let text = error.to_string();
        text.contains("dns error") || text.contains("failed to lookup address")
    });
    match kind(chain) {
        _ if lookup => format!("its name is not known here ({reason})"),
        Some(io::ErrorKind::ConnectionRefused) => {
            "nothing listens there (connection refused)".into()
        }
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe,
        ) => "the connection was closed before the answer was complete".into(),
        _ => reason,
    }
}

/// What kube cannot make a client of: certificates, keys, proxies.
fn unusable(error: &kube::Error, chain: &[Link<'_>], cluster: &Cluster) -> String {
    match error {
        kube::Error::ProxyProtocolUnsupported { .. } => format!(
            "the proxy {} cannot be used: http, https and socks5 are supported",
            cluster.proxy().unwrap_or_default()
        ),
        _ => format!(
            "the kubeconfig's credentials cannot be used: {}",
            innermost(chain)
        ),
    }
}

impl Cluster {
    /// No answer within the time for one request.
    pub(crate) fn silent(&self) -> Cause {
        Cause::Silent {
            server: self.server().to_owned(),
            proxy: self.proxy(),
            seconds: self.request_timeout.as_secs(),
        }
    }
}

pub(crate) type Link<'a> = &'a (dyn Error + 'static);

/// The error and all that it comes from. An [`io::Error`] does not count what it wraps as its source, but that one's.
pub(crate) fn chain(error: Link<'_>) -> Vec<Link<'_>> {
    let mut chain: Vec<Link<'_>> = Vec::new();
    let mut next: Option<Link<'_>> = Some(error);
    while let Some(error) = next {
        chain.push(error);
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    chain
}

pub(crate) fn find<'a, T: Error + 'static>(chain: &[Link<'a>]) -> Option<&'a T> {
    chain
        .iter()
        .rev()
        .find_map(|error| error.downcast_ref::<T>())
}

/// Whether no connection came about, over which the request may have been sent.
fn is_connect(error: Link<'_>) -> bool {
    error.is::<ConnectError>()
        || error
            .downcast_ref::<legacy::Error>()
            .is_some_and(legacy::Error::is_connect)
}

/// The innermost reason; the outer ones only say that there is one.
pub(crate) fn innermost(chain: &[Link<'_>]) -> String {
    let text = chain.last().map(ToString::to_string).unwrap_or_default();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_owned()
}

const NO_AUTHORITY: &str =
    "no authority is known to verify its certificate with: this system has none";

/// What the verifier of the system's authorities says where there are none; it has no kind of its own.
fn knows_no_authority(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::General(text) if text.starts_with("No CA certificates"))
}

const OTHER_CA: &str = "compare certificate-authority-data of the kubeconfig with the cluster's CA: the kubeconfig may be that of another cluster, or of this one before it was made anew";
const OTHER_NAME: &str =
    "use an address that is in the certificate, or name one as tls-server-name in the kubeconfig";
const CLOCK: &str = "renew the API server's certificate, and check this machine's clock";

fn tls_reason(error: &rustls::Error) -> (String, &'static str) {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(error) => certificate_reason(error),
        Tls::AlertReceived(AlertDescription::CertificateRequired) => (
            "it wants a client certificate, and the kubeconfig has none".to_owned(),
            "add client-certificate and client-key to the kubeconfig's user, or use an address that takes tokens",
        ),
        Tls::AlertReceived(
            AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) => (
            format!("it refuses the client certificate ({error})"),
            "get a new kubeconfig: its client certificate has expired, or is that of another cluster",
        ),
        Tls::AlertReceived(_) | Tls::PeerIncompatible(_) => (
            format!("it speaks no TLS that monconf knows ({error})"),
            "TLS 1.2 or 1.3 is needed, on the server and on any proxy before it",
        ),
        error if knows_no_authority(error) => (
            NO_AUTHORITY.to_owned(),
            "name the cluster's CA as certificate-authority in the kubeconfig, or a file of authorities in SSL_CERT_FILE",
        ),
        Tls::InvalidMessage(_) => (
            "it does not speak TLS there".to_owned(),
            "is the port right, and is it https:// in the kubeconfig?",
        ),
        error => (error.to_string(), OTHER_CA),
    }
}

pub(crate) fn certificate_reason(error: &CertificateError) -> (String, &'static str) {
    use CertificateError as Bad;
    match error {
        Bad::UnknownIssuer => (
            "its certificate is signed by an authority that the kubeconfig does not name".into(),
            OTHER_CA,
        ),
        Bad::BadSignature => (
            "its certificate is not signed by the authority that the kubeconfig names".into(),
            OTHER_CA,
        ),
        Bad::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => (
            "its certificate is signed by itself, and the kubeconfig does not name it".into(),
            OTHER_CA,
        ),
        Bad::Expired => ("its certificate has expired".into(), CLOCK),
        Bad::ExpiredContext { time, not_after } => (
            format!(
                "its certificate expired at {}; it is {} now",
                date(*not_after),
                date(*time)
            ),
            CLOCK,
        ),
        Bad::NotValidYet => ("its certificate is not valid yet".into(), CLOCK),
        Bad::NotValidYetContext { time, not_before } => (
            format!(
                "its certificate is valid from {} on; it is {} now",
                date(*not_before),
                date(*time)
            ),
            CLOCK,
        ),
        Bad::NotValidForName => ("its certificate is for another name".into(), OTHER_NAME),
        Bad::NotValidForNameContext {
            expected,
            presented,
        } => (
            format!(
                "its certificate is for {}, not for {}",
                names(presented),
                expected.to_str()
            ),
            OTHER_NAME,
        ),
        error => (format!("its certificate is not valid ({error})"), OTHER_CA),
    }
}

/// `DnsName("a")` and `IpAddress(10.0.0.1)`, as the library names them, without the wrapping; at most five.
fn names(presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name
            .split_once('(')
            .map_or(name.as_str(), |(_, inner)| inner);
        inner.trim_end_matches(')').trim_matches('"').to_owned()
    };
    let mut names: Vec<String> = presented.iter().take(5).map(bare).collect();
    match presented.len() {
        0 => names.push("no name at all".into()),
        1..=5 => {}
        more => names.push(format!("{} more", more - 5)),
    }
    names.join(", ")
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| "an unknown time".to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wrapped_error_is_found() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = kube::Error::Service(io::Error::new(io::ErrorKind::InvalidData, tls).into());
        let chain = chain(&error);
        assert!(find::<rustls::Error>(&chain).is_some());
    }

    #[test]
    fn dates_and_names_are_told() {
        let day = |days: u64| UnixTime::since_unix_epoch(Duration::from_secs(days * 86_400));
        let (reason, _) = certificate_reason(&CertificateError::ExpiredContext {
            time: day(20_000),
            not_after: day(19_000),
        });
        assert_eq!(
            reason,
            "its certificate expired at 2022-01-08T00:00:00Z; it is 2024-10-04T00:00:00Z now"
        );
        let presented = [
            "DnsName(\"kubernetes\")".to_owned(),
            "IpAddress(10.0.0.1)".to_owned(),
        ];
        assert_eq!(names(&presented), "kubernetes, 10.0.0.1");
        assert_eq!(names(&[]), "no name at all");
    }
}
