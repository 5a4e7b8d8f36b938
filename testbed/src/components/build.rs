//! Building a component into the user's cache, once.

use std::fs::{self, File};
use std::io::{Write, stderr};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Component, go};

/// Builds every program of `component`; waits when another process does that already.
pub(super) fn build(component: Component) {
    let cache = component.cache();
    fs::create_dir_all(&cache).unwrap_or_else(|e| panic!("cannot create {}: {e}", cache.display()));
    let lock = File::create(cache.join("lock")).expect("the cache is writable");
    if lock.try_lock().is_err() {
        say(&format!(
            "waiting for another process that builds {}",
            component.name()
        ));
        lock.lock().expect("the cache's file system has locks");
    }
    if !is_built(component) {
        let what = format!("{} {}", component.name(), component.version());
        let usual = clock(component.usual_build());
        say(&format!(
            "building {what} from source: once, about {usual} on two cores"
        ));
        report_while(&what, || compile(component, &cache));
    }
}

fn compile(component: Component, cache: &Path) {
    let scratch = tempfile::Builder::new()
        .prefix("building-")
        .tempdir_in(cache)
        .expect("the cache is writable");
    let (folder, packages) = component.packages();
    let mut command = go::go(&folder);
    command.envs(component.environment().iter().copied());
    command.args(["build", "-mod=readonly", "-trimpath", "-ldflags"]);
    command.arg(component.linker_flags()).arg("-o");
    // The final slash makes it a directory for go.
    go::run(command.arg(scratch.path().join("")).args(packages));
    for built in fs::read_dir(scratch.path()).expect("the build's output is readable") {
        let built = built.expect("the build's output is readable");
        let name = match built.file_name() {
            name if name == "server" => "etcd".into(),
            name => name,
        };
        fs::rename(built.path(), cache.join(name)).expect("one file system holds the cache");
    }
    fs::write(cache.join("built"), recipe(component)).expect("the cache is writable");
}

/// Whether the cache holds what the component's files describe now.
pub(super) fn is_built(component: Component) -> bool {
    let built = fs::read_to_string(component.cache().join("built"));
    built.is_ok_and(|built| built == recipe(component))
}

/// What pins its module, and its program where that is the testbed's own.
fn recipe(component: Component) -> String {
    let folder = component.folder();
    let pins = fs::read_to_string(folder.join("go.mod")).expect("a component has a go.mod");
    let program = fs::read_to_string(folder.join("main.go"));
    pins + &program.unwrap_or_default()
}

/// Runs `work`, and tells every 15 seconds that it still runs.
fn report_while(what: &str, work: impl FnOnce()) {
    let start = Instant::now();
    let (done, waiting) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let pause = Duration::from_secs(15);
            while let Err(RecvTimeoutError::Timeout) = waiting.recv_timeout(pause) {
                say(&format!(
                    "  still building {what} after {}",
                    clock(start.elapsed())
                ));
            }
        });
        let _ends_reports = done;
        work();
    });
    say(&format!("built {what} in {}", clock(start.elapsed())));
}

fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

/// Straight to the handle: libtest keeps what the print macros write until the test is over.
fn say(line: &str) {
    let _ = writeln!(stderr().lock(), "testbed: {line}");
}
