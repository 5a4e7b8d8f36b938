//! How a comparison of rights looks: what is missing, what is superfluous, and through which role.

use super::color::{BOLD, GREEN, Paint, RED, YELLOW};
use crate::access::{Comparison, Surplus};
use crate::mask::{scrub, scrub_line};
use crate::rbac::bindings::Subject;
use crate::rbac::{Right, Scope};

/// A comparison, and what was compared.
pub struct Compared<'a> {
    /// Who holds the rights.
    pub subject: &'a Subject,
    /// Names of the jobs.
    pub jobs: &'a [String],
    /// What was found.
    pub comparison: &'a Comparison<'a>,
}

/// The comparison as text.
pub(super) fn text(compared: &Compared<'_>, paint: Paint) -> String {
    let Comparison { missing, surplus } = compared.comparison;
    let jobs = compared.jobs.join(", ");
    let mut out = scrub(&format!("{} against the jobs {jobs}\n", compared.subject));
    if compared.comparison.is_exact() {
        out.push_str(&paint.with(GREEN, "\nIt may do what the jobs need, and nothing else.\n"));
        return out;
    }
    if !missing.is_empty() {
        let rows = missing
            .iter()
            .map(|need| {
                let jobs = format!("for {}", need.jobs.join(", "));
                [need.right.to_string(), place(&need.scope), jobs]
            })
            .collect();
        out.push_str(&paint.with(BOLD, "\nmissing\n"));
        out.push_str(&table(rows, "+", |_| GREEN, paint));
    }
    let rows: Vec<[String; 3]> = surplus.iter().flat_map(rows).collect();
    let count = rows.len();
    if count > 0 {
        out.push_str(&paint.with(BOLD, "\nsuperfluous\n"));
        let color = |row: &[String; 3]| {
            if row[2].starts_with(DANGEROUS) {
                RED
            } else {
                YELLOW
            }
        };
        out.push_str(&table(rows, "-", color, paint));
    }
    let sum = format!("\n{} missing, {count} superfluous.\n", missing.len());
    out.push_str(&paint.with(BOLD, &sum));
    out
}

const DANGEROUS: &str = "DANGEROUS";

fn rows(surplus: &Surplus<'_>) -> Vec<[String; 3]> {
    let held = &surplus.held;
    let way = format!(
        "{}, rules[{}], through {}",
        held.role.name, held.index, held.binding.name
    );
    let row = |right: &Right, words: &str| {
        let dangers = surplus.dangers_of(right);
        let danger = if dangers.is_empty() {
            String::new()
        } else {
            format!("{DANGEROUS} ({}): ", dangers.join(", "))
        };
        [
            right.to_string(),
            place(&held.scope),
            format!("{danger}{words}{way}"),
        ]
    };
    let unneeded = surplus.unneeded.iter().map(|right| row(right, ""));
    let wider = surplus.wider.iter();
    let wider = wider.map(|right| row(right, "wider than needed: "));
    unneeded.chain(wider).collect()
}

fn place(scope: &Scope) -> String {
    match scope {
        Scope::Cluster => "everywhere".to_owned(),
        Scope::Namespace(namespace) => format!("in namespace {namespace}"),
    }
}

fn table(
    rows: Vec<[String; 3]>,
    sign: &str,
    color: impl Fn(&[String; 3]) -> &'static str,
    paint: Paint,
) -> String {
    let rows: Vec<[String; 3]> = rows
        .into_iter()
        .map(|row| row.map(|text| scrub_line(&text)))
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    rows.iter()
        .map(|row| {
            let [right, place, way] = row;
            let line = format!("  {sign} {right:first$}  {place:second$}  {way}");
            paint.with(color(row), line.trim_end()) + "\n"
        })
        .collect()
}
