//! Another tool's report against ours: what differs, each with the fact and the command to see it; then the counts.

use std::collections::{BTreeMap, BTreeSet};

use assess::peer::{ComparedRow, NumberedBy, PeerComparison, PeerForm, PeerOrigin, Relation};
use assess::{Assessment, Judgement, Verdict};

use super::assess::header;
use super::page::{Page, Span, dim, plain, strong};
use crate::style::{Style, Tone};
use crate::words;

/// Column where the text of a row begins: `5.12.1 `.
const HANG: usize = 7;
/// Different values of one row that are shown each with its fact.
const SHOWN: usize = 3;

/// Rows that differ under what kind of difference it is, counts, and how to see the rest.
pub fn comparison(assessment: &Assessment, comparison: &PeerComparison, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, assessment);
    page.gap();
    origin(&mut page, comparison);
    let parts = [
        (Relation::Differ, "THE VERDICTS DIFFER"),
        (Relation::OtherSubjects, "BOTH FAIL, BUT NOT THE SAME ONES"),
        (Relation::Overlooked, "THEY GIVE NO VERDICT, AND IT FAILS HERE"),
    ];
    for (relation, title) in parts {
        let rows: Vec<&ComparedRow> = comparison.rows.iter().filter(|row| row.relation == relation).collect();
        if rows.is_empty() {
            continue;
        }
        page.heading(title, &words::count(rows.len(), "row"));
        for row in rows {
            self::row(&mut page, row);
        }
    }
    counts(&mut page, comparison);
    page.finish()
}

/// Whose report, how old, and whose numbers it has.
fn origin(page: &mut Page, comparison: &PeerComparison) {
    let PeerOrigin { tool, form, version, claims, made_at, runs, complete } = &comparison.peer;
    let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let form = match form {
        PeerForm::Text => "text",
        PeerForm::Json => "JSON",
    };
    let made = made_at.as_ref().map(|time| format!(", made {}", words::time(time))).unwrap_or_default();
    page.split(&[strong(format!("{}{version}", tool.name()))], &[dim(format!("{form}{made}"))]);
    let name = words::benchmark_name(&comparison.benchmark);
    let other_claim = claims.as_ref().filter(|claims| **claims != comparison.benchmark);
    let but = other_claim.map(|claims| format!("; it says {}", words::benchmark_name(claims))).unwrap_or_default();
    let how = match comparison.numbered_by {
        NumberedBy::Asked => format!("numbers taken for those of {name}, as you asked{but}"),
        NumberedBy::Titles => format!("numbers of {name}, by the titles of its rows{but}"),
        NumberedBy::Claim => format!("numbers of {name}, as it says"),
        NumberedBy::Same => format!("numbers of {name}; these rows are the same in the versions that fit"),
    };
    page.paragraph(0, &[plain(how)]);
    if *runs > 1 {
        page.paragraph(0, &[plain(format!("the file holds {runs} runs: this is the last one"))]);
    }
    if !complete {
        page.paragraph(0, &[Span::new(Tone::Doubt, "it breaks off before its end: rows that it has not are not compared")]);
    }
}

fn row(page: &mut Page, row: &ComparedRow) {
    let theirs = Span::new(Tone::Plain, format!("[{}]", row.word.word()));
    let ours = Span::new(words::verdict_tone(row.verdict), format!("[{}]", words::mark(row.verdict)));
    page.entry(0, HANG, &[strong(&row.id)], &[theirs, dim("here"), ours, plain(&row.title)]);
    if let (Relation::Differ | Relation::Overlooked, [said]) = (row.relation, row.said.as_slice()) {
        page.entry(HANG, HANG + 2, &[], &[dim("they say:"), dim(said)]);
    }
    for (what, names) in [
        ("they miss", &row.they_miss),
        ("they name, and it does not fail here:", &row.they_add),
        ("they name, and it is not here:", &row.not_here),
    ] {
        if !names.is_empty() {
            page.entry(HANG, HANG + 2, &[], &[plain(what), strong(words::names(names.iter().map(String::as_str), 6))]);
        }
    }
    let mut groups: Vec<Vec<&Judgement>> = Vec::new();
    for judgement in &row.judgements {
        match groups.iter_mut().find(|group| group[0].reason == judgement.reason && group[0].verdict == judgement.verdict) {
            Some(group) => group.push(judgement),
            None => groups.push(vec![judgement]),
        }
    }
    let mut commands: Vec<String> = Vec::new();
    for group in groups.iter().take(SHOWN) {
        // The same command on another name is not worth its line.
        let command = group[0].reproduce.replace(&*group[0].subject.name, "NAME");
        self::group(page, group, !commands.contains(&command));
        commands.push(command);
    }
    if groups.is_empty() {
        page.paragraph(HANG, &[dim("there is nothing here that it could be asked about")]);
    }
    if groups.len() > SHOWN {
        let left: usize = groups[SHOWN..].iter().map(Vec::len).sum();
        page.paragraph(HANG, &[dim(format!("and {} more, each with its own value: --format json", words::count(left, "subject")))]);
    }
}

