//! Examples: each is a test of its check, on an ordinary, sound subject that differs in what the example says.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::source::Source;
use crate::expression::{Expression, Step, Value};
use crate::judge::{Extent, Frame, judgement};
use crate::view::record::{Record, Sound, Typed};
use crate::view::{Container, Daemon, Host, Image, Network, Policy};
use crate::yaml::{Node, Place};
use crate::{Check, Judgement, Question, Subject, SubjectKind, Verdict};

/// One example, as its file has it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Example")]
pub(super) struct RawExample {
    /// What is special about it.
    name: String,
    /// pass, fail, unknown, not-applicable or manual.
    expect: Verdict,
    /// A part of the reason that must be given.
    #[serde(default)]
    reason: Option<String>,
    /// Facts of the host that differ from a sound one. `~` is Unknown, `absent` is Absent.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    host: Option<Spanned<Node>>,
    /// Facts of the daemon.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    daemon: Option<Spanned<Node>>,
    /// Facts of the container.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    container: Option<Spanned<Node>>,
    /// Facts of the image.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    image: Option<Spanned<Node>>,
    /// Facts of the network.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    network: Option<Spanned<Node>>,
    /// What the operator states: nothing but this.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    policy: Option<Spanned<Node>>,
}

/// One example of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// What is special about it.
    pub name: String,
    /// The verdict that must come out.
    pub expect: Verdict,
    /// A part of the reason that must be given.
    pub reason: Option<String>,
    overlays: Vec<(SubjectKind, Spanned<Node>)>,
    policy: Option<Spanned<Node>>,
    place: Place,
}

/// What came out of an example.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleOutcome {
    /// The verdict with the facts that decided.
    pub judgement: Judgement,
    /// What was expected and is not so; none: it holds.
    pub mismatch: Option<String>,
    /// Where it does not hold: `when` and `pass`, part by part.
    pub trace: Vec<(&'static str, Vec<Step>)>,
}

impl From<Spanned<RawExample>> for Example {
    fn from(raw: Spanned<RawExample>) -> Self {
        let place = raw.referenced.into();
        let raw = raw.value;
        let overlays = [
            (SubjectKind::Host, raw.host),
            (SubjectKind::Daemon, raw.daemon),
            (SubjectKind::Container, raw.container),
            (SubjectKind::Image, raw.image),
            (SubjectKind::Network, raw.network),
        ];
        let overlays = overlays.into_iter().filter_map(|(kind, node)| Some((kind, node?))).collect();
        Self { name: raw.name, expect: raw.expect, reason: raw.reason, overlays, policy: raw.policy, place }
    }
}

impl Example {
    /// Where it stands in its file.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Runs it. An error says what came out instead, or what is wrong in it.
    ///
    /// # Errors
    /// When another verdict or reason comes out, or a fact of the example can't be read, with the place in the file.
    pub fn run(&self, check: &Check) -> Result<(), (Place, String)> {
        match self.outcome(check)?.mismatch {
            Some(mismatch) => Err((self.place, format!("example `{}` {mismatch}", self.name))),
            None => Ok(()),
        }
    }

    /// Runs it and says how its verdict came about.
    ///
    /// # Errors
    /// When a fact of the example can't be read, with the place in the file.
    pub fn outcome(&self, check: &Check) -> Result<ExampleOutcome, (Place, String)> {
        let host: Host = self.subject(SubjectKind::Host)?;
        let daemon: Daemon = self.subject(SubjectKind::Daemon)?;
        let policy = match &self.policy {
            Some(node) => Policy::read(None, node).map_err(|error| (error.place, error.message))?,
            None => Policy::unstated(),
        };
        let member: Option<Box<dyn Record>> = match check.subject {
            SubjectKind::Host | SubjectKind::Daemon => None,
            SubjectKind::Container => Some(Box::new(self.subject::<Container>(SubjectKind::Container)?)),
            SubjectKind::Image => Some(Box::new(self.subject::<Image>(SubjectKind::Image)?)),
            SubjectKind::Network => Some(Box::new(self.subject::<Network>(SubjectKind::Network)?)),
        };
        if let Some((kind, node)) = self.overlays.iter().find(|(kind, _)| !self.is_bound(*kind, check.subject)) {
            return Err((node.referenced.into(), format!("a check of a {} does not see any {}", check.subject.word(), kind.word())));
        }
        let subject = Subject { kind: check.subject, id: "example".into(), name: "example".into() };
        let sources = facts::Sources::default();
        let values: Vec<Value> = [
            Some(host.record_value()),
            Some(daemon.record_value()),
            Some(policy.record_value()),
            member.as_ref().map(|member| member.record_value()),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut records: Vec<&dyn Record> = vec![&host, &daemon, &policy];
        records.extend(member.as_deref());
        let given = judgement(check, &Frame::new(&subject, &records, &values, &sources), Extent::WHOLE);
        let mismatch = if given.verdict != self.expect {
            Some(format!("expects {} and gives {}: {}", self.expect, given.verdict, given.reason))
        } else {
            let missing = self.reason.as_ref().filter(|reason| !given.reason.contains(reason.as_str()));
            missing.map(|reason| format!("expects the reason `{reason}` and gives `{}`", given.reason))
        };
        let parts = [("when", check.when.as_ref().map(|(when, _)| when)), ("pass", predicate(check))];
        let traced = |(name, part): (&'static str, Option<&Expression>)| Some((name, part?.trace(&values)));
        let trace = if mismatch.is_some() { parts.into_iter().filter_map(traced).collect() } else { Vec::new() };
        Ok(ExampleOutcome { judgement: given, mismatch, trace })
    }

    fn is_bound(&self, kind: SubjectKind, subject: SubjectKind) -> bool {
        kind == subject || matches!(kind, SubjectKind::Host | SubjectKind::Daemon)
    }

    fn subject<V: Typed + Sound>(&self, kind: SubjectKind) -> Result<V, (Place, String)> {
        match self.overlays.iter().find(|(overlaid, _)| *overlaid == kind) {
            Some((_, node)) => V::read(None, node).map_err(|error| (error.place, error.message)),
            None => Ok(V::sound()),
        }
    }
}

fn predicate(check: &Check) -> Option<&Expression> {
    match &check.question {
        Question::Predicate(pass) => Some(pass),
        Question::Manual(_) => None,
    }
}

/// Runs the examples of a file and looks at what they cover.
pub(super) fn lint(source: &mut Source<'_>, check: &Check, examples: &[Example], place: impl Into<Place>) {
    let place = place.into();
    let wanted: &[Verdict] = match check.question {
        Question::Predicate(_) => &[Verdict::Pass, Verdict::Fail, Verdict::Unknown],
        Question::Manual(_) if check.by_policy.is_some() => &[Verdict::Manual, Verdict::Pass, Verdict::Fail, Verdict::Unknown],
        Question::Manual(_) => &[Verdict::Manual],
    };
    for verdict in wanted {
        if !examples.iter().any(|example| example.expect == *verdict) {
            source.error(place, format!("no example expects {verdict}"));
        }
    }
    if check.when.is_some() && !examples.iter().any(|example| example.expect == Verdict::NotApplicable) {
        source.error(place, "no example expects not-applicable, and the check has a `when`");
    }
    for (index, example) in examples.iter().enumerate() {
        if examples[..index].iter().any(|other| other.name == example.name) {
            source.error(example.place, format!("two examples are named `{}`", example.name));
        }
        if let Err((place, message)) = example.run(check) {
            source.error(place, message);
        }
    }
}
