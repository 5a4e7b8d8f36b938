//! On which line of a text each value of it stands.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser};

/// The lines of one document's values, by JSON pointer (RFC 6901): `/jobs/0/role`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// The line of the value at `pointer`, counted from 1; of what holds it, where there is no such value (it came
    /// through an alias or a merge, or is missing). 0 for a document without values.
    #[must_use]
    pub fn of(&self, pointer: &str) -> usize {
        let mut pointer = pointer;
        loop {
            if let Some(&line) = self.0.get(pointer) {
                return line;
            }
            match pointer.rsplit_once('/') {
                Some((above, _)) => pointer = above,
                None => return 0,
            }
        }
    }
}

/// A key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A list or map whose end has not come yet.
enum Open {
    List {
        items: usize,
    },
    /// `key` is the pointer of the value that comes next, `None` where a key comes next.
    Map {
        key: Option<String>,
    },
}

/// The lines of every document that is not empty.
///
/// Ends with the first error: [`super::parse`] has told it.
pub(super) fn of_documents(text: &str) -> Vec<Lines> {
    let mut documents = Vec::new();
    let mut walk = Walk::default();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let line = span.start.line();
        match event {
            Event::DocumentStart(..) => walk = Walk::default(),
            Event::DocumentEnd if walk.is_empty => {}
            Event::DocumentEnd => documents.push(Lines(std::mem::take(&mut walk.lines))),
            Event::MappingStart(..) => walk.open(line, Open::Map { key: None }),
            Event::SequenceStart(..) => walk.open(line, Open::List { items: 0 }),
            Event::MappingEnd | Event::SequenceEnd => walk.close(),
            Event::Scalar(text, style, ..) => {
                let null = style == granit_parser::ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                walk.scalar(&text, line, null);
            }
            Event::Alias(_) => walk.scalar("", line, false),
            _ => {}
        }
    }
    documents
}

struct Walk {
    lines: BTreeMap<String, usize>,
    /// What is open, from outside in, each with its pointer.
    open: Vec<(String, Open)>,
    /// Whether the document holds nothing but null so far.
    is_empty: bool,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            lines: BTreeMap::new(),
            open: Vec::new(),
            is_empty: true,
        }
    }
}

impl Walk {
    fn open(&mut self, line: usize, open: Open) {
        let pointer = self.next(line);
        self.is_empty = false;
        self.open.push((pointer, open));
    }

    fn close(&mut self) {
        self.open.pop();
    }

    fn scalar(&mut self, text: &str, line: usize, null: bool) {
        if let Some((pointer, Open::Map { key: key @ None })) = self.open.last_mut() {
            let value = format!("{pointer}/{}", escaped(text));
            // A value without text of its own, such as an empty one, stands where its key does.
            self.lines.insert(value.clone(), line);
            *key = Some(value);
            return;
        }
        self.next(line);
        self.is_empty &= null;
    }

    /// The pointer of the value that begins at `line`.
    fn next(&mut self, line: usize) -> String {
        let pointer = match self.open.last_mut() {
            None => String::new(),
            Some((pointer, Open::List { items })) => {
                *items += 1;
                format!("{pointer}/{}", *items - 1)
            }
            // The key's line: that is where a reader looks for it.
            Some((pointer, Open::Map { key })) => {
                return key.take().unwrap_or_else(|| format!("{pointer}/"));
            }
        };
        self.lines.insert(pointer.clone(), line);
        pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_line() {
        let text = "# a comment
scrape_configs:
- job_name: a
  kubernetes_sd_configs:
  - role: pod   # one
    namespaces: {names: [x,
      y]}
- &b {job_name: b,
   a/b: }
- *b
---
---
second: null
...
";
        let documents = of_documents(text);
        let lines: Vec<usize> = [
            "",
            "/scrape_configs",
            "/scrape_configs/0",
            "/scrape_configs/0/kubernetes_sd_configs/0/role",
            "/scrape_configs/0/kubernetes_sd_configs/0/namespaces/names/1",
            "/scrape_configs/1/a~1b",
            "/scrape_configs/2/job_name",
            "/scrape_configs/2",
            "/nothing/of/this",
        ]
        .iter()
        .map(|pointer| documents[0].of(pointer))
        .collect();
        assert_eq!(lines, [2, 2, 3, 5, 7, 9, 10, 10, 2]);
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[1].of("/second"), 13);
        assert_eq!(Lines::default().of("/a"), 0);
    }

    #[test]
    fn documents_are_counted_as_the_reader_counts_them() {
        for text in [
            "",
            "# only a comment",
            "---\n---\n",
            "a: 1",
            "---\na: 1\n---\n~\n---\n- b\n",
            "1",
        ] {
            let parsed = crate::parse(text, "test").expect("valid");
            assert_eq!(of_documents(text).len(), parsed.len(), "{text:?}");
        }
    }
}
