//! What an account can see of what a benchmark needs, by experiment: each access is taken out of the Snapshot, and the verdicts that turn
//! unknown are those that hang on it. What could not be seen bears the mark of its obstacle through derivation and judgement, so that an
//! unknown verdict names its causes itself.

mod access;
mod diagnosis;
mod next;
mod observations;
mod obstacle;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use facts::Snapshot;

pub use access::Access;
pub use diagnosis::{AccessState, Diagnosis, MetObstacle, Readable, RowCounts, Verdicts};
pub use next::{Next, next};

use crate::judge::{Unseen, unseen};
use crate::{Benchmark, Catalogue, Operator, SnapshotRef, Verdict};
use observations::{Marked, TAKEN, marks};

/// Places that are named; the rest is counted.
const PLACES: usize = 4;

/// Diagnoses what the Snapshot holds of what the benchmark needs. `operator`: what is stated decides rows that a person decides otherwise.
pub fn diagnose(snapshot: &Snapshot, catalogue: &Catalogue, benchmark: &Benchmark, operator: &Operator) -> Diagnosis {
    let marked = Marked::of(snapshot);
    let table = Table::of(benchmark);
    let judge = |snapshot: &Snapshot| unseen(snapshot, catalogue, operator, |check| table.rows.contains_key(check));
    let now = marked.snapshot(None).map(|marked| judge(&marked)).unwrap_or_default();
    let mut accesses: Vec<AccessState> = Access::ALL
        .into_iter()
        .filter_map(|access| {
            let without = marked.snapshot(Some(access)).map(|without| judge(&without)).unwrap_or_default();
            table.state(access, &marked, &now, &without)
        })
        .collect();
    accesses.sort_by_key(|one| (one.readable, std::cmp::Reverse((one.unknown.verdicts, one.hang.verdicts))));
    Diagnosis {
        target: crate::judge::target(snapshot),
        snapshot: SnapshotRef { digest: facts::digest(snapshot), taken_at: snapshot.taken_at.clone() },
        benchmark: benchmark.id.clone(),
        accesses,
        shown_to_nobody: table.shown_to_nobody(&marked, &now),
        rows: table.counts(&now),
    }
}

/// Rows by their check.
struct Table<'b> {
    benchmark: &'b Benchmark,
    rows: BTreeMap<&'b str, Vec<&'b str>>,
}

impl<'b> Table<'b> {
    fn of(benchmark: &'b Benchmark) -> Self {
        let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for control in &benchmark.controls {
            rows.entry(&control.check).or_default().push(&control.id);
        }
        Self { benchmark, rows }
    }

    /// None: nothing is read by it here, and nothing hangs on it.
    fn state(&self, access: Access, marked: &Marked, now: &[Unseen], without: &[Unseen]) -> Option<AccessState> {
        let own = |number: &usize| marked.obstacles.0.get(*number).is_some_and(|(other, _)| *other == access);
        let taken = |number: &usize| *number == TAKEN || own(number);
        let unknown = self.verdicts(now.iter().filter(|one| numbers(&one.because).iter().any(own)));
        let mut hang = self.verdicts(without.iter().filter(|one| numbers(&one.because).iter().any(taken)));
        let mut use_it = self.verdicts(without.iter().filter(|one| numbers(&one.touched).iter().any(taken)));
        if access == Access::EngineApi && without.len() < now.len() {
            // Without the engine there are no objects: what is judged of them stands and falls with it.
            let left: BTreeSet<(&str, &str)> = without.iter().map(|one| (one.check.as_str(), &*one.subject.id)).collect();
            let gone = |one: &&Unseen| !left.contains(&(one.check.as_str(), &*one.subject.id));
            let host = |one: &&Unseen| !one.subject.id.is_empty() && numbers(&one.because).iter().any(taken);
            hang = self.verdicts(now.iter().filter(gone).chain(without.iter().filter(host)));
            use_it = hang.clone();
        }
        let counted = marked.counted.get(&access).copied().unwrap_or_default();
        let mut obstacles: Vec<MetObstacle> = (0..marked.obstacles.0.len())
            .filter(own)
            .map(|number| {
                let found = &marked.obstacles.0[number].1;
                MetObstacle {
                    why: found.why.clone(),
                    needs: found.needs.clone(),
                    places: found.places.iter().take(PLACES).cloned().collect(),
                    observations: found.places.len().max(1),
                    unknown: self.verdicts(now.iter().filter(|one| numbers(&one.because).contains(&number))),
                }
            })
            // What no right helps against and nothing hangs on is nobody's trouble.
            .filter(|met| met.needs.is_some() || met.unknown.verdicts > 0)
            .collect();
        // No access failed: see `shown_to_nobody`.
        if obstacles.iter().all(|met| met.needs.is_none()) {
            obstacles.clear();
        }
        obstacles.sort_by(|a, b| b.unknown.verdicts.cmp(&a.unknown.verdicts).then_with(|| a.why.cmp(&b.why)));
        let readable = match (obstacles.is_empty(), counted.seen > 0) {
            (true, true) => Readable::Yes,
            (true, false) => Readable::Nothing,
            (false, true) => Readable::Partly,
            (false, false) => Readable::No,
        };
        (readable != Readable::Nothing || hang.verdicts > 0).then(|| AccessState {
            access,
            name: access.name().to_owned(),
            place: access.place().to_owned(),
            least_right: access.least_right().to_owned(),
            readable,
            seen: counted.seen,
            unseen: counted.unseen,
            unknown: if obstacles.is_empty() { Verdicts::default() } else { unknown },
            hang,
            use_it,
            obstacles,
        })
    }

