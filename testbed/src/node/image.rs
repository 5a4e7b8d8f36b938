//! Images without a registry.

use std::collections::BTreeSet;
use std::env::consts::ARCH;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use ring::digest::{Context, SHA256};
use serde_json::{Value, json};

use super::machine::Machine;

/// The image of a program that waits until it is told to end; every Pod has a hidden container of it.
pub const PAUSE: &str = "testbed.invalid/pause:1";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

const SOURCE: &str = include_str!("pause.c");

/// Compiles the program that waits, and imports it.
pub(super) fn import_pause(directory: &Path, machine: &Machine) {
    let (source, program) = (directory.join("pause.c"), directory.join("pause"));
    fs::write(&source, SOURCE).expect("the directory is writable");
    run(Command::new("cc")
        .args(["-static", "-Os", "-s", "-o"])
        .args([&program, &source]));
    import(directory, machine, PAUSE, &[&program]);
}

/// Loads an image `name` that holds `files` in its root folder, the libraries that they need where they look for them,
/// and nothing else; the first is what it runs.
pub(super) fn import(directory: &Path, machine: &Machine, name: &str, files: &[&Path]) {
    let scratch = tempfile::Builder::new()
        .prefix("image-")
        .tempdir_in(directory)
        .expect("the directory is writable");
    let archive = archive(scratch.path(), name, files);
    let archive = archive.display().to_string();
    machine.run("ctr", &["--namespace=k8s.io", "images", "import", &archive]);
}

/// A tar of an OCI image layout: an index, and blobs that name each other by digest.
fn archive(folder: &Path, name: &str, files: &[&Path]) -> PathBuf {
    fs::create_dir_all(folder.join("blobs/sha256")).expect("the folder is writable");
    let layer = layer(folder, files);
    let config = json!({
        "architecture": architecture(), "os": "linux",
        "config": {"Entrypoint": [format!("/{}", file_name(files[0]))]},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
    });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer],
        "config": document(folder, &config, "application/vnd.oci.image.config.v1+json"),
    });
    let mut image = document(folder, &manifest, MANIFEST);
    image["annotations"] = json!({"io.containerd.image.name": name});
    let index = json!({"schemaVersion": 2, "manifests": [image]});
    let layout = json!({"imageLayoutVersion": "1.0.0"});
    for (name, content) in [("index.json", index), ("oci-layout", layout)] {
        fs::write(folder.join(name), content.to_string()).expect("the folder is writable");
    }
    let archive = folder.join("image.tar");
    run(tar(&archive, folder).args(["oci-layout", "index.json", "blobs"]));
    archive
}

fn layer(folder: &Path, files: &[&Path]) -> Value {
    let path = folder.join("blob");
    let mut tar = tar(&path, folder);
    tar.args(["--dereference", "--owner=0", "--group=0", "--mode=0755"]);
    for file in files {
        let parent = file.parent().expect("a file has a parent");
        tar.arg("-C").arg(parent).arg(file_name(file));
    }
    for library in files
        .iter()
        .flat_map(|file| libraries(file))
        .collect::<BTreeSet<_>>()
    {
        tar.arg("-C/").arg(library);
    }
    run(&mut tar);
    blob(folder, &path, "application/vnd.oci.image.layer.v1.tar")
}

/// The paths, without the first slash, of the dynamic linker and the libraries of a program; of a static one there are
/// none.
fn libraries(program: &Path) -> Vec<String> {
    let output = Command::new("ldd").arg(program).output();
    let text = output.expect("ldd can be run").stdout;
    // `NAME => PATH (ADDRESS)`, `PATH (ADDRESS)`; the kernel's own has no path.
    String::from_utf8_lossy(&text)
        .split_whitespace()
        .filter_map(|word| Some(word.strip_prefix('/')?.to_owned()))
        .collect()
}

fn document(folder: &Path, content: &Value, media_type: &str) -> Value {
    let path = folder.join("blob");
    fs::write(&path, content.to_string()).expect("the folder is writable");
    blob(folder, &path, media_type)
}

/// Names a blob by its digest; what refers to it.
fn blob(folder: &Path, path: &Path, media_type: &str) -> Value {
    let (digest, size) = digest(path).expect("the folder is readable");
    let target = folder.join("blobs/sha256").join(&digest);
    fs::rename(path, target).expect("the folder is writable");
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size})
}

fn digest(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => context.update(&buffer[..count]),
        }
    }
    let mut text = String::new();
    for byte in context.finish().as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok((text, file.metadata()?.len()))
}

fn tar(archive: &Path, folder: &Path) -> Command {
    let mut tar = Command::new("tar");
    tar.arg("-cf").arg(archive).arg("-C").arg(folder);
    tar
}

fn file_name(file: &Path) -> &str {
    let name = file.file_name().and_then(|name| name.to_str());
    name.expect("a file has a name")
}

/// As images spell it.
fn architecture() -> &'static str {
    match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
