//! The static program.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::ask;

/// Builds `package` of the workspace in `project` into `target`, as it is released, with all that it needs within it; the
/// path of the program. The same sources give the same bytes, wherever they lie.
///
/// The C library is linked as well: a name is looked up in `/etc/hosts` and by DNS without any file of it.
///
/// # Errors
/// When it does not compile; the compiler has said why on standard error.
pub(crate) fn build(project: &Path, target: &Path, package: &str) -> io::Result<PathBuf> {
    let triple = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let mut cargo = Command::new(cargo());
    for (name, _) in env::vars_os() {
        // The profile is that of Cargo.toml. And what cargo told this process of its own package would be told to build
        // scripts, which run again when it differs.
        let foreign = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PROFILE_"];
        if foreign
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            cargo.env_remove(name);
        }
    }
    let status = cargo
        .args([
            "build",
            "--locked",
            "--release",
            "--package",
            package,
            "--bin",
            package,
        ])
        .args(["--target", &triple, "--target-dir"])
        .arg(target)
        .current_dir(project)
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(project)?.join("\x1f"))
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("{package} does not compile")));
    }
    Ok(target.join(triple).join("release").join(package))
}

/// Static, and without the paths of this machine. Those of the project's own files are relative, as cargo gives them to
/// the compiler.
fn flags(project: &Path) -> io::Result<Vec<String>> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".cargo")))
        .ok_or_else(|| io::Error::other("neither CARGO_HOME nor HOME is set"))?;
    let sysroot = ask(project, "rustc", &["--print", "sysroot"])?;
    Ok(vec![
        "-Ctarget-feature=+crt-static".to_owned(),
        format!("--remap-path-prefix={}=/cargo", home.display()),
        format!("--remap-path-prefix={sysroot}=/rust"),
    ])
}

/// The one that this was started by, if it was.
pub(crate) fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
