//! `monconf jobs`: what can be scraped, and which rights that takes.

use serde_json::{Value, json};

use super::{Output, SettingsFile, Whose};
use crate::access::{self, Grants, Need};
use crate::error::Result;
use crate::job::Job;
use crate::object::Kind;
use crate::outcome::{Ended, Exit};
use crate::rbac::Rule;
use crate::render::discovered;
use crate::spec::{Form, Settings, Spec};
use crate::ui::Ui;

/// List the jobs that can be configured, with the rights that they need
///
/// Those of the catalogue, and the own jobs of monconf.yaml. With prometheus-operator the rights of discovery belong to
/// Prometheus' own ServiceAccount, with --format raw to the one that monconf makes. With `grafana-agent --format
/// monitors` targets are found by other objects, and so by other rights.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    whose: Whose,

    #[command(flatten)]
    file: SettingsFile,

    /// Configuration that they are to be in, as the consumer's own command has it [default: auto]
    #[arg(
        long,
        env = "MONCONF_FORMAT",
        hide_env_values = true,
        value_name = "FORMAT"
    )]
    format: Option<String>,

    /// What to print
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

/// Prints the list.
pub fn run(args: Args, ui: &Ui) -> Result<Exit> {
    let mut flags = Settings::default();
    flags.format = args.format;
    let settings = args.file.beside(flags)?;
    let defaults = settings.chosen();
    let spec = Spec::new(args.whose.consumer, settings.with_every_job())?;
    // No cluster is asked; what its operator may make of `auto` needs the same rights.
    let jobs = discovered(&spec, &Form::of(&spec, false));
    let is_default = |job: &Job| defaults.contains(&job.name);
    let entry = |job: &Job| entry(job, is_default(job), spec.monitor_kind(job));
    let listed: Vec<Value> = jobs.iter().map(entry).collect();
    match args.output {
        Output::Text => {
            let blocks = jobs.iter().map(|job| block(job, is_default(job)));
            ui.out(&blocks.collect::<Vec<_>>().join("\n"));
        }
        Output::Json => ui.out(&(serde_json::to_string_pretty(&listed).unwrap_or_default() + "\n")),
        Output::Yaml => ui.out(&yaml::emit(&listed.into())),
    }
    Ok(Ended::Done.into())
}

fn block(job: &Job, is_default: bool) -> String {
    let mark = if is_default { " (default)" } else { "" };
    let scheme = if job.tls { "https" } else { "http" };
    let place = match job.discovery.namespaces.as_slice() {
        [] => String::new(),
        namespaces => format!(" in {}", namespaces.join(", ")),
    };
    let jobs = std::slice::from_ref(job);
    let (scraping, discovering) = (access::scraping(jobs), access::discovering(jobs));
    let nothing = || vec!["nothing: its targets serve everybody".to_owned()];
    let mut scraping = sentences(&scraping);
    if scraping.is_empty() {
        scraping = nothing();
    }
    let mut lines = vec![
        format!("{}{mark}: {}", job.name, job.summary),
        format!(
            "  finds             role {}{place}",
            job.discovery.role.name()
        ),
        format!("  scrapes           {scheme}, {}", job.metrics_path),
    ];
    for (what, sentences) in [
        ("needs to scrape", scraping),
        ("needs to discover", sentences(&discovering)),
    ] {
        lines.extend(sentences.iter().enumerate().map(|(index, sentence)| {
            let what = if index == 0 { what } else { "" };
            format!("  {what:17} {sentence}")
        }));
    }
    lines.join("\n") + "\n"
}

/// One sentence for each rule: `list, watch pods, services in kube-system`.
fn sentences(needs: &[Need]) -> Vec<String> {
    let Grants {
        cluster,
        namespaces,
    } = Grants::of(needs);
    let in_cluster = cluster.iter().map(Rule::to_string);
    let in_namespaces = namespaces.iter().flat_map(|(namespace, rules)| {
        rules
            .iter()
            .map(move |rule| format!("{rule} in {namespace}"))
    });
    in_cluster.chain(in_namespaces).collect()
}

fn entry(job: &Job, is_default: bool, monitor: Option<Kind>) -> Value {
    let jobs = std::slice::from_ref(job);
    let rights = |needs: Vec<Need>| needs.iter().map(Need::json).collect::<Vec<_>>();
    json!({
        "name": job.name,
        "summary": job.summary,
        "jobName": job.job_name,
        "default": is_default,
        "role": job.discovery.role.name(),
        "namespaces": job.discovery.namespaces,
        "scheme": if job.tls { "https" } else { "http" },
        "path": job.metrics_path,
        "operatorKind": monitor.map(Kind::name),
        "scraping": rights(access::scraping(jobs)),
        "discovering": rights(access::discovering(jobs)),
    })
}
