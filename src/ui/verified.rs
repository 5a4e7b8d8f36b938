//! How a verification looks: a row for each check, then each cause once, with what mends it.

use super::color::{BOLD, GREEN, Paint, RED, YELLOW};
use crate::mask::{scrub, scrub_line};
use crate::verify::{Outcome, Report, Row};

/// Of a job's targets that are all well, as many are shown one by one.
const SHOWN: usize = 10;
const HEADINGS: [&str; 4] = ["JOB", "TARGET", "CHECK", "RESULT"];

/// The rows.
pub(super) fn rows(report: &Report, paint: Paint) -> String {
    let rows: Vec<(&Outcome, [String; 4])> = groups(&report.rows)
        .into_iter()
        .flat_map(cells)
        .map(|(outcome, cells)| (outcome, cells.map(|cell| scrub_line(&cell))))
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|(_, row)| row[column].chars().count());
        widths.max().unwrap_or(0).max(HEADINGS[column].len())
    };
    let widths = [width(0), width(1), width(2)];
    let line = |cells: [&str; 3]| {
        let [job, target, check] = cells;
        let [first, second, third] = widths;
        format!("{job:first$}  {target:second$}  {check:third$}  ")
    };
    let heading = line([HEADINGS[0], HEADINGS[1], HEADINGS[2]]) + HEADINGS[3];
    let mut out = paint.with(BOLD, &heading) + "\n";
    for (outcome, [job, target, check, result]) in &rows {
        let (word, color) = match outcome {
            Outcome::Passed => ("ok    ", GREEN),
            Outcome::Nothing => ("none  ", YELLOW),
            Outcome::Failed(_) => ("FAILED", RED),
        };
        out.push_str(&line([job, target, check]));
        out.push_str(&paint.with(color, word));
        out.push_str("  ");
        out.push_str(result);
        out.push('\n');
    }
    out
}

/// Neighbouring rows of one job that ask for the same thing of different targets.
fn groups(rows: &[Row]) -> Vec<&[Row]> {
    rows.chunk_by(|one, next| one.job == next.job && one.is_scrape() && next.is_scrape())
        .collect()
}

/// One line for each, or a single one for many that are all well.
fn cells(rows: &[Row]) -> Vec<(&Outcome, [String; 4])> {
    let (passed, others): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.outcome == Outcome::Passed);
    let mut cells: Vec<(&Outcome, [String; 4])> = Vec::new();
    if passed.len() > SHOWN {
        let samples = passed
            .iter()
            .filter_map(|row| row.result.split_once(' ')?.0.parse::<u64>().ok());
        let slowest = passed.iter().map(|row| row.took).max().unwrap_or_default();
        cells.push((
            &passed[0].outcome,
            [
                passed[0].job.clone().unwrap_or_default(),
                format!("{} targets", passed.len()),
                "GET".to_owned(),
                format!(
                    "{} samples, the slowest in {} ms",
                    samples.sum::<u64>(),
                    slowest.as_millis()
                ),
            ],
        ));
    } else {
        cells.extend(passed.into_iter().map(cell));
    }
    cells.extend(others.into_iter().map(cell));
    cells
}

fn cell(row: &Row) -> (&Outcome, [String; 4]) {
    (
        &row.outcome,
        [
            row.job.clone().unwrap_or_else(|| "-".to_owned()),
            row.target.clone(),
            row.check.clone(),
            format!("{}, {} ms", row.result, row.took.as_millis()),
        ],
    )
}

/// Each cause with what mends it, and the sum.
pub(super) fn diagnoses(report: &Report, paint: Paint) -> String {
    let mut out = String::new();
    for diagnosis in report.diagnoses() {
        let jobs = match diagnosis.jobs.as_slice() {
            [] => String::new(),
            jobs => format!(" (jobs: {})", jobs.join(", ")),
        };
        out.push_str(&paint.with(BOLD, "\ncause: "));
        out.push_str(&scrub(&format!("{}{jobs}\n", diagnosis.cause.sentence())));
        if let [_, others @ ..] = diagnosis.denied.as_slice()
            && !others.is_empty()
        {
            let others: Vec<String> = others.iter().map(ToString::to_string).collect();
            out.push_str(&scrub(&format!("  nor may it {}\n", others.join(", "))));
        }
        if let Some(fix) = &diagnosis.fix {
            out.push_str(&paint.with(BOLD, "fix:\n"));
            for line in scrub(fix).lines() {
                out.extend(["  ", line, "\n"]);
            }
        }
    }
    let (checks, failed) = (report.rows.len(), report.failed());
    let nothing = report
        .rows
        .iter()
        .filter(|row| row.outcome == Outcome::Nothing)
        .count();
    let passed = checks - failed - nothing;
    let none = if nothing > 0 {
        format!(", {nothing} with nothing to check")
    } else {
        String::new()
    };
    if failed == 0 && !report.is_good() {
        out.push_str(&paint.with(
            YELLOW,
            "\nNo job has a target: nothing proves that metrics can be had.\n",
        ));
    }
    let color = if report.is_good() { GREEN } else { RED };
    out.push_str(&paint.with(
        color,
        &format!("\nVerified: {passed} passed, {failed} failed{none}.\n"),
    ));
    out
}
