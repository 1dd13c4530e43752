//! A check's file: its shape, and what must hold in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use super::example::{Example, RawExample};
use super::remedy_template;
use super::source::Source;
use crate::expression::{Type, Wanted};
use crate::near_miss::hint;
use crate::{ByPolicy, Check, Question, RemedyTemplate, Severity, ShownAs, Stride, SubjectKind, template, view};

/// A check, as its file has it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "cofferdam check", rename = "Check")]
pub(super) struct RawCheck {
    /// docker.GROUP.SLUG
    #[schemars(with = "String", regex(pattern = r"^[a-z0-9]+(\.[a-z0-9-]+)+$"))]
    id: Spanned<String>,
    /// What holds when it passes.
    #[schemars(with = "String")]
    title: Spanned<String>,
    /// What an attacker gains otherwise.
    #[schemars(with = "String")]
    why: Spanned<String>,
    /// What it is asked about: docker.host, docker.daemon, docker.containers, docker.images, docker.networks.
    #[schemars(with = "String", extend("enum" = ["docker.host", "docker.daemon", "docker.containers", "docker.images", "docker.networks"]))]
    subject: Spanned<String>,
    /// When it has a meaning: an expression over the views.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    when: Option<Spanned<String>>,
    /// What is said where it has none.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    when_not: Option<Spanned<String>>,
    /// What must hold: an expression over the views. Either this or manual.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pass: Option<Spanned<String>>,
    /// What a person looks at and decides.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    manual: Option<Spanned<String>>,
    /// With manual: what decides it where the operator states enough in cofferdam.yaml.
    #[serde(default)]
    by_policy: Option<RawByPolicy>,
    /// The value that is shown.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    shows: Option<Spanned<String>>,
    /// View paths that are shown as evidence.
    #[schemars(with = "Vec<String>")]
    fact: Vec<Spanned<String>>,
    /// What a person types to see the same; ${view.path} is put in, quoted for a shell.
    #[schemars(with = "String")]
    reproduce: Spanned<String>,
    /// How its output shows the value, where that does not simply stand in it.
    #[serde(default)]
    #[schemars(with = "Option<ShownAs>")]
    shown_as: Option<Spanned<ShownAs>>,
    severity: Severity,
    /// Letters of STRIDE that it serves.
    #[schemars(with = "Vec<Stride>")]
    stride: Spanned<Vec<Stride>>,
    remedy: RawRemedy,
    /// What the measure does and does not do.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    note: Option<Spanned<String>>,
    /// Each is a test: at least one pass, one fail and one unknown; one manual for a question to a person.
    #[schemars(with = "Vec<RawExample>")]
    examples: Spanned<Vec<Spanned<RawExample>>>,
}

/// What decides a question to a person where the operator states enough.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ByPolicy")]
struct RawByPolicy {
    /// Whether enough is stated: an expression over policy, and over the views where the statement does not reach all of them.
    #[schemars(with = "String")]
    when: Spanned<String>,
    /// What must hold then.
    #[schemars(with = "String")]
    pass: Spanned<String>,
}

/// What to do about a failure.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Remedy")]
struct RawRemedy {
    /// What kind of change.
    #[schemars(with = "String", extend("enum" = ["daemon-setting", "audit-rule", "container-update", "container-recreate", "manual"]))]
    action: Spanned<String>,
    /// Its parameters, typed by action.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    change: Spanned<BTreeMap<String, serde_json::Value>>,
    /// What a person does by hand.
    #[schemars(with = "String")]
    text: Spanned<String>,
    /// What it disturbs.
    #[schemars(with = "String")]
    disrupts: Spanned<String>,
}

/// A loaded file: the check, where its id stands, and its examples.
pub(super) struct CheckFile {
    pub(super) check: Check,
    pub(super) id_place: Location,
    pub(super) examples_place: Location,
    pub(super) examples: Vec<Example>,
}

