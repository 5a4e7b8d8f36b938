//! Colour where it belongs: on terminals, unless the user or the environment says otherwise.

use std::env;
use std::io::{self, IsTerminal};

use clap::ValueEnum;

use super::Stream;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On terminals; `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` are heeded.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

pub(super) const RED: &str = "31";
pub(super) const GREEN: &str = "32";
pub(super) const YELLOW: &str = "33";
pub(super) const CYAN: &str = "36";
pub(super) const BOLD: &str = "1";
pub(super) const DIM: &str = "2";

/// Colours texts, or leaves them as they are.
#[derive(Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    pub(super) fn new(choice: ColorChoice, stream: Stream) -> Self {
        Self(match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => automatic(stream),
        })
    }

    /// Leaves them.
    pub(super) const fn plain() -> Self {
        Self(false)
    }

    /// `text` in the colour of that SGR code.
    pub(super) fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// <https://no-color.org> and <https://bixense.com/clicolors>.
fn automatic(stream: Stream) -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("NO_COLOR") {
        return false;
    }
    if set("CLICOLOR_FORCE") && env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    let terminal = match stream {
        Stream::Out => io::stdout().is_terminal(),
        Stream::Err => io::stderr().is_terminal(),
    };
    terminal && env::var_os("TERM").is_none_or(|term| term != "dumb")
}
