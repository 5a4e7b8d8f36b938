//! The tables of `docs/access.md`.

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

/// Both tables: what is scraped from outside or by the operator's Prometheus, and what one Pod scrapes.
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
    let _ = writeln!(
        text,
        "\n{} configurations with all their rights: nothing refused, 0 missing. {} single rights taken away: each noticed, 0 superfluous.",
        cases.len(),
        seen.len()
    );
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
