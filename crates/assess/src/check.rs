//! One check as its file has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::subject::SubjectKind;

/// How bad it is when the check fails, from positions and not from likelihood (see docs on severity).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Host root from no credential or from an ordinary container, without a software flaw.
    Critical,
    /// Needs a credential or a foothold and a condition, or yields credentials.
    High,
    /// Denial of service, lateral movement, loss of attribution.
    Medium,
    /// Margin.
    Low,
}

impl Severity {
    /// The word used in JSON and in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// A letter of STRIDE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Stride {
    /// Spoofing.
    S,
    /// Tampering.
    T,
    /// Repudiation.
    R,
    /// Information disclosure.
    I,
    /// Denial of service.
    D,
    /// Elevation of privilege.
    E,
}

impl Stride {
    /// All letters in order.
    pub const ALL: [Self; 6] = [Self::S, Self::T, Self::R, Self::I, Self::D, Self::E];

    /// The letter.
    pub fn letter(self) -> char {
        match self {
            Self::S => 'S',
            Self::T => 'T',
            Self::R => 'R',
            Self::I => 'I',
            Self::D => 'D',
            Self::E => 'E',
        }
    }

    /// The full name.
    pub fn name(self) -> &'static str {
        match self {
            Self::S => "Spoofing",
            Self::T => "Tampering",
            Self::R => "Repudiation",
            Self::I => "Information disclosure",
            Self::D => "Denial of service",
            Self::E => "Elevation of privilege",
        }
    }
}

/// What decides a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// A predicate over typed facts, checked at load time.
    Predicate(crate::expression::Expression),
    /// A person, told what to look at.
    Manual(String),
}

/// How the output of `reproduce` shows the value that a verdict shows: extended regular expressions (grep -E), by what is shown. A list
/// holds when all of its patterns do. `PATTERN`: some line matches; `!PATTERN`: no line does; `=PATTERN`: every line does, and there is one.
///
/// Without a list the value itself must stand in the output, as a word or number of its own; of `true` and `false` only the right one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShownAs {
    /// Where `true` is shown.
    pub if_true: Option<Vec<String>>,
    /// Where `false` is shown.
    pub if_false: Option<Vec<String>>,
    /// Where the value is absent, an empty text or an empty list.
    pub if_none: Option<Vec<String>>,
    /// For a text, a number, and each member of a list: `%` stands for it, `%first` and `%last` for its first and
    /// its last word, `%label` for what stands before its first colon.
    pub each: Option<Vec<String>>,
}

impl ShownAs {
    /// Whether no list and no pattern in it is empty.
    pub(crate) fn says_something(&self) -> bool {
        let given = [&self.if_true, &self.if_false, &self.if_none, &self.each];
        let patterns = |list: &Vec<String>| !list.is_empty() && list.iter().all(|pattern| !matches!(pattern.as_str(), "" | "!" | "="));
        given.iter().any(|list| list.is_some()) && given.into_iter().flatten().all(patterns)
    }
}

/// How a statement of the operator decides a check that a person decides without it.
#[derive(Clone, Debug, PartialEq)]
pub struct ByPolicy {
    /// Whether enough is stated.
    pub when: crate::expression::Expression,
    /// What must hold then.
    pub pass: crate::expression::Expression,
}

/// One check, loaded and type-checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// `docker.daemon.live-restore`.
    pub id: String,
    /// What holds when it passes.
    pub title: Arc<str>,
    /// What an attacker gains otherwise.
    pub why: String,
    /// What it is asked about.
    pub subject: SubjectKind,
    /// When it has a meaning, and what is said when it has none.
    pub when: Option<(crate::expression::Expression, String)>,
    /// What decides it.
    pub question: Question,
    /// For a question to a person: what decides it where the operator states enough.
    pub by_policy: Option<ByPolicy>,
    /// The value that is shown as the fact.
    pub shows: Option<crate::expression::Expression>,
    /// View paths shown as evidence.
    pub fact: Vec<Arc<str>>,
    /// What a person types to see the same, with `${view.path}` holes.
    pub reproduce: Arc<str>,
    /// How the output of that shows the value.
    pub shown_as: ShownAs,
    /// How bad.
    pub severity: Severity,
    /// Which kinds of threat it serves.
    pub stride: Vec<Stride>,
    /// What to do about a failure.
    pub remedy: RemedyTemplate,
    /// What the measure does and does not do.
    pub note: Option<String>,
}

impl Check {
    /// Paths of all facts that decide it or are shown with it, each once.
    pub(crate) fn paths(&self) -> Vec<&str> {
        let when = self.when.iter().map(|(when, _)| when);
        let pass = if let Question::Predicate(pass) = &self.question { Some(pass) } else { None };
        let spoken = when.chain(pass).chain(&self.shows).flat_map(|expression| expression.paths()).map(String::as_str);
        let mut paths: Vec<&str> = Vec::new();
        for path in spoken.chain(self.fact.iter().map(AsRef::as_ref)) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }
}

/// A remedy before it is bound to a subject: see [`crate::Action`] for the bound one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
pub struct RemedyTemplate {
    /// `daemon-setting`, `audit-rule`, `container-update`, `container-recreate`, `manual`.
    pub action: String,
    /// Typed per action; strings may hold `${view.path}` holes.
    #[serde(default)]
    pub change: BTreeMap<String, serde_json::Value>,
    /// What a person does by hand.
    pub text: Arc<str>,
    /// What it disturbs, in one sentence.
    pub disrupts: Arc<str>,
}
