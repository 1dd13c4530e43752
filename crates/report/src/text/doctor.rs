//! What this account can see of what a benchmark needs, and what to type next.

use assess::doctor::{AccessState, Diagnosis, MetObstacle, Next, Readable, Verdicts};
use facts::{Account, Contact, Fact};

use super::page::{Page, Span, dim, plain, strong};
use crate::style::{Style, Tone};
use crate::words;

/// Column where the text of an access begins: ` partly  `.
const HANG: usize = 9;
/// Rows that are named before they are counted.
const ROWS: usize = 12;
/// Obstacles of one access that are shown.
const OBSTACLES: usize = 4;

/// Each access with what hangs on it; before it, what was tried where the engine did not answer.
pub fn doctor(diagnosis: &Diagnosis, account: Option<&Account>, contact: Option<&Contact>, next: &Next, style: Style) -> String {
    let mut page = Page::new(style);
    page.split(&[strong(words::target(&diagnosis.target))], &[dim(words::benchmark_name(&diagnosis.benchmark))]);
    page.split(&[dim(format!("seen {}", words::time(&diagnosis.snapshot.taken_at)))], &[dim(words::digest(&diagnosis.snapshot))]);
    if let Some(account) = account {
        page.entry(0, 4, &[], &[plain("by"), plain(who(account))]);
    }
    if let Some(contact) = contact {
        self::contact(&mut page, contact);
    }
    let open = diagnosis.accesses.iter().filter(|access| matches!(access.readable, Readable::No | Readable::Partly)).count();
    let aside = if open == 0 { "all of it readable".to_owned() } else { format!("{open} of {} not in full", diagnosis.accesses.len()) };
    page.heading("WHAT THE BENCHMARK NEEDS", &aside);
    let mut last = None;
    for one in &diagnosis.accesses {
        access(&mut page, one, &mut last);
    }
    nobody(&mut page, diagnosis);
    totals(&mut page, diagnosis);
    page.gap();
    page.entry(0, 6, &[dim("Next:")], &[dim(&next.why)]);
    page.command(2, &next.command);
    page.finish()
}

/// `uid 1000, groups 998 1000, without CAP_SYS_PTRACE; among the host's processes`.
fn who(account: &Account) -> String {
    let uid = match &account.uid {
        Fact::Known(0) => "root".to_owned(),
        Fact::Known(uid) => format!("uid {uid}"),
        _ => return "an account that could not be read".to_owned(),
    };
    let groups: Vec<String> = account.groups.known().into_iter().flatten().map(u32::to_string).collect();
    let mut text = format!("{uid}, {} {}", if groups.len() == 1 { "group" } else { "groups" }, groups.join(" "));
    match (account.holds.known(), account.lacks.known()) {
        (Some(holds), Some(lacks)) if lacks.is_empty() => text.push_str(&format!(", with {}", holds.join(", "))),
        (Some(holds), Some(lacks)) if holds.is_empty() => text.push_str(&format!(", without {}", lacks.join(", "))),
        (Some(holds), Some(lacks)) => text.push_str(&format!(", with {}, without {}", holds.join(", "), lacks.join(", "))),
        _ => {}
    }
    text.push_str(match account.host_processes.known() {
        Some(true) => "; among the host's own processes",
        Some(false) => "; in a pid namespace of its own, as in a container",
        None => "",
    });
    if account.host_users.known() == Some(&false) {
        text.push_str("; in a user namespace of its own, so these rights are not the host's");
    }
    text
}

fn contact(page: &mut Page, contact: &Contact) {
    page.heading("THE WAY TO THE ENGINE", "");
    for step in &contact.steps {
        let (tone, mark) = if step.fine { (Tone::Good, "ok") } else { (Tone::Bad, "NO") };
        page.entry(1, HANG, &[Span::new(tone, mark)], &[plain(format!("{}:", step.what)), dim(&step.found)]);
    }
    page.paragraph(1, &[strong(&contact.verdict)]);
}

