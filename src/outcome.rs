//! How a run ended, on one line, for the program that started it: what a Job's Pod says last.

use std::time::Duration;

use serde::Serialize;

use crate::apply::{Progress, Standing};
use crate::error::Error;
use crate::mask::scrub;
use crate::plan::{Action, Plan};
use crate::spec::Names;
use crate::token::{Claims, Grant};

/// No line is longer, in bytes: that much of a termination message Kubernetes keeps
/// (`MaxContainerTerminationMessageLength` of its kubelet).
pub const LONGEST: usize = 4_096;

/// Stands where a text was cut.
const CUT: &str = "…";

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// What was asked is answered.
    Done,
    /// What would be written is shown.
    Planned,
    /// There was nothing to write.
    Unchanged,
    /// Everything is written.
    Applied,
    /// The instance is gone.
    Removed,
    /// Whoever was asked said no.
    Declined,
    /// A new token is in the old one's place.
    Rotated,
    /// The token still serves.
    NotDue,
    /// Another run is doing it, or has.
    Elsewhere,
    /// Every check has passed.
    Verified,
    /// It did not come to its end, or a check failed.
    Failed,
}

impl Ended {
    /// The same with an exit code of its own.
    #[must_use]
    pub const fn with_code(self, code: u8) -> Exit {
        Exit { ended: self, code }
    }
}

/// How a command that came to its end ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    ended: Ended,
    code: u8,
}

impl From<Ended> for Exit {
    fn from(ended: Ended) -> Self {
        ended.with_code(match ended {
            Ended::Failed | Ended::Declined => 1,
            _ => 0,
        })
    }
}

/// The whole account. Commands fill in what they come to know, so it tells of a run that failed half-way too.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
    #[serde(flatten)]
    whose: Option<Whose>,
    result: Ended,
    exit_code: u8,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(flatten)]
    changes: Option<Changes>,
    /// What was written by a part of the run that is over.
    #[serde(skip)]
    written: Option<Changes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Life>,
    milliseconds: u64,
}

#[derive(Clone, Debug, Serialize)]
struct Whose {
    consumer: &'static str,
    instance: String,
    namespace: String,
}

/// How many objects, keys and files.
#[derive(Clone, Copy, Debug, Serialize)]
struct Changes {
    created: usize,
    changed: usize,
    deleted: usize,
    /// Planned, and not known to be written.
    pending: usize,
}

/// The life of the token that the consumer reads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Life {
    issued: bool,
    expires_at: String,
    /// Of a CronJob that renews it in time.
    schedule: &'static str,
}

impl Outcome {
    /// Of a run of which nothing is known yet but its verb; none where the arguments say none.
    #[must_use]
    pub const fn new(verb: Option<String>) -> Self {
        Self {
            verb,
            whose: None,
            result: Ended::Failed,
            exit_code: 1,
            retryable: false,
            error: None,
            hint: None,
            changes: None,
            written: None,
            token: None,
            milliseconds: 0,
        }
    }

    /// Which instance it is about.
    pub fn is_about(&mut self, names: &Names) {
        self.whose = Some(Whose {
            consumer: names.consumer.name(),
            instance: names.instance.clone(),
            namespace: names.namespace.clone(),
        });
    }

    /// What is to be written, and none of it is.
    pub fn plans(&mut self, plan: &Plan) {
        self.counts(plan, |_| false);
    }

    /// What was written of `plan`.
    pub fn wrote(&mut self, plan: &Plan, progress: &Progress<'_>) {
        let before = self.written.take();
        self.counts(plan, |index| progress.standing(index) == Standing::Done);
        if let (Some(before), Some(changes)) = (before, &mut self.changes) {
            changes.created += before.created;
            changes.changed += before.changed;
            changes.deleted += before.deleted;
        }
    }

    /// What is written next adds to what was written before.
    pub fn goes_on(&mut self) {
        self.written = self.changes.take();
    }

    fn counts(&mut self, plan: &Plan, is_written: impl Fn(usize) -> bool) {
        let mut changes = Changes {
            created: 0,
            changed: 0,
            deleted: 0,
            pending: 0,
        };
        for (index, change) in plan.changes.iter().enumerate() {
            let count = match change.action {
                Action::Unchanged => continue,
                _ if !is_written(index) => &mut changes.pending,
                Action::Create => &mut changes.created,
                Action::Update | Action::Replace => &mut changes.changed,
                Action::Delete => &mut changes.deleted,
            };
            *count += 1;
        }
        self.changes = Some(changes);
    }

