//! Credential plugins of a kubeconfig (`users[].user.exec`), run by ourselves: with a time limit, no shell, and nothing
//! of what they print on standard output in any message.

use std::io::IsTerminal;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::failure::{Cause, Failure};
use super::kubeconfig::Entry;
use super::usable::has_own_credentials;

/// For a plugin that may talk to somebody: long enough to log in with a browser.
const PATIENCE: Duration = Duration::from_mins(1);
/// For others at least this long, however short the wait for an API server is: they ask a login server first.
const LEAST_PATIENCE: Duration = Duration::from_secs(10);

const VERSIONS: [&str; 2] = [
    "client.authentication.k8s.io/v1",
    "client.authentication.k8s.io/v1beta1",
];

/// Why there are no credentials.
#[derive(Debug)]
struct Trouble {
    reason: String,
    /// Whether the plugin is not there, so that the kubeconfig's `installHint` helps.
    absent: bool,
}

/// Runs the plugin of the entry's user, if it has one, and puts the credentials in its place; returns its program.
pub(crate) async fn run(
    entry: &mut Entry,
    request_timeout: Duration,
) -> Result<Option<String>, Box<Failure>> {
    let Some(mut exec) = entry.auth.exec.take() else {
        return Ok(None);
    };
    if has_own_credentials(&entry.auth) {
        return Ok(None);
    }
    if exec.provide_cluster_info {
        exec.cluster = ExecAuthCluster::try_from(&entry.cluster).ok();
    }
    let brief = (request_timeout * 2).clamp(LEAST_PATIENCE, PATIENCE);
    let status = credential(&exec, brief).await.map_err(|trouble| {
        let install = exec.install_hint.clone();
        Failure::before(Cause::Plugin {
            program: exec.command.clone().unwrap_or_default(),
            reason: trouble.reason,
            install: install.filter(|_| trouble.absent),
        })
    })?;
    store(&mut entry.auth, &status);
    Ok(exec.command)
}

/// `brief` is the time for a plugin that talks to nobody.
async fn credential(exec: &ExecConfig, brief: Duration) -> Result<Value, Trouble> {
    let version = exec.api_version.as_deref().unwrap_or_default();
    if !VERSIONS.contains(&version) {
        return Err(Trouble::new(format!(
            "asks for apiVersion {version:?}; v1 and v1beta1 of client.authentication.k8s.io are supported"
        )));
    }
    let terminal = std::io::stdin().is_terminal();
    let interactive = terminal && exec.interactive_mode != Some(ExecInteractiveMode::Never);
    if !interactive && exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(Trouble::new(
            "wants to ask something, and there is no terminal",
        ));
    }
    let patience = if interactive { PATIENCE } else { brief };
    let child = command(exec, version, interactive)?
        .spawn()
        .map_err(|error| Trouble {
            reason: format!("cannot be started: {error}"),
            absent: error.kind() == std::io::ErrorKind::NotFound,
        })?;
    let group = (!interactive).then(|| Group::of(&child));
    let output = timeout(patience, child.wait_with_output()).await;
    drop(group);
    let output = output
        .map_err(|_| Trouble::new(format!("did not end within {} s", patience.as_secs())))?
        .map_err(|error| Trouble::new(format!("cannot be waited for: {error}")))?;
    if !output.status.success() {
        return Err(Trouble::new(ending(output.status)));
    }
    status(&output.stdout, version).map_err(Trouble::new)
}

fn command(exec: &ExecConfig, version: &str, interactive: bool) -> Result<Command, Trouble> {
    let program = exec.command.as_deref().unwrap_or_default();
    if program.is_empty() {
        return Err(Trouble::new("has no command"));
    }
    let mut info = json!({
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": {"interactive": interactive},
    });
    if let Some(cluster) = &exec.cluster {
        info["spec"]["cluster"] = serde_json::to_value(cluster).unwrap_or_default();
    }
    let mut command = Command::new(program);
    command
        .args(exec.args.iter().flatten())
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(if interactive {
            Stdio::inherit()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        // A device code, or why it fails, is for the user.
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    if !interactive {
        // A group of its own could not read from the terminal.
        command.process_group(0);
    }
    for entry in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (entry.get("name"), entry.get("value")) {
            command.env(name, value);
        }
    }
    Ok(command)
}

/// The plugin with everything that it started; what is left of it is ended with this value.
struct Group(Option<rustix::process::Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(rustix::process::Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // There is nobody left as a rule.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Trouble {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            absent: false,
        }
    }
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exited with {code}; what it says is above"),
        None => "was ended by a signal".to_owned(),
    }
}

