//! Texts, numbers and the like, in every style.

use serde_json::{Value, json};

use super::Writer;

const WORDS: [&str; 12] = [
    "up", "a", "host", "x9", "größe", "имя", "🚀", "v1.2", "it", "end", "metrics", "_",
];

const TEXTS: [&str; 10] = [
    "text",
    "# text",
    "- a: b",
    "key: |",
    "\"quoted",
    "tab\tin it",
    "größe 🚀",
    "---x",
    "{[",
    "é#",
];

impl Writer {
    /// On one line, and as it may be in brackets.
    pub(super) fn scalar(&mut self) -> Value {
        let number = self.random.below(1000);
        let word = self.random.of(&WORDS);
        let (text, value) = match self.random.below(14) {
            0 => (number.to_string(), json!(number)),
            1 => (
                format!("-{number}.5"),
                json!(format!("-{number}.5").parse::<f64>().unwrap()),
            ),
            2 => ("true".to_owned(), json!(true)),
            3 => (self.random.of(&["null", "~"]).to_owned(), Value::Null),
            4 => plain(format!("http://{word}.example.com:{number}/a?b=c#d")),
            5 => plain(format!("C:\\{word}\\{number}.yml")),
            6 => plain(
                self.random
                    .of(&[
                        "yes", "a#b", "-a", "a'b", "1h30m", "a:b", "$(x)", "a\"", "a \\ b", "x-*",
                        "<a>", "a&b",
                    ])
                    .to_owned(),
            ),
            7 => (
                format!("'{word} '' # {number}: [\"'"),
                json!(format!("{word} ' # {number}: [\"")),
            ),
            8 => (
                format!("\"{word}\\n\\t\\\"\\\\ # \\u00e9\\x41 {number}\""),
                json!(format!("{word}\n\t\"\\ # éA {number}")),
            ),
            9 => (self.random.of(&["''", "\"\""]).to_owned(), json!("")),
            10 => (format!("!!str {number}"), json!(number.to_string())),
            _ => plain(format!("{word} {number} {word}")),
        };
        self.put(&text);
        value
    }

    /// Of several lines, behind a key or a dash at `indent`.
    pub(super) fn lines(&mut self, indent: usize) -> Value {
        let column = indent + 1 + self.random.below(5);
        let line_break = format!("{}{}", self.line_end, " ".repeat(column));
        let blank = if self.random.is(30) {
            self.line_end
        } else {
            ""
        };
        let fold = if blank.is_empty() { " " } else { "\n" };
        let number = self.random.below(100);
        match self.random.below(3) {
            0 => {
                self.put(&format!(
                    "one {number}{blank}{line_break}two{line_break}- three"
                ));
                json!(format!("one {number}{fold}two - three"))
            }
            1 => {
                self.put(&format!(
                    "'one {number}{blank}{line_break}# two{line_break}key: ''three'' '"
                ));
                json!(format!("one {number}{fold}# two key: 'three' "))
            }
            _ => {
                self.put(&format!(
                    "\"one {number}{blank}{line_break}# two \\{line_break}- \\\"three\""
                ));
                json!(format!("one {number}{fold}# two - \"three"))
            }
        }
    }

    /// A literal or folded text behind a key or a dash at `indent`, with its header, to its last line break.
    pub(super) fn block_text(&mut self, indent: usize) -> Value {
        let is_folded = self.random.is(40);
        let chomp = self.random.of(&["", "-", "+"]);
        let deeper = 1 + self.random.below(4);
        let column = indent + deeper;
        let is_explicit = self.random.is(15);
        let style = if is_folded { ">" } else { "|" };
        let explicit = if is_explicit {
            deeper.to_string()
        } else {
            String::new()
        };
        let header = if self.random.is(50) {
            format!("{style}{explicit}{chomp}")
        } else {
            format!("{style}{chomp}{explicit}")
        };
        self.put(&header);
        self.end_line();
        let mut lines: Vec<String> = Vec::new();
        for line in 0..=self.random.below(4) {
            if line > 0 && self.random.is(20) {
                lines.push(String::new());
            }
            let spaces = match (is_folded, line, is_explicit) {
                (true, ..) | (_, 0, false) => "",
                _ => self.random.of(&["", "", "  "]),
            };
            let text = self.random.of(&TEXTS);
            lines.push(format!("{spaces}{text} {}", self.random.below(100)));
        }
        for line in &lines {
            // Empty lines are less far in, or as far.
            let blank = self.random.below(column + 1);
            self.indent(if line.is_empty() { blank } else { column });
            self.put(line);
            self.break_line();
        }
        let mut value = if is_folded {
            folded(&lines)
        } else {
            lines.join("\n")
        };
        if chomp != "-" {
            value.push('\n');
        }
        self.text_indent = Some(column);
        self.is_kept = chomp == "+";
        for _ in 0..self.random.of(&[0, 0, 1, 2]) {
            if self.is_kept {
                value.push('\n');
                self.break_line();
            }
        }
        json!(value)
    }
}

/// Each line break is a space, but where there are empty lines only those count.
fn folded(lines: &[String]) -> String {
    let mut value = String::new();
    for line in lines {
        if line.is_empty() {
            value.push('\n');
            continue;
        }
        if !value.is_empty() && !value.ends_with('\n') {
            value.push(' ');
        }
        value.push_str(line);
    }
    value
}

fn plain(text: String) -> (String, Value) {
    let value = json!(text);
    (text, value)
}
