//! A whole text with a list of jobs, or none.

use serde_json::{Map, Value};
use yaml::Step;

use super::{Random, Writer};

/// A text, and what it means.
pub(crate) struct Document {
    pub(crate) text: String,
    pub(crate) steps: Vec<Step>,
    /// The first document.
    pub(crate) value: Value,
    /// The items of the list, in order.
    pub(crate) items: Vec<Place>,
}

/// Where an item stands.
pub(crate) struct Place {
    /// Where the line with its dash begins.
    pub(crate) start: usize,
    /// Behind its last line with content, without the line break.
    pub(crate) end: usize,
    pub(crate) name: Option<String>,
    /// Whether it has anchors.
    pub(crate) has_anchors: bool,
}

impl Document {
    pub(crate) fn new(seed: u64) -> Self {
        let mut writer = Writer::new(Random::new(seed));
        let mut items = Vec::new();
        if writer.random.is(10) {
            writer.put("\u{feff}");
        }
        writer.beginning();
        let key = |key: &str| Step::Key(key.to_owned());
        let (steps, value) = match writer.random.below(20) {
            0 => (vec![], writer.jobs(0, &mut items)),
            1 => {
                let steps = vec![
                    key("metrics"),
                    key("configs"),
                    Step::Index(0),
                    key("scrape_configs"),
                ];
                (steps, writer.agent(&mut items))
            }
            _ => {
                let indent = writer.random.of(&[0, 0, 0, 0, 0, 0, 2]);
                (vec![key("scrape_configs")], writer.root(indent, &mut items))
            }
        };
        writer.ending(&value);
        Self {
            text: writer.out,
            steps,
            value,
            items,
        }
    }
}

impl Document {
    /// Adds 300 kB, by a comment at the beginning.
    pub(crate) fn enlarge(&mut self) {
        let line_end = if self.text.contains('\r') {
            "\r\n"
        } else {
            "\n"
        };
        let comment = format!("# {}{line_end}", "large ".repeat(50_000));
        // Behind a byte order mark.
        let start = self.text.find(|first| first != '\u{feff}');
        let start = start.unwrap_or(self.text.len());
        self.text.insert_str(start, &comment);
        for place in &mut self.items {
            place.start = place.start.max(start) + comment.len();
            place.end += comment.len();
        }
    }
}

impl Writer {
    fn beginning(&mut self) {
        self.between(0);
        match self.random.below(8) {
            0 => {
                self.put("---");
                self.end_line();
            }
            1 => {
                self.put("%YAML 1.1");
                self.break_line();
                self.between(0);
                self.put("---");
                self.end_line();
            }
            _ => {}
        }
    }

    fn ending(&mut self, value: &Value) {
        self.between(0);
        match self.random.below(10) {
            0 if !value.is_null() => {
                self.put("...");
                self.end_line();
                self.between(0);
            }
            // The reader that this is held against leaves out documents of nothing.
            1 if !value.is_null() => {
                self.put("---");
                self.end_line();
                self.put("scrape_configs: [{job_name: of the second document}]");
                self.end_line();
            }
            _ => {}
        }
        // Without its line break a literal text at the end would have another value.
        if self.random.is(10) && self.text_indent.is_none() && self.out.ends_with(self.line_end) {
            self.out.truncate(self.out.len() - self.line_end.len());
        }
    }

    /// A map with the list somewhere, or without it.
    fn root(&mut self, indent: usize, items: &mut Vec<Place>) -> Value {
        let mut map = Map::new();
        let others = self.random.below(4);
        let list_at = self.random.below(others + 1);
        let has_list = self.random.is(88);
        for index in 0..=others {
            if index == list_at && has_list {
                self.between(indent);
                self.indent(indent);
                let (key, value) = self.list(indent, items);
                map.insert(key, value);
            }
            if index < others {
                self.between(indent);
                self.indent(indent);
                let key = self.random.of(&[
                    "global",
                    "alerting",
                    "x-anchors",
                    "rule_files",
                    "remote_write",
                ]);
                let key = format!("{key}{index}");
                self.put(&format!("{key}:"));
                let value = self.value(indent, 2, false);
                map.insert(key, value);
            }
        }
        if map.is_empty() {
            Value::Null
        } else {
            Value::Object(map)
        }
    }

    fn agent(&mut self, items: &mut Vec<Place>) -> Value {
        self.put("metrics:");
        self.end_line();
        self.put("  configs:");
        self.end_line();
        self.between(2);
        self.put("  - name: default");
        self.end_line();
        let mut config = Map::new();
        config.insert("name".to_owned(), "default".into());
        if self.random.is(80) {
            self.between(4);
            self.indent(4);
            let (key, value) = self.list(4, items);
            config.insert(key, value);
        }
        self.between(4);
        self.put("    remote_write: []");
        self.end_line();
        config.insert("remote_write".to_owned(), Value::Array(vec![]));
        self.between(2);
        self.put("  - name: other");
        self.end_line();
        let other = serde_json::json!({"name": "other"});
        serde_json::json!({"metrics": {"configs": [config, other]}})
    }

    /// The key and the list.
    fn list(&mut self, indent: usize, items: &mut Vec<Place>) -> (String, Value) {
        let key = self.random.of(&[
            "scrape_configs:",
            "scrape_configs:",
            "scrape_configs:",
            "\"scrape_configs\":",
            "scrape_configs :",
        ]);
        self.put(key);
        let value = if self.random.below(10) == 0 {
            let nothing = self
                .random
                .of(&["", " null", " ~", " []", "   [ ]", " Null"]);
            self.put(nothing);
            self.end_line();
            if nothing.ends_with(']') {
                Value::Array(vec![])
            } else {
                Value::Null
            }
        } else {
            self.end_line();
            let column = indent + self.random.of(&[0, 0, 2, 2, 2, 4, 8]);
            self.jobs(column, items)
        };
        ("scrape_configs".to_owned(), value)
    }

    fn jobs(&mut self, column: usize, items: &mut Vec<Place>) -> Value {
        let mut jobs = Vec::new();
        for index in 0..=self.random.below(4) {
            self.between(column);
            let start = self.out.len();
            let anchors = self.anchors_begun;
            self.indent(column);
            self.put("-");
            let name = format!("job-{index}");
            let (job, name) = if self.random.is(85) {
                (self.block_map(column, 2, true, Some(&name)), Some(name))
            } else {
                (self.value(column, 2, true), None)
            };
            jobs.push(job);
            items.push(Place {
                start,
                end: self.content_end,
                name,
                has_anchors: self.anchors_begun > anchors,
            });
        }
        Value::Array(jobs)
    }
}
