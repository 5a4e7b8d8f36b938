//! Reads a configuration (`syntax/parser/internal.go` of Alloy).

use super::fault::Fault;
use super::identifier::is_identifier;
use super::token::{Kind, Token, tokens};
use super::tree::{Block, Body, Statement};

/// How deep blocks and values may be nested.
const DEEPEST: usize = 100;

/// The statements of a file.
///
/// # Errors
/// The first thing that Alloy would not read either, or that is nested more than 100 deep.
pub fn parse(text: &str) -> Result<Body, Fault> {
    let mut parser = Parser::new(text)?;
    parser.body(Kind::End, "")
}

/// Goes through the tokens. Comments are set aside on the way.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    tokens: Vec<Token<'a>>,
    next: usize,
    /// Comments that were passed and that no body holds yet.
    comments: Vec<Comment>,
    depth: usize,
}

struct Comment {
    text: String,
    /// Where it begins.
    line: usize,
    /// Whether a blank line parts it from what follows.
    detached: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, Fault> {
        let mut parser = Self {
            text,
            tokens: tokens(text)?,
            next: 0,
            comments: Vec::new(),
            depth: 0,
        };
        parser.pass_comments();
        Ok(parser)
    }

    pub(super) fn token(&self) -> Token<'a> {
        self.tokens[self.next]
    }

    pub(super) fn advance(&mut self) -> Token<'a> {
        let token = self.token();
        // The last token stays.
        if token.kind != Kind::End {
            self.next += 1;
        }
        self.pass_comments();
        token
    }

    fn pass_comments(&mut self) {
        while self.token().kind == Kind::Comment {
            let Token { text, line, .. } = self.token();
            self.next += 1;
            let last_line = line + text.matches('\n').count();
            self.comments.push(Comment {
                text: text.replace('\r', ""),
                line,
                detached: self.token().line > last_line + 1,
            });
        }
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        self.token().kind == Kind::Sign && self.token().text == sign
    }

    /// Goes past a sign, if it is the next token.
    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let is_next = self.is_sign(sign);
        if is_next {
            self.advance();
        }
        is_next
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if self.takes(sign) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{sign}`")))
        }
    }

    pub(super) fn identifier(&mut self) -> Result<Token<'a>, Fault> {
        match self.token().kind {
            Kind::Identifier => Ok(self.advance()),
            _ => Err(self.unexpected("an identifier")),
        }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Fault {
        let found = match self.token().kind {
            Kind::Terminator => "the end of the line".to_owned(),
            Kind::End => "the end of the file".to_owned(),
            _ => format!("`{}`", self.token().text),
        };
        self.fault(format!("{wanted} must stand here, not {found}"))
    }

    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::at(self.text, self.token().at, message)
    }

    /// Runs what reads something that may hold its like.
    pub(super) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth == DEEPEST {
            return Err(self.fault(format!("nested more than {DEEPEST} deep")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// The statements up to a token, which is not gone past.
    fn body(&mut self, end: Kind, sign: &str) -> Result<Body, Fault> {
        let is_end = |token: Token| token.kind == end && token.text == sign;
        let mut statements = Vec::new();
        self.put_comments(&mut statements, usize::MAX);
        while !is_end(self.token()) {
            let statement = self.statement()?;
            let last = self.token();
            if !is_end(last) {
                if last.kind != Kind::Terminator {
                    return Err(self.unexpected("the end of the line"));
                }
                self.advance();
            }
            // Comments within the statement, or behind it on its last line, go before it.
            self.put_comments(&mut statements, last.line);
            statements.push(statement);
            self.put_comments(&mut statements, usize::MAX);
        }
        Ok(Body(statements))
    }

    /// Makes statements of the comments that were set aside, up to a line.
    fn put_comments(&mut self, statements: &mut Vec<Statement>, last_line: usize) {
        let comments = self.comments.iter();
        let up_to = comments
            .take_while(|comment| comment.line <= last_line)
            .count();
        let comments = self.comments.drain(..up_to);
        statements.extend(comments.map(|comment| Statement::Comment {
            text: comment.text,
            detached: comment.detached && last_line == usize::MAX,
        }));
    }

    fn statement(&mut self) -> Result<Statement, Fault> {
        let first = self.identifier()?;
        if self.takes("=") {
            return Ok(Statement::Attribute {
                name: first.text.to_owned(),
                value: self.expression()?,
            });
        }
        let mut name = first.text.to_owned();
        while self.takes(".") {
            name.push('.');
            name.push_str(self.identifier()?.text);
        }
        let label = self.label()?;
        self.expect("{")?;
        let body = self.nested(|parser| parser.body(Kind::Sign, "}"))?;
        self.expect("}")?;
        let place = Fault::at(self.text, first.at, "");
        Ok(Statement::Block(Block {
            name,
            label,
            body,
            line: place.line,
            column: place.column,
        }))
    }

    fn label(&mut self) -> Result<String, Fault> {
        let token = self.token();
        if token.kind != Kind::String {
            return Ok(String::new());
        }
        let label = token.text.trim_matches('"');
        if token.text != "\"\"" && !is_identifier(label) {
            return Err(self.fault(format!("{} is no label", token.text)));
        }
        self.advance();
        Ok(label.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alloy::{Value, print};

    #[test]
    fn blocks_labels_and_values_are_told_apart() {
        let body = parse("a.b \"c\" {\n  d = 1 /* e */\n  f { }\n}\n").expect("valid");
        let blocks: Vec<&Block> = body.blocks().collect();
        let [block] = blocks.as_slice() else {
            panic!("{body:?}");
        };
        assert_eq!((block.name.as_str(), block.label.as_str()), ("a.b", "c"));
        assert_eq!(block.body.attribute("d"), Some(&Value::Number(1.into())));
        let inner = block.body.blocks().next().expect("a block");
        assert_eq!((inner.line, inner.column), (3, 3));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, fault) in [
            (
                "a = ",
                "1:5: a value must stand here, not the end of the file",
            ),
            (
                "a = 1 b = 2",
                "1:7: the end of the line must stand here, not `b`",
            ),
            (
                "ä \"b\" {",
                "1:8: an identifier must stand here, not the end of the file",
            ),
            (
                "a {\n b = [1\n]\n}",
                "2:8: `,` or `]` must stand here, not the end of the line",
            ),
            ("a = \"b", "1:5: a string that is not terminated"),
            ("a = \"\\q\"", "1:5: an unknown escape"),
            ("a \"b-c\" { }", "1:3: \"b-c\" is no label"),
            ("a `b` { }", "1:3: `b` is no label"),
            ("a b { }", "1:3: `{` must stand here, not `b`"),
            ("a = 1e", "1:5: an exponent without digits"),
            ("# a", "1:1: '#' has no meaning here"),
            ("a = 1 /*", "1:7: a comment that is not terminated"),
            ("a = \"\0\"", "1:6: U+0000 may not stand in a configuration"),
            ("a.b = 1", "1:5: `{` must stand here, not `=`"),
            ("1 = 1", "1:1: an identifier must stand here, not `1`"),
        ] {
            let found = parse(text).map_err(|fault| fault.to_string());
            assert_eq!(found, Err(fault.to_owned()), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        for (open, inner) in [
            ("a {", ""),
            ("a = ", "["),
            ("a = ", "-"),
            ("a = ", "1^"),
            ("a = b", "(b"),
        ] {
            let text = if inner.is_empty() {
                open.repeat(100_000)
            } else {
                open.to_owned() + &inner.repeat(100_000)
            };
            let fault = parse(&text).expect_err("it is not even closed");
            assert_eq!(fault.message, "nested more than 100 deep", "{open}{inner}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_is_too_strange(text in any::<String>(), pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "=", "{", "}", "[", "]", "(", ")", ",", ".", "\n", " ", "\"b\"", "`", "\"", "\\", "//", "/*", "*/", "1", ".5", "e+", "-", "!", "^", "||", "true", "ä", "\u{feff}",
        ]), 0..24)) {
            let _ = parse(&text);
            // What can be read is, once printed, printed the same again.
            if let Ok(body) = parse(&pieces.concat()) {
                let printed = print(&body);
                let again = parse(&printed).map_err(|fault| format!("{fault}\n{printed}"));
                prop_assert_eq!(again.map(|body| print(&body)), Ok(printed));
            }
        }
    }
}
