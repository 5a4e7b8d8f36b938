//! `promtool check config`.

use std::path::Path;
use std::process::Command;

use crate::components::Component;

/// What Prometheus' own checker says about a configuration file; `Err` when it refuses it.
///
/// `syntax_only` leaves out the check that the files exist that the configuration names.
pub fn promtool_check(config: &Path, syntax_only: bool) -> Result<String, String> {
    let mut promtool = Command::new(Component::Prometheus.binary("promtool"));
    promtool.args(["check", "config"]);
    if syntax_only {
        promtool.arg("--syntax-only");
    }
    let output = promtool
        .arg(config)
        .output()
        .expect("promtool can be started");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(said)
    }
}
