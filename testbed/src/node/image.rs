//! Images without a registry.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use image::Image;

use super::machine::Machine;

/// The image of a program that waits until it is told to end; every Pod has a hidden container of it.
pub const PAUSE: &str = "testbed.invalid/pause:1";

const SOURCE: &str = include_str!("pause.c");

/// Compiles the program that waits, and imports it.
pub(super) fn import_pause(directory: &Path, machine: &Machine) {
    let (source, program) = (directory.join("pause.c"), directory.join("pause"));
    fs::write(&source, SOURCE).expect("the directory is writable");
    run(Command::new("cc")
        .args(["-static", "-Os", "-s", "-o"])
        .args([&program, &source]));
    import_files(directory, machine, PAUSE, &[&program]);
}

/// Loads an image `name` that holds `files` in its root folder, the libraries that they need where they look for them,
/// and nothing else; the first is what it runs.
pub(super) fn import_files(directory: &Path, machine: &Machine, name: &str, files: &[&Path]) {
    let scratch = tempfile::Builder::new()
        .prefix("image-")
        .tempdir_in(directory)
        .expect("the directory is writable");
    let libraries: BTreeSet<_> = files.iter().flat_map(|file| libraries(file)).collect();
    let libraries = libraries
        .into_iter()
        .map(|path| (path.clone(), Path::new("/").join(path)));
    let image = Image {
        name: name.to_owned(),
        files: files
            .iter()
            .map(|file| (file_name(file).to_owned(), (*file).to_owned()))
            .chain(libraries)
            .collect(),
        entrypoint: format!("/{}", file_name(files[0])),
        ..Image::default()
    };
    let archive = scratch.path().join("image.tar");
    image.write(&archive).expect("the directory is writable");
    import(machine, &archive);
}

/// Loads an image from an archive of an OCI image layout.
pub(super) fn import(machine: &Machine, archive: &Path) {
    let archive = archive.display().to_string();
    machine.run("ctr", &["--namespace=k8s.io", "images", "import", &archive]);
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

fn file_name(file: &Path) -> &str {
    let name = file.file_name().and_then(|name| name.to_str());
    name.expect("a file has a name")
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
