//! The memory of a run, which may hold tokens, is seen by nobody but root and stays in no file.

use std::fs;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process};
use testbed::root;

/// No user of this number needs to exist.
const NOBODY: u32 = 65534;

/// As a user who may have cores of any size, in a folder where they would be written.
fn with_cores(program: &Path, arguments: &[&str], folder: &Path) -> Child {
    let mut command = Command::new("prlimit");
    command
        .arg("--core=unlimited:unlimited")
        .arg(program)
        .args(arguments)
        .env("HOME", folder)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if root::is_available("another user") {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.spawn().unwrap()
}

/// The program where every user may run it.
fn program(folder: &Path) -> PathBuf {
    let program = folder.join("monconf");
    // By a process of its own: no child of another test inherits a file that is open for writing, and so cannot be run.
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_monconf"))
        .arg(&program)
        .status();
    assert!(copied.unwrap().success());
    program
}

/// `monconf explain`, which waits for its standard input.
fn waiting(folder: &Path) -> Child {
    let child = with_cores(&program(folder), &["explain"], folder);
    wait_for(&child, "monconf");
    child
}

/// Waits until a process has become `name` and waits for input.
fn wait_for(child: &Child, name: &str) {
    let stat = format!("/proc/{}/stat", child.id());
    let what = format!("{name} waits");
    testbed::poll::until(&what, || {
        let stat = fs::read_to_string(&stat).unwrap_or_default();
        stat.contains(&format!("({name}) S"))
    });
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    fs::set_permissions(folder.path(), everybody).unwrap();
    folder
}

/// Opens a file of `/proc` of a process, as its own user.
fn read(child: &Child, file: &str) -> Output {
    let mut command = Command::new("dd");
    command.args(["count=0", "status=none"]);
    command.arg(format!("if=/proc/{}/{file}", child.id()));
    if root::is_available("another user") {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.output().unwrap()
}

#[test]
fn no_core_is_left_by_a_run_that_crashes() {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let hard = getrlimit(Resource::Core).maximum;
    for signal in [Signal::SEGV, Signal::ABORT, Signal::QUIT, Signal::BUS] {
        let folder = folder();
        let mut child = waiting(folder.path());
        let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let core: Vec<&str> = core.unwrap().split_whitespace().collect();
        assert_eq!(core[4..6], ["0", "0"], "{limits}");
        // The first one of some signals only ends Rust's own care for them, which is to tell a stack that overflows.
        let pid = Pid::from_child(&child);
        testbed::poll::until("its end", || {
            let _ = kill_process(pid, signal);
            child.try_wait().unwrap().is_some()
        });
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()));
        assert!(!status.core_dumped(), "{status}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        // Where this machine writes cores into files, another program's is there.
        if pattern.starts_with('|') || hard == Some(0) {
            continue;
        }
        let mut other = with_cores(Path::new("cat"), &[], folder.path());
        wait_for(&other, "cat");
        kill_process(Pid::from_child(&other), signal).unwrap();
        let status = other.wait().unwrap();
        assert!(status.core_dumped(), "{status}");
    }
}

#[test]
fn another_process_of_the_same_user_reads_no_memory() {
    if !root::is_available("two processes of another user") {
        return;
    }
    let folder = folder();
    let mut child = waiting(folder.path());
    let mut other = with_cores(Path::new("cat"), &[], folder.path());
    wait_for(&other, "cat");
    for file in ["mem", "environ", "maps", "auxv"] {
        let refused = read(&child, file);
        let words = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{file}");
        assert!(words.contains("Permission denied"), "{file}: {words}");
    }
    let allowed = read(&other, "environ");
    assert!(allowed.status.success(), "{allowed:?}");
    for child in [&mut child, &mut other] {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

/// A plugin is a program of its own: it is dumpable again, and may leave no core either.
#[test]
fn a_credential_plugin_finds_itself_in_proc() {
    let folder = folder();
    let seen = folder.path().join("seen");
    let kubeconfig = folder.path().join("kubeconfig");
    let script = format!(
        "cat /proc/self/environ >/dev/null && ulimit -c >{} && ls /proc/$$/fd >/dev/null && echo fine >>{}; exit 1",
        seen.display(),
        seen.display()
    );
    let text = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "a", "user": {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
            "command": "sh", "args": ["-c", script],
        }}}],
    });
    let mut file = fs::File::create(&kubeconfig).unwrap();
    file.write_all(text.to_string().as_bytes()).unwrap();
    let mut command = Command::new(program(folder.path()));
    command
        .arg("prometheus")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("KUBECONFIG", &kubeconfig)
        .current_dir(folder.path());
    if root::is_available("another user") {
        command.uid(NOBODY).gid(NOBODY);
    }
    let run = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&run.stderr);
    assert!(!run.status.success(), "{stderr}");
    let seen = fs::read_to_string(&seen);
    let seen = seen.unwrap_or_else(|_| panic!("the plugin did not run: {stderr}"));
    assert_eq!(seen, "0\nfine\n");
}
