//! `promtool`: what Prometheus itself says of configurations, rules and metrics.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::components::Component;

/// What Prometheus' own checker says about a configuration file; `Err` when it refuses it.
///
/// `syntax_only` leaves out the check that the files exist that the configuration names.
pub fn promtool_check(config: &Path, syntax_only: bool) -> Result<String, String> {
    let syntax_only = syntax_only.then_some("--syntax-only");
    let arguments = ["check", "config"].into_iter().chain(syntax_only);
    promtool(arguments.map(OsStr::new).chain([config.as_os_str()]), "")
}

/// What it says about a file of rules.
pub fn promtool_check_rules(rules: &Path) -> Result<String, String> {
    let arguments = ["check", "rules", "--lint-fatal"].map(OsStr::new);
    promtool(arguments.into_iter().chain([rules.as_os_str()]), "")
}

/// Runs a file of unit tests of rules.
pub fn promtool_test_rules(tests: &Path) -> Result<String, String> {
    let arguments = ["test", "rules"].map(OsStr::new);
    promtool(arguments.into_iter().chain([tests.as_os_str()]), "")
}

/// What it says about metrics in the text format; what its linter finds is a refusal too.
pub fn promtool_check_metrics(metrics: &str) -> Result<String, String> {
    promtool(["check", "metrics"].map(OsStr::new), metrics)
}

fn promtool<'a>(
    arguments: impl IntoIterator<Item = &'a OsStr>,
    input: &str,
) -> Result<String, String> {
    let mut promtool = Command::new(Component::Prometheus.binary("promtool"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be started");
    let mut stdin = promtool.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("promtool reads");
    drop(stdin);
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}
