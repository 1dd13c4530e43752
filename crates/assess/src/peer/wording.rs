//! How well a foreign title fits a check of ours: by the words that they share, rare words counting more. The titles of the benchmarks are
//! licensed, so ours are other sentences about the same things; what they share is what both must name: `sysconfig`, `autolock`, `uts`.

use std::collections::{BTreeMap, BTreeSet};

use crate::Catalogue;

/// Words that say nothing about what a row is about.
const EMPTY: &[&str] = &[
    "ensure",
    "that",
    "the",
    "is",
    "are",
    "an",
    "and",
    "or",
    "of",
    "to",
    "for",
    "in",
    "on",
    "not",
    "be",
    "with",
    "if",
    "at",
    "by",
    "as",
    "from",
    "set",
    "applicable",
    "when",
    "where",
    "has",
    "have",
    "it",
    "its",
    "no",
    "every",
    "any",
    "only",
    "docker",
    "automated",
    "manual",
    "scored",
    "appropriately",
    "needed",
    "used",
    "use",
    "using",
    "enabled",
    "enable",
    "disabled",
    "more",
    "less",
    "within",
    "file",
    "files",
    "configured",
    "configuration",
    "container",
    "containers",
    "host",
];

/// The words of our checks.
pub(super) struct Wording<'c> {
    words: BTreeMap<&'c str, BTreeSet<String>>,
    /// How much a word tells, in thousandths: the rarer the more.
    weights: BTreeMap<String, u32>,
}

impl<'c> Wording<'c> {
    /// The words of every check that a benchmark names.
    pub(super) fn of(catalogue: &'c Catalogue) -> Self {
        let mut words: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for control in catalogue.benchmarks.values().flat_map(|benchmark| &benchmark.controls) {
            let check = control.check.as_str();
            let title = catalogue.checks.get(check).map_or("", |check| &check.title);
            words.entry(check).or_insert_with(|| telling(&format!("{} {title}", control.slug)));
        }
        let mut uses: BTreeMap<&String, usize> = BTreeMap::new();
        for word in words.values().flatten() {
            *uses.entry(word).or_default() += 1;
        }
        let weight = |count: usize| -> u32 {
            // Whole thousandths: sums must not depend on the order in which they are made.
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a few hundred checks"
            )]
            let thousandths = ((1.0 + words.len() as f64 / count as f64).ln() * 1000.0) as u32;
            thousandths
        };
        let weights = uses.into_iter().map(|(word, count)| (word.clone(), weight(count))).collect();
        Self { words, weights }
    }

    /// How well a title fits a check; 0: they share nothing.
    pub(super) fn fit(&self, title: &BTreeSet<String>, check: &str) -> u32 {
        let Some(words) = self.words.get(check) else { return 0 };
        title.intersection(words).filter_map(|word| self.weights.get(word)).sum()
    }
}

/// The words of a text that tell something, in one form each.
pub(super) fn telling(text: &str) -> BTreeSet<String> {
    text.to_lowercase()
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| word.len() > 1 && !EMPTY.contains(word))
        .map(|word| match word {
            // The benchmarks' words for what our slugs call otherwise.
            "ownership" | "owned" => "owner",
            "permission" | "permissions" => "mode",
            word if word.len() > 3 => word.trim_end_matches('s'),
            word => word,
        })
        .map(str::to_owned)
        .collect()
}
