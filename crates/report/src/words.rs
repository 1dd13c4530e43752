//! Small pieces of wording that every format shares.

use std::collections::BTreeMap;

use assess::{Event, Severity, ShownFact, SnapshotRef, Stride, Target, ThreatFinding, ThreatStatus, Verdict};
use serde_json::Value;

use crate::style::Tone;

/// The four letters in brackets of a benchmark line.
pub(crate) fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Unknown => "UNKN",
        Verdict::Manual => "NOTE",
        Verdict::Waived => "WAIV",
        Verdict::NotApplicable => " N/A",
    }
}

pub(crate) fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Fail => Tone::Bad,
        Verdict::Unknown | Verdict::Manual => Tone::Doubt,
        Verdict::Waived | Verdict::NotApplicable => Tone::Dim,
    }
}

pub(crate) fn status_tone(status: ThreatStatus) -> Tone {
    match status {
        ThreatStatus::Open => Tone::Bad,
        ThreatStatus::Partly | ThreatStatus::Unknown => Tone::Doubt,
        ThreatStatus::Mitigated => Tone::Good,
        ThreatStatus::NotApplicable => Tone::Dim,
    }
}

pub(crate) fn severity_tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Doubt,
        Severity::Low => Tone::Plain,
    }
}

/// What an event means for whoever is on call.
pub(crate) fn downtime(event: Event) -> &'static str {
    match event {
        Event::None => "no downtime",
        Event::Reload => "daemon reload, no downtime",
        Event::Restart => "daemon restart",
        Event::Recreate => "containers are created anew",
        Event::People => "by hand",
    }
}

/// `T E`.
pub(crate) fn letters(stride: &[Stride]) -> String {
    stride.iter().map(|letter| letter.letter().to_string()).collect::<Vec<_>>().join(" ")
}

/// At most `shown` names: `web, db and 38 more`.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>, shown: usize) -> String {
    let all: Vec<&str> = names.into_iter().collect();
    // "and 1 more" is longer than most names.
    if all.len() <= shown + 1 {
        return all.join(", ");
    }
    format!("{} and {} more", all[..shown].join(", "), all.len() - shown)
}

/// Each threat once, with the worst status that it has on any element.
pub(crate) fn worst_statuses(threats: &[ThreatFinding]) -> BTreeMap<&str, ThreatStatus> {
    let mut worst: BTreeMap<&str, ThreatStatus> = BTreeMap::new();
    for threat in threats {
        let status = worst.entry(&threat.id).or_insert(threat.status);
        *status = (*status).min(threat.status);
    }
    worst
}

/// `1 container`, `2 containers`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// A fact's value as a person would write it.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Null => "not seen".to_owned(),
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => names(items.iter().map(self::value).collect::<Vec<_>>().iter().map(String::as_str), 12),
        Value::Object(fields) => fields.iter().map(|(name, field)| format!("{name}={}", self::value(field))).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// The facts that tell more than the reason does: it names what could not be seen with the obstacle, and what it shows with the source.
/// That something runs is what everybody expects.
pub(crate) fn evidence<'a>(reason: &'a str, facts: &'a [ShownFact]) -> impl Iterator<Item = &'a ShownFact> {
    let is_expected = |fact: &ShownFact| &*fact.path == "container.running" && fact.value == true;
    facts
        .iter()
        .filter(move |fact| !is_expected(fact) && !fact.value.is_null() && (fact.source.is_empty() || !reason.contains(&*fact.source)))
}

/// The value of a check's `shows`, which has no path of its own.
fn is_shown_value(fact: &ShownFact) -> bool {
    &*fact.path == "shows"
}

/// Name of a fact.
pub(crate) fn fact_name(fact: &ShownFact) -> &str {
    if is_shown_value(fact) { "shown" } else { &fact.path }
}

/// `daemon.live_restore = false (web), from API /info LiveRestoreEnabled`; `of` names the subject where there are several.
pub(crate) fn fact(fact: &ShownFact, of: Option<&str>) -> String {
    let of = of.map(|name| format!(" ({name})")).unwrap_or_default();
    let from = if fact.source.is_empty() { String::new() } else { format!(", from {}", fact.source) };
    format!("{} = {}{of}{from}", fact_name(fact), value(&fact.value))
}

/// `CIS Docker 2.13 (1.1.0-1.2.0), 2.15 (1.6.0)`: a number never travels without its versions; neighbours with one number are a range.
pub(crate) fn numbers(benchmarks: &BTreeMap<String, Vec<String>>) -> String {
    let mut families: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    for (benchmark, ids) in benchmarks {
        let (family, version) = benchmark.rsplit_once('-').unwrap_or((benchmark, "?"));
        families.entry(family).or_default().push((version, ids.join(" and ")));
    }
    let each: Vec<String> = families
        .into_iter()
        .map(|(family, mut versions)| {
            versions.sort_by_key(|(version, _)| version.split('.').map(|part| part.parse::<u32>().unwrap_or(0)).collect::<Vec<_>>());
            let runs: Vec<String> = versions
                .chunk_by(|left, right| left.1 == right.1)
                .map(|run| match run {
                    [(version, ids)] => format!("{ids} ({version})"),
                    [(first, ids), .., (last, _)] => format!("{ids} ({first}-{last})"),
                    [] => String::new(),
                })
                .collect();
            format!("{} {}", benchmark_name(family), runs.join(", "))
        })
        .collect();
    each.join("; ")
}

/// `CIS Docker 1.6.0` for `cis-docker-1.6.0`.
pub(crate) fn benchmark_name(id: &str) -> String {
    id.split('-')
        .map(|word| match word {
            "cis" => "CIS".to_owned(),
            other => {
                let mut letters = other.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Heading of a benchmark's section.
pub(crate) fn section_name(slug: &str) -> String {
    match slug {
        "host" => "Host",
        "daemon" => "Daemon",
        "files" => "Files of the daemon",
        "images" => "Images and build files",
        "containers" | "container" | "runtime" => "Containers",
        "operations" => "Operations",
        "swarm" => "Swarm",
        "enterprise" => "Enterprise",
        "community" => "Community",
        other => return other.to_owned(),
    }
    .to_owned()
}

/// `web-7 (docker 20.10.24)`.
pub(crate) fn target(target: &Target) -> String {
    let engine = target.engine.as_deref().unwrap_or("engine not seen");
    format!("{} ({engine})", target.name)
}

/// `2026-11-21 13:05:12 UTC` of RFC 3339; anything else as it is.
pub(crate) fn time(rfc3339: &str) -> String {
    match rfc3339.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((day, time)) => format!("{day} {} UTC", time.split('.').next().unwrap_or(time)),
        None => rfc3339.to_owned(),
    }
}

/// `sha256:3f9c2a81d0e4`: enough of a digest to tell two apart.
pub(crate) fn digest(snapshot: &SnapshotRef) -> String {
    snapshot.digest.chars().take("sha256:".len() + 12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut() {
        assert_eq!(names(["a", "b", "c"], 2), "a, b, c");
        assert_eq!(names(["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(names([], 2), "");
    }

    #[test]
    fn wording() {
        assert_eq!(benchmark_name("cis-docker-1.6.0"), "CIS Docker 1.6.0");
        assert_eq!(time("2026-11-21T13:05:12Z"), "2026-11-21 13:05:12 UTC");
        assert_eq!(time("2026-11-21T13:05:12.123Z"), "2026-11-21 13:05:12 UTC");
        assert_eq!(time("noon"), "noon");
        assert_eq!(value(&serde_json::json!(["NET_RAW", 1, true])), "NET_RAW, 1, true");
    }
}
