//! The tables of `docs/access.md`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::case::{Case, Form};
use super::right::Held;
use super::trial::{Holder, Witness};

const BEGIN: &str =
    "<!-- least access: written by tests/least_access.rs where MONCONF_WRITE_DOCS=1 -->\n";
const END: &str = "<!-- least access: end -->";

/// A right that was taken away, and what that showed.
pub(super) struct Seen<'a> {
    pub(super) case: &'a Case,
    pub(super) holder: Holder,
    pub(super) held: Held,
    pub(super) witness: Witness,
}

/// The tables: what is scraped from outside or by the operator's Prometheus, what one Pod scrapes, and what Grafana's
/// programs do.
pub(super) fn of(cases: &[Case], seen: &[Seen]) -> String {
    let mut text = String::from(
        "| jobs | right | without it: outside the cluster | without it: prometheus-operator |\n|---|---|---|---|\n",
    );
    for case in cases.iter().filter(|case| case.form == Form::DropIn) {
        for one in of_case(seen, case) {
            let operator = Case {
                form: Form::Operator,
                ..case.clone()
            };
            let there = of_case(seen, &operator)
                .into_iter()
                .find(|there| there.held == one.held);
            let there = there.map_or("–".to_owned(), |there| {
                let holder = match there.holder {
                    Holder::Own => "",
                    Holder::Prometheus => " (Prometheus' own)",
                };
                format!("{}{holder}", words(there.witness))
            });
            let (jobs, right, here) = (title(case), &one.held, words(one.witness));
            let _ = writeln!(text, "| {jobs} | {right} | {here} | {there} |");
        }
    }
    text += "\n| jobs | right | without it: in a Pod |\n|---|---|---|\n";
    for case in cases.iter().filter(|case| case.form == Form::Mounted) {
        for one in of_case(seen, case) {
            let (jobs, right, here) = (title(case), &one.held, words(one.witness));
            let _ = writeln!(text, "| {jobs} | {right} | {here} |");
        }
    }
    text += &of_grafana(cases, seen);
    let _ = writeln!(
        text,
        "\n{} configurations with all their rights: nothing refused, 0 missing. {} single rights taken away: each noticed, 0 superfluous.",
        cases.len(),
        seen.len()
    );
    text
}

/// A line for each right that any of them needs; one that an agent does not need with monitors it needs without.
fn of_grafana(cases: &[Case], seen: &[Seen]) -> String {
    let mut text = String::from(
        "\n| jobs | right | without it: Grafana Agent | without it: its operator's monitors | without it: Alloy |\n|---|---|---|---|---|\n",
    );
    for case in cases.iter().filter(|case| case.form == Form::GRAFANA[0]) {
        let forms = Form::GRAFANA.map(|form| {
            let case = Case {
                form,
                ..case.clone()
            };
            of_case(seen, &case)
        });
        let rights: BTreeSet<&Held> = forms.iter().flatten().map(|one| &one.held).collect();
        for held in rights {
            let shown = forms.each_ref().map(|seen| {
                let one = seen.iter().find(|one| one.held == *held);
                one.map_or("–", |one| words(one.witness))
            });
            let _ = writeln!(text, "| {} | {held} | {} |", title(case), shown.join(" | "));
        }
    }
    text
}

fn of_case<'a>(seen: &'a [Seen], case: &Case) -> Vec<&'a Seen<'a>> {
    seen.iter().filter(|seen| seen.case == case).collect()
}

fn title(case: &Case) -> String {
    let jobs = if case.is_catalogue() {
        "all".to_owned()
    } else {
        case.jobs.join(", ")
    };
    let way = if case.proxied {
        ", through the API server"
    } else {
        ""
    };
    format!("{jobs}{way}")
}

fn words(witness: Witness) -> &'static str {
    match (witness.log, witness.scrape) {
        (true, true) => "refused, down",
        (true, false) => "refused",
        (false, true) => "down",
        (false, false) => "nothing",
    }
}

/// Holds `docs/access.md` to what was seen, or writes it there.
#[track_caller]
pub(super) fn compare(seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for it");
    let (written, after) = rest.split_once(END).expect("the place has an end");
    if std::env::var_os("MONCONF_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{seen}{END}{after}")).unwrap();
    } else {
        assert!(
            written == seen,
            "docs/access.md says otherwise; seen:\n{seen}"
        );
    }
}
