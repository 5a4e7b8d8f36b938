//! No process and no directory outlives its run.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use testbed::poll::until;
use testbed::process::{Directory, Identity, Launch};

const RUNNER: &str = "MONCONF_TESTBED_RUNNER";

/// Not a test of its own: the runner that the test below kills, started from this same program.
#[test]
fn runner_with_a_child() {
    if env::var_os(RUNNER).is_none() {
        return;
    }
    let directory = Directory::new("runner");
    // From a thread that ends, as a test's thread does: the child must live on.
    let log = directory.path().join("child.log");
    let start = std::thread::spawn(|| Launch::new("sleep", log).args(["600"]).attached());
    let child = start.join().expect("no panic").expect("sleep starts");
    std::thread::sleep(Duration::from_millis(100));
    let report = format!(
        "\nchild {}\nfolder {}\n",
        child.identity(),
        directory.path().display()
    );
    std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes()).expect("a pipe");
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn a_killed_runner_leaves_nothing() {
    let mut runner = Command::new(env::current_exe().expect("this program"))
        .args(["process::runner_with_a_child", "--exact", "--nocapture"])
        .env(RUNNER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let lines = BufReader::new(runner.stdout.take().expect("a pipe")).lines();
    let mut lines = lines.map(|line| line.expect("text"));
    let mut value = |key: &str| lines.find_map(|line| line.strip_prefix(key).map(str::to_owned));
    let child: Identity = value("child ")
        .expect("a child")
        .parse()
        .expect("its identity");
    let folder = value("folder ").expect("a folder");
    let run = Path::new(&folder)
        .parent()
        .expect("the run's directory")
        .to_owned();
    assert!(child.is_alive() && run.exists());

    runner.kill().expect("it runs");
    runner.wait().expect("it ends");
    until("the child is gone", || !child.is_alive());
    until("the run's directory is gone", || !run.exists());
}
