//! `monconf explain`: what an error says, and how to mend it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::error::{Error, Result};
use crate::outcome::{Ended, Exit};
use crate::ui::Ui;
use crate::verify::diagnosis::{explain, report};

/// Explain an error, an answer or lines of a log, and how to mend it; asks nobody
///
/// Reads what the API server, the kubelet, kube-rbac-proxy, Prometheus, curl or kubectl print: a line, JSON, a whole
/// log. Exit code 0 where something in it is known, otherwise 1.
#[derive(clap::Args)]
pub struct Args {
    /// File with the text; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,

    /// What to print on standard output
    #[arg(
        short,
        long,
        env = "MONCONF_OUTPUT",
        hide_env_values = true,
        value_enum,
        default_value_t
    )]
    output: Output,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Cause and remedy, for people
    #[default]
    Text,
    /// Every cause with its code, for programs
    Json,
}

/// No longer text than this is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// What can be pasted.
const FORMS: &str = "an answer of the API server, the kubelet or kube-rbac-proxy, `lastError` of Prometheus' targets, what curl or kubectl printed, lines of their logs";

/// Reads, explains and prints.
pub fn run(args: &Args, ui: &Ui) -> Result<Exit> {
    let findings = explain(&read(&args.file, ui)?);
    match args.output {
        Output::Json => {
            let report = serde_json::to_string_pretty(&report(&findings)).unwrap_or_default();
            ui.out(&(report + "\n"));
        }
        Output::Text if findings.is_empty() => {
            ui.out("unknown\n");
            ui.hint(&format!("known is {FORMS}"));
        }
        Output::Text => ui.diagnosis(&findings),
    }
    Ok(if findings.is_empty() {
        Ended::Failed.into()
    } else {
        Ended::Done.into()
    })
}

/// Whatever is no UTF-8 in it matters to nobody here.
fn read(path: &Path, ui: &Ui) -> Result<String> {
    let mut bytes = Vec::new();
    let result = if path == Path::new("-") {
        if ui.input_is_typed() {
            ui.note(&format!("Paste {FORMS}; then press Ctrl-D."));
        }
        std::io::stdin()
            .lock()
            .take(LONGEST + 1)
            .read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
    };
    result.map_err(|error| Error::File {
        action: "read",
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::usage_hint(
            "the text is longer than 1 MiB",
            "the last lines are enough: `tail -n 1000 LOG | monconf explain`",
        ));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
