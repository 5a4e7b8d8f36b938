//! The controlling terminal: where a person is asked, whatever the standard streams are.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};

use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};

const TERMINAL: &str = "/dev/tty";

/// No longer answer is read, in bytes.
const LONGEST: u64 = 1 << 10;

/// The terminal of the session that the program runs in.
pub struct Terminal(File);

impl Terminal {
    /// Opens it; `None` where the session has none.
    ///
    /// # Errors
    /// Where there may be one that cannot be opened.
    pub fn open() -> io::Result<Option<Self>> {
        match OpenOptions::new().read(true).write(true).open(TERMINAL) {
            Ok(file) => Ok(Some(Self(file))),
            Err(error) if says_none(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a person can be asked.
    #[must_use]
    pub fn is_there() -> bool {
        matches!(Self::open(), Ok(Some(_)))
    }

    /// Asks; only `y` and `yes` are a yes. Waits on a thread of its own, so that the caller can stop waiting.
    ///
    /// # Errors
    /// Where the terminal cannot be written or read.
    pub async fn ask(&self, question: &str) -> io::Result<bool> {
        let mut terminal = self.0.try_clone()?;
        let question = format!("{question} [y/N] ");
        tokio::task::spawn_blocking(move || converse(&mut terminal, &question))
            .await
            .map_err(io::Error::other)?
    }

    /// Ends the line of a question that nobody waits for any more.
    pub fn end_line(&self) {
        // A terminal that went away shows no line.
        let _ = (&self.0).write_all(b"\n");
    }
}

fn converse(terminal: &mut File, question: &str) -> io::Result<bool> {
    // What was typed before the question was shown is no answer to it.
    tcflush(&*terminal, QueueSelector::IFlush)?;
    terminal.write_all(question.as_bytes())?;
    let mut line = Vec::new();
    BufReader::new(&*terminal)
        .take(LONGEST)
        .read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        // The end of the input leaves the cursor behind the question.
        terminal.write_all(b"\n")?;
    }
    Ok(is_yes(&line))
}

/// An answer that was cut off is none.
fn is_yes(line: &[u8]) -> bool {
    let Some(answer) = line.strip_suffix(b"\n") else {
        return false;
    };
    let answer = answer.trim_ascii().to_ascii_lowercase();
    answer == b"y" || answer == b"yes"
}

fn says_none(error: &io::Error) -> bool {
    let none = [Errno::NXIO, Errno::NOENT, Errno::NODEV, Errno::NOTTY];
    Errno::from_io_error(error).is_some_and(|errno| none.contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_yes_is_a_yes() {
        for yes in ["y\n", "Y\n", "yes\n", " YES \n", "yes\r\n"] {
            assert!(is_yes(yes.as_bytes()), "{yes:?}");
        }
        for no in [
            "",
            "\n",
            "y",
            "yes",
            "n\n",
            "yess\n",
            "y y\n",
            "\u{fe0f}y\n",
            "ja\n",
        ] {
            assert!(!is_yes(no.as_bytes()), "{no:?}");
        }
        assert!(!is_yes(b"\xffy\n"));
    }
}
