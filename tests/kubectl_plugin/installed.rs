//! The manifest for krew, as krew reads it.

use std::env::consts::ARCH;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, digest};
use testbed::Component;

use super::called::{kubectl, run};

const TEMPLATE: &str = include_str!("../../krew/monconf.yaml");
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// The archive of a release.
fn archive(folder: &Path) -> PathBuf {
    let path = folder.join("monconf.tar.gz");
    let gzip = GzEncoder::new(File::create(&path).unwrap(), Compression::none());
    let mut archive = tar::Builder::new(gzip);
    // As krew reads them.
    archive.sparse(false);
    let license = concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE");
    archive
        .append_path_with_name(env!("CARGO_BIN_EXE_monconf"), "monconf")
        .unwrap();
    archive.append_path_with_name(license, "LICENSE").unwrap();
    archive.into_inner().unwrap().finish().unwrap();
    path
}

/// The manifest of a release whose archive has that SHA-256.
fn manifest(folder: &Path, sha256: &str) -> PathBuf {
    let filled = TEMPLATE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            line.replace("{{ .TagName }}", TAG)
                .replace("{{ .URL }}", "https://releases.invalid/monconf")
                .replace("{{ .Sha256.amd64 }}", sha256)
                .replace("{{ .Sha256.arm64 }}", sha256)
                + "\n"
        });
    let text: String = filled.collect();
    assert!(!text.contains("{{"), "{text}");
    let path = folder.join("monconf.yaml");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn krew_finds_no_fault_with_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest(folder.path(), &"0".repeat(64));
    let mut command = Command::new(Component::Krew.binary("validate-krew-manifest"));
    command.args(["-skip-install", "-manifest"]).arg(manifest);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn it_runs_as_krew_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    let archive = archive(folder.path());
    let digest = digest(&SHA256, &fs::read(&archive).unwrap());
    let hex = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let manifest = manifest(folder.path(), &hex.collect::<String>());
    std::os::unix::fs::symlink(
        Component::Kubernetes.binary("kubectl"),
        folder.path().join("kubectl"),
    )
    .unwrap();
    let root = folder.path().join("krew");
    let mut install = Command::new(Component::Krew.binary("krew"));
    install
        .arg("install")
        .args([
            format!("--manifest={}", manifest.display()),
            format!("--archive={}", archive.display()),
        ])
        .env("KREW_ROOT", &root)
        .env("KREW_NO_UPGRADE_CHECK", "1")
        .current_dir(&folder);
    let installed = install.output().unwrap();
    assert!(
        installed.status.success(),
        "{}",
        String::from_utf8_lossy(&installed.stderr)
    );

    let path = root.join("bin").into_os_string();
    let version = run(kubectl(path, folder.path(), &["monconf", "--version"])).ok();
    assert_eq!(version.stdout, format!("kubectl-monconf {}\n", &TAG[1..]));
    // The platform of this machine is one of them.
    assert!(matches!(ARCH, "x86_64" | "aarch64"));
}
