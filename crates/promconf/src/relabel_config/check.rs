//! What Prometheus asks of a relabelling step (`Config.Validate` in `model/relabel/relabel.go` of Prometheus).

use super::RelabelConfig;
use crate::regex::fault;

/// Every action.
pub const ACTIONS: [&str; 11] = [
    "replace",
    "keep",
    "drop",
    "keepequal",
    "dropequal",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
];

/// A step's field by its name in Prometheus' own syntax, and what is wrong with it.
pub type Fault = (&'static str, String);

impl RelabelConfig {
    /// Whether Prometheus would take this step.
    ///
    /// Names of labels are held to what every version and the text format take, not to the wider UTF-8 names of
    /// Prometheus 3.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), Fault> {
        let action = self.action.as_str();
        if !ACTIONS.contains(&action) {
            return Err((
                "action",
                format!(
                    "there is no action {action:?}; there are {}",
                    ACTIONS.join(", ")
                ),
            ));
        }
        if let Some(fault) = self.regex.as_deref().and_then(fault) {
            return Err(("regex", format!("no regular expression of RE2: {fault}")));
        }
        if let Some(label) = self
            .source_labels
            .iter()
            .find(|label| !is_label_name(label))
        {
            return Err(("source_labels", format!("{label:?} is no name of a label")));
        }
        self.fields(action)?;
        self.target(action)
    }

    /// Which fields an action needs, and which it has no use for.
    fn fields(&self, action: &str) -> Result<(), Fault> {
        let given = |field: &'static str| match field {
            "source_labels" => !self.source_labels.is_empty(),
            "separator" => self.separator.is_some(),
            "regex" => self.regex.is_some(),
            "modulus" => self.modulus.is_some(),
            "target_label" => self.target_label.is_some(),
            _ => self.replacement.is_some(),
        };
        let (needed, useless): (&[&'static str], &[&'static str]) = match action {
            "replace" => (&["target_label"], &["modulus"]),
            "hashmod" => (
                &["source_labels", "modulus", "target_label"],
                &["replacement"],
            ),
            "keep" | "drop" => (
                &["source_labels"],
                &["target_label", "replacement", "modulus"],
            ),
            "keepequal" | "dropequal" => (
                &["source_labels", "target_label"],
                &["regex", "modulus", "separator", "replacement"],
            ),
            "labelmap" => (
                &[],
                &["source_labels", "target_label", "modulus", "separator"],
            ),
            "labeldrop" | "labelkeep" => (
                &["regex"],
                &[
                    "source_labels",
                    "target_label",
                    "modulus",
                    "separator",
                    "replacement",
                ],
            ),
            _ => (
                &["source_labels", "target_label"],
                &["replacement", "modulus"],
            ),
        };
        if let Some(missing) = needed.iter().find(|field| !given(field)) {
            return Err((missing, format!("the action {action} needs it")));
        }
        if let Some(useless) = useless.iter().find(|field| given(field)) {
            return Err((useless, format!("the action {action} has no use for it")));
        }
        if self.modulus == Some(0) {
            return Err(("modulus", "must not be 0".to_owned()));
        }
        Ok(())
    }

    fn target(&self, action: &str) -> Result<(), Fault> {
        if let Some(target) = &self.target_label {
            let valid = match action {
                "replace" => is_label_template(target),
                _ => is_label_name(target),
            };
            if !valid {
                return Err(("target_label", format!("{target:?} is no name of a label")));
            }
        }
        match &self.replacement {
            Some(replacement) if action == "labelmap" && !is_label_template(replacement) => Err((
                "replacement",
                format!("{replacement:?} gives no name of a label"),
            )),
            _ => Ok(()),
        }
    }
}

/// Letters, digits and underscores, not beginning with a digit.
#[must_use]
pub fn is_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A name in which `$1`, `${1}` and `${name}` stand for groups of the regular expression.
fn is_label_template(template: &str) -> bool {
    let mut name = String::new();
    let mut rest = template;
    while let Some((before, reference)) = rest.split_once('$') {
        name.push_str(before);
        let group = if let Some(braced) = reference.strip_prefix('{') {
            braced.split_once('}')
        } else {
            let end = reference
                .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                .unwrap_or(reference.len());
            Some(reference.split_at(end))
        };
        let group = group.filter(|(group, _)| is_group(group));
        let Some((_, after)) = group else {
            return false;
        };
        // Stands for a letter: what the group holds is not known.
        name.push('x');
        rest = after;
    }
    name.push_str(rest);
    is_label_name(&name)
}

fn is_group(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_may_be_made_of_groups() {
        for (template, valid) in [
            ("job", true),
            ("__param_$1", true),
            ("${1}_total", true),
            ("$name", true),
            ("a-b", false),
            ("", false),
            ("1a", false),
            ("$", false),
            ("${}", false),
            ("ä", false),
        ] {
            assert_eq!(is_label_template(template), valid, "{template}");
        }
    }

    #[test]
    fn an_action_has_the_fields_that_it_needs_and_no_others() {
        let step = |action: &str| RelabelConfig {
            action: action.to_owned(),
            ..RelabelConfig::default()
        };
        let field = |step: RelabelConfig| step.check().expect_err("wrong").0;
        assert_eq!(field(step("relabel")), "action");
        assert_eq!(field(step("keep")), "source_labels");
        assert_eq!(field(step("replace")), "target_label");
        assert_eq!(field(step("labeldrop")), "regex");
        let mut keep = RelabelConfig::keep(&["a"], "(");
        assert_eq!(field(keep.clone()), "regex");
        keep.regex = None;
        keep.target_label = Some("b".to_owned());
        assert_eq!(field(keep), "target_label");
        let mut hash = RelabelConfig {
            modulus: Some(0),
            ..RelabelConfig::copy("a", "b")
        };
        "hashmod".clone_into(&mut hash.action);
        assert_eq!(field(hash), "modulus");
    }
}
