//! The text that a target answers with: Prometheus' text format and `OpenMetrics`, counted as it comes in.

/// Longer lines than any exporter writes; beyond, the answer is none.
const LONGEST_LINE: usize = 1 << 20;

/// Counts the samples of an answer piece by piece, so that the whole of it never lies in memory.
#[derive(Debug, Default)]
pub(in crate::verify) struct Exposition {
    /// What has come of the current line.
    line: Vec<u8>,
    lines: usize,
    samples: u64,
    ended: bool,
    fault: Option<Malformed>,
}

/// A line that is no metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Malformed {
    /// Counted from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) why: &'static str,
}

impl Exposition {
    /// Takes up the next piece.
    pub(in crate::verify) fn feed(&mut self, mut piece: &[u8]) {
        while self.fault.is_none() && !piece.is_empty() {
            let end = piece.iter().position(|&byte| byte == b'\n');
            let (part, rest) = end.map_or((piece, &piece[piece.len()..]), |end| {
                (&piece[..end], &piece[end + 1..])
            });
            if self.line.len() + part.len() > LONGEST_LINE {
                self.fault_at(self.lines + 1, "it is longer than 1 MiB");
                return;
            }
            self.line.extend_from_slice(part);
            if end.is_some() {
                self.finish_line();
            }
            piece = rest;
        }
    }

    /// The number of samples.
    ///
    /// # Errors
    /// The first line that is no metric; an answer of `OpenMetrics` that breaks off before its end.
    pub(in crate::verify) fn finish(mut self, is_open_metrics: bool) -> Result<u64, Malformed> {
        if !self.line.is_empty() {
            self.finish_line();
        }
        if self.fault.is_none() && is_open_metrics && !self.ended {
            self.fault_at(self.lines + 1, "the answer breaks off before `# EOF`");
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.samples),
        }
    }

    fn finish_line(&mut self) {
        self.lines += 1;
        let line = std::mem::take(&mut self.line);
        let Ok(line) = str::from_utf8(&line) else {
            self.fault_at(self.lines, "it is not UTF-8");
            return;
        };
        let line = line.trim_matches([' ', '\t', '\r']);
        if line == "# EOF" {
            self.ended = true;
        } else if !line.is_empty() && !line.starts_with('#') {
            match sample(line) {
                Ok(()) => self.samples += 1,
                Err(why) => self.fault_at(self.lines, why),
            }
        }
    }

    /// The first fault is the one that counts.
    fn fault_at(&mut self, line: usize, why: &'static str) {
        self.fault.get_or_insert(Malformed { line, why });
    }
}

/// `name{label="value"} 1 [timestamp] [# exemplar]`, or with the name in quotes within the braces.
fn sample(line: &str) -> Result<(), &'static str> {
    let rest = name(line);
    let named = rest.len() < line.len();
    let rest = match rest.strip_prefix('{') {
        Some(labels) => labels_end(labels)?,
        None if named => rest,
        None => return Err("it does not begin with the name of a metric"),
    };
    let value = rest.split_ascii_whitespace().next().unwrap_or_default();
    if value.is_empty() {
        return Err("it has no value");
    }
    // As Go's strconv.ParseFloat, which knows NaN, +Inf and underscores nowhere.
    let is_number = value.parse::<f64>().is_ok();
    is_number.then_some(()).ok_or("its value is no number")
}

/// What follows the name at the beginning of `text`.
fn name(text: &str) -> &str {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_:".contains(character);
    if text.starts_with(|character: char| character.is_ascii_digit()) {
        return text;
    }
    text.trim_start_matches(is_part)
}

/// What follows the closing brace; braces and quotes within values do not count.
fn labels_end(labels: &str) -> Result<&str, &'static str> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, character) in labels.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Ok(&labels[at + 1..]),
            _ => {}
        }
    }
    Err("its labels do not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str, open_metrics: bool) -> Result<u64, (usize, &'static str)> {
        // Whatever the pieces are, the outcome is the same.
        let mut outcomes = [1, 3, 7, 1_000].into_iter().map(|size| {
            let mut exposition = Exposition::default();
            for piece in text.as_bytes().chunks(size) {
                exposition.feed(piece);
            }
            exposition
                .finish(open_metrics)
                .map_err(|malformed| (malformed.line, malformed.why))
        });
        let first = outcomes.next().expect("a size");
        assert!(outcomes.all(|other| other == first), "{text:?}");
        first
    }

    #[test]
    fn samples_of_both_formats_are_counted() {
        let text = "# HELP up Whether.\n# TYPE up gauge\nup 1\nrpc{code=\"200\",path=\"/a}b\\\"c\"} 4.5e3 1700000000\n\ninf{le=\"+Inf\"} +Inf\r\nnan NaN\n{\"a.name\", x=\"y\"} 2";
        assert_eq!(count(text, false), Ok(5));
        let open = "# TYPE a counter\na_total 1 # {trace=\"x\"} 0.5 1.0\n# EOF\n";
        assert_eq!(count(open, true), Ok(1));
        assert_eq!(count("", false), Ok(0));
    }

    #[test]
    fn what_is_no_metric_is_told_with_its_line() {
        for (text, open_metrics, expected) in [
            (
                "<html>\n",
                false,
                (1, "it does not begin with the name of a metric"),
            ),
            ("a 1\nb\n", false, (2, "it has no value")),
            ("a one\n", false, (1, "its value is no number")),
            ("a{b=\"c} 1\n", false, (1, "its labels do not end")),
            ("{\"kind\":\"Status\"}", false, (1, "it has no value")),
            ("a 1\n", true, (2, "the answer breaks off before `# EOF`")),
            (
                "a 1\n1b 2\n",
                false,
                (2, "it does not begin with the name of a metric"),
            ),
        ] {
            assert_eq!(count(text, open_metrics), Err(expected), "{text:?}");
        }
    }
}
