//! How an explanation of rights looks: a table, what is open, what is dangerous, a summary.

use super::color::{BOLD, DIM, Paint, RED, YELLOW};
use crate::access::Grants;
use crate::access::existing::{Explanation, Identity, Place, Reason, by_identity, dangers};
use crate::mask::{scrub, scrub_line};
use crate::rbac::Scope;

/// All of it as text.
pub(super) fn text(explanations: &[Explanation], paint: Paint) -> String {
    let identities: Vec<Identity> = by_identity(explanations)
        .into_iter()
        .map(|(identity, _)| identity)
        .collect();
    let file = only_file(explanations);
    let mut out = match file {
        Some(file) => format!("{}\n\n", scrub(file)),
        None => String::new(),
    };
    let table = Table {
        several: identities.len() > 1,
        in_one_file: file.is_some(),
    };
    out.push_str(&table.text(explanations, paint));
    let open = explanations.iter().flat_map(|explanation| {
        explanation
            .unproven
            .iter()
            .map(move |open| (explanation, open))
    });
    let open =
        open.map(|(explanation, open)| format!("{}: {open}", titled(explanation, file.is_some())));
    section(
        &mut out,
        "Cannot be told from the configuration:",
        open.collect(),
        YELLOW,
        paint,
    );
    let remarks = explanations.iter().flat_map(|explanation| {
        let remarks = explanation.remarks.iter();
        remarks.map(|remark| format!("{}: {remark}", explanation.job))
    });
    section(&mut out, "Note:", remarks.collect(), BOLD, paint);
    section(&mut out, "Dangerous:", dangers(explanations), RED, paint);
    out.push('\n');
    out.push_str(&summary(explanations, paint));
    out
}

/// The file that all jobs are from, if it is one.
fn only_file(explanations: &[Explanation]) -> Option<&str> {
    let mut files = explanations
        .iter()
        .map(|explanation| explanation.place.as_ref().map(|place| place.file.as_str()));
    let first = files.next().flatten()?;
    files.all(|file| file == Some(first)).then_some(first)
}

fn at(place: &Place, in_one_file: bool) -> String {
    if in_one_file {
        format!("line {}", place.line)
    } else {
        place.to_string()
    }
}

fn titled(explanation: &Explanation, in_one_file: bool) -> String {
    match &explanation.place {
        Some(place) => format!("{} ({})", explanation.job, at(place, in_one_file)),
        None => explanation.job.clone(),
    }
}

fn section(out: &mut String, title: &str, mut lines: Vec<String>, color: &str, paint: Paint) {
    lines.dedup();
    if lines.is_empty() {
        return;
    }
    out.push('\n');
    out.push_str(&paint.with(color, title));
    out.push('\n');
    for line in lines {
        out.extend(["  ", &scrub_line(&line), "\n"]);
    }
}

/// Rights that differ in their verb or namespace only.
struct Row {
    job: String,
    verbs: Vec<String>,
    of: String,
    places: Vec<String>,
    why: String,
}

/// What the table has to tell apart.
#[derive(Clone, Copy)]
struct Table {
    /// Whether rights are needed by more than one identity.
    several: bool,
    in_one_file: bool,
}

