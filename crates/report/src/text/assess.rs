//! What an assessment says, worst first.

use std::collections::BTreeMap;

use assess::{Assessment, Event, Finding, Fix, Stride, Summary, ThreatFinding, ThreatStatus, Verdict};
use facts::Gap;

use super::page::{Page, Span, dim, plain, strong};
use super::waivers;
use crate::style::{Style, Tone};
use crate::words;

/// Checks that are shown in full; the others get a line each.
const IN_FULL: usize = 6;
/// Names that stand in a line before they are counted.
const NAMES: usize = 4;
/// Column where the text of findings and threats begins.
const HANG: usize = 11;

/// Column where the words of a threat begin: ` mitigated DK-T-01 `.
const THREAT: usize = 19;

/// The main page: what matters first, the threats by letter, three fixes, what was not seen.
pub fn assess(assessment: &Assessment, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, assessment);
    summary(&mut page, assessment);
    findings(&mut page, &assessment.findings);
    threats_in_short(&mut page, &assessment.threats);
    fixes(&mut page, assessment, 3);
    gaps(&mut page, &assessment.gaps);
    waivers::block(&mut page, assessment);
    next(&mut page, assessment);
    page.finish()
}

/// Every threat with every reason.
pub fn threats(assessment: &Assessment, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, assessment);
    page.heading("THREATS", &threat_counts(&assessment.threats));
    for letter in Stride::ALL {
        page.gap();
        page.line(&[strong(format!("{} {}", letter.letter(), letter.name()))]);
        let groups = group_threats(&assessment.threats, letter);
        if groups.is_empty() {
            page.paragraph(2, &[dim("no threat of the catalogue has this letter")]);
        }
        for group in groups {
            threat_in_full(&mut page, &group);
            if group.first().status != ThreatStatus::Mitigated && group.first().status != ThreatStatus::NotApplicable {
                page.entry(THREAT, THREAT + 4, &[dim("do:")], &[plain(&group.first().mitigation)]);
            }
        }
    }
    gaps(&mut page, &assessment.gaps);
    waivers::block(&mut page, assessment);
    page.finish()
}

/// The first `top` fixes as commands to copy.
pub fn advice(assessment: &Assessment, top: usize, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, assessment);
    fixes(&mut page, assessment, top);
    page.finish()
}

/// Who was judged, when, by what, and how it came out.
pub(super) fn header(page: &mut Page, assessment: &Assessment) {
    let tool = format!("{} {}", assessment.tool.name, assessment.tool.version);
    page.split(&[strong(words::target(&assessment.target))], &[dim(tool)]);
    page.split(&[dim(format!("seen {}", words::time(&assessment.snapshot.taken_at)))], &[dim(words::digest(&assessment.snapshot))]);
}

/// Counts over all checks, below the header.
fn summary(page: &mut Page, assessment: &Assessment) {
    let mut line = vec![plain("checks:")];
    line.extend(counts(&assessment.summary));
    page.paragraph(0, &line);
}

/// `6 fail, 2 unknown, ...` with zeros left out.
pub(super) fn counts(summary: &Summary) -> Vec<Span> {
    let parts = [
        (Verdict::Fail, summary.fail, "fail"),
        (Verdict::Unknown, summary.unknown, "unknown"),
        (Verdict::Manual, summary.manual, "for a person to decide"),
        (Verdict::Waived, summary.waived, "waived"),
        (Verdict::Pass, summary.pass, "pass"),
        (Verdict::NotApplicable, summary.not_applicable, "not applicable"),
    ];
    let mut spans: Vec<Span> = Vec::new();
    let present: Vec<_> = parts.into_iter().filter(|(_, number, _)| *number > 0).collect();
    for (index, (verdict, number, word)) in present.iter().enumerate() {
        let comma = if index + 1 < present.len() { "," } else { "" };
        spans.push(Span::new(words::verdict_tone(*verdict), format!("{number} {word}{comma}")));
    }
    spans
}

fn findings(page: &mut Page, findings: &[Finding]) {
    let groups = group_findings(findings);
    let failing: Vec<&Vec<&Finding>> = groups.iter().filter(|group| group[0].verdict == Verdict::Fail).collect();
    page.heading("WHAT MATTERS FIRST", &format!("{} failing", words::count(failing.len(), "check")));
    if failing.is_empty() {
        page.paragraph(1, &[plain("Nothing that could be judged fails.")]);
    }
    for group in failing.iter().take(IN_FULL) {
        finding_in_full(page, group);
    }
    if failing.len() > IN_FULL {
        page.gap();
        page.paragraph(1, &[dim("Failing too:")]);
        for group in &failing[IN_FULL..] {
            finding_in_a_line(page, group);
        }
    }
    let is_undecided = |group: &&Vec<&Finding>| !matches!(group[0].verdict, Verdict::Fail | Verdict::Waived);
    let undecided: Vec<&Vec<&Finding>> = groups.iter().filter(is_undecided).collect();
    if !undecided.is_empty() {
        page.gap();
        page.paragraph(1, &[dim("Not decided:")]);
        for group in undecided {
            let first = group[0];
            let lead = [Span::new(words::verdict_tone(first.verdict), first.verdict.word())];
            let who = if group.len() > 1 { words::count(group.len(), first.subject.kind.word()) } else { first.subject.name.to_string() };
            page.cut(1, HANG, &lead, &plain(format!("{}, {who}: {}", first.check, first.reason)));
        }
    }
}

