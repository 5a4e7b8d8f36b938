//! Whose a file is to be.

use nix::unistd::{Group, User};

use crate::error::{Error, Result};

/// A user and a group, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileOwner {
    /// The user.
    pub user: u32,
    /// The group, `None` to leave it as it is.
    pub group: Option<u32>,
}

/// Looks up `USER`, `USER:GROUP` or `USER:`, in names or numbers; a user's name without a group brings its own one.
///
/// # Errors
/// A name that this machine does not know.
pub fn owner(text: &str) -> Result<FileOwner> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    };
    let (user, own_group) = match number(user) {
        Some(number) => (number, None),
        None => match User::from_name(user) {
            Ok(Some(user)) => (user.uid.as_raw(), Some(user.gid.as_raw())),
            _ => return Err(unknown("user", user)),
        },
    };
    let group = match group.map(|group| (group, number(group))) {
        None => own_group,
        Some((_, Some(number))) => Some(number),
        Some((group, None)) => match Group::from_name(group) {
            Ok(Some(group)) => Some(group.gid.as_raw()),
            _ => return Err(unknown("group", group)),
        },
    };
    Ok(FileOwner { user, group })
}

/// The largest number is nobody's: it asks the kernel to leave the owner as it is.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number != u32::MAX)
}

fn unknown(kind: &str, name: &str) -> Error {
    Error::usage_hint(
        format!("--token-owner: this machine knows no {kind} {name:?}"),
        "write it as USER, USER:GROUP, or in numbers",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_names_or_numbers() {
        let both = |text: &str| owner(text).map(|owner| (owner.user, owner.group)).ok();
        assert_eq!(both("root"), Some((0, Some(0))));
        assert_eq!(both("65534"), Some((65534, None)));
        assert_eq!(both("65534:root"), Some((65534, Some(0))));
        assert_eq!(both("1:2"), Some((1, Some(2))));
        for unknown in [
            "",
            ":",
            "no-such-user-here",
            "0:no-such-group-here",
            "-1",
            "4294967295",
        ] {
            assert_eq!(both(unknown), None, "{unknown}");
        }
    }
}
