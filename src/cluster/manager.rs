//! Whose a field is: the field managers that monconf writes as.

use crate::spec::Names;

/// Under this name monconf owns the fields that it sets.
pub const FIELD_MANAGER: &str = "monconf";

/// As whom an instance applies an object that it may only make by name. Whatever it applied before is dropped where an
/// apply of the same manager lacks it, so instances that make the same object at once must not share one. At most
/// 115 of the 128 characters that a manager may have.
#[must_use]
pub fn maker(names: &Names) -> String {
    format!("{FIELD_MANAGER}-{}.{}", names.namespace, names.instance)
}

/// Whether monconf writes as this field manager, whichever instance.
#[must_use]
pub fn is_monconf(manager: &str) -> bool {
    let rest = manager.strip_prefix(FIELD_MANAGER);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-') && rest.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Consumer;

    #[test]
    fn every_maker_is_monconf_and_short_enough() {
        let (name, namespace) = ("n".repeat(43), "s".repeat(63));
        let names = Names::new(Consumer::GrafanaAgent, Some(&name), Some(&namespace));
        let longest = maker(&names.expect("names"));
        assert_eq!(longest.len(), 115);
        assert!(is_monconf(&longest) && is_monconf("monconf"));
        for other in ["monconfig", "monconf-operator", "kubectl", ""] {
            assert!(!is_monconf(other), "{other}");
        }
    }
}
