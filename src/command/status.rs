//! `monconf status`: every instance, its token, and what is due.

use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{ArgMatches, FromArgMatches, ValueEnum};

use super::provision::connect;
use super::{SettingsFile, Whose};
use crate::access::{Comparison, Surplus, compare};
use crate::client::Cluster;
use crate::cluster::Instances;
use crate::command::Global;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::mark::ClusterIdentity;
use crate::outcome::{Ended, Exit, Outcome};
use crate::plan::{Action, Plan};
use crate::prepare::{Prepared, prepare};
use crate::promfile::{self, Write};
use crate::rbac::bindings::{Identity, Subject};
use crate::render::Templates;
use crate::spec::{Form, Settings, Spec, TokenPlace};
use crate::status::{Drift, Overview, Row, TokenFile, exposition, output, report, rows};
use crate::token::{Claims, Token};
use crate::ui::Ui;

/// Show every instance on the cluster: its token, when that is due, and what differs
///
/// Of Secrets it asks for nothing but metadata, so no token gets here; except of the instance that the settings
/// describe, for which it makes the plan that its command would make, and compares the rights of its account with what
/// the jobs need. Nothing is written.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    token_dirs: TokenDirs,

    #[command(flatten)]
    whose: Whose,

    #[command(flatten)]
    file: SettingsFile,

    /// Exit with 2 when something is due, 0 when nothing is
    #[arg(long, env = "MONCONF_DETAILED_EXITCODE", hide_env_values = true, value_parser = BoolishValueParser::new())]
    detailed_exitcode: bool,

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

    /// Write it to FILE instead, in one step, as the textfile collector of the node exporter needs it
    #[arg(
        long,
        env = "MONCONF_OUTPUT_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    output_file: Option<PathBuf>,

    #[command(flatten)]
    settings: Settings,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A table, for people
    #[default]
    Text,
    /// Everything, for programs
    Json,
    /// Metrics in Prometheus' text format
    Prometheus,
}

/// Every `--token-dir`. The argument is that of [`Settings`], which here may be given several times.
#[derive(Clone, Debug, Default)]
struct TokenDirs(Vec<PathBuf>);

impl FromArgMatches for TokenDirs {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let mut dirs = Self::default();
        dirs.update_from_arg_matches(matches)?;
        Ok(dirs)
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        let given = matches.get_many::<PathBuf>("token_dir");
        self.0 = given.into_iter().flatten().cloned().collect();
        Ok(())
    }
}

