//! Versions of Prometheus.

use std::fmt;
use std::str::FromStr;

/// `2.53.1`; what follows a `-` or `+` in a version is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// The three numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl FromStr for Version {
    type Err = ();

    /// `v3.1.0-rc.1` and `2.53` are versions too.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers = text.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<u32> = numbers
            .split('.')
            .map(|number| number.parse().map_err(|_| ()))
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [major, minor] => Ok(Self::new(major, minor, 0)),
            [major, minor, patch] => Ok(Self::new(major, minor, patch)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_read_and_compared() {
        for (text, read) in [
            ("2.42.0", Some("2.42.0")),
            ("v3.1.0-rc.1", Some("3.1.0")),
            (" 2.53 ", Some("2.53.0")),
            ("2.53.0+ds1", Some("2.53.0")),
            ("3", None),
            ("", None),
            ("2.53.x", None),
            ("2.53.-1", None),
            ("1.2.3.4", None),
        ] {
            let version = text.parse::<Version>().ok();
            assert_eq!(version.map(|v| v.to_string()).as_deref(), read, "{text:?}");
        }
        assert!(Version::new(2, 43, 0) > Version::new(2, 9, 1));
    }
}
