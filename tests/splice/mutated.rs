//! The bodies of the fuzz targets, on files of the corpus and on what chance makes of them.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::fuzz_bodies::{change, read};
use super::generator::{Document, Random};

const PIECES: [&str; 40] = [
    ": ",
    "- ",
    "-",
    "#",
    " # c\n",
    "\t",
    "|",
    ">",
    "|+\n",
    "&a ",
    "*a",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "\r",
    "\n",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "---\n",
    "...\n",
    "<<: *a\n",
    "? ",
    "!t ",
    "%YAML 1.1\n",
    "\0",
    "\u{a0}",
    "scrape_configs:",
    "- job_name: k8s-a  # by monconf, instance monitoring\n",
    "# by monconf, was: ",
    "  # by monconf",
    "  ",
    "null",
    ",",
    "é",
];

fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/splice/corpus");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    // Long lines and many of them take long in an unoptimised build, and show nothing here.
    texts.filter(|text| text.len() < 4_000).collect()
}

/// Cuts out, repeats, moves, or puts in what may matter.
fn mutate(text: &mut String, random: &mut Random) {
    let place = |text: &str, random: &mut Random| {
        let at = random.below(text.len() + 1);
        (0..=at)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap()
    };
    let (a, b) = (place(text, random), place(text, random));
    let range = a.min(b)..a.max(b).min(a.min(b) + 60);
    let range = range.start
        ..(range.start..=range.end)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap();
    match random.below(8) {
        0 => text.replace_range(range, ""),
        1 => {
            let piece = text[range].to_owned();
            let at = place(text, random);
            text.insert_str(at, &piece);
        }
        2 => text.truncate(a),
        3 => {
            // A whole line goes somewhere else.
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            if lines.len() > 1 {
                let (from, to) = (random.below(lines.len()), random.below(lines.len()));
                let mut moved = lines.clone();
                let line = moved.remove(from);
                moved.insert(to, line);
                *text = moved.concat();
            }
        }
        _ => text.insert_str(a, random.of(&PIECES)),
    }
}

#[test]
fn mutated_files_are_refused_or_changed_as_they_should_be() {
    let corpus = corpus();
    for text in &corpus {
        change(text.as_bytes());
        read(text.as_bytes());
    }
    for seed in 0..3_000 {
        let mut random = Random::new(seed);
        let mut text = if random.is(70) {
            corpus[random.below(corpus.len())].clone()
        } else {
            Document::new(seed).text
        };
        for _ in 0..=random.below(4) {
            mutate(&mut text, &mut random);
        }
        let outcome = std::panic::catch_unwind(|| {
            change(text.as_bytes());
            read(text.as_bytes());
        });
        assert!(outcome.is_ok(), "seed {seed}: {text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)) {
        change(text.as_bytes());
        read(text.as_bytes());
        let text = format!("{text}{}", pieces.concat());
        change(text.as_bytes());
        read(text.as_bytes());
        let text = pieces.concat();
        change(text.as_bytes());
        read(text.as_bytes());
    }
}
