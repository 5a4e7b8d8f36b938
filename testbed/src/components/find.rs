//! Programs that this machine has already.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program in the folder that controller tests conventionally use; its version is the user's choice.
pub(super) fn in_assets(name: &str) -> Option<PathBuf> {
    let program = Path::new(&env::var_os("KUBEBUILDER_ASSETS")?).join(name);
    program.is_file().then_some(program)
}

/// The first program of that name on `PATH`, if it reports exactly `version`.
pub(super) fn in_path(name: &str, version: &str) -> Option<PathBuf> {
    let program = env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())?;
    reports(&program, version).then_some(program)
}

fn reports(program: &Path, version: &str) -> bool {
    let arguments: &[&str] = match program.file_name().and_then(|name| name.to_str()) {
        Some("kubectl") => &["version", "--client"],
        Some("helm") => &["version", "--template={{.Version}}"],
        _ => &["--version"],
    };
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| {
            [output.stdout, output.stderr].iter().any(|text| {
                String::from_utf8_lossy(text)
                    .split([' ', '\n', ',', '\t'])
                    .any(|word| word.trim_start_matches('v') == version)
            })
        })
}
