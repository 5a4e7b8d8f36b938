//! Verifying what a configuration of Prometheus says, whoever wrote it.

use std::path::{Path, PathBuf};

use super::{Args, asking};
use crate::access::existing::{self, Settings};
use crate::client::Cluster;
use crate::command::Global;
use crate::command::provision::connect;
use crate::command::rbac::configurations;
use crate::error::{Error, Result};
use crate::prepare::{Standing, identities};
use crate::token::Token;
use crate::ui::Ui;
use crate::verify::{Report, verify};

/// Verifies every job of `file`, and of the files that it names, that finds its targets in Kubernetes: with the token, the
/// authorities and the address that stand there.
pub(super) async fn of_file(
    file: &Path,
    given: Option<&Token>,
    args: &Args,
    global: &Global,
    ui: &Ui,
) -> Result<Report> {
    let inputs = configurations(&[PathBuf::from(file)], ui)?;
    let settings = Settings {
        namespace: args.settings.namespace.as_deref().unwrap_or("default"),
        api_server: args.settings.api_server.as_deref(),
    };
    let refused = |faults: Vec<yaml::YamlError>| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Error::usage(faults.join("\n  "))
    };
    let jobs = existing::configured(&inputs, &settings).map_err(refused)?;
    let explanations = existing::read(&inputs, &settings).map_err(refused)?;
    if jobs.is_empty() {
        return Err(Error::usage_hint(
            format!("no job of {} finds targets in Kubernetes", file.display()),
            "kubernetes_sd_configs is what is looked for, in the file and in its scrape_config_files",
        ));
    }
    // Where there is no kubeconfig, the token has to do.
    let ours: Option<Cluster> = connect(global, ui).await.ok();
    let standing = Standing {
        folder: file.parent().unwrap_or_else(|| Path::new("")),
        ours: ours.as_ref(),
        given,
    };
    let found = identities(jobs, &explanations, &standing)?;
    for sentence in &found.left_out {
        ui.warn(sentence);
    }
    let progress = |done, of| ui.progress("targets asked", done, of);
    let mut report = Report::default();
    for issued in &found.issued {
        // Credentials of another cluster tell nothing about this one.
        let of_same = ours
            .as_ref()
            .filter(|ours| ours.address().url == issued.address.url);
        let patience = global.request_timeout();
        let identity = Cluster::with_token(&issued.address, &issued.token, patience, ui.tracer())?;
        let asking = asking(args, issued, (&identity, of_same), patience, &progress);
        let verified = verify(&asking, &issued.scrapings, &issued.needs).await;
        report.user = report.user.take().or(verified.user);
        report.rows.extend(verified.rows);
    }
    Ok(report)
}
