//! Which unseen facts a verdict rests on: for those who ask what an account would have to see.

use facts::Snapshot;

use crate::expression::Value;
use crate::judge::judgement::undecided;
use crate::{Catalogue, Operator, Subject, Verdict};

/// One check on one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unseen {
    pub(crate) check: String,
    pub(crate) subject: Subject,
    pub(crate) verdict: Verdict,
    /// For an unknown verdict: why the facts that it needs were not seen.
    pub(crate) because: Vec<String>,
    /// Why facts that the check speaks of at all were not seen.
    pub(crate) touched: Vec<String>,
}

/// All checks that `wanted` names, on all subjects.
pub(crate) fn unseen(snapshot: &Snapshot, catalogue: &Catalogue, operator: &Operator, wanted: impl Fn(&str) -> bool) -> Vec<Unseen> {
    super::with_subjects(snapshot, operator, |subjects, _| {
        let mut found = Vec::new();
        for check in catalogue.checks.values().filter(|check| wanted(&check.id)) {
            let variables = crate::view::variables(check.subject);
            let all = subjects.subjects(check.subject);
            for (index, subject) in all.into_iter().enumerate() {
                let values = subjects.values(check.subject, index);
                let (verdict, evaluation) = undecided(check, values);
                let value = |path: &str| crate::view::lookup(path, &variables, values);
                let mut because = Vec::new();
                if let Some(evaluation) = evaluation {
                    whys(&evaluation.value, false, &mut because);
                    evaluation.read.iter().for_each(|path| whys(&value(path), false, &mut because));
                }
                let mut touched = Vec::new();
                check.paths().into_iter().for_each(|path| whys(&value(path), true, &mut touched));
                found.push(Unseen { check: check.id.clone(), subject: subject.clone(), verdict, because, touched });
            }
        }
        found
    })
}

/// Obstacles of a value and of the unseen members of a list; `deep`: also of the fields of its records.
fn whys(value: &Value, deep: bool, found: &mut Vec<String>) {
    match value {
        Value::Unknown(why) if !found.iter().any(|known| **known == **why) => found.push(why.to_string()),
        Value::List(members) => {
            members.iter().filter(|member| deep || matches!(member, Value::Unknown(_))).for_each(|member| whys(member, deep, found))
        }
        Value::Record(record) if deep => record.fields.iter().for_each(|field| whys(field, deep, found)),
        _ => {}
    }
}
