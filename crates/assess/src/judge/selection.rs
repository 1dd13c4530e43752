//! A part of a benchmark run: some sections, some checks, one level, one container.

use std::collections::BTreeMap;

use crate::{Assessment, Benchmark, BenchmarkResult, Catalogue, CheckResult, Control, SubjectKind, Verdict};

/// Which part; empty: all of it. Every condition must hold; of several values of one condition, one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sections: the beginning of a number (`5`, `1.1`), or the section's slug (`runtime`).
    pub sections: Vec<String>,
    /// Rows: number, check id or slug.
    pub checks: Vec<String>,
    /// Profile level: 1, or 2 with all of 1.
    pub level: Option<u8>,
    /// Containers by name or by the beginning of their id; rows that ask nothing of containers are left out.
    pub containers: Vec<String>,
}

/// Why a selection makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// The catalogue has no such benchmark.
    #[error("no benchmark `{0}`")]
    Benchmark(String),
    /// Nothing of the table has this name: a run of nothing would look like a clean one.
    #[error("{benchmark} has no {what} `{name}`")]
    Nothing {
        /// Benchmark.
        benchmark: String,
        /// `section` or `check`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The data of this version names no levels.
    #[error("the levels of {0} are not known")]
    Levels(String),
    /// No container has this name.
    #[error("no container is called `{0}` here")]
    Container(String),
    /// Each condition matches something, but no row meets all of them.
    #[error("no row of {0} meets all of these conditions")]
    Together(String),
}

/// A run of the selected part of one benchmark.
///
/// # Errors
/// When a condition matches nothing.
pub fn bench_part(
    assessment: &Assessment,
    catalogue: &Catalogue,
    benchmark: &str,
    selection: &Selection,
) -> Result<BenchmarkResult, SelectionError> {
    let table = catalogue.benchmarks.get(benchmark).ok_or_else(|| SelectionError::Benchmark(benchmark.to_owned()))?;
    selection.makes_sense(table)?;
    let controls: Vec<Control> = table.controls.iter().filter(|control| selection.takes(control)).cloned().collect();
    let part = Benchmark { controls, ..table.clone() };
    if selection.containers.is_empty() {
        return selection.some(super::bench::run(&part, &assessment.results, catalogue));
    }
    for wanted in &selection.containers {
        let known = assessment.results.values().flat_map(|result| &result.subjects).any(|one| is_container(one, wanted));
        if !known {
            return Err(SelectionError::Container(wanted.clone()));
        }
    }
    let results: BTreeMap<String, CheckResult> =
        assessment.results.iter().filter_map(|(id, result)| Some((id.clone(), selection.of_containers(result)?))).collect();
    let asked = |control: &Control| results.contains_key(&control.check);
    let controls = part.controls.iter().filter(|control| asked(control)).cloned().collect();
    selection.some(super::bench::run(&Benchmark { controls, ..part }, &results, catalogue))
}

impl Selection {
    fn makes_sense(&self, table: &Benchmark) -> Result<(), SelectionError> {
        let nothing = |what, name: &String| SelectionError::Nothing { benchmark: table.id.clone(), what, name: name.clone() };
        if let Some(name) = self.sections.iter().find(|name| !table.controls.iter().any(|control| in_section(control, name))) {
            return Err(nothing("section", name));
        }
        if let Some(name) = self.checks.iter().find(|name| !table.controls.iter().any(|control| is_named(control, name))) {
            return Err(nothing("check", name));
        }
        match self.level.is_some() && table.controls.iter().any(|control| control.level.is_none()) {
            true => Err(SelectionError::Levels(table.id.clone())),
            false => Ok(()),
        }
    }

    fn takes(&self, control: &Control) -> bool {
        (self.sections.is_empty() || self.sections.iter().any(|name| in_section(control, name)))
            && (self.checks.is_empty() || self.checks.iter().any(|name| is_named(control, name)))
            && self.level.is_none_or(|level| control.level.is_some_and(|of| of <= level))
    }

    /// The judgements of the chosen containers; none: the check asks nothing of them.
    fn of_containers(&self, result: &CheckResult) -> Option<CheckResult> {
        let chosen = |one: &crate::Judgement| self.containers.iter().any(|wanted| is_container(one, wanted));
        let subjects: Vec<_> = result.subjects.iter().filter(|one| chosen(one)).cloned().collect();
        let verdict = Verdict::worst(subjects.iter().map(|one| one.verdict));
        (!subjects.is_empty()).then(|| CheckResult { verdict, subjects, ..result.clone() })
    }

    fn some(&self, result: BenchmarkResult) -> Result<BenchmarkResult, SelectionError> {
        if result.controls.is_empty() { Err(SelectionError::Together(result.benchmark)) } else { Ok(result) }
    }
}

/// `5` takes 5.1 and not 51; `5.1` takes 5.1 and 5.1.2.
fn in_section(control: &Control, name: &str) -> bool {
    control.section == name || control.id == name || control.id.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

fn is_named(control: &Control, name: &str) -> bool {
    control.id == name || control.slug == name || control.check == name
}

fn is_container(judgement: &crate::Judgement, wanted: &str) -> bool {
    let subject = &judgement.subject;
    let by_id = wanted.len() >= 4 && subject.id.starts_with(wanted);
    subject.kind == SubjectKind::Container && (*subject.name == *wanted.trim_start_matches('/') || by_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(id: &str, section: &str, level: Option<u8>) -> Control {
        Control {
            id: id.to_owned(),
            section: section.to_owned(),
            check: format!("docker.x.s{id}"),
            slug: format!("s{id}"),
            level,
            assessment: None,
            scored: None,
        }
    }

    #[test]
    fn parts() {
        let table = Benchmark {
            id: "cis-x-1".to_owned(),
            title: String::new(),
            controls: vec![control("1.1.1", "host", Some(1)), control("5.1", "runtime", Some(2)), control("5.10", "runtime", Some(1))],
        };
        let taken = |selection: &Selection| -> Vec<&str> {
            table.controls.iter().filter(|control| selection.takes(control)).map(|control| control.id.as_str()).collect()
        };
        let of = |sections: &[&str], checks: &[&str], level: Option<u8>| Selection {
            sections: sections.iter().map(|name| (*name).to_owned()).collect(),
            checks: checks.iter().map(|name| (*name).to_owned()).collect(),
            level,
            containers: Vec::new(),
        };
        assert_eq!(taken(&of(&[], &[], None)).len(), 3);
        assert_eq!(taken(&of(&["5"], &[], None)), ["5.1", "5.10"]);
        assert_eq!(taken(&of(&["5.1"], &[], None)), ["5.1"]);
        assert_eq!(taken(&of(&["runtime", "1"], &[], Some(1))), ["1.1.1", "5.10"]);
        assert_eq!(taken(&of(&[], &["s5.10", "docker.x.s1.1.1", "5.1"], None)).len(), 3);
        assert_eq!(taken(&of(&[], &[], Some(2))).len(), 3);
        assert!(matches!(of(&["6"], &[], None).makes_sense(&table), Err(SelectionError::Nothing { what: "section", .. })));
        assert!(matches!(of(&[], &["6.1"], None).makes_sense(&table), Err(SelectionError::Nothing { what: "check", .. })));
        let without = Benchmark { controls: vec![control("1.1", "host", None)], ..table.clone() };
        assert_eq!(of(&[], &[], Some(1)).makes_sense(&without), Err(SelectionError::Levels("cis-x-1".to_owned())));
    }
}
