//! Examples: each is a test of its check, on an ordinary, sound subject that differs in what the example says.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::source::Source;
use crate::expression::Value;
use crate::judge::{Frame, judgement};
use crate::view::record::{Record, Sound, Typed};
use crate::view::{Container, Daemon, Host, Image, Network, Policy};
use crate::yaml::{Node, Place};
use crate::{Check, Question, Subject, SubjectKind, Verdict};

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
    pub fn run(&self, check: &Check) -> Result<(), (Place, String)> {
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
        let subject = Subject { kind: check.subject, id: "example".to_owned(), name: "example".to_owned() };
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
        let given = judgement(check, &Frame::new(&subject, &records, &values, &sources));
        if given.verdict != self.expect {
            return Err((
                self.place,
                format!("example `{}` expects {} and gives {}: {}", self.name, self.expect, given.verdict, given.reason),
            ));
        }
        match &self.reason {
            Some(reason) if !given.reason.contains(reason.as_str()) => {
                Err((self.place, format!("example `{}` expects the reason `{reason}` and gives `{}`", self.name, given.reason)))
            }
            _ => Ok(()),
        }
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
