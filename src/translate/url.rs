//! URLs, without the passwords that some hold.

use super::context::Context;
use crate::mask::secrecy;
use yaml::Extent;

/// The URL without user, password and secret parameters; each is a finding.
pub(super) fn url(path: &str, url: &str, context: &mut Context) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => {
            context.secret(path);
            host
        }
        None => authority,
    };
    let rest = match rest.split_once('?') {
        Some((before, query)) => {
            let kept: Vec<&str> = query
                .split('&')
                .filter(|parameter| {
                    let name = parameter.split('=').next().unwrap_or_default();
                    let secret =
                        secrecy(name) != Extent::Nothing || name.eq_ignore_ascii_case("key");
                    if secret {
                        context.secret(path);
                    }
                    !secret
                })
                .collect();
            let mark = if kept.is_empty() { "" } else { "?" };
            format!("{before}{mark}{}", kept.join("&"))
        }
        None => rest.to_owned(),
    };
    let scheme = if scheme.is_empty() {
        String::new()
    } else {
        format!("{scheme}://")
    };
    format!("{scheme}{host}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_loses_its_secrets() {
        for (given, expected, findings) in [
            ("https://x/api/v1/write", "https://x/api/v1/write", 0),
            ("https://a:b@x:1/p?q=1", "https://x:1/p?q=1", 1),
            ("https://x/p?token=b", "https://x/p", 1),
            ("https://x/p?a=@&api_key=c", "https://x/p?a=@", 1),
        ] {
            let mut context = Context::new("ns", "a", "ns");
            assert_eq!(url("url", given, &mut context), expected);
            assert_eq!(context.findings.0.len(), findings, "{given}");
        }
    }
}