/// Alike subjects: why, the fact with its source, and what to type.
fn group(page: &mut Page, group: &[&Judgement], with_command: bool) {
    let first = group[0];
    let who = words::names(group.iter().map(|judgement| &*judgement.subject.name), 4);
    page.entry(HANG, HANG + 2, &[], &[plain(format!("{who}: {}", first.reason))]);
    if let Some(fact) = words::evidence(&first.reason, &first.facts).next() {
        let of = (group.len() > 1).then_some(&*first.subject.name);
        page.entry(HANG + 2, HANG + 4, &[], &[dim(words::fact(fact, of))]);
    }
    for line in first.reproduce.lines().filter(|_| with_command) {
        page.command(HANG + 2, &format!("$ {line}"));
    }
}

fn counts(page: &mut Page, comparison: &PeerComparison) {
    let summary = &comparison.summary;
    page.gap();
    let total = comparison.rows.len() + comparison.unmapped.len();
    page.paragraph(0, &[strong(format!("{} of theirs:", words::count(total, "row")))]);
    let mut line = |number: usize, what: &str, ids: String| {
        let ids = if ids.is_empty() { ids } else { format!(": {ids}") };
        if number > 0 {
            page.entry(0, HANG, &[plain(format!("{number:>5}"))], &[plain(format!("{what}{ids}"))]);
        }
    };
    line(summary.agree, "agree", String::new());
    line(summary.differ, "differ", String::new());
    line(summary.other_subjects, "fail on both sides, for other containers or images", String::new());
    let fail = if summary.overlooked > 0 { format!(", of which {} here", verb(summary.overlooked)) } else { String::new() };
    line(summary.they_have_none, &format!("have no verdict of theirs{fail}"), String::new());
    line(summary.we_have_none, "have no verdict of ours", ours_without(comparison));
    line(summary.neither, "have no verdict on either side", String::new());
    line(summary.unmapped, "map to nothing", short(comparison.unmapped.iter().map(|row| row.id.as_str())));
    if !comparison.rows.iter().any(|row| row.relation.is_shown()) {
        page.paragraph(0, &[plain("Nothing differs.")]);
    }
    let gone: BTreeSet<&str> = comparison.rows.iter().flat_map(|row| &row.not_here).map(String::as_str).collect();
    if !gone.is_empty() {
        let who = words::names(gone.iter().copied(), 6);
        page.paragraph(
            0,
            &[Span::new(
                Tone::Doubt,
                format!("They name containers that are not here ({who}): is their report of this host, and of this hour?"),
            )],
        );
    }
    if !comparison.not_in_report.is_empty() {
        let lacking = words::count(comparison.not_in_report.len(), "row");
        let name = words::benchmark_name(&comparison.benchmark);
        page.paragraph(
            0,
            &[dim(format!("{lacking} of {name} not in their report: {}", short(comparison.not_in_report.iter().map(String::as_str))))],
        );
    }
    page.gap();
    page.entry(0, 6, &[dim("Next:")], &[dim("all of ours in the same numbers")]);
    page.command(2, &format!("cofferdam bench docker --benchmark {}", comparison.benchmark));
}

fn verb(number: usize) -> String {
    if number == 1 { "1 fails".to_owned() } else { format!("{number} fail") }
}

/// `unknown 1.1.1, 5.29; manual 4.5`.
fn ours_without(comparison: &PeerComparison) -> String {
    let mut by_verdict: BTreeMap<Verdict, Vec<&str>> = BTreeMap::new();
    for row in comparison.rows.iter().filter(|row| row.relation == Relation::WeSilent) {
        by_verdict.entry(row.verdict).or_default().push(&row.id);
    }
    by_verdict.into_iter().map(|(verdict, ids)| format!("{} {}", verdict.word(), short(ids))).collect::<Vec<_>>().join("; ")
}

fn short<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    words::names(ids, 12)
}
