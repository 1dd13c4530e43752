//! The only module that prints. stdout is the answer, stderr is the talk.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::arguments::{Colour, Global};
use crate::containment;
use crate::destination::Content;

/// How to write for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Colour on stdout.
    pub(crate) colour: bool,
    /// Columns of the terminal; 80 where there is none.
    pub(crate) width: usize,
    always: bool,
    quiet: bool,
}

impl Output {
    /// Looks at the terminal and at NO_COLOR, COLUMNS and CI conventions (no-color.org).
    pub(crate) fn new(global: &Global) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = match global.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !no_colour && !dumb,
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = columns.or_else(|| terminal.then(terminal_width).flatten()).unwrap_or(80).clamp(40, 120);
        Self { colour, width, always: global.color == Colour::Always, quiet: global.quiet }
    }

    /// Layout of an answer: no colour in a file unless asked for.
    pub(crate) fn style(self, file: Option<&Path>) -> report::Style {
        report::Style { width: self.width, colour: if file.is_some() { self.always } else { self.colour } }
    }

    /// Writes the answer to a file, or to stdout. A closed pipe ends quietly, as with every filter.
    pub(crate) fn answer(self, file: Option<&Path>, text: &str) -> Result<()> {
        if let Some(path) = file {
            return containment::write(path, Content::Answer, text);
        }
        match std::io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("cannot write to stdout"),
        }
    }

    /// Says something on stderr, unless quiet.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            // Nobody may be listening; that is no reason to stop.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }
}

impl Output {
    /// Says what a change is doing.
    pub(crate) fn progress(self, news: harden::Progress) {
        use harden::Progress;
        self.say(&match news {
            Progress::Step { number, of, title } => format!("[{number}/{of}] {title}"),
            Progress::Action(what) => format!("      {what}"),
            Progress::Waiting(what) => format!("      {what} ..."),
            Progress::Warning(what) => format!("warning: {what}"),
        });
    }

    /// Says on stderr why nothing is done, also when quiet.
    pub(crate) fn refuse(self, text: &str) {
        let _ = write!(std::io::stderr(), "{text}");
    }
}

/// Says on stderr what the user should know of the run, once, unless quiet.
pub(crate) fn remark(global: &Global, text: &str) {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if !global.quiet && !said.iter().any(|earlier| earlier == text) {
        said.push(text.to_owned());
        let _ = writeln!(std::io::stderr(), "note: {text}");
    }
}

/// Says on stderr why the run failed.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn terminal_width() -> Option<usize> {
    rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
