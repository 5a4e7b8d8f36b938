//! How findings look: a table by subject, then what each means and how to mend it.

use std::collections::BTreeSet;

use super::color::{BOLD, DIM, Paint, RED, YELLOW};
use super::plan::line;
use crate::mask::scrub_line;
use crate::rbac::audit::{Confirmed, Finding, Severity};

/// All findings as text.
pub(super) fn text(findings: &[Finding], paint: Paint) -> String {
    if findings.is_empty() {
        return "No findings.\n".to_owned();
    }
    let mut out = table(findings, paint);
    let mut told = BTreeSet::new();
    for finding in findings {
        let Finding {
            check, role, index, ..
        } = finding;
        // The same rule of the same role is mended once, whoever holds it.
        if told.insert((check.id, role, index, &finding.fix.advice)) {
            out.push_str(&remedy(finding, paint));
        }
    }
    out.push('\n');
    out.push_str(&paint.with(BOLD, &summary(findings)));
    out.push('\n');
    out
}

fn table(findings: &[Finding], paint: Paint) -> String {
    let rows: Vec<[String; 4]> = findings.iter().map(row).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let [ids, rights, extents] = [width(0), width(1), width(2)];
    let mut out = String::new();
    for (index, (finding, row)) in findings.iter().zip(&rows).enumerate() {
        if index == 0 || findings[index - 1].subject != finding.subject {
            if index > 0 {
                out.push('\n');
            }
            out.push_str(&paint.with(BOLD, &scrub_line(&finding.subject.to_string())));
            out.push('\n');
        }
        let severity = paint.with(color(finding.severity), &format!("{:6}", finding.severity));
        let [id, right, extent, way] = row;
        let row = format!("  {severity}  {id:ids$}  {right:rights$}  {extent:extents$}  {way}");
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

/// Check, rights, extent, and the way from subject to rule.
fn row(finding: &Finding) -> [String; 4] {
    let rights: Vec<String> = finding.rights.iter().map(ToString::to_string).collect();
    let more = match rights.len() {
        0..=2 => rights.join(", "),
        count => format!("{}, {} and {} more", rights[0], rights[1], count - 2),
    };
    let mut way = finding.binding.to_string();
    if finding.binding.name != finding.bound.name {
        way = format!("{way} of {}", finding.bound);
    }
    if let Some(place) = &finding.place {
        way = format!("{way}  {}:{}", place.file.display(), place.line);
    }
    if finding.built_in {
        way.push_str("  (built-in)");
    }
    if finding.confirmed == Confirmed::No {
        way.push_str("  (the API server says no)");
    }
    [finding.check.id.to_owned(), more, finding.extent(), way].map(|text| scrub_line(&text))
}

fn remedy(finding: &Finding, paint: Paint) -> String {
    let role = scrub_line(&finding.role.to_string());
    let mut out = format!(
        "\n{}\n  {}.\n  To mend it: {}.\n",
        paint.with(
            BOLD,
            &format!("{}: {role}, rules[{}]", finding.check.id, finding.index)
        ),
        scrub_line(&finding.sentence()),
        scrub_line(&finding.fix.advice),
    );
    if finding.fix.diff.is_empty() {
        return out;
    }
    for head in ["---", "+++"] {
        out.push_str(&paint.with(BOLD, &format!("{head} {role}")));
        out.push('\n');
    }
    for of in &finding.fix.diff {
        out.push_str(&line(of, paint));
        out.push('\n');
    }
    out
}

const fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::High => RED,
        Severity::Medium => YELLOW,
        Severity::Low => DIM,
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|of| of.severity == severity).count();
    let counts: Vec<String> = [Severity::High, Severity::Medium, Severity::Low]
        .into_iter()
        .map(|severity| (count(severity), severity))
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| format!("{count} {severity}"))
        .collect();
    let all = findings.len();
    let word = if all == 1 { "finding" } else { "findings" };
    let confirmed = findings
        .iter()
        .filter(|of| of.confirmed == Confirmed::Yes)
        .count();
    let confirmed = match confirmed {
        0 => String::new(),
        _ if confirmed == all => "; the API server confirms all of them".to_owned(),
        some => format!("; the API server confirms {some} of them"),
    };
    format!("{all} {word}: {}{confirmed}.", counts.join(", "))
}
