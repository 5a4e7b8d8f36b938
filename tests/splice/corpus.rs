//! Files as people write them: jobs are added, replaced and removed at the start, in the middle and at the end of the
//! list, and every other byte stays.

use std::fs;
use std::path::PathBuf;

use monconf::splice::{self, Entry};
use serde_json::Value;
use yaml::Step;

use super::edit::{INSTANCE, WAS, changed, insertion, job, list};

struct File {
    name: String,
    text: String,
    steps: Vec<Step>,
}

/// Files that begin with `list` are a list of jobs themselves, those with `agent` hold one deep within.
fn files() -> Vec<File> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/splice/corpus");
    let mut files: Vec<File> = fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let key = |key: &str| Step::Key(key.to_owned());
            let steps = match name.split('-').next() {
                Some("list") => vec![],
                Some("agent") => vec![
                    key("metrics"),
                    key("configs"),
                    Step::Index(0),
                    key("scrape_configs"),
                ],
                _ => vec![key("scrape_configs")],
            };
            let text = fs::read_to_string(&path).unwrap();
            File { name, text, steps }
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(files.len() >= 60, "{} files", files.len());
    files
}

fn jobs() -> [Entry; 2] {
    [job("k8s-a", "https"), job("k8s-b", "https")]
}

/// The first document with `entries` at the end of its list.
fn extended(file: &File, entries: &[Entry]) -> Value {
    let mut document = first(&file.text);
    let values = entries.iter().map(|entry| entry.value.clone());
    list(&mut document, &file.steps).extend(values);
    document
}

fn first(text: &str) -> Value {
    let documents = yaml::parse(text, "file").unwrap_or_else(|error| panic!("{error}\n{text}"));
    documents.into_iter().next().unwrap_or(Value::Null)
}

/// Where the lines begin that the list's items begin on.
fn beginnings(file: &File) -> Vec<usize> {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(file.text.match_indices('\n').map(|(index, _)| index + 1))
        .collect();
    let names = splice::names(&file.text, &file.name, &file.steps, "job_name").unwrap();
    names
        .iter()
        .map(|item| {
            let lines = starts[..item.line].iter().rev();
            let shown = |start: usize| file.text[start..].trim_start_matches(['\u{feff}', ' ']);
            *lines
                .into_iter()
                .find(|start| shown(**start).starts_with('-'))
                .unwrap()
        })
        .map(|start| {
            if file.text[start..].starts_with('\u{feff}') {
                start + 3
            } else {
                start
            }
        })
        .collect()
}

#[test]
fn jobs_are_added_at_the_end_and_removed_again() {
    for file in files() {
        let File { name, text, steps } = &file;
        let new = changed(text, steps, &jobs());
        assert!(
            insertion(text, &new.replacen(WAS, "", 1)).is_some(),
            "{name}: more than an insertion:\n{new}"
        );
        assert_eq!(first(&new), extended(&file, &jobs()), "{name}:\n{new}");
        let others: Vec<Value> = yaml::parse(text, name)
            .unwrap()
            .into_iter()
            .skip(1)
            .collect();
        let documents = yaml::parse(&new, name).unwrap();
        assert!(documents.ends_with(&others), "{name}:\n{new}");
        assert_eq!(changed(&new, steps, &[]), *text, "{name}");
        let one = changed(&new, steps, &jobs()[1..]);
        assert_eq!(changed(&one, steps, &[]), *text, "{name}");
    }
}

#[test]
fn jobs_stand_as_the_others_do() {
    for file in files() {
        let starts = beginnings(&file);
        let [.., last] = starts.as_slice() else {
            continue;
        };
        let new = changed(&file.text, &file.steps, &jobs());
        let dash = |line: &str| line.trim_start_matches('\u{feff}').find('-');
        let mine: Vec<&str> = new
            .lines()
            .filter(|line| line.contains("# by monconf, instance"))
            .collect();
        assert_eq!(mine.len(), 2, "{}:\n{new}", file.name);
        for line in mine {
            assert_eq!(
                dash(line),
                dash(&file.text[*last..]),
                "{}:\n{new}",
                file.name
            );
        }
        let line_ends = |line_end: &str| new.matches(line_end).count();
        if !file.text.replace("\r\n", "").contains('\n') && file.text.contains("\r\n") {
            assert_eq!(line_ends("\n"), line_ends("\r\n"), "{}", file.name);
        } else if !file.text.contains('\r') {
            assert_eq!(line_ends("\r"), 0, "{}", file.name);
        }
    }
}

/// Ours are moved before each item of others by hand, and are left, changed and removed there.
#[test]
fn jobs_are_changed_and_removed_wherever_they_stand() {
    let mut places = 0;
    for file in files() {
        let File { name, text, steps } = &file;
        let new = changed(text, steps, &jobs());
        let starts = beginnings(&file);
        if starts.is_empty() {
            continue;
        }
        let block = &new[insertion(text, &new).unwrap()];
        let line_end = if block.contains("\r\n") { "\r\n" } else { "\n" };
        let block = format!("{}{line_end}", block.trim_matches(['\r', '\n']));
        for start in starts {
            let (before, after) = text.split_at(start);
            let moved = format!("{before}{block}{after}");
            assert_eq!(changed(&moved, steps, &jobs()), moved, "{name}");
            assert_eq!(changed(&moved, steps, &[]), *text, "{name}");

            let other = [job("k8s-a", "http"), job("k8s-b", "https")];
            let replaced = changed(&moved, steps, &other);
            let expected = block.replacen("scheme: https", "scheme: http", 1);
            let mine = replaced
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after));
            let mine = mine.unwrap_or_else(|| panic!("{name}: others changed:\n{replaced}"));
            assert_eq!(
                mine.replace("\r\n", "\n"),
                expected.replace("\r\n", "\n"),
                "{name}"
            );

            let one = changed(&moved, steps, &[job("k8s-b", "https")]);
            assert_eq!(changed(&one, steps, &[]), *text, "{name}");
            places += 1;
        }
    }
    assert!(places > 80, "{places}");
}

#[test]
fn comments_at_the_end_of_a_job_stay_with_it() {
    let steps = [Step::Key("scrape_configs".to_owned())];
    for (text, mine) in [
        (
            "scrape_configs:\n- job_name: a\n  # x: 1\n\n  # y: 2\n",
            "\n# end\n",
        ),
        (
            "scrape_configs:\n  - job_name: a\n    # x: 1\n",
            "  # end\n",
        ),
        (
            "scrape_configs:\n  - job_name: a\n    # x: 1\n",
            "\nglobal: {}\n",
        ),
    ] {
        let new = changed(&format!("{text}{mine}"), &steps, &jobs());
        assert!(new.starts_with(text) && new.ends_with(mine), "{new}");
        assert!(
            new[text.len()..]
                .trim_start()
                .starts_with("- job_name: k8s-a"),
            "{new}"
        );
    }
}

/// The lines of a job of ours that the user has written comments and a key into are replaced by what is wanted.
#[test]
fn what_others_wrote_into_our_jobs_goes_with_them() {
    let steps = [Step::Key("scrape_configs".to_owned())];
    let text = "scrape_configs:\n- job_name: node\n";
    let new = changed(text, &steps, &jobs());
    let mine = new.replacen(
        "\n  scheme: https\n",
        "\n  # theirs\n  scheme: http\n  honor_labels: true\n\n",
        1,
    );
    assert_ne!(mine, new);
    assert_eq!(changed(&mine, &steps, &jobs()), new);
    let named = mine.replace(INSTANCE, "another");
    assert_eq!(changed(&named, &steps, &[]), named);
}
