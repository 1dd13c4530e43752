//! What changed between two looks.

use assess::Subject;

use super::page::{Page, dim, plain, strong};
use super::plan::{changes, turned};
use crate::difference::{Difference, Look};
use crate::style::Style;
use crate::words;

/// Changes by check and threat, then what came and went.
pub fn diff(difference: &Difference, style: Style) -> String {
    let mut page = Page::new(style);
    for (name, look) in [("before", &difference.before), ("after", &difference.after)] {
        page.split(&[strong(format!("{name:<6} {}", words::target(&look.target)))], &[dim(seen(look))]);
    }
    if difference.before.target.name != difference.after.target.name {
        page.paragraph(0, &[plain("These are two different hosts.")]);
    }
    page.gap();
    if difference.is_empty() {
        page.paragraph(0, &[plain("Nothing differs: every verdict and every threat is the same, and nothing came or went.")]);
    }
    for group in changes(&difference.changes) {
        let lead = [turned(group.before, group.after)];
        page.entry(1, 21, &lead, &[strong(group.what), plain(format!("on {}", words::names(group.names.iter().copied(), 6)))]);
    }
    for (word, subjects) in [("came", &difference.came), ("went", &difference.went)] {
        for subject in subjects {
            page.entry(1, 21, &[dim(word)], &[plain(subject.kind.word()), strong(&subject.name), dim(short(subject))]);
        }
    }
    page.finish()
}

fn seen(look: &Look) -> String {
    format!("seen {} {}", words::time(&look.snapshot.taken_at), words::digest(&look.snapshot))
}

fn short(subject: &Subject) -> String {
    subject.id.trim_start_matches("sha256:").chars().take(12).collect()
}
