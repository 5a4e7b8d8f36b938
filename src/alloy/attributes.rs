//! Attributes below each other, as Alloy's formatter writes them.

/// One attribute a line, indented by that many tabs, with their `=` in one column; each line ends with a line break.
///
/// The values stand on one line each: after one that takes several, the formatter begins a new column.
#[must_use]
pub fn attributes(attributes: &[(&str, String)], indent: usize) -> String {
    let width = attributes
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let tabs = "\t".repeat(indent);
    let lines = attributes.iter().flat_map(|(name, value)| {
        [
            format!("{tabs}{name:width$} = "),
            value.clone(),
            "\n".to_owned(),
        ]
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signs_stand_in_one_column() {
        let group = [("a", "1".to_owned()), ("long_name", "\"x\"".to_owned())];
        assert_eq!(
            attributes(&group, 1),
            "\ta         = 1\n\tlong_name = \"x\"\n"
        );
        assert_eq!(attributes(&[], 3), "");
    }
}
