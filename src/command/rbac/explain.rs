//! `monconf rbac explain`: which job needs which right, and why.

use std::path::PathBuf;
use std::process::ExitCode;

use super::configurations::configurations;
use crate::access::existing::{self, Explanation, Identity};
use crate::command::Output;
use crate::error::{Error, Result};
use crate::spec::{Consumer, Format, Names, Settings, Spec};
use crate::ui::Ui;

/// Show which job needs which right and why, for our jobs or an existing configuration of Prometheus
///
/// Without -f it explains the jobs that `monconf prometheus` would configure. With -f it reads what is
/// configured already: prometheus.yml with the files that it names, a list of scrape configs, an agent's
/// configuration, or objects of prometheus-operator. No cluster is asked. What a configuration leaves open
/// is said, never guessed.
#[derive(clap::Args)]
pub(super) struct Args {
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
pub(super) fn run(args: Args, ui: &Ui) -> Result<ExitCode> {
    let settings = args.settings.or_file(args.settings_file.as_deref())?;
    let (explanations, role) = if args.file.is_empty() {
        own(settings)?
    } else {
        of_files(&args.file, &settings, ui)?
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
    Ok(ExitCode::SUCCESS)
}

/// The jobs that we configure; beside them the name of their role.
fn own(mut settings: Settings) -> Result<(Vec<Explanation>, String)> {
    // Without a cluster to ask whether it has the operator.
    let unnamed = matches!(settings.format.as_deref(), None | Some("auto"));
    if unnamed {
        settings.format = Some("raw".to_owned());
    }
    let spec = Spec::new(Consumer::Prometheus, settings)?;
    let (namespace, secret) = (&spec.names.namespace, spec.names.token_secret());
    let of_secret = Identity::TokenSecret(format!("{namespace}/{secret}, key token"));
    let of_file = |folder: &str| Identity::TokenFile(format!("{folder}/token"));
    let (discoverer, scraper) = match &spec.format {
        Format::Operator => (Identity::OwnAccount, of_secret),
        Format::Auto { mount_dir }
        | Format::AgentOperator { mount_dir, .. }
        | Format::Mounted { mount_dir }
        | Format::Key { mount_dir, .. } => (of_file(mount_dir), of_file(mount_dir)),
        Format::Alloy { .. } => (Identity::OwnAccount, Identity::OwnAccount),
        Format::Files { token_dir, .. } => {
            let token = of_file(&token_dir.display().to_string());
            (token.clone(), token)
        }
    };
    let explanations = existing::own(&spec.jobs, &discoverer, &scraper);
    Ok((explanations, spec.names.cluster_role()))
}

/// The jobs of files; beside them the name of their role.
fn of_files(files: &[PathBuf], settings: &Settings, ui: &Ui) -> Result<(Vec<Explanation>, String)> {
    let names = Names::new(
        Consumer::Prometheus,
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
            "there is no scrape job in what -f names",
            "understood are prometheus.yml, lists of scrape configs, agent.yaml, and prometheus-operator's ServiceMonitor, PodMonitor, ScrapeConfig and Probe",
        ));
    }
    let role = settings
        .name
        .clone()
        .unwrap_or_else(|| "prometheus".to_owned());
    Ok((explanations, role))
}