impl Table {
    fn text(self, explanations: &[Explanation], paint: Paint) -> String {
        let rows: Vec<[String; 4]> =
            std::iter::once(["JOB", "NEEDS", "WHERE", "WHY"].map(str::to_owned))
                .chain(
                    explanations
                        .iter()
                        .flat_map(|explanation| self.rows(explanation)),
                )
                .collect();
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.max().unwrap_or(0)
        };
        let [jobs, needs, places] = [0, 1, 2].map(width);
        let mut out = String::new();
        for (index, [job, need, place, why]) in rows.iter().enumerate() {
            let line = format!("{job:jobs$}  {need:needs$}  {place:places$}  {why}");
            let color = match (index, need.as_str()) {
                (0, _) => BOLD,
                (_, "nothing for scrapes") => DIM,
                (_, need) if need.contains("/proxy") => RED,
                _ => "",
            };
            let line = line.trim_end();
            out.push_str(&if color.is_empty() {
                line.to_owned()
            } else {
                paint.with(color, line)
            });
            out.push('\n');
        }
        out
    }

    fn rows(self, explanation: &Explanation) -> Vec<[String; 4]> {
        let mut rows: Vec<Row> = Vec::new();
        for reason in &explanation.needs {
            self.add(&mut rows, &explanation.job, reason);
        }
        let mut cells: Vec<[String; 4]> = rows
            .into_iter()
            .map(|row| {
                [
                    row.job,
                    format!("{} {}", row.verbs.join(", "), row.of),
                    row.places.join(", "),
                    row.why,
                ]
            })
            .collect();
        let free = explanation.free.iter();
        cells.extend(free.map(|why| {
            [
                explanation.job.clone(),
                "nothing for scrapes".to_owned(),
                "-".to_owned(),
                why.clone(),
            ]
        }));
        if cells.is_empty() {
            let open = if explanation.unproven.is_empty() {
                "nothing"
            } else {
                "?"
            };
            let why = if explanation.unproven.is_empty() {
                "it has no targets"
            } else {
                "see below"
            };
            cells.push([
                explanation.job.clone(),
                open.to_owned(),
                "-".to_owned(),
                why.to_owned(),
            ]);
        }
        for (index, row) in cells.iter_mut().enumerate() {
            if index > 0 {
                row[0].clear();
            }
            for cell in row {
                *cell = scrub_line(cell);
            }
        }
        cells
    }

    fn add(self, rows: &mut Vec<Row>, job: &str, reason: &Reason) {
        let right = reason.right.to_string();
        let (verb, of) = right.split_once(' ').unwrap_or((&right, ""));
        let place = match &reason.scope {
            Scope::Cluster => "cluster".to_owned(),
            Scope::Namespace(namespace) => namespace.clone(),
        };
        let mut why = reason.why.clone();
        if let Some(place) = &reason.place {
            why.extend([" (", &at(place, self.in_one_file), ")"]);
        }
        if self.several {
            why.extend([", by ", &reason.identity.to_string()]);
        }
        let same = rows.iter_mut().find(|row| row.of == of && row.why == why);
        if let Some(row) = same {
            for (list, item) in [(&mut row.verbs, verb), (&mut row.places, &place)] {
                if !list.iter().any(|known| known == item) {
                    list.push(item.to_owned());
                }
            }
            return;
        }
        rows.push(Row {
            job: job.to_owned(),
            verbs: vec![verb.to_owned()],
            of: of.to_owned(),
            places: vec![place],
            why,
        });
    }
}

fn summary(explanations: &[Explanation], paint: Paint) -> String {
    let open: usize = explanations
        .iter()
        .map(|explanation| explanation.unproven.len())
        .sum();
    let counted = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let all = by_identity(explanations);
    let mut out = String::new();
    for (identity, needs) in &all {
        let grants = Grants::of(needs);
        let namespaced: usize = grants.namespaces.values().map(Vec::len).sum();
        let number = grants.cluster.len() + namespaced;
        let places = match (grants.cluster.is_empty(), grants.namespaces.len()) {
            (false, 0) => "a ClusterRole".to_owned(),
            (true, 1) => "a Role".to_owned(),
            (true, roles) => format!("{roles} Roles"),
            (false, 1) => "a ClusterRole and a Role".to_owned(),
            (false, roles) => format!("a ClusterRole and {roles} Roles"),
        };
        let line = format!("{} in {places}, for {identity}.", counted(number, "rule"));
        out.push_str(&paint.with(BOLD, &scrub_line(&line)));
        out.push('\n');
    }
    if all.is_empty() {
        out.push_str(&paint.with(BOLD, "Nothing is needed."));
        out.push('\n');
    }
    if open > 0 {
        let line = counted(open, "question");
        out.extend([&line, " open; no right is counted for what is open.\n"]);
    }
    out
}
