//! `monconf preflight`: which rights a command line takes of whoever runs it, and which of them are missing.

mod ask;
mod manifests;
mod needs;

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;

use self::ask::answered;
use self::manifests::Applied;
use self::needs::{offline, online};
use super::provision::connect;
use super::{SettingsFile, Whose};
use crate::client::is_in_pod;
use crate::command::Global;

use crate::command::with_output;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit};
use crate::preflight::{Caller, Preflight, Tool, Verb, report, roles};
use crate::render::Templates;
use crate::spec::{Consumer, Settings, Spec};
use crate::ui::Ui;

/// Tell which rights a command line takes of whoever runs it, and which are missing
///
/// From what the command would ask and write, with the same flags, follows every right that it takes: what it reads, what
/// its plan writes, and what it has to hold to grant the role of the account that scrapes. The API server is asked about
/// each. With -o yaml the least roles for it are printed, for an administrator to apply. The exit code is 1 when a right
/// is missing without which the command fails. Nothing is written.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    whose: Whose,

    /// The command; several at once with commas
    #[arg(
        long = "for",
        env = "MONCONF_FOR",
        hide_env_values = true,
        value_name = "COMMAND",
        value_enum,
        value_delimiter = ',',
        default_value = "apply"
    )]
    verbs: Vec<Verb>,

    /// Whose rights are asked about, instead of your own: a user's name, or system:serviceaccount:NAMESPACE:NAME
    #[arg(
        long = "as",
        env = "MONCONF_AS",
        hide_env_values = true,
        value_name = "USER"
    )]
    user: Option<String>,

    /// A group of that user; may be given several times
    #[arg(
        long = "as-group",
        env = "MONCONF_AS_GROUP",
        hide_env_values = true,
        value_name = "GROUP",
        value_delimiter = ',',
        requires = "user"
    )]
    groups: Vec<String>,

    /// With -o yaml, leave out what the command can do without
    #[arg(long, env = "MONCONF_REQUIRED", hide_env_values = true, value_parser = BoolishValueParser::new())]
    required: bool,

    /// For remove: with the Namespace
    #[arg(long, env = "MONCONF_DELETE_NAMESPACE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    delete_namespace: bool,

    /// Instead of a command of monconf: what whoever applies the manifests in FILE needs; - is standard input
    #[arg(
        long,
        env = "MONCONF_MANIFESTS",
        hide_env_values = true,
        value_name = "FILE",
        conflicts_with = "verbs"
    )]
    manifests: Option<PathBuf>,

    /// With what they are applied [default: helm4 where they carry Helm's marks, else kubectl]
    #[arg(
        long = "with",
        env = "MONCONF_WITH",
        hide_env_values = true,
        value_name = "TOOL",
        value_enum,
        requires = "manifests"
    )]
    tool: Option<Tool>,

    /// Ask no cluster: print what is needed where nothing exists yet
    #[arg(long, env = "MONCONF_OFFLINE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    offline: bool,

    #[command(flatten)]
    file: SettingsFile,

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

    #[command(flatten)]
    settings: Settings,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// What is missing and what is held, for people
    #[default]
    Text,
    /// Every right with what it is for, for programs
    Json,
    /// The least roles, for `kubectl apply -f -`
    Yaml,
}

