//! `monconf template`: the built-in templates, for reading and for replacing some of them.

use crate::error::{Error, Result};
use crate::outcome::{Ended, Exit};
use crate::promfile::{self, Write};
use crate::render::Builtin;
use crate::ui::Ui;
use std::path::PathBuf;

/// List, show or eject the built-in templates
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// List the templates and what each renders
    List,
    /// Print a template
    Show {
        /// Its name, as `template list` prints it
        name: String,
    },
    /// Write templates to a folder, to be changed there and used with --templates
    Eject {
        /// Which; all of them if none is named
        names: Vec<String>,
        /// The folder; made if it does not exist
        #[arg(long, value_name = "DIR", env = "MONCONF_TEMPLATES")]
        templates: PathBuf,
    },
}

/// Lists, shows or ejects.
pub fn run(args: Args, ui: &Ui) -> Result<Exit> {
    match args.verb {
        Verb::List => {
            let width = Builtin::ALL
                .iter()
                .map(|template| template.name.len())
                .max()
                .unwrap_or(0);
            for Builtin { name, summary, .. } in Builtin::ALL {
                ui.out(&format!("{name:width$}  {summary}\n"));
            }
        }
        Verb::Show { name } => ui.out(Builtin::named(&name)?.text),
        Verb::Eject { names, templates } => eject(&names, &templates, ui)?,
    }
    Ok(Ended::Done.into())
}

/// All or none: a file that exists is never overwritten.
fn eject(names: &[String], folder: &std::path::Path, ui: &Ui) -> Result<()> {
    let chosen: Vec<Builtin> = if names.is_empty() {
        Builtin::ALL.to_vec()
    } else {
        names
            .iter()
            .map(|name| Builtin::named(name))
            .collect::<Result<_>>()?
    };
    promfile::make_folder(folder)?;
    let files: Vec<(PathBuf, Builtin)> = chosen
        .into_iter()
        .map(|template| (folder.join(template.name), template))
        .collect();
    if let Some((path, _)) = files
        .iter()
        .find(|(path, _)| path.symlink_metadata().is_ok())
    {
        return Err(Error::usage_hint(
            format!("{} exists already; no template was written", path.display()),
            "move it away first, or eject into another folder",
        ));
    }
    for (path, template) in files {
        Write::new_file(&path, template.text).write()?;
        ui.note(&format!("{} written", path.display()));
    }
    Ok(())
}