    /// Unknown verdicts whose causes are all such that no right would help.
    fn shown_to_nobody(&self, marked: &Marked, now: &[Unseen]) -> Vec<MetObstacle> {
        let helps = |number: &usize| marked.obstacles.0.get(*number).is_some_and(|(_, found)| found.needs.is_some());
        let mut by_why: BTreeMap<String, Vec<&Unseen>> = BTreeMap::new();
        for one in now.iter().filter(|one| one.verdict == Verdict::Unknown) {
            let causes = numbers(&one.because);
            if causes.iter().any(helps) {
                continue;
            }
            let by_mark = causes.iter().find_map(|number| marked.obstacles.0.get(*number)).map(|(_, found)| found.why.clone());
            let why = by_mark.or_else(|| one.because.first().cloned()).unwrap_or_else(|| "a fact that it needs was not seen".to_owned());
            by_why.entry(why).or_default().push(one);
        }
        let met = |(why, ones): (String, Vec<&Unseen>)| MetObstacle {
            why,
            needs: None,
            places: Vec::new(),
            observations: ones.len(),
            unknown: self.verdicts(ones.into_iter()),
        };
        by_why.into_iter().map(met).collect()
    }

    fn counts(&self, now: &[Unseen]) -> RowCounts {
        let mut counts = RowCounts { all: self.benchmark.controls.len(), ..RowCounts::default() };
        let mut verdicts: BTreeMap<&str, Vec<Verdict>> = BTreeMap::new();
        for one in now {
            verdicts.entry(&one.check).or_default().push(one.verdict);
        }
        for control in &self.benchmark.controls {
            let of_row = verdicts.get(control.check.as_str()).map_or(&[][..], Vec::as_slice);
            *(if of_row.contains(&Verdict::Unknown) {
                &mut counts.with_unknown
            } else if of_row.contains(&Verdict::Manual) {
                &mut counts.manual
            } else {
                &mut counts.decided
            }) += 1;
        }
        counts
    }

    /// One verdict for each row and subject; rows in the benchmark's order.
    fn verdicts<'u>(&self, ones: impl Iterator<Item = &'u Unseen>) -> Verdicts {
        let mut checks: BTreeMap<&str, usize> = BTreeMap::new();
        for one in ones {
            *checks.entry(one.check.as_str()).or_default() += 1;
        }
        let verdicts = checks.iter().map(|(check, subjects)| subjects * self.rows.get(check).map_or(0, Vec::len)).sum();
        let row = |control: &&crate::Control| checks.contains_key(control.check.as_str());
        Verdicts { rows: self.benchmark.controls.iter().filter(row).map(|control| control.id.clone()).collect(), verdicts }
    }
}

fn numbers(whys: &[String]) -> BTreeSet<usize> {
    whys.iter().flat_map(|why| marks(why)).collect()
}