/// Findings of one check with one verdict, in the order of their first.
fn group_findings(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    let mut places: BTreeMap<(&str, Verdict), usize> = BTreeMap::new();
    for finding in findings {
        let place = *places.entry((finding.check.as_str(), finding.verdict)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(finding);
    }
    groups
}

fn finding_in_full(page: &mut Page, group: &[&Finding]) {
    let first = group[0];
    page.gap();
    let severity = Span::new(words::severity_tone(first.severity), first.severity.word().to_uppercase());
    page.entry(1, HANG, &[severity], &[strong(&first.title)]);
    page.entry(
        HANG,
        HANG + 2,
        &[],
        &[dim(&first.check), dim(format!("[{}]", words::letters(&first.stride))), dim(words::numbers(&first.benchmarks))],
    );
    let same = group.iter().all(|finding| finding.reason == first.reason);
    let who = subjects(group, NAMES);
    if same {
        page.entry(HANG, HANG + 2, &[], &[plain(format!("{who}: {}", first.reason))]);
    } else {
        page.paragraph(HANG, &[plain(format!("on {who}"))]);
        for finding in group.iter().take(2) {
            page.entry(HANG, HANG + 2, &[], &[plain(format!("{}: {}", finding.subject.name, finding.reason))]);
        }
    }
    let of = (group.len() > 1).then_some(&*first.subject.name);
    for fact in words::evidence(&first.reason, &first.facts).take(2) {
        page.entry(HANG, HANG + 2, &[], &[dim(words::fact(fact, of))]);
    }
}

fn finding_in_a_line(page: &mut Page, group: &[&Finding]) {
    let first = group[0];
    let severity = Span::new(words::severity_tone(first.severity), first.severity.word());
    page.cut(1, HANG, &[severity], &plain(format!("{} on {}", first.check, subjects(group, 2))));
}

/// Names of a group's subjects.
fn subjects(group: &[&Finding], shown: usize) -> String {
    words::names(group.iter().map(|finding| &*finding.subject.name), shown)
}

/// One threat with one status, on several elements.
struct ThreatGroup<'a>(Vec<&'a ThreatFinding>);

impl ThreatGroup<'_> {
    fn first(&self) -> &ThreatFinding {
        self.0[0]
    }

    fn elements(&self, shown: usize) -> String {
        words::names(self.0.iter().map(|threat| threat.element.name.as_str()), shown)
    }
}

/// Worst status first, then severity, then id.
fn group_threats(threats: &[ThreatFinding], letter: Stride) -> Vec<ThreatGroup<'_>> {
    let mut groups: BTreeMap<_, Vec<&ThreatFinding>> = BTreeMap::new();
    for threat in threats.iter().filter(|threat| threat.stride == letter) {
        groups.entry((threat.status, threat.severity, threat.id.as_str())).or_default().push(threat);
    }
    groups.into_values().map(ThreatGroup).collect()
}

fn threat_counts(threats: &[ThreatFinding]) -> String {
    let worst = words::worst_statuses(threats);
    let of = |wanted: ThreatStatus| worst.values().filter(|status| **status == wanted).count();
    let counted = [ThreatStatus::Open, ThreatStatus::Partly, ThreatStatus::Unknown, ThreatStatus::Mitigated, ThreatStatus::NotApplicable]
        .map(|status| (of(status), status.word().replace('-', " ")));
    counted.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
}

fn threats_in_short(page: &mut Page, threats: &[ThreatFinding]) {
    page.heading("THREATS", &threat_counts(threats));
    for letter in Stride::ALL {
        let groups = group_threats(threats, letter);
        page.gap();
        page.line(&[strong(format!("{} {}", letter.letter(), letter.name()))]);
        if groups.is_empty() {
            page.paragraph(2, &[dim("no threat of the catalogue has this letter")]);
        }
        for group in &groups {
            let first = group.first();
            match first.status {
                ThreatStatus::Open | ThreatStatus::Partly => threat_in_full(page, group),
                status => {
                    let lead = [Span::new(words::status_tone(status), format!("{:<10}", short(status))), plain(&first.id)];
                    page.cut(1, THREAT, &lead, &dim(&first.title));
                }
            }
        }
    }
}

