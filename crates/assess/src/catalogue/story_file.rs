//! The five stories that the product must carry end to end, as data.

use serde::{Deserialize, Serialize};

use super::source::Source;

/// The stories, and where they are mistaken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stories {
    /// The stories in order.
    pub stories: Vec<Story>,
    /// What they say wrongly, and what is right.
    pub corrections: Vec<Correction>,
}

/// One story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// `A` to `E`.
    pub id: String,
    /// What its author listed.
    pub items: Vec<StoryItem>,
}

/// One threat that an author listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoryItem {
    /// In our words.
    pub text: String,
    /// `docker` or `kubernetes`.
    pub system: String,
    /// Threats of the catalogue that say it.
    pub threats: Vec<String>,
    /// Failed findings that the author hardened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<StoryFinding>,
    /// Failed findings that the author only named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<StoryFinding>,
}

/// A finding by its number in the benchmark version that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoryFinding {
    /// `cis-docker-1.6.0`.
    pub benchmark: String,
    /// `2.15`.
    pub control: String,
    /// Our check.
    pub check: String,
}

/// Where stories are mistaken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The stories that say it.
    pub story: Vec<String>,
    /// What they say.
    pub says: String,
    /// What is right.
    pub correct: String,
    /// Threats that give the right answer.
    pub threats: Vec<String>,
}

pub(super) fn read(source: &mut Source<'_>) -> Option<Stories> {
    source.read()
}
