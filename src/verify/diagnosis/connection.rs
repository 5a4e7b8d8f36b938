//! What keeps a request from reaching anybody: names, routes, and certificates.

use super::Cause;

impl Cause {
    /// Why there is no answer, from what Go, curl, OpenSSL or the system say. `None` for a text that is about something
    /// else.
    #[must_use]
    pub fn of_connection(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let said = |words: &[&str]| words.iter().any(|words| lower.contains(words));
        if let Some(said) = wrong_name(text, &lower) {
            return Some(Self::WrongName { said });
        }
        Some(
            if said(&[
                "certificate has expired",
                "certificate is not yet valid",
                "certificateexpired",
                "its certificate expired at",
                "its certificate has expired",
                "certificate expired",
            ]) {
                Self::CertificateExpired
            } else if said(&[
                "certificate signed by unknown authority",
                "unable to get local issuer certificate",
                "unable to get issuer certificate",
                "self-signed certificate",
                "self signed certificate",
                "unknownissuer",
                "unable to verify the first certificate",
                "signed by an authority that",
                "remote error: tls: unknown certificate authority",
            ]) {
                Self::UnknownCa
            } else if said(&[
                "remote error: tls: bad certificate",
                "remote error: tls: certificate required",
                "tlsv13 alert certificate required",
                "alert bad certificate",
            ]) {
                Self::ClientCertificate
            } else if said(&[
                "server gave http response to https client",
                "first record does not look like a tls handshake",
                "client sent an http request to an https server",
                "malformed http response \"\\x15\\x03",
                "wrong version number",
                "packet length too long",
                "http/0.9 when not allowed",
            ]) {
                Self::WrongScheme
            } else if said(&[
                "no such host",
                "could not resolve host",
                "name or service not known",
                "temporary failure in name resolution",
                "server misbehaving",
            ]) {
                Self::UnknownHost
            } else if said(&[
                "connection refused",
                "connectex: no connection could be made",
                "was refused - did you specify the right host or port",
            ]) {
                Self::Refused
            } else if said(&[
                "no route to host",
                "network is unreachable",
                "host is unreachable",
                "network unreachable",
            ]) {
                Self::Unreachable
            } else if said(&[
                "context deadline exceeded",
                "i/o timeout",
                "connection timed out",
                "operation timed out",
                "tls handshake timeout",
                "client.timeout exceeded",
                "timeout awaiting response headers",
                "did not answer within",
            ]) {
                Self::Timeout
            } else if said(&[
                "connection reset by peer",
                "empty reply from server",
                "unexpected eof",
                "broken pipe",
                "server closed idle connection",
                "http2: client connection lost",
            ]) || text.trim_end().ends_with("\": EOF")
            {
                Self::ConnectionClosed
            } else {
                return None;
            },
        )
    }
}

/// What is said of a certificate's names, without what stands around it.
fn wrong_name(text: &str, lower: &str) -> Option<String> {
    let beginnings = [
        "certificate is valid for ",
        "cannot validate certificate for ",
        "certificate is not valid for any names",
        "certificate relies on legacy common name field",
        "no alternative certificate subject name matches",
        "certificate subject name",
        "its certificate is for ",
        "hostname mismatch",
    ];
    let at = beginnings.iter().find_map(|words| lower.find(words))?;
    // Lower case may be of another length.
    let said = text.get(at..).unwrap_or(&lower[at..]);
    let end = said.find(['\n', '\\', '{', '}']).unwrap_or(said.len());
    let said = said[..end].trim_end_matches(['"', '.', ' ', ')']);
    let said: String = said.chars().take(200).collect();
    // The end tells which name was asked for; without it, it may be a sentence about dates.
    let is_whole = said.contains(", not ") || !said.starts_with("certificate is valid for");
    is_whole.then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_s_end_is_told() {
        for (text, code) in [
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "unknown-ca",
            ),
            (
                "x509: certificate is valid for 10.96.0.1, 10.0.0.1, not 203.0.113.9",
                "wrong-name",
            ),
            (
                "x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs",
                "wrong-name",
            ),
            (
                "x509: certificate has expired or is not yet valid: current time 2026-11-24T11:36:49Z is after 2026-01-01T00:00:00Z",
                "certificate-expired",
            ),
            (
                "dial tcp 10.0.0.5:10250: connect: connection refused",
                "refused",
            ),
            (
                "dial tcp: lookup kube.example on 10.96.0.10:53: no such host",
                "unknown-host",
            ),
            (
                "Get \"https://10.0.0.5:10250/metrics\": context deadline exceeded",
                "timeout",
            ),
            (
                "Get \"https://10.0.0.5:10250/metrics\": EOF",
                "connection-closed",
            ),
            ("remote error: tls: bad certificate", "client-certificate"),
            (
                "http: server gave HTTP response to HTTPS client",
                "wrong-scheme",
            ),
            ("connect: no route to host", "unreachable"),
        ] {
            let cause = Cause::of_connection(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(cause.code(), code, "{text}");
        }
        assert_eq!(Cause::of_connection("all is well"), None);
    }
}
