//! Nothing is written unseen: `--apply` asks on the controlling terminal, and the environment gives no consent.

mod environment;
mod question;
mod streams;
mod without_terminal;

use std::fs;

use testbed::Scope;

use crate::support::Monconf;

/// `monconf prometheus --apply` with the names and the user of a test.
fn apply(scope: &Scope) -> Monconf {
    Monconf::prometheus(scope, &["--apply"])
}

/// `monconf remove --apply` of what that makes.
fn remove(scope: &Scope) -> Monconf {
    Monconf::for_consumer("remove", scope, &["--apply"])
}

/// Requests of the test's user that change something, as the API server recorded them.
fn writes(scope: &Scope) -> usize {
    let events = scope.cp.audit(&scope.user.name);
    events.iter().filter(|event| event.is_write()).count()
}

/// The whole question, with the place that the kubeconfig names.
fn question(scope: &Scope, deed: &str) -> String {
    let kubeconfig = fs::read_to_string(scope.kubeconfig()).unwrap();
    let value = |key: &str| {
        let mut lines = kubeconfig.lines();
        lines.find_map(|line| line.trim().strip_prefix(key).map(str::to_owned))
    };
    let (context, server) = (value("current-context: "), value("server: "));
    format!(
        "{deed} on context {} ({})? [y/N] ",
        context.unwrap(),
        server.unwrap()
    )
}

/// The call within a line of a shell, where it is `"$@"`.
fn in_shell(call: Monconf, line: &str) -> Monconf {
    call.under(&["sh", "-c", line, "sh"])
}

/// The command line in backticks that a message ends with.
fn pasted(text: &str) -> String {
    let line = text.trim_end().rsplit('`').nth(1);
    line.unwrap_or_else(|| panic!("no line to paste: {text}"))
        .to_owned()
}
