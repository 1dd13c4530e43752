//! Checks as people name them.

use super::Catalogue;
use crate::Check;
use crate::near_miss::near_miss;

/// Why a name means no check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misnamed {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

impl Misnamed {
    fn new(message: String, hint: impl Into<String>) -> Self {
        Self { message, hint: hint.into() }
    }

    /// Both in one line.
    pub fn in_one_line(&self) -> String {
        format!("{} ({})", self.message, self.hint)
    }
}

impl Catalogue {
    /// The check with an id, `docker.daemon.live-restore`, or with a benchmark's number, `cis-docker-1.6.0:2.15`.
    ///
    /// # Errors
    /// When there is none, with what may have been meant.
    pub fn check_named(&self, text: &str) -> Result<&Check, Misnamed> {
        if let Some((benchmark, number)) = text.split_once(':') {
            return self.check_numbered(benchmark, number);
        }
        if let Some(check) = self.checks.get(text) {
            return Ok(check);
        }
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(Misnamed::new(
                format!("`{text}` is a number of several benchmarks"),
                format!("name the version too, e.g. cis-docker-1.6.0:{text}"),
            ));
        }
        if let Some(measure) = self.measures.get(text) {
            let rests =
                measure.as_ref().map(|measure| format!("it rests on {measure}")).unwrap_or_else(|| "no check says it yet".to_owned());
            return Err(Misnamed::new(format!("`{text}` is a measure of threats, no check"), rests));
        }
        let tail = text.rsplit('.').next().unwrap_or(text);
        let by_tail = self.checks.keys().find(|known| !tail.is_empty() && known.contains(tail)).map(String::as_str);
        let meant = near_miss(text, self.checks.keys().map(String::as_str)).or(by_tail);
        let meant = meant.map(|meant| format!("; do you mean {meant}?")).unwrap_or_default();
        Err(Misnamed::new(format!("no check `{text}`{meant}"), "cofferdam catalogue list"))
    }

    fn check_numbered(&self, benchmark: &str, number: &str) -> Result<&Check, Misnamed> {
        let Some(table) = self.benchmarks.get(benchmark) else {
            let known: Vec<&str> = self.benchmarks.keys().map(String::as_str).collect();
            return Err(Misnamed::new(format!("no benchmark `{benchmark}`"), format!("there are {}", known.join(", "))));
        };
        let Some(row) = table.controls.iter().find(|row| row.id == number) else {
            return Err(Misnamed::new(
                format!("{benchmark} has no control `{number}`"),
                format!("cofferdam bench docker --benchmark {benchmark} lists them"),
            ));
        };
        Ok(&self.checks[&row.check])
    }
}
