//! Which authorities a server's certificate is verified with: those that are named, else the system's.

use http::Uri;
use http::uri::Scheme;
use kube::Config;

/// Names none where no certificate is verified. Otherwise a client reads the system's as soon as it is made, and cannot be
/// made where there are none, as in an image that holds one program.
pub(crate) fn leave_out_unused(config: &mut Config) {
    let is_plain = |url: &Uri| url.scheme() == Some(&Scheme::HTTP);
    let has_tls = !is_plain(&config.cluster_url)
        || config
            .proxy_url
            .as_ref()
            .is_some_and(|proxy| proxy.scheme() == Some(&Scheme::HTTPS));
    let is_verified = has_tls && !config.accept_invalid_certs;
    if !is_verified && config.root_cert.is_none() {
        config.root_cert = Some(Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_the_system_are_for_what_is_verified() {
        for (server, proxy, insecure, left_out) in [
            ("https://api", None, false, false),
            ("https://api", None, true, true),
            ("http://api", None, false, true),
            ("http://api", Some("http://proxy"), false, true),
            ("http://api", Some("https://proxy"), false, false),
            ("https://api", Some("http://proxy"), false, false),
        ] {
            let mut config = Config::new(Uri::from_static(server));
            config.proxy_url = proxy.map(Uri::from_static);
            config.accept_invalid_certs = insecure;
            leave_out_unused(&mut config);
            assert_eq!(config.root_cert.is_some(), left_out, "{server} {proxy:?}");
        }
    }

    #[test]
    fn those_that_are_named_stay() {
        let mut config = Config::new(Uri::from_static("http://api"));
        config.root_cert = Some(vec![vec![1]]);
        leave_out_unused(&mut config);
        assert_eq!(config.root_cert, Some(vec![vec![1]]));
    }
}
