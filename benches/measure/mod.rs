//! Times and memory of commands.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The built program.
pub(crate) fn monconf(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_monconf"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// How long a command takes that has to end well.
pub(crate) fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.output().unwrap();
    let time = start.elapsed();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    time
}

/// In kilobytes, as the kernel keeps it, read until the process has ended.
pub(crate) fn peak_memory(command: &mut Command) -> u64 {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0));
    }
    peak
}

/// The median time of some runs.
pub(crate) fn median(runs: usize, mut run: impl FnMut() -> Duration) -> Duration {
    middle(&mut (0..runs).map(|_| run()).collect::<Vec<_>>())
}

/// The median.
pub(crate) fn middle(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// In milliseconds.
pub(crate) fn shown(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 10.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}
