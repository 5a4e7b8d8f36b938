//! Labels of components, made of names that may hold what an identifier cannot.

use std::fmt::Write;

/// The label of what all jobs of an instance share: `monconf_alloy`.
///
/// The labels of two instances differ, also with a job's name behind each: a hyphen in the instance's name, which is a
/// DNS label, becomes two underscores, and between the names stands one.
#[must_use]
pub fn shared(instance: &str) -> String {
    let mut label = "monconf_".to_owned();
    for character in instance.chars() {
        match character {
            plain if plain.is_ascii_alphanumeric() => label.push(plain),
            '-' => label.push_str("__"),
            other => push_code(&mut label, other),
        }
    }
    label
}

/// The label of what is a job's own: `monconf_alloy_kubelet`. Two names never have the same label, and a name's label
/// does not depend on other names.
#[must_use]
pub fn own(instance: &str, name: &str) -> String {
    let mut label = shared(instance);
    label.push('_');
    let begin = label.len();
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let is_followed = characters.peek().is_some_and(char::is_ascii_alphanumeric);
        match character {
            plain if plain.is_ascii_alphanumeric() => label.push(plain),
            // A single underscore, which no code begins with.
            '-' if is_followed && label.len() > begin => label.push('_'),
            other => push_code(&mut label, other),
        }
    }
    label
}

/// `__5f_` for `_`.
fn push_code(label: &mut String, character: char) {
    let written = write!(label, "__{:x}_", u32::from(character));
    debug_assert!(written.is_ok(), "a String takes every text");
}

/// Whether a text is an identifier of ASCII characters, and no word of the language.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    let begins = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !matches!(text, "true" | "false" | "null")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_label_says_whose_it_is() {
        assert_eq!(shared("alloy"), "monconf_alloy");
        assert_eq!(own("alloy", "kubelet-slis"), "monconf_alloy_kubelet_slis");
        assert_eq!(own("team-a", "kubelet"), "monconf_team__a_kubelet");
        assert_eq!(own("alloy", "a_b"), "monconf_alloy_a__5f_b");
        assert_eq!(own("alloy", "a-"), "monconf_alloy_a__2d_");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn two_names_never_have_the_same_label(
            one in "[a-c2f5d_.-]{1,6}", other in "[a-c2f5d_.-]{1,6}",
            instance in "[a-c]{1,2}(-{1,2}[a-c5]{1,2}){0,2}", another in "[a-c]{1,2}(-{1,2}[a-c5]{1,2}){0,2}",
        ) {
            let labels = (own(&instance, &one), own(&another, &other));
            prop_assert!(is_identifier(&labels.0));
            prop_assert_eq!(labels.0 == labels.1, (&instance, &one) == (&another, &other));
        }

        #[test]
        fn every_name_has_a_label(instance in any::<String>(), name in any::<String>()) {
            prop_assert!(is_identifier(&own(&instance, &name)));
        }
    }
}
