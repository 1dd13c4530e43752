//! Reports as JSON: docker-bench-security's nested in sections, flat when only some checks were asked for, and a bare map of numbers in its
//! oldest versions; aquasecurity's groups, of which one may have `results: null`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::report::{claim_of, without_headings};
use super::text::is_number;
use super::{PeerError, PeerForm, PeerOrigin, PeerReport, PeerRow, PeerTool, PeerWord};

/// The outermost object of either tool.
#[derive(Deserialize)]
struct Top {
    /// docker-bench-security's version.
    dockerbenchsecurity: Option<String>,
    start: Option<i64>,
    end: Option<i64>,
    /// aquasecurity: the engine's version that the definitions are for.
    id: Option<String>,
    text: Option<String>,
    tests: Option<Vec<Entry>>,
}

/// A section or a row of either tool.
#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "test_number")]
    id: Option<String>,
    #[serde(alias = "test_desc")]
    desc: Option<String>,
    #[serde(alias = "status")]
    result: Option<String>,
    details: Option<String>,
    items: Option<Vec<String>>,
    results: Option<Vec<Self>>,
    /// aquasecurity: `manual`, `skip` or nothing.
    #[serde(rename = "type")]
    kind: Option<String>,
    actual_value: Option<String>,
    expected_result: Option<String>,
    reason: Option<String>,
}

/// A value of the oldest JSON: `"1.1": "PASS"` beside numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Other(IgnoredAny),
}

/// Reads JSON, one object or several after each other. None: it is no JSON of either tool.
pub(super) fn read(text: &str) -> Result<Option<PeerReport>, PeerError> {
    // Messages of the tool may stand before it.
    let start = if text.trim_start().starts_with('{') { text.find('{') } else { text.find("\n{").map(|at| at + 1) };
    let Some(start) = start else { return Ok(None) };
    let text = &text[start..];
    let mut objects = serde_json::Deserializer::from_str(text).into_iter::<Top>();
    let (mut last, mut runs, mut from) = (None, 0, 0);
    while let Some(object) = objects.next() {
        let object = object.map_err(|error| broken(text, &error))?;
        let end = objects.byte_offset();
        if let Some(tool) = tool_of(&object) {
            last = Some((tool, object, &text[from..end]));
            runs += 1;
        }
        from = end;
    }
    last.map(|(tool, object, source)| report(tool, object, source, runs)).transpose()
}

/// A message without the file's own words, which serde_json does not quote anyway; only of what might be theirs.
fn broken(text: &str, error: &serde_json::Error) -> PeerError {
    let is_theirs = ["\"dockerbenchsecurity\"", "\"test_number\"", "\"test_desc\""].iter().any(|mark| text.contains(mark));
    if is_theirs { PeerError::Json(error.to_string()) } else { PeerError::Unrecognised }
}

fn tool_of(object: &Top) -> Option<PeerTool> {
    let is_aquas = object.id.is_some() && object.text.as_ref().is_some_and(|text| text.contains("Docker")) && object.tests.is_some();
    match (&object.dockerbenchsecurity, is_aquas) {
        (Some(_), _) => Some(PeerTool::DockerBenchSecurity),
        (None, true) => Some(PeerTool::DockerBench),
        (None, false) => None,
    }
}

fn report(tool: PeerTool, object: Top, source: &str, runs: usize) -> Result<PeerReport, PeerError> {
    let mut rows = Vec::new();
    match object.tests {
        Some(entries) => {
            for entry in entries {
                collect(tool, entry, &mut rows)?;
            }
        }
        None => rows = bare(source)?,
    }
    let rows = without_headings(rows);
    if rows.is_empty() {
        return Err(PeerError::NoRows { runs });
    }
    let version = object.dockerbenchsecurity;
    let claims = claim_of(tool, version.as_deref().or(object.id.as_deref()).unwrap_or_default()).map(str::to_owned);
    let made_at = object.start.or(object.end).and_then(|second| Some(jiff::Timestamp::from_second(second).ok()?.to_string()));
    let origin = PeerOrigin { tool, form: PeerForm::Json, version, claims, made_at, runs, complete: true };
    Ok(PeerReport { origin, rows })
}

/// The rows of a section, or the row itself.
fn collect(tool: PeerTool, entry: Entry, rows: &mut Vec<PeerRow>) -> Result<(), PeerError> {
    if let Some(results) = entry.results {
        return results.into_iter().try_for_each(|row| collect(tool, row, rows));
    }
    let (Some(id), Some(result)) = (entry.id, entry.result) else { return Ok(()) };
    // A check that never ran has an empty status.
    let word = if result.is_empty() { PeerWord::Info } else { parse(&id, &result)? };
    let looked = entry.kind.as_deref() != Some("manual") && [&entry.actual_value, &entry.expected_result].iter().any(|value| some(value));
    let holds = match word {
        PeerWord::Pass => Some(true),
        PeerWord::Fail => Some(false),
        // aquasecurity's WARN is what nobody looked at, and what was looked at, failed, and is not scored.
        PeerWord::Warn => (tool == PeerTool::DockerBenchSecurity || looked).then_some(false),
        PeerWord::Info | PeerWord::Note => None,
    };
    let said = [entry.details, entry.reason].into_iter().flatten().filter(|text| !text.trim().is_empty()).collect();
    // "(truncated)" closes a list that was limited with -n.
    let names = entry.items.unwrap_or_default().into_iter().filter(|name| name != "(truncated)").collect();
    rows.push(PeerRow { id, title: entry.desc.filter(|title| !title.is_empty()), word, holds, said, names });
    Ok(())
}

fn some(value: &Option<String>) -> bool {
    value.as_ref().is_some_and(|text| !text.is_empty())
}

fn parse(id: &str, word: &str) -> Result<PeerWord, PeerError> {
    PeerWord::parse(word).ok_or_else(|| PeerError::Word { id: shortened(id), word: shortened(word) })
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Numbers and words alone.
fn bare(source: &str) -> Result<Vec<PeerRow>, PeerError> {
    let map: BTreeMap<String, Word> = serde_json::from_str(source).map_err(|error| broken(source, &error))?;
    let mut rows = Vec::new();
    for (id, word) in map {
        if let (true, Word::Text(word)) = (is_number(&id), word) {
            let word = parse(&id, &word)?;
            let holds = match word {
                PeerWord::Pass => Some(true),
                PeerWord::Warn | PeerWord::Fail => Some(false),
                PeerWord::Info | PeerWord::Note => None,
            };
            rows.push(PeerRow { id, title: None, word, holds, said: Vec::new(), names: Vec::new() });
        }
    }
    rows.sort_by_key(|row| row.id.split('.').map(|part| part.parse::<u32>().unwrap_or(u32::MAX)).collect::<Vec<_>>());
    Ok(rows)
}
