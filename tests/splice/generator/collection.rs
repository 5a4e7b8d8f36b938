//! Lists and maps, in lines and in brackets.

use serde_json::{Map, Value};

use super::Writer;

impl Writer {
    /// What stands behind a colon or a dash at `indent`, to the end of its last line.
    pub(super) fn value(&mut self, indent: usize, depth: usize, is_item: bool) -> Value {
        match self.random.below(if depth == 0 { 9 } else { 16 }) {
            0 => {
                self.end_line();
                Value::Null
            }
            1 => {
                self.put(" ");
                self.block_text(indent)
            }
            2 => {
                self.put(" ");
                self.ended(|writer| writer.lines(indent))
            }
            3 => match self.alias() {
                Some(value) => value,
                None => self.value(indent, depth, is_item),
            },
            4 => {
                self.put(" ");
                self.anchored(|writer| writer.ended(Self::scalar))
            }
            5..=8 => {
                self.put(" ");
                self.ended(Self::scalar)
            }
            9 | 10 => {
                self.put(" ");
                self.anchored(|writer| writer.ended(|writer| writer.flow(indent, 2)))
            }
            11..=13 => self.block_map(indent, depth, is_item, None),
            _ => self.block_list(indent, depth, is_item),
        }
    }

    fn ended(&mut self, write: impl FnOnce(&mut Self) -> Value) -> Value {
        let value = write(self);
        self.end_line();
        value
    }

    /// Sometimes with an anchor.
    fn anchored(&mut self, write: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.random.is(20) {
            return write(self);
        }
        let anchor = self.anchor();
        self.put(" ");
        let value = write(self);
        self.anchors.push((anchor, value.clone()));
        value
    }

    /// Of a new name: one that is used twice is more than the reader takes that this is held against.
    fn anchor(&mut self) -> String {
        self.anchors_begun += 1;
        let name = format!("a{}", self.anchors_begun);
        self.put(&format!("&{name}"));
        name
    }

    fn alias(&mut self) -> Option<Value> {
        if self.anchors.is_empty() {
            return None;
        }
        let index = self.random.below(self.anchors.len());
        let (name, value) = self.anchors[index].clone();
        self.put(&format!(" *{name}"));
        self.end_line();
        Some(value)
    }

    /// Behind a colon on lines of its own, behind a dash mostly on the same one.
    pub(super) fn block_map(
        &mut self,
        indent: usize,
        depth: usize,
        is_item: bool,
        name: Option<&str>,
    ) -> Value {
        if is_item && self.random.is(75) {
            let gap = self.random.of(&[1, 1, 1, 1, 3]);
            self.indent(gap);
            return self.entries(indent + 1 + gap, depth, name, true);
        }
        let column = indent + self.random.of(&[1, 2, 2, 2, 4]);
        let anchor = self.random.is(15).then(|| {
            self.put(" ");
            self.anchor()
        });
        self.end_line();
        let value = self.entries(column, depth, name, false);
        if let Some(anchor) = anchor {
            self.anchors.push((anchor, value.clone()));
        }
        value
    }

    fn entries(
        &mut self,
        column: usize,
        depth: usize,
        name: Option<&str>,
        mut is_begun: bool,
    ) -> Value {
        let mut map = Map::new();
        let mut merged = None;
        let count = 1 + self.random.below(4);
        let named_at = if self.random.is(70) {
            0
        } else {
            self.random.below(count)
        };
        for index in 0..count {
            if !is_begun {
                self.between(column);
                self.indent(column);
            }
            is_begun = false;
            if let Some(name) = name.filter(|_| index == named_at) {
                self.name(name);
                map.insert("job_name".to_owned(), name.into());
            } else if merged.is_none()
                && self.random.is(8)
                && let Some(value) = self.merge()
            {
                merged = Some(value);
            } else {
                let key = self.key(index);
                let value = self.value(column, depth.saturating_sub(1), false);
                map.insert(key, value);
            }
        }
        for (key, value) in merged.unwrap_or_default() {
            map.entry(key).or_insert(value);
        }
        Value::Object(map)
    }

