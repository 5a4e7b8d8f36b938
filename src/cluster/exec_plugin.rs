//! Credential plugins of a kubeconfig (`users[].user.exec`), run by ourselves: with a time limit, no shell, and nothing
//! of what they print on standard output in any message.

use std::io::IsTerminal;
use std::process::Stdio;
use std::time::Duration;

use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode, Kubeconfig};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use super::failure::{Cause, Failure};

/// Long enough for somebody to log in with a browser.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs the plugin of the context's user, if it has one, and puts the credentials in its place.
pub(super) async fn run(kubeconfig: &mut Kubeconfig, context: &str) -> Result<(), Box<Failure>> {
    let Some(user) = super::kubeconfig::user(kubeconfig, context) else {
        return Ok(());
    };
    let Some(auth) = kubeconfig
        .auth_infos
        .iter_mut()
        .find(|entry| entry.name == user)
        .and_then(|entry| entry.auth_info.as_mut())
    else {
        return Ok(());
    };
    if auth.auth_provider.is_some() && auth.exec.is_none() {
        return Err(Failure::before(Cause::Kubeconfig {
            reason: format!(
                "user {user:?} of the kubeconfig has an auth-provider, which kubectl and monconf no longer support; a credential plugin takes its place"
            ),
        }));
    }
    let Some(exec) = auth.exec.take() else {
        return Ok(());
    };
    let credential = credential(&exec).await.map_err(|reason| {
        Failure::before(Cause::Plugin {
            program: exec.command.clone().unwrap_or_default(),
            reason,
            install: exec.install_hint.clone(),
        })
    })?;
    store(auth, &credential);
    Ok(())
}

async fn credential(exec: &ExecConfig) -> Result<Value, String> {
    let program = exec.command.as_deref().ok_or("has no command")?;
    let version = exec.api_version.as_deref().unwrap_or_default();
    if ![
        "client.authentication.k8s.io/v1",
        "client.authentication.k8s.io/v1beta1",
    ]
    .contains(&version)
    {
        return Err(format!(
            "asks for apiVersion {version:?}; v1 and v1beta1 of client.authentication.k8s.io are supported"
        ));
    }
    let terminal = std::io::stdin().is_terminal();
    let interactive = terminal && exec.interactive_mode != Some(ExecInteractiveMode::Never);
    if !interactive && exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err("wants to ask something, and there is no terminal".to_owned());
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
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    for entry in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (entry.get("name"), entry.get("value")) {
            command.env(name, value);
        }
    }
    let child = command
        .spawn()
        .map_err(|error| format!("cannot be started: {error}"))?;
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .map_err(|_| format!("did not end within {} s", PATIENCE.as_secs()))?
        .map_err(|error| format!("cannot be waited for: {error}"))?;
    if !output.status.success() {
        return Err(match output.status.code() {
            Some(code) => format!("exited with {code}; what it says is above"),
            None => "was ended by a signal".to_owned(),
        });
    }
    let credential: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| "printed no ExecCredential".to_owned())?;
    let status = &credential["status"];
    if status["token"].is_string() || status["clientCertificateData"].is_string() {
        Ok(credential["status"].clone())
    } else {
        Err("printed an ExecCredential without credentials".to_owned())
    }
}

fn store(auth: &mut AuthInfo, status: &Value) {
    let text = |field: &str| status[field].as_str().map(str::to_owned);
    if let Some(token) = text("token") {
        auth.token = Some(token.into());
    }
    // A kubeconfig holds them in base64, a plugin prints PEM.
    let encoded = |field: &str| {
        use base64::Engine;
        text(field).map(|pem| base64::engine::general_purpose::STANDARD.encode(pem))
    };
    if let (Some(certificate), Some(key)) =
        (encoded("clientCertificateData"), encoded("clientKeyData"))
    {
        auth.client_certificate_data = Some(certificate);
        auth.client_key_data = Some(key.into());
    }
}
