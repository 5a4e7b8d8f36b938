//! Whether a text is a regular expression as Prometheus reads it: Go's `regexp/syntax`, which is RE2.
//!
//! The parser of Rust's own, closely related dialect does the work. Before it, what only RE2 writes so is written as
//! both understand it; after it, what only Rust understands is refused.

use std::convert::Infallible;

use regex::Regex;
use regex_syntax::ast::{
    self, Ast, ClassSetBinaryOp, ClassSetItem, ClassUnicodeKind, FlagsItemKind, GroupKind,
    HexLiteralKind, LiteralKind, RepetitionKind, RepetitionRange, Visitor,
};

/// The largest number of repetitions that RE2 accepts, also as the product of nested ones.
const MOST_REPETITIONS: u32 = 1_000;

/// What is wrong with `regex`, in a few words; `None` where nothing is.
#[must_use]
pub fn fault(regex: &str) -> Option<String> {
    let common = common(regex);
    let mut parser = ast::parse::ParserBuilder::new();
    let parsed = parser.octal(true).nest_limit(1_000).build().parse(&common);
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Some(error.kind().to_string()),
    };
    let Ok(fault) = ast::visit(&parsed, Foreign::default());
    fault.or_else(|| {
        let mut translator = regex_syntax::hir::translate::Translator::new();
        let meaning = translator.translate(&common, &parsed);
        meaning.err().map(|error| error.kind().to_string())
    })
}

/// `regex` as Prometheus matches with it: anchored at both ends, and `.` matches line breaks too; everything where it is
/// not given. `None` for what is no regular expression of RE2.
#[must_use]
pub fn anchored(regex: Option<&str>) -> Option<Regex> {
    let regex = regex.unwrap_or("(.*)");
    Regex::new(&format!("^(?s:{})$", common(regex))).ok()
}

/// `text` as a regex of RE2 that matches just this text.
#[must_use]
pub fn literal(text: &str) -> String {
    let mut regex = String::new();
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            regex.push('\\');
        }
        regex.push(character);
    }
    regex
}

/// RE2 takes a brace that begins no repetition for itself, knows `\Q…\E`, and has no sets within sets.
fn common(regex: &str) -> String {
    let mut common = String::with_capacity(regex.len());
    let mut rest = regex;
    let mut set = Set::Outside;
    while let Some(character) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (quoted, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            common.push_str(&literal(quoted));
            rest = after;
            continue;
        }
        let mut length = character.len_utf8();
        match (character, set) {
            ('\\', _) => {
                length = escape(rest);
                common.push_str(&rest[..length]);
                set = set.inside();
            }
            ('[', Set::Outside) => {
                common.push('[');
                set = Set::Begun;
            }
            ('^', Set::Begun) => common.push('^'),
            (']', Set::Inside) => {
                common.push(']');
                set = Set::Outside;
            }
            ('[', _) if rest.starts_with("[:") && rest.contains(":]") => {
                length = rest.find(":]").map_or(1, |at| at + 2);
                common.push_str(&rest[..length]);
                set = Set::Inside;
            }
            (']' | '[' | '&' | '~', Set::Begun | Set::Inside) => {
                common.push('\\');
                common.push(character);
                set = Set::Inside;
            }
            ('{', Set::Outside) if !begins_repetition(rest) => common.push_str(r"\{"),
            _ => {
                common.push(character);
                set = set.inside();
            }
        }
        rest = &rest[length..];
    }
    common
}

/// The length of an escape: `\d`, `\p{Greek}`, `\x{1F600}`.
fn escape(text: &str) -> usize {
    let length = 1 + text[1..].chars().next().map_or(0, char::len_utf8);
    let takes_braces = ["\\p{", "\\P{", "\\x{"]
        .iter()
        .any(|start| text.starts_with(start));
    match text.find('}') {
        Some(end) if takes_braces => end + 1,
        _ => length,
    }
}

/// Where in a set such as `[^a-z]` a place is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Outside,
    /// Behind the `[` or the `^` after it: a `]` here is a member.
    Begun,
    Inside,
}

impl Set {
    const fn inside(self) -> Self {
        match self {
            Self::Outside => Self::Outside,
            Self::Begun | Self::Inside => Self::Inside,
        }
    }
}

