//! Ends of lines, empty lines, comments.

use super::Writer;

impl Writer {
    pub(super) fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn indent(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    /// Ends a line with content, often with a comment.
    pub(super) fn end_line(&mut self) {
        if self.random.is(15) {
            let space = self.random.of(&[" ", "  ", "      ", "\t"]);
            // Behind a dash there may be no tab.
            let is_dash = self.out.ends_with('-');
            self.put(if is_dash { " " } else { space });
            self.comment();
        } else if self.random.is(5) {
            self.put("  ");
        }
        self.break_line();
        self.text_indent = None;
        self.is_kept = false;
    }

    pub(super) fn break_line(&mut self) {
        self.content_end = self.out.len();
        self.out.push_str(self.line_end);
    }

    /// Empty lines and comments, mostly as far in as what follows.
    pub(super) fn between(&mut self, column: usize) {
        if !self.random.is(25) {
            return;
        }
        let lines = if self.random.below(300) == 0 {
            120
        } else {
            1 + self.random.below(3)
        };
        for _ in 0..lines {
            let far = self.random.below(12);
            let column = if self.random.is(70) { column } else { far };
            let column = column.min(self.text_indent.unwrap_or(column + 1) - 1);
            if self.random.is(60) {
                self.indent(column);
                self.comment();
                self.is_kept = false;
                self.text_indent = None;
            } else if self.is_kept {
                continue;
            } else if self.random.is(30) {
                self.indent(column);
            }
            self.out.push_str(self.line_end);
        }
    }

    pub(super) fn comment(&mut self) {
        self.comments += 1;
        let (before, after) = self.random.of(&[
            ("# c", ""),
            ("#c", ""),
            ("# - c", ": 1"),
            ("# c", ": {[\"'"),
            ("# é c", " 🚀"),
            ("#\tc", "\tx"),
            ("### c", " # again"),
            ("# c", " C:\\x\\"),
            ("# key: |  # c", "  "),
        ]);
        let number = self.comments;
        let number = number.to_string();
        self.out.extend([before, &number, after]);
    }
}
