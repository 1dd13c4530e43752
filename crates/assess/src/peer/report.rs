//! A report of another tool: what it says, in its own numbers and words.

use schemars::JsonSchema;
use serde::Serialize;

use super::{PeerError, json, text};

/// Rows beyond this are no benchmark's: none has two hundred.
pub(super) const MOST_ROWS: usize = 10_000;

/// Who made a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PeerTool {
    /// docker/docker-bench-security.
    DockerBenchSecurity,
    /// aquasecurity/docker-bench.
    DockerBench,
}

impl PeerTool {
    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::DockerBenchSecurity => "docker-bench-security",
            Self::DockerBench => "aquasecurity/docker-bench",
        }
    }
}

/// In which form a report came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PeerForm {
    /// Lines for people.
    Text,
    /// JSON.
    Json,
}

/// The word before a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PeerWord {
    /// It holds.
    Pass,
    /// docker-bench-security: it does not hold. aquasecurity/docker-bench: a person must look, or it is not scored.
    Warn,
    /// It does not hold (aquasecurity/docker-bench only).
    Fail,
    /// Said, not judged.
    Info,
    /// For a person to look at.
    Note,
}

impl PeerWord {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Warn, Self::Fail, Self::Info, Self::Note];

    /// As the tools print it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
            Self::Info => "INFO",
            Self::Note => "NOTE",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// One row of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRow {
    /// Number as printed: `2.15`; aquasecurity's halves have a letter, `2.13.a`.
    pub id: String,
    /// Title as printed; none in the oldest JSON.
    pub title: Option<String>,
    /// Word as printed.
    pub word: PeerWord,
    /// What the word means: true: it holds, false: it does not, none: it was not judged.
    pub holds: Option<bool>,
    /// What is said below it, in order.
    pub said: Vec<String>,
    /// Containers or images that are named there.
    pub names: Vec<String>,
}

/// Where a report comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PeerOrigin {
    /// Who made it.
    pub tool: PeerTool,
    /// In which form.
    pub form: PeerForm,
    /// The tool's version where it says so.
    pub version: Option<String>,
    /// The benchmark that it says it follows, as a table of ours: `cis-docker-1.6.0`.
    pub claims: Option<String>,
    /// When it was made, as the report has it.
    pub made_at: Option<String>,
    /// Runs in the file; the last one counts.
    pub runs: usize,
    /// False: it breaks off before its end.
    pub complete: bool,
}

/// A report of another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerReport {
    /// Where it comes from.
    pub origin: PeerOrigin,
    /// Its rows in order, without headings; a number may occur twice.
    pub rows: Vec<PeerRow>,
}

impl PeerReport {
    /// Reads a report, whichever it is.
    ///
    /// # Errors
    /// When it is none, or holds nothing. Every prefix of a text that can be read can be read too, once it holds a row.
    pub fn read(bytes: &[u8]) -> Result<Self, PeerError> {
        let text = decode(bytes)?;
        if text.trim().is_empty() {
            return Err(PeerError::Empty);
        }
        let report = match text::read(&text)? {
            Some(report) => report,
            None => json::read(&text)?.ok_or(PeerError::Unrecognised)?,
        };
        if report.rows.len() > MOST_ROWS { Err(PeerError::TooMany(MOST_ROWS)) } else { Ok(report) }
    }
}

/// UTF-8, or UTF-16 where a byte order mark says so (a redirect of PowerShell writes that). Names may hold stray bytes: they are replaced.
fn decode(bytes: &[u8]) -> Result<String, PeerError> {
    let wide = |from: fn([u8; 2]) -> u16, bytes: &[u8]| -> String {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    };
    // No text holds a NUL, and every archive does.
    if text.contains('\0') { Err(PeerError::NotText) } else { Ok(text) }
}

/// Which table of ours a tool's own version stands for; none: it does not tell.
pub(super) fn claim_of(tool: PeerTool, version: &str) -> Option<&'static str> {
    match (tool, version) {
        (PeerTool::DockerBenchSecurity, "1.3.3" | "1.3.4") => Some("cis-docker-1.1.0"),
        (PeerTool::DockerBenchSecurity, "1.3.5") => Some("cis-docker-1.2.0"),
        (PeerTool::DockerBenchSecurity, "1.3.6") => Some("cis-docker-1.4.0"),
        (PeerTool::DockerBenchSecurity, "1.5.0") => Some("cis-docker-1.5.0"),
        (PeerTool::DockerBenchSecurity, "1.6.0") => Some("cis-docker-1.6.0"),
        // The number at the head of aquasecurity's report is the engine's that the definitions are for; 20.10 stood over 1.3.1 once.
        (PeerTool::DockerBench, "17.06") => Some("cis-docker-1.1.0"),
        (PeerTool::DockerBench, "18.09") => Some("cis-docker-1.2.0"),
        (PeerTool::DockerBench, "20.10") => Some("cis-docker-1.6.0"),
        _ => None,
    }
}

/// Leaves out headings: rows that were only said and have rows below them, or that are a section's number alone.
pub(super) fn without_headings(rows: Vec<PeerRow>) -> Vec<PeerRow> {
    let parents: std::collections::BTreeSet<String> = rows.iter().filter_map(|row| Some(row.id.rsplit_once('.')?.0.to_owned())).collect();
    let is_heading = |row: &PeerRow| row.word == PeerWord::Info && (!row.id.contains('.') || parents.contains(&row.id));
    rows.into_iter().filter(|row| !is_heading(row)).collect()
}
