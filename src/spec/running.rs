//! The running Prometheus that reads the files: where it is asked, and how it is made to read them again.

use http::Uri;
use promconf::Version;

use crate::error::{Error, Result};

/// A Prometheus that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Where it is asked, without a slash at its end.
    pub url: String,
    /// How it is made to read its files again, if it is to.
    pub reload: Option<Reload>,
}

/// How Prometheus is made to read its files again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// `POST URL/-/reload`; the URL has no slash at its end.
    Post(String),
    /// SIGHUP to the process of that id.
    Signal(i32),
}

/// What `--prometheus-url` and `--reload` say of it, `None` where none is to be asked.
pub(super) fn running(url: Option<&str>, reload: Option<&str>) -> Result<Option<Running>> {
    let reload = reload.map(self::reload).transpose()?;
    let url = match (url, &reload) {
        (Some(url), _) => address("--prometheus-url", url)?,
        (None, Some(Reload::Post(url))) => url.clone(),
        (None, Some(Reload::Signal(pid))) => {
            return Err(Error::usage_hint(
                format!(
                    "--reload {pid} needs --prometheus-url: a signal has no answer, and only Prometheus knows whether it took the files"
                ),
                "add --prometheus-url http://HOST:9090",
            ));
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Running { url, reload }))
}

/// The version that `--prometheus-version` tells.
pub(super) fn version(text: &str) -> Result<Version> {
    text.parse().map_err(|()| {
        Error::usage_hint(
            format!("--prometheus-version {text:?} is no version of Prometheus"),
            "write it as 2.53.0; `prometheus --version` prints it",
        )
    })
}

fn reload(text: &str) -> Result<Reload> {
    if text.contains("://") || text.contains('@') {
        return address("--reload", text).map(Reload::Post);
    }
    match text.parse() {
        Ok(pid) if pid > 0 => Ok(Reload::Signal(pid)),
        _ => Err(Error::usage_hint(
            format!("--reload {text:?} is neither a URL nor the id of a process"),
            "write it as http://HOST:9090 or as the number that `pidof prometheus` prints",
        )),
    }
}

/// The address of a Prometheus. What may hold a password is not repeated.
fn address(flag: &str, text: &str) -> Result<String> {
    if text.contains('@') {
        return Err(Error::usage_hint(
            format!(
                "{flag} names a user or password, and arguments are seen by everybody who may list processes"
            ),
            "write it as http://HOST:9090, without a user and a password",
        ));
    }
    let refused = |reason: &str| {
        Error::usage_hint(
            format!("{flag} {reason}"),
            "write it as http://HOST:9090, with a path where --web.route-prefix or a proxy has one",
        )
    };
    if text.contains(['?', '#']) {
        return Err(refused("is an address with a query or a fragment"));
    }
    let is_address = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http"))
            && uri.host().is_some_and(|host| !host.is_empty())
    });
    if !is_address {
        return Err(refused(&format!("{text:?} is no address of a Prometheus")));
    }
    let base = text.trim_end_matches('/');
    Ok(base.strip_suffix("/-/reload").unwrap_or(base).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_lies_before_the_paths_of_prometheus() {
        for (text, expected) in [
            ("http://127.0.0.1:9090", "http://127.0.0.1:9090"),
            ("http://127.0.0.1:9090/", "http://127.0.0.1:9090"),
            ("http://h/prefix/-/reload", "http://h/prefix"),
            ("https://[::1]:9090/a/b//", "https://[::1]:9090/a/b"),
        ] {
            let found = running(None, Some(text)).expect("valid").expect("one");
            assert_eq!(found.url, expected);
            assert_eq!(found.reload, Some(Reload::Post(expected.to_owned())));
        }
        let found = running(Some("http://a:1"), Some("42"))
            .expect("valid")
            .expect("one");
        assert_eq!(found.url, "http://a:1");
        assert_eq!(found.reload, Some(Reload::Signal(42)));
        assert_eq!(running(None, None).expect("valid"), None);
    }

    #[test]
    fn what_is_no_address_is_refused_and_no_password_is_repeated() {
        for text in [
            "http://",
            "ftp://host",
            "http://ho st",
            "http://jane:s3cret@host",
            "http://jane:s3/cret@host",
            "jane:s3cret@host:9090",
            "http://host?token=s3cret",
            "http://host/#s3cret",
            "-4",
            "0",
            "99999999999",
            "prometheus",
            "",
        ] {
            let error = running(None, Some(text)).expect_err(text).to_string();
            assert!(!error.contains("s3"), "{error}");
            if text.contains("://") {
                let error = running(Some(text), None).expect_err(text).to_string();
                assert!(!error.contains("s3"), "{error}");
            }
        }
    }
}
