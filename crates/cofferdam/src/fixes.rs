//! What `--fix` names: a check, or a benchmark's number with its version; for one object with `@NAME`.

use anyhow::{Result, anyhow, bail, ensure};
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
    let check = catalogue.check_named(id).map_err(|misnamed| anyhow!("{}\nhint: {}", misnamed.message, misnamed.hint))?.id.clone();
    Ok(Wanted { check, subject })
}

/// The remedies of what was asked for: one for each failing subject. What passes already needs none.
pub(crate) fn remedies(assessment: &Assessment, wanted: &[Wanted]) -> Result<Vec<Remedy>> {
    let mut remedies: Vec<Remedy> = Vec::new();
    for want in wanted {
        let judged = assessment.results.get(&want.check).into_iter().flat_map(|result| &result.subjects);
        let matching: Vec<_> = judged
            .filter(|judgement| {
                want.subject.as_ref().is_none_or(|name| *judgement.subject.name == **name || judgement.subject.id.starts_with(name))
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
