//! `monconf verify`: whether what was set up works, asked with the issued token.

mod configuration;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use self::configuration::of_file;
use super::provision::connect;
use super::{SettingsFile, Whose};
use crate::client::{Cluster, Scraper};
use crate::command::Global;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit, Outcome};
use crate::plan::Blocker;
use crate::prepare::{Issued, issued, prepare};
use crate::promfile;
use crate::quoted::shell_word;
use crate::reload::{Options, Server};
use crate::render::Templates;
use crate::spec::{Consumer, Settings, Spec};
use crate::token::{Claims, Token};
use crate::ui::Ui;
use crate::verify::{Asking, Report, picked_up, running, verify};

/// Prove with the issued token that discovery and every scrape work; name the cause where one does not
///
/// Asks the API server whether it accepts the token and grants each derived right, lists what discovery
/// lists, and gets the metrics of every target by the very URL that the consumer scrapes. Objects of an operator are
/// held against whoever selects them, what they select and its Events; with --prometheus-url the running
/// Prometheus is asked for the jobs too. Each failure is explained once, with lines to paste that mend it. Nothing is
/// written.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    whose: Whose,

    /// Verify this token instead of the one that was issued
    #[arg(
        long,
        env = "MONCONF_TOKEN_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    token_file: Option<PathBuf>,

    /// How many targets of each job are scraped: a number, or all
    #[arg(
        long,
        env = "MONCONF_NODES",
        hide_env_values = true,
        value_name = "N|all",
        default_value = "10"
    )]
    nodes: Sample,

    /// How many targets are scraped at the same time
    #[arg(
        long,
        env = "MONCONF_CONCURRENCY",
        hide_env_values = true,
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u16).range(1..=512)
    )]
    concurrency: u16,

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
    /// A row for each check and the causes, for people
    #[default]
    Text,
    /// Every check with its cause, for programs
    Json,
}

/// How many targets of each job.
#[derive(Clone, Copy, Debug)]
struct Sample(usize);

impl FromStr for Sample {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self(usize::MAX)),
            number => match number.parse() {
                Ok(number) if number > 0 => Ok(Self(number)),
                _ => Err("it is neither a number above 0 nor all"),
            },
        }
    }
}

/// Verifies, and shows what came of it.
pub async fn run(args: Args, global: &Global, ui: &Ui, outcome: &mut Outcome) -> Result<Exit> {
    let mut args = args;
    args.settings = args.file.beside(std::mem::take(&mut args.settings))?;
    let given = args.token_file.as_deref().map(token).transpose()?;
    let mut interrupt = Interrupt::new(global.timeout())?;
    let report = if let Some(file) = args.settings.config.clone() {
        let verified = of_file(&file, given.as_ref(), &args, global, ui);
        interrupt.or(Box::pin(verified)).await?
    } else {
        let verified = of_instance(given, &args, global, ui, outcome);
        interrupt.or(Box::pin(verified)).await?
    };
    match args.output {
        Output::Text => ui.verified(&report),
        Output::Json => {
            let report = serde_json::to_string_pretty(&report.json()).unwrap_or_default();
            ui.out(&(report + "\n"));
        }
    }
    if report.is_good() {
        return Ok(Ended::Verified.into());
    }
    tell(&report, outcome);
    Ok(Ended::Failed.into())
}

/// How many checks failed, and of the first the cause and what mends it.
fn tell(report: &Report, outcome: &mut Outcome) {
    let (failed, checks) = (report.failed(), report.rows.len());
    match report.diagnoses().first() {
        Some(first) => outcome.found(
            &format!(
                "{failed} of {checks} checks failed: {}",
                first.cause.sentence()
            ),
            first.fix.as_deref(),
        ),
        None => outcome.found("no job has a target", None),
    }
}