/// `{2}`, `{2,}` or `{2,5}`.
fn begins_repetition(text: &str) -> bool {
    let Some((numbers, _)) = text[1..].split_once('}') else {
        return false;
    };
    let (least, most) = numbers.split_once(',').unwrap_or((numbers, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// Finds what RE2 does not have.
#[derive(Default)]
struct Foreign {
    found: Option<String>,
    /// The numbers of the repetitions around the present place.
    repetitions: Vec<u32>,
}

impl Foreign {
    fn refuse(&mut self, what: impl Into<String>) {
        self.found.get_or_insert_with(|| what.into());
    }

    fn repetition(&mut self, repetition: &ast::Repetition) {
        if matches!(*repetition.ast, Ast::Repetition(_)) {
            self.refuse("a repetition of a repetition; put the inner one in parentheses");
        }
        let number = match &repetition.op.kind {
            RepetitionKind::Range(
                RepetitionRange::Exactly(number)
                | RepetitionRange::AtLeast(number)
                | RepetitionRange::Bounded(_, number),
            ) => *number,
            _ => 1,
        };
        self.repetitions.push(number.max(1));
        let product = self
            .repetitions
            .iter()
            .try_fold(1_u32, |product, number| product.checked_mul(*number));
        if product.is_none_or(|product| product > MOST_REPETITIONS) {
            self.refuse(format!("more than {MOST_REPETITIONS} repetitions"));
        }
    }

    fn flags(&mut self, flags: &ast::Flags) {
        let known = |kind: &FlagsItemKind| match kind {
            FlagsItemKind::Negation => true,
            FlagsItemKind::Flag(flag) => matches!(
                flag,
                ast::Flag::CaseInsensitive
                    | ast::Flag::MultiLine
                    | ast::Flag::DotMatchesNewLine
                    | ast::Flag::SwapGreed
            ),
        };
        if !flags.items.iter().all(|item| known(&item.kind)) {
            self.refuse("a flag other than i, m, s and U");
        }
    }

    fn literal(&mut self, literal: &ast::Literal) {
        match &literal.kind {
            LiteralKind::HexFixed(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong)
            | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => {
                self.refuse(r"an escape \u; RE2 has \x{…}");
            }
            LiteralKind::Octal => {
                let width = literal.span.end.offset - literal.span.start.offset;
                if width == 2 && literal.c != '\0' {
                    self.refuse("a reference back to a group");
                }
            }
            _ => {}
        }
    }

    fn unicode(&mut self, class: &ast::ClassUnicode) {
        if matches!(class.kind, ClassUnicodeKind::NamedValue { .. }) {
            self.refuse("a character class with a value");
        }
    }
}

impl Visitor for Foreign {
    type Output = Option<String>;
    type Err = Infallible;

    fn finish(self) -> Result<Self::Output, Infallible> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Infallible> {
        match ast {
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Literal(literal) => self.literal(literal),
            Ast::ClassUnicode(class) => self.unicode(class),
            Ast::Group(group) => {
                if let GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags);
                }
            }
            Ast::Assertion(assertion) => {
                use ast::AssertionKind as Kind;
                if matches!(
                    assertion.kind,
                    Kind::WordBoundaryStart
                        | Kind::WordBoundaryEnd
                        | Kind::WordBoundaryStartHalf
                        | Kind::WordBoundaryEndHalf
                ) {
                    self.refuse(r"a kind of \b that RE2 does not have");
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), Infallible> {
        if matches!(ast, Ast::Repetition(_)) {
            self.repetitions.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Infallible> {
        match item {
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Unicode(class) => self.unicode(class),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ClassSetBinaryOp) -> Result<(), Infallible> {
        self.refuse("an operation on sets of characters");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The integration tests ask Prometheus' own checker about many more.
    #[test]
    fn what_only_one_dialect_knows_is_told_apart() {
        for regex in [r"\Qa.b\E", "a{", "[[a]", "[]a]", r"\12"] {
            assert_eq!(fault(regex), None, "{regex}");
        }
        for (regex, reason) in [
            ("(a", "unclosed group"),
            (
                "a**",
                "a repetition of a repetition; put the inner one in parentheses",
            ),
            ("a{1001}", "more than 1000 repetitions"),
            ("(?x)a", "a flag other than i, m, s and U"),
            (r"(a)\1", "a reference back to a group"),
        ] {
            assert_eq!(fault(regex).as_deref(), Some(reason), "{regex}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_is_too_strange_to_be_judged(text in any::<String>(), regex in r"[\\\[\](){}a-c*+?^,:&QE0-9-]{0,12}") {
            let _ = (fault(&text), fault(&regex));
        }
    }

    #[test]
    fn a_text_is_matched_as_a_whole_and_quotes_are_understood() {
        let matches = |regex, text| anchored(regex).is_some_and(|regex| regex.is_match(text));
        assert!(matches(None, "anything\nat all"));
        assert!(matches(Some(r"\Qa.b\E-{1"), "a.b-{1"));
        assert!(!matches(Some(r"\Qa.b\E"), "a-b"));
        assert!(!matches(Some("a|b"), "ab"));
        assert!(anchored(Some("(")).is_none());
        assert_eq!(literal("kube-dns"), "kube-dns");
        assert_eq!(literal("a.b|c"), r"a\.b\|c");
    }
}
