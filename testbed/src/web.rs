//! Asking the components that serve plain HTTP.

use ureq::Agent;

use crate::client::Identity;
use crate::poll::{BOUND, poll};
use crate::process::Process;

/// A client for which every status is an answer, and which no proxy of the environment gets between.
pub(crate) fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(BOUND))
        .build()
        .into()
}

/// The same for servers whose certificate is part of the test.
pub(crate) fn unverified_agent() -> Agent {
    let tls = Identity::Anonymous.tls(None);
    let agent = Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(BOUND))
        .tls_config(tls);
    agent.build().into()
}

/// Waits until `url`, which `process` is to serve, answers 200; the end of its log when it does not.
pub(crate) fn wait_ready(process: &mut Process, agent: &Agent, url: &str) -> Result<(), String> {
    let ready = poll(|| {
        let ready = agent.get(url).call();
        let ready = ready.is_ok_and(|answer| answer.status() == 200);
        (ready || process.has_ended()).then_some(ready)
    });
    // Another process may have the port: then ours has ended, or will when it finds out.
    if ready == Some(true) && !process.has_ended() {
        Ok(())
    } else {
        Err(format!("{url} is not ready: {}", process.log_tail()))
    }
}
