//! `cargo image`: the image of monconf, without a container engine.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a program that says what it made"
)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use image::Project;

/// Make the image of monconf as an archive, without a container engine
///
/// The archive is an OCI image layout: `podman load -i FILE`, `docker load -i FILE`, `ctr images import FILE` and
/// `skopeo copy oci-archive:FILE …` take it. The same commit gives the same bytes.
#[derive(Parser)]
#[command(name = "cargo image", version)]
struct Arguments {
    /// The archive [default: target/image/monconf.tar]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What the image is called where it is loaded [default: localhost/monconf:VERSION]
    #[arg(long, value_name = "NAME:TAG")]
    tag: Option<String>,

    /// Write only the static program, and no image, as the Dockerfile needs it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "tag"])]
    program: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let project = Project::at(folder.unwrap_or(Path::new(".")))?;
    let program = project.program()?;
    if let Some(copy) = &arguments.program {
        fs::copy(&program, copy).map_err(|error| unwritable(copy, &error))?;
        return Ok(format!("{}: {}", copy.display(), size(copy)?));
    }
    let default = || project.target.join("monconf.tar");
    let archive = arguments.output.clone().unwrap_or_else(default);
    let default = || format!("localhost/monconf:{}", project.version());
    let name = arguments.tag.clone().unwrap_or_else(default);
    let digest = project
        .image(program, &name)
        .write(&archive)
        .map_err(|error| unwritable(&archive, &error))?;
    Ok(format!(
        "{}: {name}, {}, {digest}",
        archive.display(),
        size(&archive)?
    ))
}

fn unwritable(file: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot write {}: {error}", file.display()))
}

/// In megabytes.
fn size(file: &Path) -> io::Result<String> {
    let bytes = fs::metadata(file)?.len();
    Ok(format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10))
}
