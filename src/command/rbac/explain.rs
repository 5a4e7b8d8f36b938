//! `monconf rbac explain`: which job needs which right, and why.

use std::path::PathBuf;

use super::configurations::configurations;
use super::files::STDIN;
use crate::access::existing::{self, Explanation, Identity};
use crate::command::{Output, Whose};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::outcome::{Ended, Exit};
use crate::render::{discovered, secrets};
use crate::spec::{AlloyToken, Consumer, Form, Names, Settings, Spec};
use crate::ui::Ui;

/// Show which job needs which right and why, for our jobs or an existing configuration of Prometheus
///
/// Without -f it explains the jobs that the consumer's own command would configure. With -f it reads what is
/// configured already: prometheus.yml with the files that it names, a list of scrape configs, an agent's
/// configuration, or objects of prometheus-operator. No cluster is asked. What a configuration leaves open
/// is said, never guessed.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    whose: Whose,

    /// Configuration of one Prometheus, or a folder of manifests; - is standard input; may be given several times
    #[arg(short, long, value_name = "FILE|DIR")]
    file: Vec<PathBuf>,

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

    /// Settings file; flags win over it [default: monconf.yaml, if there is one]
    #[arg(
        long = "settings",
        env = "MONCONF_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    settings_file: Option<PathBuf>,

    #[command(flatten)]
    settings: Settings,
}

/// Explains.
pub(super) fn run(args: Args, ui: &Ui) -> Result<Exit> {
    let settings = args.settings.or_file(args.settings_file.as_deref())?;
    let (explanations, role) = if args.file.is_empty() {
        own(args.whose.consumer, settings)?
    } else {
        of_files(&args.file, args.whose.consumer, &settings, ui)?
    };
    match args.output {
        Output::Text => ui.explanation(&explanations),
        Output::Json => {
            let report = existing::report(&explanations);
            ui.out(&(serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"));
        }
        Output::Yaml => ui.out(&existing::manifests(&explanations, &role)),
    }
    if args.output == Output::Text {
        ui.hint("`-o yaml` prints the roles that grant just this");
    }
    Ok(Ended::Done.into())
}

/// The jobs that we configure; beside them the name of their role.
fn own(consumer: Consumer, settings: Settings) -> Result<(Vec<Explanation>, String)> {
    let spec = Spec::new(consumer, settings)?;
    // No cluster is asked whether it has the operator.
    let form = Form::of(&spec, false);
    let jobs = discovered(&spec, &form);
    let explanations = jobs.iter().map(|job| {
        let (discoverer, scraper) = identities(&spec, &form, job);
        existing::own(job, &discoverer, &scraper)
    });
    let secrets = secrets(&spec, &form).into_iter();
    let secrets = secrets.map(|need| existing::secret(need, &Identity::OwnAccount));
    Ok((
        explanations.chain(secrets).collect(),
        spec.names.cluster_role(),
    ))
}

/// Who finds the targets of a job, and who scrapes them.
fn identities(spec: &Spec, form: &Form, job: &Job) -> (Identity, Identity) {
    let names = &spec.names;
    let of_secret = || {
        let secret = names.token_secret();
        Identity::TokenSecret(format!("{}/{secret}, key token", names.namespace))
    };
    let of_files = |folder: &str| {
        let token = Identity::TokenFile(format!("{folder}/token"));
        (token.clone(), token)
    };
    // The token in the Secret is one of the account that its Pods run as.
    if form.runs_as_account() && spec.agent.attach.is_none() {
        return (Identity::OwnAccount, Identity::OwnAccount);
    }
    match form {
        Form::Operator => (Identity::OwnAccount, of_secret()),
        Form::Agent { monitors: true, .. } if spec.monitor_kind(job).is_some() => {
            (Identity::OwnAccount, of_secret())
        }
        Form::Agent { mount_dir, .. }
        | Form::Mounted { mount_dir }
        | Form::Key { mount_dir, .. }
        | Form::Alloy {
            token: AlloyToken::Mounted { mount_dir },
            ..
        } => of_files(mount_dir),
        Form::Files { token_dir, .. }
        | Form::Alloy {
            token: AlloyToken::Files { token_dir },
            ..
        } => of_files(&token_dir.display().to_string()),
        Form::Alloy {
            token: AlloyToken::Pod | AlloyToken::Secret,
            ..
        } => (Identity::OwnAccount, Identity::OwnAccount),
    }
}

/// The files as they were named.
fn named(files: &[PathBuf]) -> String {
    let files = files.iter().map(|file| match file.to_str() {
        Some(STDIN) => "standard input".to_owned(),
        _ => file.display().to_string(),
    });
    files.collect::<Vec<_>>().join(", ")
}

/// The jobs of files; beside them the name of their role.
fn of_files(
    files: &[PathBuf],
    consumer: Consumer,
    settings: &Settings,
    ui: &Ui,
) -> Result<(Vec<Explanation>, String)> {
    let names = Names::new(
        consumer,
        settings.name.as_deref(),
        settings.namespace.as_deref(),
    )?;
    let inputs = configurations(files, ui)?;
    let explanations = existing::read(
        &inputs,
        &existing::Settings {
            namespace: &names.namespace,
            api_server: settings.api_server.as_deref(),
        },
    );
    let explanations = explanations.map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Error::usage(faults.join("\n  "))
    })?;
    if explanations.is_empty() {
        return Err(Error::usage_hint(
            format!("no scrape job in {}", named(files)),
            "understood are prometheus.yml, lists of scrape configs, agent.yaml, and prometheus-operator's ServiceMonitor, PodMonitor, ScrapeConfig and Probe",
        ));
    }
    let role = settings
        .name
        .clone()
        .unwrap_or_else(|| consumer.name().to_owned());
    Ok((explanations, role))
}
