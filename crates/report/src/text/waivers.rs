//! What the operator accepts: what each waiver covers, and which cover nothing.

use assess::operator::ExplainedWaivers;
use assess::{Assessment, Waived, WaiverState, WaiverUse};

use super::assess::header;
use super::page::{Page, Span, dim, plain, strong};
use crate::style::{Style, Tone};
use crate::words;

/// Column where the text of a waiver begins.
const HANG: usize = 11;
/// Names that stand in a line before they are counted.
const NAMES: usize = 4;

/// Each waiver with the part of it that does not match, and what stands without one.
pub fn waivers(assessment: &Assessment, explained: &ExplainedWaivers, style: Style) -> String {
    let mut page = Page::new(style);
    header(&mut page, assessment);
    let Some(file) = &assessment.config else {
        page.gap();
        page.paragraph(0, &[plain("There is no cofferdam.yaml, so nothing is waived.")]);
        return page.finish();
    };
    page.heading("WAIVERS", &counted(&explained.waivers));
    match &explained.check {
        Some(check) if explained.waivers.is_empty() => page.paragraph(1, &[plain(format!("None of {file} names {check}."))]),
        None if explained.waivers.is_empty() => page.paragraph(1, &[plain(format!("There is none in {file}."))]),
        _ => {}
    }
    for used in &explained.waivers {
        waiver(&mut page, used);
    }
    if !explained.uncovered.is_empty() {
        page.heading("NOT COVERED", &words::count(explained.uncovered.len(), "finding"));
        for one in &explained.uncovered {
            let lead = [Span::new(words::verdict_tone(one.verdict), one.verdict.word())];
            page.entry(1, HANG, &lead, &[strong(&one.subject.name), plain(&one.reason)]);
            for near in &one.near {
                page.paragraph(HANG, &[dim(near)]);
            }
        }
    }
    page.gap();
    page.paragraph(
        0,
        &[dim(
            "A container's name is chosen by whoever creates it: image: sha256:... in a waiver binds it to a content that nobody can forge.",
        )],
    );
    page.finish()
}

/// The block at the end of every report; none: there is no file that could hold waivers.
pub(super) fn block(page: &mut Page, assessment: &Assessment) {
    let Some(file) = &assessment.config else { return };
    page.heading("WAIVERS", &counted(&assessment.waivers));
    if assessment.waivers.is_empty() {
        page.paragraph(1, &[dim(format!("There is none in {file}."))]);
    }
    for used in &assessment.waivers {
        waiver(page, used);
    }
}

fn counted(waivers: &[WaiverUse]) -> String {
    let of = |state: WaiverState| waivers.iter().filter(|one| one.state == state).count();
    [WaiverState::Used, WaiverState::Unused, WaiverState::Expired].map(|state| format!("{} {}", of(state), state.word())).join(", ")
}

fn waiver(page: &mut Page, used: &WaiverUse) {
    let (tone, word) = match used.state {
        WaiverState::Used => (Tone::Dim, "used"),
        WaiverState::Unused => (Tone::Doubt, "unused"),
        WaiverState::Expired => (Tone::Bad, "EXPIRED"),
    };
    let mut whom: Vec<String> = used.subject.iter().cloned().collect();
    whom.extend(used.image.iter().map(|image| format!("of image {image}")));
    let on = if whom.is_empty() { String::new() } else { format!("on {}", whom.join(" ")) };
    let broad = if used.broad { "(broad)" } else { "" };
    page.entry(1, HANG, &[Span::new(tone, word)], &[strong(&used.check), plain(on), dim(broad)]);
    page.paragraph(HANG, &[plain(&used.reason)]);
    let until = if used.until == "never" { "never ends".to_owned() } else { format!("until {}", used.until) };
    page.paragraph(HANG, &[dim(format!("{until}, {} ({})", used.owner, used.source))]);
    if !used.findings.is_empty() {
        let verb = if used.state == WaiverState::Expired { "would cover" } else { "covers" };
        let names = words::names(used.findings.iter().map(String::as_str), NAMES);
        page.paragraph(HANG, &[dim(format!("{verb} {names}"))]);
    }
    for note in &used.notes {
        page.paragraph(HANG, &[dim(note)]);
    }
}

/// `waived until 2027-03-31 by ann: it must`.
pub(super) fn accepted(waiver: &Waived) -> String {
    let until = if waiver.until == "never" { "for ever".to_owned() } else { format!("until {}", waiver.until) };
    format!("waived {until} by {}: {} ({})", waiver.owner, waiver.reason, waiver.source)
}
