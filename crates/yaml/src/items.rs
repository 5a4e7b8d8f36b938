//! The items of the list that is located: their lines and their names.

use std::borrow::Cow;

use granit_parser::Event;

use super::content::{content, dash};
use super::list::{Item, List};
use super::locate::{Locator, end};
use super::text::line_start;
use super::walk::Visit;

impl<'t> Locator<'t, '_> {
    pub(super) fn item(&mut self, visit: &Visit<'_, 't>, index: usize) {
        if let Event::Alias(_) = visit.event {
            self.beside(visit);
        }
        if let Some(List::Block { items, .. }) = &self.list
            && index == items.len()
        {
            self.begin_item(visit);
        }
        if let Some((name, end)) = self.name(visit) {
            match &mut self.list {
                Some(List::Block { items, .. }) => {
                    if let Some(item) = items.last_mut() {
                        item.name = Some(name);
                        item.name_end = end;
                    }
                }
                Some(List::Unfit { names, .. }) => names.push(name),
                _ => {}
            }
        }
        if let Some(end) = content(visit, self.text) {
            self.reach(end);
        }
    }

    fn begin_item(&mut self, visit: &Visit<'_, 't>) {
        let text = self.text;
        let line = visit.span.start.line();
        let Some(dash) = dash(text, self.content) else {
            self.why_not = Some((
                line,
                "an item does not begin on a line of its own".to_owned(),
            ));
            return;
        };
        let Some(List::Block { column, gap, items }) = &mut self.list else {
            return;
        };
        let start = line_start(text, dash);
        if items.is_empty() {
            let indent = text[start..dash].trim_start_matches('\u{feff}');
            *column = indent.len();
            let spaces = text[dash + 1..].bytes().take_while(|byte| *byte == b' ');
            let spaces = spaces.count();
            let next = text.as_bytes().get(dash + 1 + spaces);
            if next.is_some_and(|byte| !b"\r\n#".contains(byte)) {
                *gap = spaces + 1;
            }
        }
        items.push(Item {
            lines: start..start,
            line,
            name: None,
            name_end: start,
        });
        self.named_next = false;
        self.reach(dash + 1);
    }

    /// The name of an item, where this is it, and where it ends.
    fn name(&mut self, visit: &Visit<'_, 't>) -> Option<(Cow<'t, str>, usize)> {
        let Event::Scalar(text, ..) = visit.event else {
            return None;
        };
        let is_key = visit.is_key && visit.level == self.level + 2;
        let is_value = !visit.is_key && visit.level == self.level + 2;
        if is_key {
            self.named_next = text == self.name_key;
            return None;
        }
        let is_name = visit.level == self.level + 1 || is_value && self.named_next;
        self.named_next &= !is_value;
        is_name.then(|| {
            let end = content(visit, self.text).unwrap_or(end(visit.span));
            (text.clone(), end)
        })
    }

    /// Content of the item under way ends here, or further on. Its lines end where [`Self::finish`] finds the end of
    /// that line: looking for it at each word of a long line would take far too long.
    pub(super) fn reach(&mut self, end: usize) {
        self.content = self.content.max(end);
        if let Some(List::Block { items, .. }) = &mut self.list
            && let Some(item) = items.last_mut()
        {
            item.lines.end = self.content;
        }
    }
}
