//! What differs between two texts, in hunks of lines.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};

/// Lines that differ and those around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    /// `@@ -1,4 +1,5 @@`.
    pub(super) head: String,
    /// The bytes of all its lines before.
    pub(super) before: Range<usize>,
    /// The bytes of all its lines after.
    pub(super) after: Range<usize>,
    pub(super) steps: Vec<Step>,
}

/// The bytes of a line without its line break, in the text before or after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Both(Range<usize>, Range<usize>),
    Before(Range<usize>),
    After(Range<usize>),
}

/// Comparing stops looking for the shortest diff after this time; it is still a right one.
const PATIENCE: Duration = Duration::from_millis(500);

/// The hunks that lead from `before` to `after`, with `context` unchanged lines around each change.
pub(super) fn hunks(before: &str, after: &str, context: usize) -> Vec<Hunk> {
    let (old, new) = (Lines::new(before), Lines::new(after));
    let deadline = Instant::now().checked_add(PATIENCE);
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old.texts, &new.texts, deadline);
    group_diff_ops(ops, context)
        .into_iter()
        .filter_map(|ops| {
            let (first, last) = (ops.first()?, ops.last()?);
            let in_old = first.old_range().start..last.old_range().end;
            let in_new = first.new_range().start..last.new_range().end;
            let head = format!("@@ -{} +{} @@", place(&in_old), place(&in_new));
            Some(Hunk {
                head,
                before: old.starts[in_old.start]..old.starts[in_old.end],
                after: new.starts[in_new.start]..new.starts[in_new.end],
                steps: ops.iter().flat_map(|op| steps(*op, &old, &new)).collect(),
            })
        })
        .collect()
}

fn steps(op: DiffOp, old: &Lines<'_>, new: &Lines<'_>) -> Vec<Step> {
    if let DiffOp::Equal { .. } = op {
        let pairs = op.old_range().zip(op.new_range());
        return pairs
            .map(|(in_old, in_new)| Step::Both(old.content(in_old), new.content(in_new)))
            .collect();
    }
    let removed = op.old_range().map(|line| Step::Before(old.content(line)));
    let added = op.new_range().map(|line| Step::After(new.content(line)));
    removed.chain(added).collect()
}

/// Lines as the head of a hunk has them: `FIRST,NUMBER`, where one line needs no number and none stand behind the line
/// before.
fn place(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// The lines of a text.
struct Lines<'t> {
    texts: Vec<&'t str>,
    /// Where each begins, and where the last one ends.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        let texts = text.split_inclusive('\n');
        let texts = texts
            .inspect(|line| {
                end += line.len();
                starts.push(end);
            })
            .collect();
        Self { texts, starts }
    }

    fn content(&self, line: usize) -> Range<usize> {
        let start = self.starts[line];
        start..start + self.texts[line].trim_end_matches(['\n', '\r']).len()
    }
}
