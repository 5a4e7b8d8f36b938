//! How a command comes by its user's consent: `--yes`, an answer on the terminal, or, without a terminal, `--apply`.

use promconf::Duration;
use tokio::time::timeout;

use crate::command::Global;
use crate::command_line::CommandLine;
use crate::consent::Question;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::ui::{Terminal, Ui};

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// A person has read the question and said yes. Time has passed since the plan was made.
    Answered,
    /// `--yes`, or `--apply` without a terminal.
    Given,
    /// A person said no.
    Refused,
}

/// Gets it for `question`, or says why there is none: nothing may be written then.
///
/// # Errors
/// No terminal for a question that needs `--yes`, no answer within `--timeout`, a signal.
pub(super) async fn obtain(
    question: &Question,
    yes: bool,
    global: &Global,
    interrupt: &mut Interrupt,
    ui: &Ui,
) -> Result<Consent> {
    if yes {
        return Ok(Consent::Given);
    }
    let command = || CommandLine::of(&global.arguments).with("--yes").to_string();
    let cannot_ask = |error: std::io::Error| Error::Unasked {
        question: question.text().to_owned(),
        reason: format!("the terminal: {error}"),
        command: command(),
    };
    let terminal = Terminal::open().map_err(cannot_ask)?;
    let Some(terminal) = terminal else {
        if !question.needs_yes {
            return Ok(Consent::Given);
        }
        return Err(Error::Unasked {
            question: question.text().to_owned(),
            reason: "there is no controlling terminal".to_owned(),
            command: command(),
        });
    };
    let limit = global.timeout();
    let answer = async {
        match timeout(limit, terminal.ask(question.text())).await {
            Ok(answer) => answer.map_err(cannot_ask),
            Err(_) => Err(Error::Unanswered {
                question: question.text().to_owned(),
                limit: Duration::from_secs(limit.as_secs()),
                command: command(),
            }),
        }
    };
    let answer = interrupt.wait(answer).await;
    if matches!(
        &answer,
        Err(Error::Unanswered { .. } | Error::Interrupted { .. })
    ) {
        terminal.end_line();
    }
    match answer {
        Ok(true) => Ok(Consent::Answered),
        Ok(false) => {
            ui.note("Nothing was written.");
            Ok(Consent::Refused)
        }
        Err(error) => {
            if matches!(error, Error::Interrupted { .. }) {
                ui.note("Nothing was written.");
            }
            Err(error)
        }
    }
}