/// Works out, asks and shows.
pub async fn run(args: Args, global: &Global, ui: &Ui) -> Result<Exit> {
    let settings = args.file.beside(args.settings.clone())?;
    if let Some(path) = &args.manifests {
        let applied = Applied::read(path, args.tool, settings.namespace.as_deref())?;
        return of_manifests(&applied, &args, global, ui).await;
    }
    let templates = Templates::load(settings.templates.as_deref())?;
    let spec = spec(args.whose.consumer, settings, &args.verbs)?;
    let mut preflight = Preflight {
        command: command(&spec, &args.verbs),
        role: role(&spec, &args.verbs),
        caller: args.user.as_deref().map(|user| caller(user, &args.groups)),
        ..Preflight::default()
    };
    let wanted = needs::Wanted {
        verbs: &args.verbs,
        spec: &spec,
        templates: &templates,
        with_namespace: args.delete_namespace,
    };
    if args.offline {
        preflight.demands = offline(&wanted)?;
        return Ok(show(&preflight, &args, global, ui));
    }
    let mut interrupt = Interrupt::new(global.timeout())?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let found = async {
        preflight.demands = Box::pin(online(&wanted, &cluster)).await?;
        answered(preflight, &cluster).await
    };
    let preflight = interrupt.or(Box::pin(found)).await?;
    Ok(show(&preflight, &args, global, ui))
}

/// For whoever applies manifests.
async fn of_manifests(applied: &Applied, args: &Args, global: &Global, ui: &Ui) -> Result<Exit> {
    let preflight = Preflight {
        caller: args.user.as_deref().map(|user| caller(user, &args.groups)),
        ..Preflight::default()
    };
    if args.offline {
        return Ok(show(&applied.offline(preflight), args, global, ui));
    }
    let mut interrupt = Interrupt::new(global.timeout())?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let found = applied.online(preflight, &cluster);
    let preflight = interrupt.or(Box::pin(found)).await?;
    Ok(show(&preflight, args, global, ui))
}

/// As the command itself would read its settings.
fn spec(consumer: Consumer, settings: Settings, verbs: &[Verb]) -> Result<Spec> {
    if verbs == [Verb::Remove] {
        return Spec::for_removal(consumer, settings);
    }
    let spec = Spec::new(consumer, settings)?;
    if verbs
        .iter()
        .any(|verb| matches!(verb, Verb::Plan | Verb::Apply))
    {
        spec.check_destination()?;
    }
    Ok(spec)
}

/// `monconf prometheus --apply, monconf rotate prometheus`.
fn command(spec: &Spec, verbs: &[Verb]) -> String {
    let commands = verbs.iter().map(|verb| verb.command(spec.names.consumer));
    commands.collect::<Vec<_>>().join(", ")
}

/// `monitoring-monconf-apply`; it carries no label of the instance, of which it is no part.
fn role(spec: &Spec, verbs: &[Verb]) -> String {
    let verbs: Vec<&str> = verbs.iter().map(|verb| verb.name()).collect();
    format!("{}-monconf-{}", spec.names.instance, verbs.join("-"))
}

fn caller(user: &str, groups: &[String]) -> Caller {
    Caller {
        user: user.to_owned(),
        other: Some(ask::identity(user, groups)),
    }
}

fn show(preflight: &Preflight, args: &Args, global: &Global, ui: &Ui) -> Exit {
    match args.output {
        Output::Text => ui.preflight(preflight),
        Output::Json => {
            let report = serde_json::to_string_pretty(&report(preflight)).unwrap_or_default();
            ui.out(&(report + "\n"));
        }
        Output::Yaml => {
            ui.roles(&roles(preflight, args.required));
            for note in &preflight.demands.notes {
                ui.note(&format!("note: {note}"));
            }
        }
    }
    let is_missing = preflight.count_missing() > 0;
    if is_missing && args.output != Output::Yaml {
        let user = preflight.caller.as_ref().map(|caller| caller.user.as_str());
        let is_in_pod = is_in_pod(global.kubeconfig.clone());
        if let Some(line) = with_output(&global.arguments, user, is_in_pod) {
            ui.hint(&format!("let an administrator run `{line}`"));
        }
    }
    if is_missing {
        Ended::Failed.with_code(1)
    } else {
        Ended::Done.into()
    }
}

/// What a refused question about others means here.
fn not_for_us(why: &str) -> Error {
    Error::usage_hint(
        format!("it is not known what others may do: {why}"),
        "leave out --as to ask about yourself; asking about others takes `create subjectaccessreviews.authorization.k8s.io`",
    )
}