/// `status` of the ExecCredential that `stdout` holds.
fn status(stdout: &[u8], version: &str) -> Result<Value, String> {
    let mut credential: Value = serde_json::from_slice(stdout).unwrap_or_default();
    if !credential.is_object() {
        return Err("printed no ExecCredential".to_owned());
    }
    let status = credential["status"].take();
    let has = |field: &str| status[field].as_str().is_some_and(|text| !text.is_empty());
    match (has("clientCertificateData"), has("clientKeyData")) {
        (true, true) => {}
        (false, false) if has("token") => {}
        (false, false) => return Err("printed an ExecCredential without credentials".to_owned()),
        _ => return Err("printed only one of clientCertificateData and clientKeyData".to_owned()),
    }
    if credential["kind"] != "ExecCredential" || credential["apiVersion"] != version {
        return Err(format!(
            "printed something else than an ExecCredential of {version}, which the kubeconfig asks for"
        ));
    }
    Ok(status)
}

fn store(auth: &mut AuthInfo, status: &Value) {
    let text = |field: &str| status[field].as_str().filter(|text| !text.is_empty());
    if let Some(token) = text("token") {
        auth.token = Some(token.to_owned().into());
        auth.token_file = None;
    }
    if let (Some(certificate), Some(key)) = (text("clientCertificateData"), text("clientKeyData")) {
        // A kubeconfig holds them in base64, a plugin prints PEM.
        auth.client_certificate_data = Some(STANDARD.encode(certificate));
        auth.client_key_data = Some(STANDARD.encode(key).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = VERSIONS[0];

    fn entry(command: &str, args: &[&str]) -> Entry {
        let exec = ExecConfig {
            api_version: Some(V1.to_owned()),
            command: Some(command.to_owned()),
            args: Some(args.iter().map(ToString::to_string).collect()),
            interactive_mode: Some(ExecInteractiveMode::Never),
            install_hint: Some("install it".to_owned()),
            ..ExecConfig::default()
        };
        Entry {
            context: "c".to_owned(),
            user: Some("u".to_owned()),
            cluster: kube::config::Cluster::default(),
            auth: AuthInfo {
                exec: Some(exec),
                ..AuthInfo::default()
            },
        }
    }

    #[tokio::test]
    async fn a_token_takes_the_plugin_s_place() {
        let script = format!(
            r#"test -n "$KUBERNETES_EXEC_INFO" && echo '{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"t"}}}}'"#
        );
        let mut entry = entry("sh", &["-c", &script]);
        run(&mut entry, Duration::from_secs(1))
            .await
            .expect("a token");
        let token = entry.auth.token.expect("a token");
        assert_eq!(secrecy::ExposeSecret::expose_secret(&token), "t");
        assert!(entry.auth.exec.is_none());
    }

    #[tokio::test]
    async fn a_failure_repeats_nothing_of_the_plugin() {
        for (command, args, words) in [
            ("sh", ["-c", "echo SECRET; exit 3"], "sh exited with 3"),
            ("sh", ["-c", "echo SECRET"], "printed no ExecCredential"),
            ("sh", ["-c", "kill -9 $$ # SECRET"], "was ended by a signal"),
            ("/nonexistent/plugin", ["SECRET", ""], "cannot be started"),
        ] {
            let mut entry = entry(command, &args);
            let failure = run(&mut entry, Duration::from_secs(1))
                .await
                .expect_err("a failure");
            let message = failure.to_string();
            assert!(message.contains(words), "{message}");
            assert!(!format!("{failure:?}").contains("SECRET"));
            assert_eq!(failure.hint().is_some(), command.contains('/'));
        }
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_is_ended_with_its_children() {
        let dir = tempfile::tempdir().expect("a directory");
        let late = dir.path().join("late");
        let script = format!("(sleep 1; touch {}) & wait", late.display());
        let entry = entry("sh", &["-c", &script]);
        let exec = entry.auth.exec.expect("a plugin");
        let outcome = credential(&exec, Duration::from_millis(300)).await;
        let reason = outcome.expect_err("no credential").reason;
        assert!(reason.contains("did not end within"), "{reason}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!late.exists());
    }

    #[test]
    fn garbage_is_no_credential() {
        let of =
            |status: Value| json!({"kind": "ExecCredential", "apiVersion": V1, "status": status});
        for (output, words) in [
            (json!(null), "no ExecCredential"),
            (json!([1]), "no ExecCredential"),
            (of(json!(null)), "without credentials"),
            (of(json!({"token": ""})), "without credentials"),
            (
                of(json!({"token": "t", "clientKeyData": "k"})),
                "only one of",
            ),
            (
                json!({"kind": "ExecCredential", "apiVersion": VERSIONS[1], "status": {"token": "t"}}),
                "something else than",
            ),
        ] {
            let reason = status(output.to_string().as_bytes(), V1).expect_err("garbage");
            assert!(reason.contains(words), "{reason}");
        }
    }
}
