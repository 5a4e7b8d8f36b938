//! `cargo architecture`: checks the modules of the workspace, or draws them.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program prints its answer"
)]

use std::error::Error;
use std::process::ExitCode;

use architecture::check::check;
use architecture::layers::Layers;
use architecture::mermaid::mermaid;
use architecture::workspace::{crates, folder};
use clap::{Parser, Subcommand};

/// Check the modules of the workspace against layers.toml, or draw them
#[derive(Parser)]
#[command(name = "cargo architecture", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Print the violations of layers.toml (default)
    Check,
    /// Draw the modules of a crate as a Mermaid diagram
    Mermaid {
        /// The crate
        #[arg(default_value = "monconf")]
        name: String,
    },
}

fn main() -> ExitCode {
    let text = match Arguments::parse().verb.unwrap_or(Verb::Check) {
        Verb::Check => findings(),
        Verb::Mermaid { name } => diagram(&name),
    };
    match text {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn findings() -> Result<String, Box<dyn Error>> {
    let findings = check(folder(), &Layers::of_workspace()?)?;
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if lines.is_empty() {
        return Ok("No violations. The modules match layers.toml.\n".to_owned());
    }
    Err(lines.join("\nerror: ").into())
}

fn diagram(name: &str) -> Result<String, Box<dyn Error>> {
    let mut layers = Layers::of_workspace()?;
    let rules = layers.crates.remove(name).unwrap_or_default();
    let crates = crates(folder())?;
    let found = crates.iter().find(|one| one.name == name);
    let found = found.ok_or_else(|| format!("there is no crate {name}"))?;
    Ok(mermaid(&found.graph(folder())?, &rules))
}
