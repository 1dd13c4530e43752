//! All that is known of one check or one threat, and how it stands here.

use std::collections::BTreeMap;

use assess::{Assessment, Check, Explanation, Judgement, Question, Threat, ThreatFinding, Verdict};

use super::page::{Page, Span, dim, plain, strong};
use crate::style::{Style, Tone};
use crate::words;

/// Column where the text of a field begins.
const HANG: usize = 14;

/// What an id names, in full, and how it stands on the host of the assessment.
pub fn explain(explanation: &Explanation<'_>, assessment: Option<&Assessment>, style: Style) -> String {
    let mut page = Page::new(style);
    match explanation {
        Explanation::Check { check, numbers, threats } => {
            self::check(&mut page, check, numbers, threats);
            if let Some(assessment) = assessment {
                check_here(&mut page, check, assessment);
            }
        }
        Explanation::Threat(threat) => {
            self::threat(&mut page, threat);
            if let Some(assessment) = assessment {
                threat_here(&mut page, &threat.id, assessment);
            }
        }
        Explanation::Reference(threat) => {
            self::threat(&mut page, threat);
            page.gap();
            page.paragraph(0, &[dim("A threat of the Kubernetes reference model: not measured.")]);
        }
    }
    page.finish()
}

/// What holds when it passes, why, what decides it, how to see it oneself, what to do and what that disturbs.
fn check(page: &mut Page, check: &Check, numbers: &BTreeMap<String, Vec<String>>, threats: &[&Threat]) {
    page.split(&[strong(&check.id)], &[dim(format!("{} [{}]", check.severity.word(), words::letters(&check.stride)))]);
    page.paragraph(0, &[plain(&check.title)]);
    page.gap();
    field(page, "why", &check.why);
    if let Some((when, when_not)) = &check.when {
        field(page, "asked when", &format!("{}; else: {when_not}", when.source()));
    }
    match &check.question {
        Question::Predicate(expression) => field(page, "passes when", expression.source()),
        Question::Manual(text) => field(page, "you decide", text),
    }
    if let Some(by_policy) = &check.by_policy {
        field(page, "or you state", &format!("{}; then it passes when {}", by_policy.when.source(), by_policy.pass.source()));
    }
    let numbers: Vec<String> = numbers.iter().flat_map(|(benchmark, ids)| ids.iter().map(move |id| format!("{benchmark}:{id}"))).collect();
    if !numbers.is_empty() {
        field(page, "numbers", &numbers.join(" "));
    }
    let stride: Vec<&str> = check.stride.iter().map(|letter| letter.name()).collect();
    field(page, "against", &stride.join(", "));
    for threat in threats {
        page.entry(0, HANG, &[dim("threat")], &[strong(&threat.id), plain(&threat.title)]);
    }
    page.gap();
    field(page, "see yourself", "");
    for line in check.reproduce.lines() {
        page.command(4, line);
    }
    page.gap();
    field(page, "fix", &check.remedy.text);
    field(page, "disrupts", &check.remedy.disrupts);
    if matches!(check.remedy.action.as_str(), "daemon-setting" | "audit-rule" | "container-update") {
        page.command(HANG, &format!("cofferdam harden plan --fix {}", check.id));
    }
    if let Some(note) = &check.note {
        page.gap();
        field(page, "note", note);
    }
}

fn check_here(page: &mut Page, check: &Check, assessment: &Assessment) {
    page.heading(&format!("On {}", words::target(&assessment.target)), &format!("seen {}", words::time(&assessment.snapshot.taken_at)));
    let Some(result) = assessment.results.get(&check.id) else {
        return page.paragraph(0, &[dim("not judged")]);
    };
    let mut alike: BTreeMap<(Verdict, &str), Vec<&Judgement>> = BTreeMap::new();
    for judgement in &result.subjects {
        alike.entry((judgement.verdict, &judgement.reason)).or_default().push(judgement);
    }
    for ((verdict, reason), group) in alike {
        let mark = Span::new(words::verdict_tone(verdict), format!("[{}]", words::mark(verdict)));
        let names = words::names(group.iter().map(|judgement| &*judgement.subject.name), 8);
        page.entry(0, 7, &[mark], &[strong(format!("{names}:")), plain(reason)]);
        if verdict != Verdict::NotApplicable {
            let of = (group.len() > 1).then_some(&*group[0].subject.name);
            for fact in words::evidence(reason, &group[0].facts) {
                page.entry(9, 11, &[], &[dim(words::fact(fact, of))]);
            }
        }
    }
    if result.subjects.is_empty() {
        page.paragraph(0, &[dim("there is nothing here that it could be asked about")]);
    }
}

/// On what, by whom, when it applies, what ends it, what is often said wrongly of it.
fn threat(page: &mut Page, threat: &Threat) {
    page.split(&[strong(&threat.id)], &[dim(format!("{} {}, {}", threat.stride.letter(), threat.stride.name(), threat.severity.word()))]);
    page.paragraph(0, &[plain(&threat.title)]);
    page.gap();
    field(page, "element", &format!("{} ({})", threat.element_name, threat.element_type));
    field(page, "attacker", &threat.attacker.join(", "));
    field(page, "applies", &threat.applies_text);
    field(page, "how bad", &format!("{}: {}", threat.severity.word(), threat.severity_reason));
    field(page, "mitigation", &threat.mitigation);
    if !threat.reduced_by.is_empty() {
        field(page, "reduced by", &threat.reduced_by.join(", "));
    }
    let mut references = threat.attack.clone();
    references.push(threat.cwe.clone());
    references.retain(|reference| !reference.is_empty());
    field(page, "references", &references.join(", "));
    if let Some(correction) = &threat.correction {
        page.gap();
        field(page, "correction", correction);
    }
}

fn threat_here(page: &mut Page, id: &str, assessment: &Assessment) {
    page.heading(&format!("On {}", words::target(&assessment.target)), &format!("seen {}", words::time(&assessment.snapshot.taken_at)));
    let here: Vec<&ThreatFinding> = assessment.threats.iter().filter(|threat| threat.id == id).collect();
    if here.is_empty() {
        return page.paragraph(0, &[dim("not measured")]);
    }
    for threat in here {
        let status = Span::new(words::status_tone(threat.status), threat.status.word());
        page.entry(0, HANG + 2, &[status], &[strong(format!("{}:", threat.element.name)), plain(&threat.reason)]);
        for check in &threat.checks {
            page.entry(HANG + 2, HANG + 4, &[], &[Span::new(words::verdict_tone(check.verdict), check.verdict.word()), dim(&check.check)]);
        }
        for fact in words::evidence(&threat.reason, &threat.facts) {
            page.entry(HANG + 2, HANG + 4, &[], &[dim(words::fact(fact, None))]);
        }
    }
}

fn field(page: &mut Page, name: &str, text: &str) {
    page.entry(0, HANG, &[Span::new(Tone::Dim, name)], &[plain(text)]);
}