impl clap::Args for TokenDirs {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

/// Exit code where something is due.
const DUE: u8 = 2;

/// Reads, and shows.
pub async fn run(args: Args, global: &Global, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
    if args.output_file.is_some() && args.output == Output::Text {
        return Err(Error::usage_hint(
            "--output-file is for programs, the table is not",
            "add -o prometheus or -o json",
        ));
    }
    let mut settings = args.file.beside(args.settings)?;
    let dirs = args.token_dirs.all(&mut settings);
    let templates = Templates::load(settings.templates.as_deref())?;
    let is_named = settings.name.is_some();
    let spec = Spec::new(args.whose.consumer, settings)?;
    let files = token_files(&spec, &dirs)?;
    outcome.is_about(&spec.names);

    let mut interrupt = Interrupt::new(global.timeout())?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let instances = interrupt
        .or(async { Ok(cluster.instances(&spec.names.namespace).await?) })
        .await?;
    let mut overview = overview(&cluster, &instances, &files);
    let described = overview.rows.iter().position(|row| row.is_of(&spec.names));
    if described.is_none() && is_named {
        overview.rows.push(Row::of_names(&spec.names));
    }
    let described = described.or(is_named.then(|| overview.rows.len() - 1));
    if let Some(row) = described {
        let compared = compared(&spec, &templates, &cluster, ui);
        let (drift, surplus) = interrupt.or(compared).await?;
        overview.rows[row].drift = drift;
        overview.rows[row].surplus = surplus;
    }

    let text = match args.output {
        Output::Text => None,
        Output::Json => {
            Some(serde_json::to_string_pretty(&report(&overview)).unwrap_or_default() + "\n")
        }
        Output::Prometheus => Some(exposition(&overview)),
    };
    match (text, &args.output_file) {
        (None, _) => ui.status(&overview),
        (Some(text), None) => ui.out(&text),
        (Some(text), Some(file)) => {
            let identity = ClusterIdentity::new(None, None, cluster.ca_pem());
            let header = match args.output {
                Output::Prometheus => output::header(&identity),
                Output::Text | Output::Json => String::new(),
            };
            replace(file, &(header + &text), &identity, cluster.server())?;
        }
    }
    for warning in &instances.warnings {
        ui.warn(warning);
    }
    if args.detailed_exitcode && overview.is_due() {
        return Ok(Ended::Done.with_code(DUE));
    }
    Ok(Ended::Done.into())
}

impl TokenDirs {
    /// Every folder that is given. For the settings the first one is what it is for the consumer's command, where files
    /// are named; without files it means nothing there.
    fn all(self, settings: &mut Settings) -> Vec<PathBuf> {
        let mut dirs = self.0;
        if dirs.is_empty() {
            dirs.extend(settings.token_dir.clone());
        }
        if settings.config.is_none() && settings.drop_in.is_none() {
            settings.token_dir = None;
        }
        dirs
    }
}

/// The token files in `dirs`, and the one of the settings' own instance where there is one.
fn token_files(spec: &Spec, dirs: &[PathBuf]) -> Result<Vec<TokenFile>> {
    let mut files = Vec::new();
    for dir in dirs {
        let path = dir.join("token");
        let file = token_file(&path)?.unwrap_or_else(|| TokenFile {
            path,
            claims: Err("there is no such file".to_owned()),
        });
        files.push(file);
    }
    if let TokenPlace::File(path) = Form::of(spec, false).token_place()
        && !files.iter().any(|file| file.path == path)
    {
        files.extend(token_file(&path)?);
    }
    Ok(files)
}

fn token_file(path: &Path) -> Result<Option<TokenFile>> {
    let Some(file) = promfile::read(path)? else {
        return Ok(None);
    };
    let token = Token::new(file.text.to_string().trim().to_owned());
    Ok(Some(TokenFile {
        path: path.to_owned(),
        claims: Claims::of(&token)
            .ok_or_else(|| "what is there is not a token of a ServiceAccount".to_owned()),
    }))
}

fn overview(cluster: &Cluster, instances: &Instances, files: &[TokenFile]) -> Overview {
    let user = instances.user.as_deref().or(cluster.user());
    Overview {
        context: cluster.context().to_owned(),
        server: cluster.server().to_owned(),
        identity: user.unwrap_or("an unknown user").to_owned(),
        now: instances.now,
        only: instances.only.clone(),
        rows: rows(&instances.found, files, instances.now),
    }
}

/// What differs from the settings, and which rights are superfluous; what may not be read is said and not known.
async fn compared(
    spec: &Spec,
    templates: &Templates,
    cluster: &Cluster,
    ui: &Ui,
) -> Result<(Option<Drift>, Option<Vec<String>>)> {
    let (prepared, roles) = tokio::join!(
        Box::pin(prepare(spec, templates, cluster, false)),
        cluster.roles()
    );
    let prepared = known(prepared, "what differs from the settings is not known", ui)?;
    let roles = known(
        roles.map_err(Error::from),
        "superfluous rights are not known",
        ui,
    )?;
    let surplus = prepared.as_ref().zip(roles).map(|(prepared, roles)| {
        let account = Subject::ServiceAccount {
            namespace: spec.names.namespace.clone(),
            name: spec.names.service_account(),
        };
        surplus(&compare(
            &roles,
            &Identity::of(&account),
            &prepared.grants.needs(),
        ))
    });
    Ok((prepared.map(|Prepared { plan, .. }| drift(&plan)), surplus))
}

fn surplus(comparison: &Comparison<'_>) -> Vec<String> {
    let of = |surplus: &Surplus<'_>| -> Vec<String> {
        let rights = surplus.unneeded.iter().chain(&surplus.wider);
        rights
            .map(|right| format!("{right}, through {}", surplus.held.binding.name))
            .collect()
    };
    comparison.surplus.iter().flat_map(of).collect()
}

fn known<T>(result: Result<T>, otherwise: &str, ui: &Ui) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_refusal() => {
            ui.warn(&format!("{error}; so {otherwise}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn drift(plan: &Plan) -> Drift {
    if let Some(blocker) = plan.blockers.first() {
        return Drift::Blocked(blocker.to_string());
    }
    Drift::Pending {
        create: plan.count(&[Action::Create]),
        change: plan.count(&[Action::Update, Action::Replace]),
        delete: plan.count(&[Action::Delete]),
    }
}

/// Replaces a file whole, if it holds an overview of the same cluster, or is empty and this user's.
fn replace(path: &Path, text: &str, identity: &ClusterIdentity, server: &str) -> Result<()> {
    let before = promfile::read(path)?;
    if let Some(file) = &before {
        let user = file.owner.0;
        let why = output::stranger(&file.text, identity, server).or_else(|| {
            let is_anothers = file.text.trim().is_empty() && !file.is_own;
            is_anothers.then(|| format!("is empty and belongs to user {user}"))
        });
        if let Some(why) = why {
            return Err(Error::usage_hint(
                format!("file {} {why}; nothing was written", path.display()),
                format!("name another file, or `rm {}`", path.display()),
            ));
        }
    }
    let before = before.map(|before| before.text);
    let write = Write {
        before: before.as_deref(),
        ..Write::new_file(path, text)
    };
    write.write()
}
