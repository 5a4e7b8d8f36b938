//! Whose a field is: the field managers that monconf writes as.

/// Under this name monconf owns the fields that it sets.
pub const FIELD_MANAGER: &str = "monconf";

/// Whether monconf writes as this field manager, whichever instance.
#[must_use]
pub fn is_monconf(manager: &str) -> bool {
    let rest = manager.strip_prefix(FIELD_MANAGER);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-') && rest.contains('.'))
}