/// Verifies what monconf has made.
async fn of_instance(
    given: Option<Token>,
    args: &Args,
    global: &Global,
    ui: &Ui,
    outcome: &mut Outcome,
) -> Result<Report> {
    let templates = Templates::load(args.settings.templates.as_deref())?;
    let spec = spec(args.whose.consumer, args.settings.clone())?;
    outcome.is_about(&spec.names);
    let server = server(&spec, global, ui)?;
    let ours = connect(global, ui).await?;
    let is_own = given.is_none();
    let issued = issued(&spec, &ours, given).await?;
    if let Some(claims) = Claims::of(&issued.token) {
        outcome.kept(&claims);
    }
    let patience = global.request_timeout();
    let identity = Cluster::with_token(&issued.address, &issued.token, patience, ui.tracer())?;
    let progress = |done, of| ui.progress("targets asked", done, of);
    let asking = asking(args, &issued, (&identity, Some(&ours)), patience, &progress);
    let mut report = verify(&asking, &issued.scrapings, &issued.needs).await;
    report.rows.extend(picked_up(&issued.pickup, &ours).await);
    if let Some(server) = &server {
        let rows = running(server, &issued.pools, args.nodes.0).await;
        report.rows.extend(rows);
    }
    if is_own && report.is_mended_by_apply() {
        report.remedy = remedy(&spec, &templates, &ours).await;
    }
    Ok(report)
}

/// As the flags say; `identity` is the API server asked with the token, and the other one with our own credentials.
fn asking<'a>(
    args: &Args,
    issued: &'a Issued,
    (identity, ours): (&'a Cluster, Option<&'a Cluster>),
    patience: Duration,
    progress: &'a dyn Fn(usize, usize),
) -> Asking<'a> {
    Asking {
        identity,
        ours,
        token: &issued.token,
        discovers: issued.discovers,
        scraper: Scraper::new(patience),
        sample: args.nodes.0,
        at_once: args.concurrency.into(),
        progress,
    }
}

/// As for the consumer's own command, where only a Prometheus that reads files can be asked: here any can.
fn spec(consumer: Consumer, mut settings: Settings) -> Result<Spec> {
    let is_only_asked = consumer == Consumer::Prometheus && settings.reload.is_none();
    let url = settings.prometheus_url.take_if(|_| is_only_asked);
    let spec = Spec::new(consumer, settings)?;
    match url {
        Some(url) => spec.running_at(&url),
        None => Ok(spec),
    }
}

/// The running Prometheus, where one is named.
fn server(spec: &Spec, global: &Global, ui: &Ui) -> Result<Option<Server>> {
    let options = Options {
        request_timeout: global.request_timeout(),
        trace: ui.tracer(),
    };
    let running = spec.running.as_ref();
    running
        .map(|running| Server::connect(&running.url, &options))
        .transpose()
}

fn token(path: &Path) -> Result<Token> {
    let file = promfile::read(path)?.ok_or_else(|| Error::File {
        action: "read",
        path: path.to_owned(),
        reason: "there is no such file".to_owned(),
    })?;
    Ok(Token::new(file.text.trim().to_owned()))
}

/// The command that makes anew what is verified, with the flags of this one; `None` where it would refuse.
async fn remedy(spec: &Spec, templates: &Templates, cluster: &Cluster) -> Option<String> {
    let prepared = Box::pin(prepare(spec, templates, cluster, false)).await;
    let plan = prepared.ok()?.plan;
    let reloads = spec.running.as_ref().is_some_and(|to| to.reload.is_some());
    let mut words = same_flags(spec.names.consumer, reloads);
    words.push("--apply".to_owned());
    if !plan.blockers.is_empty() {
        let is_lifted = plan.blockers.iter().all(Blocker::is_lifted_by_taking_over);
        words.push(is_lifted.then(|| "--take-ownership".to_owned())?);
    }
    Some(words.join(" "))
}

/// The consumer's own command with the flags that this process was called with.
fn same_flags(consumer: Consumer, reloads: bool) -> Vec<String> {
    /// Of this command alone, each with a value.
    const OWN: [&str; 4] = ["--nodes", "--concurrency", "--output", "-o"];
    /// For whoever is not made to reload it means nothing there.
    const ASKED: &str = "--prometheus-url";
    let mut words = vec!["monconf".to_owned(), consumer.name().to_owned()];
    let mut verbs = vec!["verify", consumer.name()];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let flag = argument.split('=').next().unwrap_or_default();
        if OWN.contains(&flag) || flag == ASKED && !reloads {
            if flag == argument {
                arguments.next();
            }
        } else if verbs.contains(&argument.as_str()) {
            // A name that is given later may be the same word.
            verbs.retain(|verb| *verb != argument);
        } else {
            words.push(shell_word(&argument));
        }
    }
    words
}
