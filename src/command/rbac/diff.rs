//! `monconf rbac diff`: what an identity may do against what the jobs need.

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use serde_json::{Value, json};

use super::FOUND;
use crate::access::{Comparison, Need, Surplus, compare};
use crate::client::Cluster;
use crate::command::provision::connect;
use crate::command::{Global, SettingsFile, Whose};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::mask::scrub_all;
use crate::outcome::{Ended, Exit};
use crate::rbac::Scope;
use crate::rbac::bindings::{Identity, Name, Roles, Subject};
use crate::render::grants;
use crate::spec::{Form, Settings, Spec, valid_name};
use crate::ui::{Compared, Ui};

/// Compare what an identity may do with what the jobs need
///
/// What they need is what the consumer's own command would grant for the same flags. Counts every binding
/// to the identity and its groups, and the rules of aggregated roles. What everybody who can log in may do
/// is no surplus. Nothing is written.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    whose: Whose,

    /// The ServiceAccount that discovers and scrapes [default: the instance's own]
    #[arg(
        long,
        env = "MONCONF_SERVICE_ACCOUNT",
        hide_env_values = true,
        value_name = "NAMESPACE/NAME"
    )]
    service_account: Option<String>,

    #[command(flatten)]
    file: SettingsFile,

    /// Exit with 2 when a right is missing or superfluous, 0 when none is
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

    #[command(flatten)]
    settings: Settings,
}

/// What standard output holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// What is missing and what is superfluous, for people
    #[default]
    Text,
    /// Every right with role and binding, for programs
    Json,
}

/// Reads, compares and shows.
pub(super) async fn run(args: Args, global: &Global, ui: &Ui) -> Result<Exit> {
    let settings = args.file.beside(args.settings)?;
    let spec = Spec::new(args.whose.consumer, settings)?;
    let asked = args.service_account.as_deref().map(account).transpose()?;
    let own = Subject::ServiceAccount {
        namespace: spec.names.namespace.clone(),
        name: spec.names.service_account(),
    };
    let subject = asked.unwrap_or_else(|| own.clone());
    let mut interrupt = Interrupt::new(global.timeout())?;
    let read = read(&spec, subject == own, global, ui);
    let (roles, needs) = interrupt.or(read).await?;
    let comparison = compare(&roles, &Identity::of(&subject), &needs);
    let jobs: Vec<String> = spec.jobs.iter().map(|job| job.name.clone()).collect();
    match args.output {
        Output::Text => ui.compared(&Compared {
            subject: &subject,
            jobs: &jobs,
            comparison: &comparison,
        }),
        Output::Json => ui.out(&report(&subject, &jobs, &comparison)),
    }
    if args.detailed_exitcode && !comparison.is_exact() {
        return Ok(Ended::Done.with_code(FOUND));
    }
    Ok(Ended::Done.into())
}

/// Roles and bindings, and what the identity needs: for itself alone where it is `ours`; for discovery too where it
/// is somebody else's.
async fn read(spec: &Spec, ours: bool, global: &Global, ui: &Ui) -> Result<(Roles, Vec<Need>)> {
    let cluster: Cluster = connect(global, ui).await?;
    let (roles, served) = tokio::join!(cluster.roles(), cluster.serves(spec));
    let form = match Form::of(spec, served?) {
        Form::Operator if !ours => Form::Mounted {
            mount_dir: String::new(),
        },
        form => form,
    };
    Ok((roles?, grants(spec, &form).needs()))
}

fn account(text: &str) -> Result<Subject> {
    match text.split_once('/') {
        Some((namespace, name)) if valid_name(namespace) && name.split('.').all(valid_name) => {
            Ok(Subject::ServiceAccount {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        }
        _ => Err(Error::usage_hint(
            format!("--service-account {text:?} names no ServiceAccount"),
            "write it as NAMESPACE/NAME",
        )),
    }
}

fn report(subject: &Subject, jobs: &[String], comparison: &Comparison<'_>) -> String {
    let missing: Vec<Value> = comparison.missing.iter().map(missing).collect();
    let surplus: Vec<Value> = comparison.surplus.iter().flat_map(superfluous).collect();
    let mut report = json!({
        "identity": {"kind": subject.kind(), "name": subject.name()},
        "jobs": jobs,
        "missing": missing,
        "surplus": surplus,
        "exact": comparison.is_exact(),
    });
    scrub_all(&mut report);
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

fn missing(need: &Need) -> Value {
    json!({
        "right": need.right.to_string(),
        "namespace": namespace(&need.scope),
        "jobs": need.jobs,
    })
}

/// One entry for each right.
fn superfluous(surplus: &Surplus<'_>) -> Vec<Value> {
    let held = &surplus.held;
    let name =
        |name: &Name| json!({"kind": name.kind, "namespace": name.namespace, "name": name.name});
    let entries = surplus
        .unneeded
        .iter()
        .map(|right| (right, false))
        .chain(surplus.wider.iter().map(|right| (right, true)));
    entries
        .map(|(right, wider)| {
            json!({
                "right": right.to_string(),
                "namespace": namespace(&held.scope),
                "neededInPart": wider,
                "role": name(&held.role.name),
                "ruleIndex": held.index,
                "binding": name(&held.binding.name),
                "dangers": surplus.dangers_of(right),
            })
        })
        .collect()
}

fn namespace(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Cluster => None,
        Scope::Namespace(namespace) => Some(namespace),
    }
}