    /// A token was issued.
    pub fn issued(&mut self, grant: &Grant) {
        self.token = Some(Life {
            issued: true,
            expires_at: grant.expires_at.to_string(),
            schedule: grant.schedule(),
        });
    }

    /// The token that exists is kept.
    pub fn kept(&mut self, claims: &Claims) {
        self.token = Some(Life {
            issued: false,
            expires_at: claims.expires_at.to_string(),
            schedule: Grant::of(claims).schedule(),
        });
    }

    /// What is wrong although the run came to its end, and what to do about it.
    pub fn found(&mut self, error: &str, hint: Option<&str>) {
        self.error = Some(scrub(error));
        self.hint = hint.map(scrub);
    }

    /// The end of it, after that time.
    #[must_use]
    pub fn ended(mut self, end: Result<Exit, &Error>, took: Duration) -> Self {
        match end {
            Ok(Exit { ended, code }) => {
                self.result = ended;
                self.exit_code = code;
            }
            Err(error) => {
                self.found(&error.to_string(), error.hint().as_deref());
                self.result = Ended::Failed;
                self.exit_code = error.exit_code();
                self.retryable = error.is_retryable();
            }
        }
        self.milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// Whether the run did what it was for.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        !matches!(self.result, Ended::Failed)
    }

    /// One line of JSON, with its end at most [`LONGEST`] bytes: of the longest texts the end is cut off.
    #[must_use]
    pub fn line(&self) -> String {
        let mut shown = self.clone();
        loop {
            let line = serde_json::to_string(&shown).unwrap_or_default() + "\n";
            let excess = line.len().saturating_sub(LONGEST);
            if excess == 0 || !shown.shorten(excess) {
                return line;
            }
        }
    }

    /// Takes `excess` bytes off the end of the longer text, but no more than half of it, so that of two long ones
    /// something stays; `false` where there is nothing left to take.
    fn shorten(&mut self, excess: usize) -> bool {
        let texts = [&mut self.error, &mut self.hint].into_iter().flatten();
        let Some(longest) = texts.max_by_key(|text| text.len()) else {
            return false;
        };
        let whole = longest.trim_end_matches(CUT);
        let wanted = (excess + CUT.len()).min(written(whole).div_ceil(2));
        let mut taken = 0;
        let kept = whole.trim_end_matches(|last| {
            let goes = taken < wanted;
            taken += bytes(last);
            goes
        });
        if kept.len() == whole.len() {
            return false;
        }
        *longest = kept.to_owned() + CUT;
        true
    }
}

/// How long a text is as JSON, in bytes.
fn written(text: &str) -> usize {
    text.chars().map(bytes).sum()
}

/// The same of one character: of those that are escaped, a scrubbed text has no others.
const fn bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\t' => 2,
        character => character.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn failed(message: &str, hint: Option<String>) -> Outcome {
        let error = Error::Usage {
            message: message.to_owned(),
            hint,
        };
        Outcome::new(Some("rotate".to_owned())).ended(Err(&error), Duration::from_millis(7))
    }

    #[test]
    fn a_short_one_is_told_whole() {
        assert_eq!(
            failed("no", Some("yes".to_owned())).line(),
            "{\"verb\":\"rotate\",\"result\":\"failed\",\"exitCode\":1,\"retryable\":false,\"error\":\"no\",\"hint\":\"yes\",\"milliseconds\":7}\n"
        );
    }

    #[test]
    fn a_long_one_is_cut_to_what_kubernetes_keeps() {
        for piece in ["word ", "\"\\\n", "\u{1}", "ß", "漢", "🦀", "e\u{301}"] {
            for (error, hint) in [(9_000, 0), (0, 9_000), (9_000, 9_000), (4_000, 20)] {
                let hint = (hint > 0).then(|| piece.repeat(hint));
                let line = failed(&piece.repeat(error), hint).line();
                assert!(line.len() <= LONGEST, "{piece:?} {error}: {}", line.len());
                assert!(
                    line.len() > LONGEST - 20,
                    "{piece:?} {error}: {}",
                    line.len()
                );
                let told: Value = serde_json::from_str(&line).expect("JSON");
                assert!(line.contains(CUT), "{piece:?}");
                assert_eq!(told["exitCode"], 1);
            }
        }
    }

    #[test]
    fn words_are_those_of_the_documentation() {
        let words = [Ended::NotDue, Ended::Elsewhere, Ended::Applied];
        let words = serde_json::to_string(&words).expect("JSON");
        assert_eq!(words, r#"["not-due","elsewhere","applied"]"#);
    }
}
