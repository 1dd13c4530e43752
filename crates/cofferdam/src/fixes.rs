//! What `--fix` names: a check, or a benchmark's number with its version; for one object with `@NAME`.

use anyhow::{Result, bail, ensure};
use assess::{Assessment, Catalogue, Remedy, Verdict};

/// One `--fix`, resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Check id.
    pub(crate) check: String,
    /// One object only, by name.
    pub(crate) subject: Option<String>,
}

/// Finds the check that a `--fix` names.
pub(crate) fn resolve(catalogue: &Catalogue, text: &str) -> Result<Wanted> {
    let (id, subject) = match text.split_once('@') {
        Some((id, subject)) => (id, Some(subject.to_owned())),
        None => (text, None),
    };
    let check = match id.split_once(':') {
        Some((benchmark, control)) => {
            let Some(table) = catalogue.benchmarks.get(benchmark) else {
                let known: Vec<&str> = catalogue.benchmarks.keys().map(String::as_str).collect();
                bail!("no benchmark `{benchmark}`\nhint: there are {}", known.join(", "));
            };
            let Some(row) = table.controls.iter().find(|row| row.id == control) else {
                bail!("{benchmark} has no control `{control}`\nhint: cofferdam bench docker --benchmark {benchmark} lists them");
            };
            let Some(check) = &row.check else {
                bail!("{benchmark} {control} is not built yet, so there is no fix for it");
            };
            check.clone()
        }
        None if catalogue.checks.contains_key(id) => id.to_owned(),
        None if id.chars().next().is_some_and(|first| first.is_ascii_digit()) => {
            bail!("`{id}` is a number of several benchmarks\nhint: name the version too, e.g. cis-docker-1.6.0:{id}")
        }
        None => bail!("no check `{id}`{}\nhint: cofferdam catalogue list", near_miss(catalogue, id)),
    };
    Ok(Wanted { check, subject })
}

fn near_miss(catalogue: &Catalogue, id: &str) -> String {
    let tail = id.rsplit('.').next().unwrap_or(id);
    let near = catalogue.checks.keys().find(|known| !tail.is_empty() && known.contains(tail));
    near.map(|known| format!("; do you mean {known}?")).unwrap_or_default()
}

/// The remedies of what was asked for: one for each failing subject. What passes already needs none.
pub(crate) fn remedies(assessment: &Assessment, wanted: &[Wanted]) -> Result<Vec<Remedy>> {
    let mut remedies: Vec<Remedy> = Vec::new();
    for want in wanted {
        let judged = assessment.results.get(&want.check).into_iter().flat_map(|result| &result.subjects);
        let matching: Vec<_> = judged
            .filter(|judgement| {
                want.subject.as_ref().is_none_or(|name| judgement.subject.name == *name || judgement.subject.id.starts_with(name))
            })
            .collect();
        if let Some(name) = &want.subject {
            ensure!(!matching.is_empty(), "{} is not asked of anything called `{name}` here", want.check);
        }
        let fails = matching.iter().any(|judgement| matches!(judgement.verdict, Verdict::Fail | Verdict::Manual));
        if let (false, Some(unknown)) = (fails, matching.iter().find(|judgement| judgement.verdict == Verdict::Unknown)) {
            bail!("{} can't be fixed before it can be seen: {}\nhint: run as root on the engine's host", want.check, unknown.reason);
        }
        let findings = assessment.findings.iter().filter(|finding| {
            finding.check == want.check
                && matches!(finding.verdict, Verdict::Fail | Verdict::Manual)
                && matching.iter().any(|judgement| judgement.subject == finding.subject)
        });
        for finding in findings {
            if !remedies.contains(&finding.remedy) {
                remedies.push(finding.remedy.clone());
            }
        }
    }
    Ok(remedies)
}