fn threat_in_full(page: &mut Page, group: &ThreatGroup<'_>) {
    let first = group.first();
    let status = short(first.status);
    let word = if first.status == ThreatStatus::Open { status.to_uppercase() } else { status.to_owned() };
    let lead = [Span::new(words::status_tone(first.status), format!("{word:<10}")), strong(&first.id)];
    page.entry(1, THREAT, &lead, &[plain(&first.title)]);
    let same = group.0.iter().all(|threat| threat.reason == first.reason);
    let reason = if same { first.reason.clone() } else { format!("{}: {}", first.element.name, first.reason) };
    page.paragraph(THREAT, &[dim(format!("{}, on {}: {reason}", first.severity.word(), group.elements(NAMES)))]);
}

/// Status in nine columns at most.
fn short(status: ThreatStatus) -> &'static str {
    match status {
        ThreatStatus::NotApplicable => "n/a",
        other => other.word(),
    }
}

fn fixes(page: &mut Page, assessment: &Assessment, top: usize) {
    let shown = assessment.advice.top(top);
    let titles: BTreeMap<&str, &str> = assessment.threats.iter().map(|threat| (threat.id.as_str(), threat.title.as_str())).collect();
    let title = match shown.len() {
        0 => "FIXES".to_owned(),
        1 => "ONE FIX".to_owned(),
        2 => "TWO FIXES".to_owned(),
        3 => "THREE FIXES".to_owned(),
        many => format!("{many} FIXES"),
    };
    page.heading(&title, "what ends most threats comes first");
    if shown.is_empty() {
        page.paragraph(1, &[plain("No failing check has a fix that this version carries out.")]);
    }
    let waived: Vec<&str> = assessment.findings.iter().filter(|one| one.verdict == Verdict::Waived).map(|one| one.id.as_str()).collect();
    if !waived.is_empty() {
        page.paragraph(1, &[dim(format!("Not offered, since waived (--fix CHECK does it all the same): {}", words::names(waived, 3)))]);
    }
    for (index, fix) in shown.iter().enumerate() {
        page.gap();
        page.entry(1, 4, &[strong(format!("{}", index + 1))], &[strong(&fix.title)]);
        page.command(4, &fix.command);
        let field = |page: &mut Page, name: &str, text: String, tone: Tone| page.entry(4, 14, &[dim(name)], &[Span::new(tone, text)]);
        let tone = if fix.event >= Event::Restart { Tone::Doubt } else { Tone::Plain };
        field(page, "downtime", format!("{}. {}", sentence(words::downtime(fix.event)), fix.disrupts), tone);
        let touches =
            if fix.affects.is_empty() { "no container".to_owned() } else { words::names(fix.affects.iter().map(String::as_str), 6) };
        field(page, "touches", touches, Tone::Plain);
        ends(page, fix, &titles);
    }
}

/// The findings by check, then each threat with its title.
fn ends(page: &mut Page, fix: &Fix, titles: &BTreeMap<&str, &str>) {
    let mut checks: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &fix.findings {
        *checks.entry(finding.split('@').next().unwrap_or_default()).or_default() += 1;
    }
    let findings: Vec<String> =
        checks.into_iter().map(|(check, number)| format!("{} of {check}", words::count(number, "finding"))).collect();
    page.entry(4, 14, &[dim("ends")], &[plain(findings.join(", "))]);
    for (word, named) in [("ends", &fix.ends), ("reduces", &fix.reduces)] {
        for (id, elements) in by_threat(named) {
            let title = titles.get(id).copied().unwrap_or_default();
            page.entry(4, 14, &[dim(word)], &[strong(id), plain(title), dim(format!("({})", words::names(elements, 3)))]);
        }
    }
}

/// First letter in upper case.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `DK-D-01 web` and `DK-D-01 db` are one threat on two elements.
fn by_threat(named: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut elements: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for text in named {
        let (id, element) = text.split_once(' ').unwrap_or((text, ""));
        elements.entry(id).or_default().push(element);
    }
    elements
}

/// One block, grouped by what would help.
pub(super) fn gaps(page: &mut Page, gaps: &[Gap]) {
    if gaps.is_empty() {
        return;
    }
    page.heading("NOT SEEN, AND HOW TO LET ME SEE IT", &words::count(gaps.len(), "gap"));
    let mut by_need: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for gap in gaps {
        by_need.entry(&gap.needs).or_default().entry(&gap.why).or_default().push(&gap.what);
    }
    for (needs, whys) in by_need {
        page.paragraph(1, &[plain("needs"), strong(needs)]);
        for (why, whats) in whys {
            page.paragraph(4, &[dim(format!("{}: {why}", words::names(whats, 3)))]);
        }
    }
}

fn next(page: &mut Page, assessment: &Assessment) {
    page.gap();
    if let Some(fix) = assessment.advice.fixes.first() {
        page.entry(0, 6, &[dim("Next:")], &[dim("see a fix before it happens, or read about a check")]);
        page.command(2, &format!("cofferdam harden plan --fix {}", fix.id));
        page.command(2, &format!("cofferdam explain {}", fix.id));
    } else if let Some(finding) = assessment.findings.iter().min_by_key(|finding| finding.verdict) {
        page.entry(0, 6, &[dim("Next:")], &[dim("read about a check")]);
        page.command(2, &format!("cofferdam explain {}", finding.check));
    }
}