/// Reads and checks one file. What is wrong is in `source.errors`.
pub(super) fn read(source: &mut Source<'_>) -> Option<CheckFile> {
    let raw: RawCheck = source.read()?;
    let subject = subject_kind(source, &raw.subject)?;
    let variables = view::variables(subject);
    let id = source.said(&raw.id, "id");
    check_id(source, &raw.id);

    let when = match (&raw.when, &raw.when_not) {
        (Some(when), Some(not)) => {
            let words = source.said(not, "when_not");
            source.expression(when, &variables, Wanted::Answer, None).map(|when| (when, words))
        }
        (Some(when), None) => {
            source.error(when.referenced, "`when` needs `when_not`: what is said where it is false");
            None
        }
        (None, Some(not)) => {
            source.error(not.referenced, "`when_not` without `when`");
            None
        }
        (None, None) => None,
    };
    let guard = when.as_ref().map(|(when, _)| when);
    let question = match (&raw.pass, &raw.manual) {
        (Some(pass), None) => source.expression(pass, &variables, Wanted::Answer, guard).map(Question::Predicate),
        (None, Some(manual)) => Some(Question::Manual(source.said(manual, "manual"))),
        (Some(_), Some(manual)) => {
            source.error(manual.referenced, "either `pass` or `manual`, not both");
            None
        }
        (None, None) => {
            source.error(raw.id.referenced, "`pass` or `manual` is missing: nothing decides this check");
            None
        }
    };
    let by_policy = match (&raw.by_policy, &raw.manual) {
        (Some(by_policy), Some(_)) => self::by_policy(source, by_policy, &variables),
        (Some(by_policy), None) => {
            source.error(by_policy.when.referenced, "`by_policy` is for `manual`: a statement decides what a person decides without it");
            None
        }
        (None, _) => None,
    };
    let shows = raw.shows.as_ref().and_then(|shows| source.expression(shows, &variables, Wanted::Shown, guard));
    if raw.fact.is_empty() {
        source.error(raw.id.referenced, "`fact` is empty: name at least one view path as evidence");
    }
    for path in &raw.fact {
        if let Err(message) = template::path_type(&path.value, &variables) {
            source.error_in(path.referenced, 0, message);
        }
    }
    for text in [&raw.reproduce, &raw.remedy.text, &raw.remedy.disrupts] {
        if let Err((offset, message)) = template::check(&text.value, &variables) {
            source.error_in(text.referenced, offset, message);
        }
    }
    if let Some(empty) = raw.shown_as.as_ref().filter(|shown| !shown.value.says_something()) {
        source.error(empty.referenced, "`shown_as` is empty somewhere: each of its lists holds a pattern, and no pattern is empty");
    }
    if raw.stride.value.is_empty() {
        source.error(raw.stride.referenced, "`stride` is empty: name the letters that it serves");
    }
    let remedy = RemedyTemplate {
        action: raw.remedy.action.value.clone(),
        change: raw.remedy.change.value.clone(),
        text: source.said(&raw.remedy.text, "remedy.text").into(),
        disrupts: source.said(&raw.remedy.disrupts, "remedy.disrupts").into(),
    };
    if let Err((in_change, message)) = remedy_template::check(&remedy, subject, &variables) {
        source.error(if in_change { raw.remedy.change.referenced } else { raw.remedy.action.referenced }, message);
    }
    let examples = raw.examples.value.into_iter().map(Example::from).collect();
    let check = Check {
        id,
        title: source.said(&raw.title, "title").into(),
        why: source.said(&raw.why, "why"),
        subject,
        when,
        question: question?,
        by_policy,
        shows,
        fact: raw.fact.into_iter().map(|path| path.value.into()).collect(),
        reproduce: source.said(&raw.reproduce, "reproduce").into(),
        shown_as: raw.shown_as.map(|shown| shown.value).unwrap_or_default(),
        severity: raw.severity,
        stride: raw.stride.value,
        remedy,
        note: raw.note.as_ref().map(|note| source.said(note, "note")),
    };
    Some(CheckFile { check, id_place: raw.id.referenced, examples_place: raw.examples.referenced, examples })
}

fn by_policy(source: &mut Source<'_>, raw: &RawByPolicy, variables: &[(&'static str, Type)]) -> Option<ByPolicy> {
    let when = source.expression(&raw.when, variables, Wanted::Answer, None)?;
    if !when.paths().iter().any(|path| path.starts_with("policy.")) {
        source.error(raw.when.referenced, "this rests on no statement: name one, as in is_set(policy.trusted_users)");
    }
    let pass = source.expression(&raw.pass, variables, Wanted::Answer, Some(&when))?;
    Some(ByPolicy { when, pass })
}

/// The collections that a check or a threat can be asked about.
pub(super) const SUBJECTS: [(&str, SubjectKind); 5] = [
    ("docker.host", SubjectKind::Host),
    ("docker.daemon", SubjectKind::Daemon),
    ("docker.containers", SubjectKind::Container),
    ("docker.images", SubjectKind::Image),
    ("docker.networks", SubjectKind::Network),
];

fn subject_kind(source: &mut Source<'_>, word: &Spanned<String>) -> Option<SubjectKind> {
    let found = SUBJECTS.iter().find(|(name, _)| *name == word.value);
    if found.is_none() {
        let hint = hint(&word.value, SUBJECTS.iter().map(|(name, _)| *name));
        source.error(word.referenced, format!("unknown subject `{}`{hint}", word.value));
    }
    found.map(|(_, kind)| *kind)
}

fn check_id(source: &mut Source<'_>, id: &Spanned<String>) {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if id.value.split('.').count() < 2 || !id.value.split('.').all(word) {
        source.error(id.referenced, format!("`{}` is no check id: write lower-case words parted by dots, docker.GROUP.SLUG", id.value));
    }
}
