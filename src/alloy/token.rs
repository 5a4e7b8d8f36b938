//! A text cut into tokens (`syntax/scanner/scanner.go` of Alloy).

use super::fault::Fault;

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As it stands in the text.
    pub(super) text: &'a str,
    /// Where it begins, in bytes.
    pub(super) at: usize,
    /// The line of that place, from 1.
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Identifier,
    /// `true`, `false`, `null`.
    Word,
    Number,
    String,
    /// Everything that is made of punctuation.
    Sign,
    Comment,
    /// The end of a line that ends a statement.
    Terminator,
    End,
}

/// Longer signs before those that they begin with.
const SIGNS: [&str; 24] = [
    "||", "&&", "!=", "==", "<=", ">=", "!", "=", "<", ">", "+", "-", "*", "/", "%", "^", "{", "}",
    "(", ")", "[", "]", ",", ".",
];

const UTF8_MARK: char = '\u{feff}';

/// Every token, comments among them; the last is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    let body = text.strip_prefix(UTF8_MARK).unwrap_or(text);
    if let Some((at, found)) = body
        .char_indices()
        .find(|(_, character)| matches!(character, '\0' | &UTF8_MARK))
    {
        let at = at + text.len() - body.len();
        return Err(Fault::at(
            text,
            at,
            format!(
                "U+{:04X} may not stand in a configuration",
                u32::from(found)
            ),
        ));
    }
    let mut scanner = Scanner {
        text,
        at: text.len() - body.len(),
        line: 1,
        ends_statement: false,
    };
    let mut tokens = Vec::new();
    loop {
        let token = scanner.next()?;
        tokens.push(token);
        if token.kind == Kind::End {
            return Ok(tokens);
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The line of that place.
    line: usize,
    /// Whether a line break here ends a statement.
    ends_statement: bool,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Result<Token<'a>, Fault> {
        self.skip_space();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(self.end(Kind::End));
        };
        if first == '\n' || (self.ends_statement && begins_comment_to_line_end(rest)) {
            return Ok(self.end(Kind::Terminator));
        }
        let (kind, length) = self.measure(rest, first)?;
        let token = Token {
            kind,
            text: &rest[..length],
            at: self.at,
            line: self.line,
        };
        self.go_to(self.at + length);
        self.ends_statement = match kind {
            Kind::Sign => matches!(token.text, "}" | ")" | "]"),
            kind => kind != Kind::Comment,
        };
        Ok(token)
    }

    /// Line breaks are space as well where nothing can end.
    fn skip_space(&mut self) {
        let rest = self.rest();
        let rest = rest.trim_start_matches(|character| {
            matches!(character, ' ' | '\t' | '\r') || (character == '\n' && !self.ends_statement)
        });
        self.go_to(self.text.len() - rest.len());
    }

    fn go_to(&mut self, at: usize) {
        self.line += self.text[self.at..at].matches('\n').count();
        self.at = at;
    }

    /// What ends a statement, which the end of the text does too.
    fn end(&mut self, kind: Kind) -> Token<'a> {
        let kind = if self.ends_statement {
            Kind::Terminator
        } else {
            kind
        };
        self.ends_statement = false;
        Token {
            kind,
            text: "",
            at: self.at,
            line: self.line,
        }
    }

    fn measure(&self, rest: &str, first: char) -> Result<(Kind, usize), Fault> {
        let fault = |what: &str| Err(Fault::at(self.text, self.at, what));
        if first.is_alphabetic() || first == '_' {
            let part = |character: char| character.is_alphanumeric() || character == '_';
            let length = rest
                .find(|character| !part(character))
                .unwrap_or(rest.len());
            let kind = match &rest[..length] {
                "true" | "false" | "null" => Kind::Word,
                _ => Kind::Identifier,
            };
            return Ok((kind, length));
        }
        let is_fraction =
            rest[first.len_utf8()..].starts_with(|digit: char| digit.is_ascii_digit());
        if first.is_ascii_digit() || (first == '.' && is_fraction) {
            return match number(rest) {
                Some(length) => Ok((Kind::Number, length)),
                None => fault("an exponent without digits"),
            };
        }
        if matches!(first, '"' | '`') {
            return match string(rest) {
                Some(length) => Ok((Kind::String, length)),
                None => fault("a string that is not terminated"),
            };
        }
        if let Some(length) = comment(rest) {
            let is_ended =
                rest.starts_with("//") || (length >= 4 && rest[..length].ends_with("*/"));
            return if is_ended {
                Ok((Kind::Comment, length))
            } else {
                fault("a comment that is not terminated")
            };
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => Ok((Kind::Sign, sign.len())),
            None => fault(&format!("{first:?} has no meaning here")),
        }
    }
}

/// `None` where an exponent has no digits.
fn number(text: &str) -> Option<usize> {
    let digits = |from: usize| {
        let bytes = text.bytes().skip(from);
        bytes.take_while(u8::is_ascii_digit).count()
    };
    let mut length = digits(0);
    if text[length..].starts_with('.') {
        length += 1;
        length += digits(length);
    }
    if text[length..].starts_with(['e', 'E']) {
        length += 1;
        length += usize::from(text[length..].starts_with(['+', '-']));
        let exponent = digits(length);
        if exponent == 0 {
            return None;
        }
        length += exponent;
    }
    Some(length)
}

/// `None` where it is not terminated.
fn string(text: &str) -> Option<usize> {
    if let Some(raw) = text.strip_prefix('`') {
        return raw.find('`').map(|length| length + 2);
    }
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return None,
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// `None` where none begins; up to the end of the text where it is not terminated.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let inner = text.strip_prefix("/*")?;
    Some(inner.find("*/").map_or(text.len(), |length| length + 4))
}

/// Whether what begins here is nothing but comments up to a line break, within one or behind.
fn begins_comment_to_line_end(mut text: &str) -> bool {
    loop {
        let Some(length) = comment(text) else {
            return false;
        };
        if text.starts_with("//") {
            return true;
        }
        if text[..length].contains('\n') {
            return true;
        }
        text = text[length..].trim_start_matches([' ', '\t', '\r']);
        if text.is_empty() || text.starts_with('\n') {
            return true;
        }
    }
}
