//! Records what many command lines of monconf do, so that two versions of the program can be compared by `diff -r`.

mod files;
mod lines;
mod normalise;
mod objects;
mod order;
mod recording;
mod requests;
mod target;
mod world;

use std::any::Any;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use lines::Line;
use world::World;

/// Records what many command lines of monconf do: output, requests, written files and objects, one text file each.
#[derive(Parser)]
#[command(name = "record")]
struct Arguments {
    /// Folder for the recordings; it must be empty or not exist
    directory: PathBuf,
    /// The monconf to run [default: the one that is built beside this program]
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

fn main() -> ExitCode {
    // The testbed panics with a sentence; the thread and line of the panic say nothing to a user.
    panic::set_hook(Box::new(|info| {
        say(&format!("error: {}", sentence(info.payload())));
    }));
    match record(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn record(arguments: &Arguments) -> Result<(), String> {
    let program = program(arguments.program.as_deref())?;
    let lines = Line::all()?;
    let directory = empty(&arguments.directory)?;
    let recorded = lines.iter().filter(|line| line.is_recorded()).count();
    let width = recorded.to_string().len();
    let start = Instant::now();
    let world = World::new(&program)?;
    let mut number = 0;
    for line in lines {
        match line {
            Line::Install(operator) => world.install(operator),
            Line::Prepare(command) => world.prepare(&command)?,
            Line::Record { name, command } => {
                number += 1;
                say(&format!("{number}/{recorded} {command}"));
                let file = directory.join(format!("{number:0width$}-{name}.txt"));
                let text = world.record(&command)?;
                fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
            }
        }
    }
    say(&format!(
        "{recorded} recordings in {} after {:.0} s",
        directory.display(),
        start.elapsed().as_secs_f32()
    ));
    Ok(())
}

/// The program with its absolute path: it runs in another folder.
fn program(named: Option<&Path>) -> Result<PathBuf, String> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => env::current_exe()
            .map_err(|e| e.to_string())?
            .with_file_name("monconf"),
    };
    let hint = if named.is_none() {
        "; `cargo build` builds it"
    } else {
        ""
    };
    fs::canonicalize(&path).map_err(|e| format!("{}: {e}{hint}", path.display()))
}

/// Creates the folder. A recording of before in it would show up as a difference.
fn empty(directory: &Path) -> Result<PathBuf, String> {
    let failed = |e: io::Error| format!("{}: {e}", directory.display());
    fs::create_dir_all(directory).map_err(failed)?;
    if directory.read_dir().map_err(failed)?.next().is_some() {
        return Err(format!("{} is not empty", directory.display()));
    }
    directory.canonicalize().map_err(failed)
}

fn sentence(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("unknown")
}

fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "record: {line}");
}
