//! A configuration's text, as Alloy's formatter writes it (`syntax/printer/walker.go` of Alloy).

use super::attributes::attributes;
use super::literal::{literal, string};
use super::tree::{Block, Body, Statement};

/// The text: what is alike is written alike, however it was written before.
#[must_use]
pub fn print(body: &Body) -> String {
    let mut text = String::new();
    push(&mut text, body, 0);
    text
}

fn push(text: &mut String, body: &Body, indent: usize) {
    let mut rest = body.0.as_slice();
    let mut before: Option<&Statement> = None;
    while let Some(first) = rest.first() {
        if before.is_some_and(|before| parted(before, rest)) {
            text.push('\n');
        }
        let length = match first {
            Statement::Attribute { .. } => push_group(text, rest, indent),
            Statement::Block(block) => {
                push_block(text, block, indent);
                1
            }
            Statement::Comment { text: comment, .. } => {
                text.push_str(&"\t".repeat(indent));
                text.push_str(comment);
                text.push('\n');
                1
            }
        };
        before = rest.get(length - 1);
        rest = &rest[length..];
    }
}

/// Whether a blank line stands between a statement and those after it: around blocks, with the comments above each.
fn parted(before: &Statement, after: &[Statement]) -> bool {
    match before {
        Statement::Block(_) => true,
        Statement::Comment { detached, .. } => *detached,
        Statement::Attribute { .. } => {
            let mut after = after.iter();
            let next = after.find(|statement| !matches!(statement, Statement::Comment { .. }));
            matches!(next, Some(Statement::Block(_)))
        }
    }
}

/// The attributes up to the next block or comment; how many there are.
fn push_group(text: &mut String, statements: &[Statement], indent: usize) -> usize {
    let group: Vec<(&str, String)> = statements
        .iter()
        .map_while(|statement| match statement {
            Statement::Attribute { name, value } => Some((name.as_str(), literal(value))),
            _ => None,
        })
        .collect();
    text.push_str(&attributes(&group, indent));
    group.len()
}

fn push_block(text: &mut String, block: &Block, indent: usize) {
    let tabs = "\t".repeat(indent);
    text.push_str(&tabs);
    text.push_str(&block.name);
    text.push(' ');
    if !block.label.is_empty() {
        text.push_str(&string(&block.label));
        text.push(' ');
    }
    if block.body.0.is_empty() {
        text.push_str("{ }\n");
        return;
    }
    text.push_str("{\n");
    push(text, &block.body, indent + 1);
    text.push_str(&tabs);
    text.push_str("}\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alloy::parse;

    fn printed(text: &str) -> String {
        print(&parse(text).expect("valid"))
    }

    #[test]
    fn blocks_are_parted_and_attributes_aligned() {
        let text = "// first\n\n// of a\na \"x\" {\nlonger=1\nb =[ 2,3, ] // why\n\n// inner\nc {\n}\nd=`e`\n}\ne { f = {a=1} }";
        let formatted = "\
// first

// of a
a \"x\" {
\tlonger = 1
\t// why
\tb = [2, 3]

\t// inner
\tc { }

\td = \"e\"
}

e {
\tf = {a = 1}
}
";
        assert_eq!(printed(text), formatted);
        assert_eq!(printed(formatted), formatted);
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(printed("\n\n"), "");
    }
}
