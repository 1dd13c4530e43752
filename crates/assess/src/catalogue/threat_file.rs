//! Threats and the measures that they speak of.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::check_file::SUBJECTS;
use super::source::Source;
use crate::expression::Wanted;
use crate::measure::Measure;
use crate::near_miss::near_miss;
use crate::{Check, Severity, Stride, SubjectKind, Threat, view};

/// Measures by name; none: no check says it yet.
pub(super) type Measures = BTreeMap<String, Option<Measure>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMeasures {
    measures: BTreeMap<String, Option<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawThreats {
    threats: Vec<RawThreat>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawThreat {
    id: Spanned<String>,
    element: RawElement,
    stride: Spanned<Stride>,
    title: Spanned<String>,
    attacker: Vec<String>,
    applies_when: Option<Spanned<String>>,
    applies_text: Spanned<String>,
    mitigated_when: Spanned<String>,
    #[serde(default)]
    reduced_by: Vec<Spanned<String>>,
    mitigation: Spanned<String>,
    #[serde(default)]
    attack: Vec<String>,
    cwe: String,
    severity: Severity,
    severity_reason: Spanned<String>,
    #[serde(default)]
    correction: Option<Spanned<String>>,
    #[serde(default)]
    stories: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawElement {
    kind: String,
    name: Spanned<String>,
    #[serde(rename = "type")]
    element_type: Spanned<String>,
}

/// What names of a threat must resolve to.
pub(super) enum Names<'n> {
    /// Measures and checks: a threat that is measured.
    Known { measures: &'n Measures, checks: &'n BTreeMap<String, Check> },
    /// Nothing yet: the reference model of a system that is not measured.
    Free,
}

/// Reads the measures.
pub(super) fn read_measures(source: &mut Source<'_>, checks: &BTreeMap<String, Check>) -> Option<Measures> {
    let raw: RawMeasures = source.read()?;
    let mut measures = Measures::new();
    for (name, text) in raw.measures {
        let measure = text.and_then(|text| {
            let measure = parse(source, &text)?;
            for check in measure.names() {
                if !checks.contains_key(check) {
                    let offset = text.value.find(check).unwrap_or(0);
                    source.error_in(text.referenced, offset, format!("no check `{check}`{}", meant(check, checks.keys())));
                }
            }
            Some(measure)
        });
        measures.insert(name, measure);
    }
    Some(measures)
}

/// Reads a file of threats.
pub(super) fn read(source: &mut Source<'_>, names: &Names<'_>) -> Option<Vec<Threat>> {
    let raw: RawThreats = source.read()?;
    let mut threats: Vec<Threat> = Vec::new();
    for raw in raw.threats {
        let place = raw.id.referenced;
        if threats.iter().any(|threat| threat.id == raw.id.value) {
            source.error(place, format!("`{}` stands twice", raw.id.value));
        }
        threats.extend(threat(source, raw, names));
    }
    Some(threats)
}

fn threat(source: &mut Source<'_>, raw: RawThreat, names: &Names<'_>) -> Option<Threat> {
    check_letter(source, &raw);
    let measured = matches!(names, Names::Known { .. });
    let variables = view::variables(element_subject(&raw.element.kind).unwrap_or(SubjectKind::Host));
    let applies_when = match (&raw.applies_when, measured) {
        (Some(when), true) => source.expression(when, &variables, Wanted::Answer, None),
        (Some(when), false) => {
            source.error(when.referenced, "nothing measures this system yet: applies_when is ~");
            None
        }
        (None, _) => None,
    };
    let mitigated_when = parse(source, &raw.mitigated_when);
    if let (Names::Known { measures, checks }, Some(measure)) = (names, &mitigated_when) {
        let is_known = |name: &str| measures.contains_key(name) || checks.contains_key(name);
        let known = || measures.keys().chain(checks.keys());
        for name in measure.names().into_iter().filter(|name| !is_known(name)) {
            let offset = raw.mitigated_when.value.find(name).unwrap_or(0);
            source.error_in(raw.mitigated_when.referenced, offset, format!("no measure `{name}`{}", meant(name, known())));
        }
        for name in raw.reduced_by.iter().filter(|name| !is_known(&name.value)) {
            source.error(name.referenced, format!("no measure `{}`{}", name.value, meant(&name.value, known())));
        }
    }
    Some(Threat {
        id: source.said(&raw.id, "id"),
        title: source.said(&raw.title, "title"),
        stride: raw.stride.value,
        element_kind: raw.element.kind,
        element_name: source.said(&raw.element.name, "element.name"),
        element_type: raw.element.element_type.value,
        attacker: raw.attacker,
        applies_when,
        applies_text: source.said(&raw.applies_text, "applies_text"),
        mitigated_when: mitigated_when?,
        reduced_by: raw.reduced_by.into_iter().map(|name| name.value).collect(),
        mitigation: source.said(&raw.mitigation, "mitigation"),
        attack: raw.attack,
        cwe: raw.cwe,
        severity: raw.severity,
        severity_reason: source.said(&raw.severity_reason, "severity_reason"),
        correction: raw.correction.as_ref().map(|correction| source.said(correction, "correction")),
        stories: raw.stories,
    })
}

/// The subject that an element kind is an instance of; none: there is one element of it a host.
pub(crate) fn element_subject(kind: &str) -> Option<SubjectKind> {
    SUBJECTS.iter().find(|(name, _)| *name == kind).map(|(_, subject)| *subject)
}

/// The type of an element decides which letters it can have (STRIDE per element). A store has R where it is a log or a record of changes.
fn check_letter(source: &mut Source<'_>, raw: &RawThreat) {
    let letters = match raw.element.element_type.value.as_str() {
        "external" => "SR",
        "process" => "STRIDE",
        "store" | "store (log)" => "TRID",
        "flow" => "TID",
        other => {
            return source.error(
                raw.element.element_type.referenced,
                format!("unknown element type `{other}`, known are process, store, flow, external"),
            );
        }
    };
    if !letters.contains(raw.stride.value.letter()) {
        source.error(
            raw.stride.referenced,
            format!("an element of type {} has the letters {letters}, not {}", raw.element.element_type.value, raw.stride.value.letter()),
        );
    }
}

fn parse(source: &mut Source<'_>, text: &Spanned<String>) -> Option<Measure> {
    match Measure::parse(text.value.trim_end()) {
        Ok(measure) => Some(measure),
        Err((offset, message)) => {
            source.error_in(text.referenced, offset, message);
            None
        }
    }
}

fn meant<'k>(name: &str, known: impl Iterator<Item = &'k String>) -> String {
    near_miss(name, known.map(String::as_str)).map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default()
}
