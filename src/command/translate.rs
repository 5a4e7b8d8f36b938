//! `monconf alloy --from-metricsinstance`: what Grafana Agent's operator runs, as a configuration of Alloy.

use super::provision::connect;
use crate::alloy;
use crate::command::Global;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::outcome::{Ended, Exit};
use crate::translate::{Severity, translate};
use crate::ui::Ui;

/// Translates the MetricsInstance `of`, `NAMESPACE/NAME`, onto standard output. What could not be translated is told, and
/// without `bypass_errors` nothing is printed then.
pub(super) async fn run(
    of: &str,
    bypass_errors: bool,
    clustering: Option<bool>,
    global: &Global,
    ui: &Ui,
) -> Result<Exit> {
    let Some((namespace, name)) = of
        .split_once('/')
        .filter(|(namespace, name)| [namespace, name].iter().all(|part| is_name(part)))
    else {
        return Err(Error::usage_hint(
            format!("--from-metricsinstance {of:?} names no MetricsInstance"),
            "write it as NAMESPACE/NAME",
        ));
    };
    let mut interrupt = Interrupt::new(global.timeout())?;
    let cluster = interrupt.or(connect(global, ui)).await?;
    let reading = async { Ok(cluster.metrics_instance(namespace, name).await?) };
    let Some(source) = interrupt.or(reading).await? else {
        return Err(Error::usage_hint(
            format!("there is no MetricsInstance {namespace}/{name}"),
            "`kubectl get metricsinstances.monitoring.grafana.com --all-namespaces` lists them, where the CRDs of Grafana Agent's operator are installed",
        ));
    };
    let translation = translate(&source, clustering);
    let mut errors = 0;
    for finding in &translation.findings {
        let is_error = finding.severity == Severity::Error;
        errors += usize::from(is_error);
        ui.finding(is_error, &finding.to_string());
    }
    if errors > 0 && !bypass_errors {
        let things = if errors == 1 {
            "one thing"
        } else {
            &format!("{errors} things")
        };
        return Err(Error::usage_hint(
            format!(
                "MetricsInstance {namespace}/{name} is not translated: {things} of it cannot be"
            ),
            "--bypass-errors prints what can be",
        ));
    }
    ui.out(&alloy::print(&translation.body));
    Ok(Ended::Done.into())
}

/// Whether an object can have that name, which then is safe in a path.
fn is_name(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    text.bytes().any(|byte| byte.is_ascii_alphanumeric()) && text.bytes().all(plain)
}