/// `last`: the obstacle that was shown before, which is not said twice.
fn access<'d>(page: &mut Page, state: &'d AccessState, last: &mut Option<&'d MetObstacle>) {
    let (tone, mark) = match state.readable {
        Readable::No => (Tone::Bad, "NO"),
        Readable::Partly => (Tone::Doubt, "PARTLY"),
        Readable::Yes => (Tone::Good, "yes"),
        Readable::Nothing => (Tone::Dim, "-"),
    };
    if state.readable == Readable::Yes || state.readable == Readable::Nothing {
        let none = if state.readable == Readable::Nothing { "not come to; " } else { "" };
        return page.entry(1, HANG, &[Span::new(tone, mark)], &[plain(format!("{}:", state.name)), dim(format!("{none}{}", hang(state)))]);
    }
    if let ([met], Some(before)) = (state.obstacles.as_slice(), *last)
        && (&met.why, &met.needs) == (&before.why, &before.needs)
        && met.places.is_empty()
    {
        let lost =
            if met.unknown.verdicts > 0 { format!("{} unknown: {}", verdicts(&met.unknown), rows(&met.unknown)) } else { hang(state) };
        return page.entry(1, HANG, &[Span::new(tone, mark)], &[strong(&state.name), plain(format!("for the same reason: {lost}"))]);
    }
    *last = state.obstacles.first();
    page.gap();
    page.entry(1, HANG, &[Span::new(tone, mark)], &[strong(&state.name), dim(format!("({})", state.place))]);
    for met in state.obstacles.iter().take(OBSTACLES) {
        obstacle(page, met);
    }
    if state.obstacles.len() > OBSTACLES {
        page.paragraph(HANG, &[dim(format!("and {} more: --format json", words::count(state.obstacles.len() - OBSTACLES, "obstacle")))]);
    }
    page.entry(HANG, HANG, &[], &[dim(hang(state))]);
}

fn obstacle(page: &mut Page, met: &MetObstacle) {
    let places = match (met.places.len(), met.observations) {
        (0, _) => String::new(),
        (_, all) => format!(" ({})", more(&met.places, all)),
    };
    page.entry(HANG, HANG + 2, &[], &[plain(format!("{}{places}", met.why))]);
    if met.unknown.verdicts > 0 {
        page.entry(
            HANG,
            HANG + 2,
            &[],
            &[Span::new(Tone::Doubt, format!("{} unknown:", verdicts(&met.unknown))), plain(rows(&met.unknown))],
        );
    }
    if let Some(needs) = &met.needs {
        page.entry(HANG, HANG + 7, &[dim("needs")], &[strong(needs)]);
    }
}

/// What is lost without it.
fn hang(state: &AccessState) -> String {
    match (state.hang.verdicts, state.use_it.verdicts) {
        (0, 0) => "needed by no verdict of this benchmark here".to_owned(),
        (0, used) => format!("needed by no verdict alone, used by {used}"),
        (_, used) if used > state.hang.verdicts => format!("needed by {}, used by {used}", verdicts(&state.hang)),
        _ => format!("needed by {}", verdicts(&state.hang)),
    }
}

/// `21 verdicts in 12 rows`.
fn verdicts(found: &Verdicts) -> String {
    format!("{} in {}", words::count(found.verdicts, "verdict"), words::count(found.rows.len(), "row"))
}

fn rows(found: &Verdicts) -> String {
    words::names(found.rows.iter().map(String::as_str), ROWS)
}

fn more(places: &[String], all: usize) -> String {
    let named = places.join(", ");
    if all > places.len() { format!("{named} and {} more", all - places.len()) } else { named }
}

/// Unknown verdicts that no right would decide.
fn nobody(page: &mut Page, diagnosis: &Diagnosis) {
    if diagnosis.shown_to_nobody.is_empty() {
        return;
    }
    page.heading("NO RIGHT WOULD HELP", "the host shows it to nobody as it is now");
    for met in &diagnosis.shown_to_nobody {
        page.entry(1, HANG, &[], &[plain(&met.why)]);
        page.entry(
            HANG,
            HANG + 2,
            &[],
            &[Span::new(Tone::Doubt, format!("{} unknown:", verdicts(&met.unknown))), plain(rows(&met.unknown))],
        );
    }
}

fn totals(page: &mut Page, diagnosis: &Diagnosis) {
    let counts = &diagnosis.rows;
    page.gap();
    let text = format!(
        "{} can be decided with this account, {} are unknown at least in part, {} are for a person.",
        counts.decided, counts.with_unknown, counts.manual
    );
    page.paragraph(0, &[strong(format!("{}:", words::count(counts.all, "row"))), plain(text)]);
}
