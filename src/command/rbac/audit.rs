//! `monconf rbac audit`: who holds rights that are worth more than they look.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use serde_json::Value;

use super::{FOUND, files};
use crate::client::Cluster;
use crate::cluster::{Answers, Question};
use crate::command::Global;
use crate::command::provision::connect;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit};
use crate::rbac::audit::{Confirmed, Finding, Severity, audit, report, sarif};
use crate::rbac::bindings::{Identity, Roles};
use crate::ui::Ui;

/// Find who may execute commands in pods, read Secrets, or get at more rights
///
/// Reads every role and binding of the cluster, or of manifests with --file, and matches them as the API
/// server does: wildcards, object names, aggregated roles, groups. In a cluster every finding is confirmed
/// by the API server. Exit code 0 without findings, 2 with findings, 1 after an error.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A manifest, a folder of manifests, or - for standard input, in place of a cluster; repeatable
    #[arg(short, long = "file", value_name = "FILE|DIR")]
    files: Vec<PathBuf>,

    /// The least severity that is shown and counts
    #[arg(long, value_enum, default_value_t = Severity::Medium, env = "MONCONF_SEVERITY", hide_env_values = true)]
    severity: Severity,

    /// Also what every cluster gives to its own components
    #[arg(long, env = "MONCONF_ALL", hide_env_values = true, value_parser = BoolishValueParser::new())]
    all: bool,

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

    /// Exit with 0 whatever is found
    #[arg(long, env = "MONCONF_EXIT_ZERO", hide_env_values = true, value_parser = BoolishValueParser::new())]
    exit_zero: bool,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A table, and how to mend each finding
    #[default]
    Text,
    /// Every finding with subject, binding, role and rule, for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// What was found, and what goes with it.
struct Found {
    findings: Vec<Finding>,
    /// How many more there are below the least severity.
    hidden: usize,
    /// Why the API server has confirmed nothing.
    unconfirmed: Option<String>,
}

/// Reads, looks, asks the API server, and shows.
pub(super) async fn run(args: Args, global: &Global, ui: &Ui) -> Result<Exit> {
    let found = if args.files.is_empty() {
        let mut interrupt = Interrupt::new(global.timeout())?;
        interrupt.or(in_cluster(&args, global, ui)).await?
    } else {
        in_files(&args, ui)?
    };
    show(&found, &args, ui);
    if found.findings.is_empty() || args.exit_zero {
        return Ok(Ended::Done.into());
    }
    Ok(Ended::Done.with_code(FOUND))
}

fn in_files(args: &Args, ui: &Ui) -> Result<Found> {
    let mut roles = files::read(&args.files)?;
    let (count, bindings) = roles.count();
    ui.note(&format!("Roles: {count}, bindings: {bindings}"));
    for name in roles.replaced() {
        ui.warn(&format!(
            "{name} stands in these files more than once: only the last one is judged"
        ));
    }
    let unbound: Vec<String> = roles.unbound().iter().map(ToString::to_string).collect();
    if !unbound.is_empty() {
        ui.warn(&format!(
            "bound to nobody in these files, and so not judged: {}",
            unbound.join(", ")
        ));
    }
    roles.add_defaults();
    for name in roles.unknown() {
        ui.warn(&format!(
            "{name} is bound and not in these files: what it grants is not known"
        ));
    }
    Ok(Found::new(&roles, args))
}

async fn in_cluster(args: &Args, global: &Global, ui: &Ui) -> Result<Found> {
    let cluster = connect(global, ui).await?;
    let (roles, user) = tokio::join!(cluster.roles(), cluster.who_am_i());
    let roles = roles?;
    let (count, bindings) = roles.count();
    let user = user.unwrap_or_else(|| "an unknown user".to_owned());
    ui.note(&format!(
        "Cluster {} ({}) as {user}, read only. Roles: {count}, bindings: {bindings}",
        cluster.context(),
        cluster.server(),
    ));
    let mut found = Found::new(&roles, args);
    found.unconfirmed = confirm(&cluster, &mut found.findings).await?;
    Ok(found)
}

impl Found {
    fn new(roles: &Roles, args: &Args) -> Self {
        let mut findings = audit(roles, args.all);
        let all = findings.len();
        findings.retain(|finding| finding.severity >= args.severity);
        Self {
            hidden: all - findings.len(),
            findings,
            unconfirmed: None,
        }
    }
}

fn show(found: &Found, args: &Args, ui: &Ui) {
    let Found {
        findings,
        hidden,
        unconfirmed,
    } = found;
    match args.output {
        Output::Text => ui.audit(findings),
        Output::Json => ui.out(&pretty(&report(findings, unconfirmed.as_deref()))),
        Output::Sarif => {
            let folder = std::env::current_dir().unwrap_or_default();
            ui.out(&pretty(&sarif(findings, &folder)));
        }
    }
    if let Some(reason) = unconfirmed {
        ui.warn(&format!("not confirmed: {reason}"));
    }
    if *hidden > 0 {
        let least = args.severity;
        ui.note(&format!(
            "{hidden} more below {least}; --severity low shows all"
        ));
    }
}

/// Asks the API server for one right of each finding. Gives the reason where it does not answer this caller.
async fn confirm(cluster: &Cluster, findings: &mut [Finding]) -> Result<Option<String>> {
    let questions: Vec<Question> = findings
        .iter()
        .map(|finding| Question {
            identity: Identity::of(&finding.subject),
            right: finding.rights[0].clone(),
            scope: finding.scope.clone(),
        })
        .collect();
    let answers = match cluster.ask(&questions).await? {
        Answers::Known(answers) => answers,
        Answers::NotForUs(reason) => return Ok(Some(reason)),
    };
    for (finding, allowed) in findings.iter_mut().zip(answers) {
        finding.confirmed = if allowed {
            Confirmed::Yes
        } else {
            Confirmed::No
        };
    }
    Ok(None)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
