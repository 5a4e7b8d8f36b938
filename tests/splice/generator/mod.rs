//! Documents as people write them: every style of YAML that is in use, with comments everywhere.

mod collection;
mod document;
mod line;
mod random;
mod scalar;

use serde_json::Value;

pub(crate) use document::Document;
pub(crate) use random::Random;

/// A text under way. What writes a value also returns it.
pub(crate) struct Writer {
    pub(crate) random: Random,
    pub(crate) out: String,
    line_end: &'static str,
    /// How many comments there are: each has its number.
    comments: usize,
    anchors_begun: usize,
    /// Those that are whole.
    anchors: Vec<(String, Value)>,
    /// Where the content of a literal or folded text is indented to, if that came last: nothing as far in may follow.
    text_indent: Option<usize>,
    /// Whether empty lines would belong to the text that came last.
    is_kept: bool,
    /// Behind the last line with content, without its line break.
    content_end: usize,
}

impl Writer {
    fn new(mut random: Random) -> Self {
        Self {
            line_end: random.of(&["\n", "\n", "\r\n"]),
            random,
            out: String::new(),
            comments: 0,
            anchors_begun: 0,
            anchors: Vec::new(),
            text_indent: None,
            is_kept: false,
            content_end: 0,
        }
    }
}
