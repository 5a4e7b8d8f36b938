//! What differs between two texts, in hunks of lines.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};

use super::region::{Region, regions};

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

/// The hunks that lead from `before` to `after`, with `context` unchanged lines around each change. Of long texts only
/// what differs takes more than a look.
pub(super) fn hunks(before: &str, after: &str, context: usize) -> Vec<Hunk> {
    let regions = regions(before, after, context).into_iter();
    regions
        .flat_map(|region| of_region(before, after, &region, context))
        .collect()
}

fn of_region(before: &str, after: &str, region: &Region, context: usize) -> Vec<Hunk> {
    let old = Lines::new(before, region.before.clone());
    let new = Lines::new(after, region.after.clone());
    group_diff_ops(compare(&old.texts, &new.texts), context)
        .into_iter()
        .filter_map(|ops| {
            let (first, last) = (ops.first()?, ops.last()?);
            let in_old = first.old_range().start..last.old_range().end;
            let in_new = first.new_range().start..last.new_range().end;
            let head = format!(
                "@@ -{} +{} @@",
                place(region.above_before, &in_old),
                place(region.above_after, &in_new)
            );
            Some(Hunk {
                head,
                before: old.starts[in_old.start]..old.starts[in_old.end],
                after: new.starts[in_new.start]..new.starts[in_new.end],
                steps: ops.iter().flat_map(|op| steps(*op, &old, &new)).collect(),
            })
        })
        .collect()
}

/// The shortest way from some lines to others, as far as there is time to find it.
pub(super) fn compare(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let deadline = Instant::now().checked_add(PATIENCE);
    capture_diff_slices_deadline(Algorithm::Myers, old, new, deadline)
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
fn place(above: usize, lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", above + lines.start),
        1 => format!("{}", above + lines.start + 1),
        count => format!("{},{count}", above + lines.start + 1),
    }
}

/// The lines of a part of a text.
pub(super) struct Lines<'t> {
    pub(super) texts: Vec<&'t str>,
    /// Where each begins, and where the last one ends.
    pub(super) starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, part: Range<usize>) -> Self {
        let mut starts = vec![part.start];
        let mut end = part.start;
        let texts = text[part].split_inclusive('\n');
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::region::regions_by_part;
    use super::*;

    /// Changes far apart and near, in lines of which each is there once.
    fn texts() -> impl Strategy<Value = (String, String)> {
        let change = ("[ab]{0,2}", "[ab]{0,2}", 0_usize..90);
        prop::collection::vec(change, 0..6).prop_map(|changes| {
            let (mut before, mut after) = (String::new(), String::new());
            for (number, (old, new, same)) in changes.into_iter().enumerate() {
                let lines: Vec<String> =
                    (0..same).map(|line| format!("{number}.{line}\n")).collect();
                let lines = lines.concat();
                let changed = |letters: &str| {
                    let letters = letters.char_indices();
                    let lines = letters.map(|(index, letter)| format!("{number}{letter}{index}\n"));
                    lines.collect::<Vec<_>>().concat()
                };
                before.extend([changed(&old), lines.clone()]);
                after.extend([changed(&new), lines]);
            }
            (before, after)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn leaving_out_what_is_the_same_leaves_the_hunks_as_they_are(
            (before, after) in texts(), context in 0_usize..4, part in 1_usize..400
        ) {
            let whole = Region {
                before: 0..before.len(),
                after: 0..after.len(),
                above_before: 0,
                above_after: 0,
            };
            let expected = of_region(&before, &after, &whole, context);
            prop_assert_eq!(&hunks(&before, &after, context), &expected);
            let parts = regions_by_part(&before, &after, context, part).into_iter();
            let found: Vec<Hunk> = parts.flat_map(|region| of_region(&before, &after, &region, context)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
