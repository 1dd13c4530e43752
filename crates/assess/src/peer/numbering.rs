//! Whose numbers a report has. docker-bench-security's log names no benchmark, its release v1.6.0 says 1.6.0 over the numbers of 1.5.0,
//! and aquasecurity's definitions for one version hold rows in the order of another. So the titles decide, row by row where they must.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::wording::{Wording, telling};
use super::{PeerError, PeerReport, PeerRow};
use crate::{Benchmark, Catalogue};

/// How it is known whose numbers a report has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NumberedBy {
    /// The operator said so.
    Asked,
    /// The titles fit this version best.
    Titles,
    /// The titles fit several versions, and the report names this one of them.
    Claim,
    /// Several versions fit, and all of them mean the same by these rows.
    Same,
}

/// Better by this much, a title outweighs its number: about one word that few checks have, or two that many have.
const OUTWEIGHS: u32 = 2_000;
/// What a number that is in a table counts, for reports without titles: less than any word.
const PRESENT: u32 = 500;

/// Whose numbers a report has, and which check each of its rows is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// `cis-docker-1.6.0`.
    pub benchmark: String,
    /// How that is known.
    pub by: NumberedBy,
    /// For each row the check that it is about; none: no check of ours.
    pub checks: Vec<Option<String>>,
}

impl Numbering {
    /// Finds out whose numbers a report has. `asked` is a benchmark's id that the operator named and that exists.
    ///
    /// # Errors
    /// When several versions fit and mean different things, or none fits.
    pub fn of(report: &PeerReport, catalogue: &Catalogue, asked: Option<&str>) -> Result<Self, PeerError> {
        let wording = Wording::of(catalogue);
        let titles: Vec<Option<BTreeSet<String>>> = report.rows.iter().map(|row| row.title.as_deref().map(telling)).collect();
        let tables: Vec<Table<'_>> = catalogue.benchmarks.values().map(Table::of).collect();
        let (table, by) = match asked.and_then(|asked| tables.iter().find(|table| table.id == asked)) {
            Some(table) => (table, NumberedBy::Asked),
            None => choose(report, &titles, &tables, &wording)?,
        };
        let about = |(row, title): (&PeerRow, &Option<BTreeSet<String>>)| match by {
            NumberedBy::Asked => table.check(row),
            _ => about(row, title.as_ref(), table, &tables, &wording),
        };
        let checks: Vec<Option<&str>> = report.rows.iter().zip(&titles).map(about).collect();
        if by != NumberedBy::Asked && is_foreign(&checks, &titles, &wording) || checks.iter().all(Option::is_none) {
            return Err(PeerError::Foreign(tables.iter().map(|table| table.id).collect::<Vec<_>>().join(", ")));
        }
        let checks = checks.into_iter().map(|check| check.map(str::to_owned)).collect();
        Ok(Self { benchmark: table.id.to_owned(), by, checks })
    }
}

/// A benchmark's numbers and what they stand for.
struct Table<'c> {
    id: &'c str,
    version: Vec<u32>,
    checks: BTreeMap<&'c str, &'c str>,
}

impl<'c> Table<'c> {
    fn of(benchmark: &'c Benchmark) -> Self {
        let checks = benchmark.controls.iter().map(|control| (control.id.as_str(), control.check.as_str())).collect();
        let version = benchmark.id.rsplit('-').next().unwrap_or_default().split('.').map(|part| part.parse().unwrap_or(0)).collect();
        Self { id: &benchmark.id, version, checks }
    }

    fn check(&self, row: &PeerRow) -> Option<&'c str> {
        self.checks.get(number(row)).copied()
    }
}

/// The number without aquasecurity's letter for the halves of a row: `2.13` of `2.13.a`.
fn number(row: &PeerRow) -> &str {
    match row.id.rsplit_once('.') {
        Some((number, half)) if half.bytes().all(|byte| byte.is_ascii_lowercase()) => number,
        _ => &row.id,
    }
}

/// The table that the titles and numbers fit best.
fn choose<'t, 'c>(
    report: &PeerReport,
    titles: &[Option<BTreeSet<String>>],
    tables: &'t [Table<'c>],
    wording: &Wording<'_>,
) -> Result<(&'t Table<'c>, NumberedBy), PeerError> {
    let fit = |table: &Table<'_>| -> u64 {
        let of_row = |(row, title): (&PeerRow, &Option<BTreeSet<String>>)| {
            let Some(check) = table.check(row) else { return 0 };
            u64::from(PRESENT + title.as_ref().map_or(0, |title| wording.fit(title, check)))
        };
        report.rows.iter().zip(titles).map(of_row).sum()
    };
    let fits: Vec<u64> = tables.iter().map(fit).collect();
    let best = fits.iter().copied().max().unwrap_or(0);
    let tied: Vec<&Table<'_>> = tables.iter().zip(&fits).filter(|(_, fit)| **fit == best).map(|(table, _)| table).collect();
    let claimed = tied.iter().find(|table| Some(table.id) == report.origin.claims.as_deref());
    // Of versions that mean the same the oldest: a later one has more rows, which the report then seems to lack.
    let oldest = || tied.iter().min_by_key(|table| &table.version);
    let differing: Vec<&str> = report.rows.iter().filter(|row| !all_equal(tied.iter().map(|table| table.check(row)))).map(number).collect();
    let found = match (tied.as_slice(), claimed) {
        ([only], _) => Some((*only, NumberedBy::Titles)),
        (_, Some(claimed)) => Some((*claimed, NumberedBy::Claim)),
        (_, None) if differing.is_empty() => oldest().map(|table| (*table, NumberedBy::Same)),
        (_, None) => None,
    };
    found.ok_or_else(|| {
        let rows = match differing.as_slice() {
            [first, second, rest @ ..] if rest.len() > 1 => format!("{first}, {second} and {} more", rest.len()),
            few => few.join(", "),
        };
        PeerError::Ambiguous { rows, benchmarks: tied.iter().map(|table| table.id.to_owned()).collect() }
    })
}

/// Whether the titles are about other things: another benchmark's report has the same shape and numbers.
fn is_foreign(checks: &[Option<&str>], titles: &[Option<BTreeSet<String>>], wording: &Wording<'_>) -> bool {
    let titled = checks.iter().zip(titles).filter_map(|(check, title)| Some(((*check)?, title.as_ref()?)));
    let (fitting, strange): (Vec<_>, Vec<_>) = titled.partition(|(check, title)| wording.fit(title, check) > 0);
    strange.len() > 4 && strange.len() > fitting.len()
}

fn all_equal<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    let first = values.next();
    values.all(|value| Some(value) == first)
}

/// The check that a row is about: that of its number, unless its title clearly is that of the same number in another version.
fn about<'c>(
    row: &PeerRow,
    title: Option<&BTreeSet<String>>,
    table: &Table<'c>,
    tables: &[Table<'c>],
    wording: &Wording<'_>,
) -> Option<&'c str> {
    let by_number = table.check(row);
    let Some(title) = title else { return by_number };
    let fit = |check: &str| wording.fit(title, check);
    // max_by_key takes the last of equals: the newest version that says so, since tables are in order.
    let by_title = tables.iter().filter_map(|other| other.check(row)).max_by_key(|check| fit(check))?;
    match by_number {
        Some(check) if fit(by_title) < fit(check) + OUTWEIGHS => Some(check),
        // A number that this version has not: only a title that fits makes it one of another version's.
        None if fit(by_title) < OUTWEIGHS => None,
        _ => Some(by_title),
    }
}
