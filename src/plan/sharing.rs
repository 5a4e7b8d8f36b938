//! Others' jobs that read the same token, and so have the same rights.

use crate::access::existing::{self, Identity, Input, by_identity};
use crate::access::{Grants, Need};

/// A sentence about `jobs`, each with its line and text, whose token goes.
pub(super) fn bereft(jobs: &[(usize, String)], origin: &str) -> Option<String> {
    let places = places(jobs, origin)?;
    Some(format!(
        "{places} monconf's token, which is revoked: the API server will answer 401"
    ))
}

/// `the job at FILE:3 reads`, `the jobs at FILE, lines 3, 9, read`.
fn places(jobs: &[(usize, String)], origin: &str) -> Option<String> {
    let lines: Vec<String> = jobs.iter().map(|(line, _)| line.to_string()).collect();
    match lines.as_slice() {
        [] => None,
        [line] => Some(format!("the job at {origin}:{line} reads")),
        lines => Some(format!(
            "the jobs at {origin}, lines {}, read",
            lines.join(", ")
        )),
    }
}

/// A sentence about `jobs`, each with its line and text, that read `token_file`: whether `grants` suffice for them.
pub(super) fn sharing(
    jobs: &[(usize, String)],
    origin: &str,
    token_file: &str,
    grants: &Grants,
) -> Option<String> {
    let places = places(jobs, origin)?;
    let lacking: Vec<Need> = jobs
        .iter()
        .flat_map(|(_, text)| needs(text, origin, token_file))
        .filter(|need| !grants.meet(need))
        .collect();
    let rights = if lacking.is_empty() {
        "its rights suffice for what can be told of them".to_owned()
    } else {
        format!("it lacks {}", Grants::of(&lacking))
    };
    Some(format!(
        "{places} the same token as monconf's own: {rights}"
    ))
}

/// What a job needs of the token's owner, as far as its own lines say.
fn needs(job: &str, origin: &str, token_file: &str) -> Vec<Need> {
    let input = Input {
        file: origin.to_owned(),
        text: format!("scrape_configs:\n{job}"),
    };
    let settings = existing::Settings {
        namespace: "",
        api_server: None,
    };
    let explanations = existing::read(&[input], &settings).unwrap_or_default();
    let owner = Identity::TokenFile(token_file.to_owned());
    let needs = by_identity(&explanations).into_iter();
    needs
        .filter(|(identity, _)| *identity == owner)
        .flat_map(|(_, needs)| needs)
        .collect()
}
