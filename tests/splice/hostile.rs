//! Files that were made to do harm: each is refused in a sentence, in little time and memory, and stays as it is.

use std::fs::{self, File};
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::{Monconf, Run};

/// Two seconds of a processor, 200 MB of address space.
const LIMITS: [&str; 3] = ["prlimit", "--cpu=2", "--as=209715200"];

struct Hostile(TempDir);

impl Hostile {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("prometheus.yml")
    }

    /// What is said of the file, as a configuration to change and as one to explain.
    fn refused(&self) -> [Run; 2] {
        let server = "https://kubernetes.example.com:6443";
        let change = [
            "prometheus",
            "--offline",
            "--api-server",
            server,
            "--config",
        ];
        let explain = ["rbac", "explain", "-f"];
        [&change[..], &explain].map(|arguments| {
            let command = Monconf::new(arguments).args([self.path()]);
            let run = command.under(&LIMITS).run().exit(1);
            assert!(run.stderr.contains("error: "), "{}", run.stderr);
            assert!(run.stderr.len() < 2_000, "{}", run.stderr);
            assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
            run
        })
    }
}

fn refused(content: &[u8]) -> [Run; 2] {
    let hostile = Hostile::new();
    fs::write(hostile.path(), content).unwrap();
    let runs = hostile.refused();
    assert!(
        fs::read(hostile.path()).unwrap() == content,
        "it is as it was"
    );
    runs
}

#[test]
fn what_grows_without_end_is_refused() {
    let bomb: String = (0..9).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        let references = vec![format!("*a{level}"); 9].join(", ");
        format!("{text}a{}: &a{} [{references}]\n", level + 1, level + 1)
    });
    let [change, _] = refused(bomb.as_bytes());
    assert!(
        change.stderr.contains("excessive aliasing"),
        "{}",
        change.stderr
    );
    for deep in ["[", "{a: ", "- ", "? ", "[{a: "] {
        refused(deep.repeat(100_000).as_bytes());
    }
    let lines = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth)));
    refused(lines.collect::<String>().as_bytes());
}

#[test]
fn what_is_no_text_is_refused() {
    let utf_16: Vec<u8> = "\u{feff}scrape_configs: []\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for content in [
        &utf_16[..],
        b"a: \xff\n",
        b"scrape_configs:\n- job_name: \xc3\x28\n",
    ] {
        for run in refused(content) {
            assert!(run.stderr.contains("it is not UTF-8"), "{}", run.stderr);
        }
    }
    refused(b"a: \0\n");
    refused(b"\0\0\0\0");
}

#[test]
fn a_file_of_a_gigabyte_is_not_read() {
    let hostile = Hostile::new();
    File::create(hostile.path())
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    for run in hostile.refused() {
        assert!(run.stderr.contains("larger than 64 MiB"), "{}", run.stderr);
    }
}
