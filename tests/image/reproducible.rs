//! The program does not tell where it was built.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use image::Project;

use crate::support::image::{PROJECT, program};

/// The files and folders that the Dockerfile's build is given.
pub(super) fn context() -> BTreeSet<&'static str> {
    include_str!("../../.dockerignore")
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .collect()
}

fn copy(from: &Path, to: &Path, option: &str) {
    let copied = Command::new("cp").arg(option).args([from, to]).status();
    assert!(
        copied.unwrap().success(),
        "{} cannot be copied",
        from.display()
    );
}

/// Sources and target folder of other names, of another depth. The dependencies are those of the first build: they lie in
/// the same place for both, and that they say nothing of it is what the other test looks for.
#[test]
fn it_is_the_same_from_another_folder() {
    let first = program();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("some/other folder");
    fs::create_dir_all(&folder).unwrap();
    for name in context() {
        // Newer than what was built of them, so they are compiled again.
        copy(&here.join(name), &folder.join(name), "-r");
    }
    let mut project = Project::at(&folder).unwrap();
    project.target = elsewhere.path().join("target");
    copy(&PROJECT.target, &project.target, "-a");
    let own = project
        .target
        .join(first.strip_prefix(&PROJECT.target).unwrap());
    fs::remove_file(&own).unwrap();
    let second = project.program().unwrap();
    assert_eq!(second, own);
    assert!(fs::read(first).unwrap() == fs::read(second).unwrap());
}

/// Neither a path of this machine nor its user's name is in it.
#[test]
fn no_path_of_this_machine_is_in_it() {
    let program = fs::read(program()).unwrap();
    let home = env::home_dir().unwrap();
    let mut places = vec![
        env!("CARGO_MANIFEST_DIR").to_owned(),
        PROJECT.target.display().to_string(),
        format!("{}/", home.display()),
    ];
    places.extend(env::var("CARGO_HOME"));
    places.extend(env::var("RUSTUP_HOME"));
    for place in places {
        let found = program
            .windows(place.len())
            .position(|bytes| bytes == place.as_bytes());
        if let Some(at) = found {
            let end = program.len().min(at + 200);
            panic!("{}", String::from_utf8_lossy(&program[at..end]));
        }
    }
}