    fn name(&mut self, name: &str) {
        let key = self.random.of(&[
            "job_name:",
            "job_name:",
            "\"job_name\":",
            "job_name :",
            "'job_name':  ",
        ]);
        let quote = self.random.of(&["", "", "\"", "'"]);
        self.put(&format!("{key} {quote}{name}{quote}"));
        self.end_line();
    }

    fn merge(&mut self) -> Option<Map<String, Value>> {
        let maps = self.anchors.iter().filter(|(_, value)| value.is_object());
        let maps: Vec<_> = maps.cloned().collect();
        if maps.is_empty() {
            return None;
        }
        let (name, Value::Object(value)) = maps[self.random.below(maps.len())].clone() else {
            return None;
        };
        let brackets = self.random.of(&[("", ""), ("[", "]")]);
        self.put(&format!("<<: {}*{name}{}", brackets.0, brackets.1));
        self.end_line();
        Some(value)
    }

    /// With its colon.
    fn key(&mut self, index: usize) -> String {
        let key = self.random.of(&[
            "key",
            "ключ",
            "a b",
            "job-name",
            "scheme",
            "x.y/z",
            "@",
            "a # b",
            "job_name2",
            "- x",
        ]);
        let key = format!("{key}{index}");
        let is_plain = !key.starts_with(['@', '-']) && !key.contains('#');
        let quote = if is_plain {
            self.random.of(&["", "", "", "\"", "'"])
        } else {
            "\""
        };
        let colon = self.random.of(&[":", ":", ":", " :"]);
        self.put(&format!("{quote}{key}{quote}{colon}"));
        key
    }

    fn block_list(&mut self, indent: usize, depth: usize, is_item: bool) -> Value {
        let mut items = Vec::new();
        let mut is_begun = is_item && self.random.is(40);
        let column = if is_begun {
            self.indent(1);
            indent + 2
        } else {
            self.end_line();
            indent
                + if is_item {
                    2
                } else {
                    self.random.of(&[0, 0, 2, 2, 4])
                }
        };
        for _ in 0..=self.random.below(3) {
            if !is_begun {
                self.between(column);
                self.indent(column);
            }
            is_begun = false;
            self.put("-");
            items.push(self.value(column, depth.saturating_sub(1), true));
        }
        Value::Array(items)
    }

    /// In brackets or braces, on one line or several.
    pub(super) fn flow(&mut self, indent: usize, depth: usize) -> Value {
        let is_map = self.random.is(50);
        let count = self.random.below(4);
        let is_long = self.random.is(30);
        let mut map = Map::new();
        let mut items = Vec::new();
        self.put(if is_map { "{" } else { "[" });
        for index in 0..count {
            if is_long {
                self.flow_break(indent + 2);
            }
            if is_map {
                self.put(&format!("k{index}: "));
            }
            let value = if depth > 0 && self.random.is(30) {
                self.flow(indent + 2, depth - 1)
            } else {
                self.flow_scalar()
            };
            if is_map {
                map.insert(format!("k{index}"), value);
            } else {
                items.push(value);
            }
            if index + 1 < count || self.random.is(10) {
                self.put(", ");
            }
        }
        if is_long {
            self.flow_break(indent + 1);
        }
        self.put(if is_map { "}" } else { "]" });
        if is_map {
            Value::Object(map)
        } else {
            Value::Array(items)
        }
    }

    fn flow_break(&mut self, column: usize) {
        if self.random.is(30) {
            self.put(" ");
            self.comment();
        }
        let line_end = self.line_end;
        self.put(line_end);
        self.indent(column);
    }

    fn flow_scalar(&mut self) -> Value {
        let number = self.random.below(100);
        let (text, value) = self.random.of(&[
            ("'a, [b] # c'", "a, [b] # c"),
            ("\"}\\\"\"", "}\""),
            ("plain text", "plain text"),
            ("http://x:9/y#z", "http://x:9/y#z"),
            ("C:\\x\\y", "C:\\x\\y"),
            ("имя", "имя"),
        ]);
        if self.random.is(30) {
            self.put(&number.to_string());
            return number.into();
        }
        self.put(text);
        value.into()
    }
}
