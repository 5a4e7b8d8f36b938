//! Which proxy the environment asks for, with `NO_PROXY` as Go reads it (golang.org/x/net/http/httpproxy).

use std::env;
use std::net::IpAddr;

use http::Uri;

/// The proxy for `server`, `None` for a direct connection.
///
/// # Errors
/// The name of the variable whose value is no URL.
pub(crate) fn proxy_for(server: &Uri) -> Result<Option<Uri>, &'static str> {
    let variable = |names: [&str; 2]| {
        let mut values = names.into_iter().filter_map(|name| env::var(name).ok());
        values.find(|value| !value.is_empty())
    };
    let (names, default) = match server.scheme_str() {
        Some("http") => (["HTTP_PROXY", "http_proxy"], 80),
        _ => (["HTTPS_PROXY", "https_proxy"], 443),
    };
    let (Some(proxy), Some(host)) = (variable(names), server.host()) else {
        return Ok(None);
    };
    let excluded = variable(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    if is_excluded(host, server.port_u16().unwrap_or(default), &excluded) {
        return Ok(None);
    }
    url(&proxy).map(Some).ok_or(names[0])
}

/// A proxy's URL; a bare `host:port` is an HTTP proxy.
fn url(proxy: &str) -> Option<Uri> {
    let url = if proxy.contains("://") {
        proxy.parse()
    } else {
        format!("http://{proxy}").parse()
    };
    url.ok().filter(|url: &Uri| url.host().is_some())
}

/// Loopback always; then `*`, addresses, networks, names (with their subdomains, or only those where the entry
/// begins with a dot), each optionally with a port.
fn is_excluded(host: &str, port: u16, list: &str) -> bool {
    let host = host
        .trim_matches(['[', ']'])
        .trim_end_matches('.')
        .to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    list.split(',')
        .map(|entry| entry.trim().to_ascii_lowercase())
        .any(|entry| {
            if entry == "*" {
                return true;
            }
            let (name, wanted) = split_port(&entry);
            if wanted.is_some_and(|wanted| wanted.parse() != Ok(port)) || name.is_empty() {
                return false;
            }
            if let Some(address) = address {
                name.parse() == Ok(address)
                    || network(name).is_some_and(|network| contains(network, address))
            } else {
                let name = name.strip_prefix('*').unwrap_or(name);
                match name.strip_prefix('.') {
                    Some(domain) => host.ends_with(&format!(".{domain}")),
                    None => host == name || host.ends_with(&format!(".{name}")),
                }
            }
        })
}

fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some(rest) = entry.strip_prefix('[') {
        let (address, after) = rest.split_once(']').unwrap_or((rest, ""));
        return (address, after.strip_prefix(':'));
    }
    match entry.split_once(':') {
        // More than one colon: an IPv6 address without brackets.
        Some((_, port)) if port.contains(':') => (entry, None),
        Some((name, port)) => (name, Some(port)),
        None => (entry, None),
    }
}

fn network(entry: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = entry.split_once('/')?;
    Some((address.parse().ok()?, bits.parse().ok()?))
}

fn contains((network, bits): (IpAddr, u32), address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_excluded, url};

    #[test]
    fn no_proxy_is_about_the_cluster() {
        for (host, list, excluded) in [
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.0/8", true),
            ("10.0.0.1", "11.0.0.0/8", false),
            ("10.0.0.1", "0.0.0.0/0", true),
            ("10.0.0.1", "10.0.0.1:6443", true),
            ("10.0.0.1", "10.0.0.1:443", false),
            ("10.0.0.1", "10.0.0.1:port", false),
            ("10.0.0.1", "localhost,", false),
            ("10.0.0.1", "*", true),
            ("10.0.0.1", "", false),
            ("10.0.0.1", "10.0.0.0/99", false),
            ("api.corp", "corp", true),
            ("api.corp", ".corp", true),
            ("api.corp", "*.corp", true),
            ("corp", ".corp", false),
            ("corp", "corp", true),
            ("notcorp", "corp", false),
            ("API.Corp", " other , CORP ", true),
            ("127.0.0.1", "", true),
            ("localhost", "", true),
            ("[::1]", "", true),
            ("[fd00::1]", "fd00::/8", true),
            ("[fd00::1]", "[fd00::1]:6443", true),
            ("[fd00::1]", "fd00::2", false),
        ] {
            assert_eq!(
                is_excluded(host, 6443, list),
                excluded,
                "{host} and {list:?}"
            );
        }
    }

    #[test]
    fn a_proxy_is_a_url_or_a_host() {
        for (proxy, expected) in [
            ("proxy.corp:3128", Some("http://proxy.corp:3128/")),
            (
                "socks5://proxy.corp:1080",
                Some("socks5://proxy.corp:1080/"),
            ),
            ("http://[bad", None),
            ("http://", None),
            ("a b", None),
        ] {
            let read = url(proxy).map(|url| url.to_string());
            assert_eq!(read.as_deref(), expected, "{proxy}");
        }
    }
}
