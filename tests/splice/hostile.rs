//! Files that were made to do harm: each is refused in a sentence, in bounded processor time and memory.

use std::fs::{self, File};
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::{Monconf, Run};

/// Of address space: 200 MiB.
const MEMORY: &str = "--as=209715200";
/// Of processor time, in seconds: whatever else runs does not count.
const TIME: &str = "--cpu=60";

struct Hostile(TempDir);

impl Hostile {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let hostile = Self(tempfile::tempdir().unwrap());
        fs::write(hostile.path(), content).unwrap();
        hostile
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("prometheus.yml")
    }

    /// Our jobs are to come into it.
    fn edited(&self) -> Run {
        let server = "https://kubernetes.example.com:6443";
        self.limited(&[
            "prometheus",
            "--offline",
            "--api-server",
            server,
            "--config",
        ])
    }

    /// What is in it is to be explained.
    fn explained(&self) -> Run {
        self.limited(&["rbac", "explain", "-f"])
    }

    fn limited(&self, arguments: &[&str]) -> Run {
        let command = Monconf::new(arguments).args([self.path()]);
        let run = command.under(&["prlimit", MEMORY, TIME]).run();
        assert!(
            run.stderr.len() < 2_000 && !run.stderr.contains("panicked"),
            "{}",
            run.stderr
        );
        run
    }

    #[track_caller]
    fn says(&self, run: Run, said: &str) {
        let run = run.exit(1);
        let path = self.path().display().to_string();
        let first = run.stderr.lines().next().unwrap_or_default();
        assert!(
            first.replace(&path, "FILE").contains(said),
            "{}",
            run.stderr
        );
    }
}

/// `edited` and `explained` are what the two are to say first.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, edited: &str, explained: &str) {
    let hostile = Hostile::new(&content);
    hostile.says(hostile.edited(), edited);
    hostile.says(hostile.explained(), explained);
    assert!(
        fs::read(hostile.path()).unwrap() == content.as_ref(),
        "it is as it was"
    );
}

#[test]
fn what_grows_without_end_is_refused() {
    let bomb: String = (0..9).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        let references = vec![format!("*a{level}"); 9].join(", ");
        format!("{text}a{}: &a{} [{references}]\n", level + 1, level + 1)
    });
    refused(
        bomb,
        "FILE:4:30: document contains excessive aliasing",
        "FILE: repetition limit exceeded",
    );
    for deep in ["[", "{a: ", "- ", "? ", "{", "[{a: ", "&a [", "!t ["] {
        refused(
            deep.repeat(100_000),
            "FILE:1:",
            "FILE:1: recursion limit exceeded",
        );
    }
    let lines = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth)));
    let lines = lines.collect::<Vec<_>>().concat();
    refused(
        lines,
        "FILE:256:256: recursion limit exceeded",
        "FILE:129: recursion limit exceeded",
    );
}

#[test]
fn what_is_no_text_is_refused() {
    let text = "scrape_configs: []\n";
    let little: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let no_text = "cannot read FILE: it is not UTF-8";
    refused(little, no_text, no_text);
    refused(
        big,
        "FILE:1:1: unexpected character",
        "FILE:1: control characters are not allowed",
    );
    refused(b"a: \xff\n", no_text, no_text);
    refused(
        "a: 1\nb: \0\n",
        "FILE:2:4: unexpected character",
        "FILE:1: control characters are not allowed",
    );
    refused(
        "a: 1\n# \0\n",
        "FILE:2:3: unexpected character",
        "FILE:1: control characters are not allowed",
    );
    let zeros = vec![0; 1 << 20];
    refused(
        zeros,
        "FILE:1:1: unexpected character",
        "FILE:1: control characters are not allowed",
    );
}

#[test]
fn what_is_too_large_is_not_read() {
    let hostile = Hostile::new("");
    let file = File::options().write(true).open(hostile.path()).unwrap();
    file.set_len(1 << 30).unwrap();
    for run in [hostile.edited(), hostile.explained()] {
        hostile.says(run, "cannot read FILE: it is larger than 64 MiB");
    }
}

/// YAML 1.1, and Prometheus, take these for the end of a line as well.
#[test]
fn characters_that_end_lines_for_some_change_nothing_unseen() {
    for end in ["\u{85}", "\u{2028}", "\u{2029}"] {
        let in_job = format!("scrape_configs:\n- job_name: a # {end}- job_name: b\n");
        Hostile::new(&in_job).edited_as("FILE:2: this cannot be changed safely", &in_job);
        let key = format!("a{end}b: 1\nscrape_configs: []\n");
        Hostile::new(&key).edited_as("FILE:2:2: mapping values are not allowed", &key);
        let value = format!("a: x{end}y\nscrape_configs: []\n");
        Hostile::new(&value).edited_as("FILE:3:1: could not find expected ':'", &value);
        // Nothing depends on these.
        for harmless in [
            format!("# x{end}y: 1\nscrape_configs: []\n"),
            format!("a: \"x{end}y\"\nscrape_configs: []\n"),
        ] {
            Hostile::new(harmless).edited().ok();
        }
    }
    for (text, said) in [
        (
            "a: 1\rscrape_configs: []\r",
            "FILE:1:5: a carriage return without a line feed",
        ),
        (
            "a: 1\r\n# é x\r# y\nscrape_configs: []\n",
            "FILE:2:6: a carriage return without a line feed",
        ),
        (
            "scrape_configs:\n- job_name: a\r\r\n",
            "FILE:2:14: a carriage return without a line feed",
        ),
    ] {
        Hostile::new(text).edited_as(said, text);
    }
}

impl Hostile {
    #[track_caller]
    fn edited_as(&self, said: &str, text: &str) {
        self.says(self.edited(), said);
        assert_eq!(fs::read_to_string(self.path()).unwrap(), text);
    }
}

/// Nothing takes longer than the length of the text says.
#[test]
fn long_lines_and_many_jobs_take_no_longer_than_others() {
    let words = "a, ".repeat(30_000);
    let line = format!("scrape_configs:\n- {{job_name: a, x: [{words}]}}\n");
    Hostile::new(line).edited().ok();
    let ours = "- job_name: a  # by monconf, instance monitoring\n".repeat(8_000);
    Hostile::new(format!("scrape_configs:\n{ours}"))
        .edited()
        .ok();
    let blank = format!(
        "scrape_configs:\n- job_name: a\n{}",
        "  # c\n\n".repeat(30_000)
    );
    Hostile::new(blank).edited().ok();
}
