//! Lays words out in columns. All text enters through [`Span`], which makes it safe.

use anstyle::Reset;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::safe::safe;
use crate::style::{Style, Tone};

/// A piece of text with one tone.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    text: String,
    tone: Tone,
}

impl Span {
    pub(crate) fn new(tone: Tone, text: impl AsRef<str>) -> Self {
        Self { text: safe(text.as_ref()).into_owned(), tone }
    }

    fn width(&self) -> usize {
        self.text.width()
    }
}

/// Plain text.
pub(crate) fn plain(text: impl AsRef<str>) -> Span {
    Span::new(Tone::Plain, text)
}

/// Text that carries the eye.
pub(crate) fn strong(text: impl AsRef<str>) -> Span {
    Span::new(Tone::Strong, text)
}

/// Text for the second look.
pub(crate) fn dim(text: impl AsRef<str>) -> Span {
    Span::new(Tone::Dim, text)
}

/// A page that grows line by line.
pub(crate) struct Page {
    style: Style,
    out: String,
}

impl Page {
    pub(crate) fn new(style: Style) -> Self {
        // Narrower than this, hanging columns leave no room for words.
        Self { style: Style { width: style.width.max(40), ..style }, out: String::new() }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// An empty line, never two.
    pub(crate) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading with space above; `aside` stands at the right edge where it fits, else below.
    pub(crate) fn heading(&mut self, title: &str, aside: &str) {
        self.gap();
        self.split(&[strong(title)], &[dim(aside)]);
    }

    /// Left and right text on one line where both fit, else on two.
    pub(crate) fn split(&mut self, left: &[Span], right: &[Span]) {
        let (used, wanted) = (width(left), width(right));
        if wanted == 0 {
            return self.entry(0, 0, &[], left);
        }
        if used + 2 + wanted > self.style.width {
            self.entry(0, 0, &[], left);
            return self.entry(0, 0, &[], right);
        }
        let mut line = left.to_vec();
        line.push(plain(" ".repeat(self.style.width - used - wanted)));
        line.extend_from_slice(right);
        self.line(&line);
    }

    /// `lead` at column `indent`, then `body` from column `hang` on; without a lead, `body` begins at `indent`. Further lines at `hang`.
    pub(crate) fn entry(&mut self, indent: usize, hang: usize, lead: &[Span], body: &[Span]) {
        let mut line: Vec<Span> = Vec::new();
        let mut column = indent;
        let start = |line: &mut Vec<Span>, columns: usize| line.push(plain(" ".repeat(columns)));
        if lead.is_empty() {
            start(&mut line, column);
        } else {
            start(&mut line, indent);
            for span in lead {
                column += span.width();
                line.push(span.clone());
            }
            if !body.is_empty() {
                let padding = hang.saturating_sub(column).max(1);
                start(&mut line, padding);
                column += padding;
            }
        }
        let mut fresh = true;
        for (word, tone) in body.iter().flat_map(|span| span.text.split(' ').filter(|word| !word.is_empty()).map(|word| (word, span.tone)))
        {
            let mut word = word;
            let needed = word.width() + usize::from(!fresh);
            if column + needed > self.style.width && !fresh {
                self.line(&std::mem::take(&mut line));
                start(&mut line, hang);
                column = hang;
                fresh = true;
            }
            if !fresh {
                line.push(Span { text: " ".to_owned(), tone: Tone::Plain });
                column += 1;
            }
            while column + word.width() > self.style.width {
                let (head, tail) = cut(word, self.style.width.saturating_sub(column).max(1));
                line.push(Span { text: head.to_owned(), tone });
                self.line(&std::mem::take(&mut line));
                start(&mut line, hang);
                column = hang;
                word = tail;
            }
            line.push(Span { text: word.to_owned(), tone });
            column += word.width();
            fresh = false;
        }
        self.line(&line);
    }

    /// Words wrapped at `indent`.
    pub(crate) fn paragraph(&mut self, indent: usize, body: &[Span]) {
        self.entry(indent, indent, &[], body);
    }

    /// Something to copy: never broken, whatever its length.
    pub(crate) fn command(&mut self, indent: usize, command: &str) {
        self.line(&[plain(" ".repeat(indent)), Span::new(Tone::Command, command)]);
    }

    /// One line that is cut with dots where it does not fit.
    pub(crate) fn cut(&mut self, indent: usize, hang: usize, lead: &[Span], body: &Span) {
        let column = (indent + width(lead) + 1).max(hang);
        let room = self.style.width.saturating_sub(column);
        let mut line = vec![plain(" ".repeat(indent))];
        line.extend_from_slice(lead);
        line.push(plain(" ".repeat(column - indent - width(lead))));
        line.push(Span { text: shorten(&body.text, room), tone: body.tone });
        self.line(&line);
    }

    /// A unified diff, as it is: `+` and `-` say what happens, colour only repeats it.
    pub(crate) fn diff(&mut self, indent: usize, diff: &str) {
        for line in crate::safe::safe_lines(diff) {
            let tone = match line.as_bytes().first() {
                _ if line.starts_with("+++") || line.starts_with("---") => Tone::Strong,
                Some(b'+') => Tone::Good,
                Some(b'-') => Tone::Bad,
                Some(b'@') => Tone::Dim,
                _ => Tone::Plain,
            };
            self.line(&[plain(" ".repeat(indent)), Span { text: line, tone }]);
        }
    }

    /// One line as it is, without trailing space.
    pub(crate) fn line(&mut self, spans: &[Span]) {
        let end = spans.iter().rposition(|span| !span.text.trim_end().is_empty()).map_or(0, |last| last + 1);
        for (index, span) in spans[..end].iter().enumerate() {
            let text = if index + 1 == end { span.text.trim_end() } else { &span.text };
            let ansi = span.tone.ansi();
            if self.style.colour && span.tone != Tone::Plain && !text.trim().is_empty() {
                self.out.push_str(&format!("{ansi}{text}{Reset}"));
            } else {
                self.out.push_str(text);
            }
        }
        self.out.push('\n');
    }
}

/// Columns of some spans.
pub(crate) fn width(spans: &[Span]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// The text, or as much as fits with dots behind.
fn shorten(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let (head, _) = cut(text, room.saturating_sub(3).max(1));
    format!("{}...", head.trim_end())
}

/// Cuts before the first character that would pass `columns`; takes one at least.
fn cut(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > columns && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize, colour: bool, fill: impl FnOnce(&mut Page)) -> String {
        let mut page = Page::new(Style { width, colour });
        fill(&mut page);
        page.finish()
    }

    #[test]
    fn words_hang() {
        let text =
            page(40, false, |page| page.entry(1, 10, &[strong("OPEN")], &[plain("one two three four five six seven eight nine ten")]));
        assert_eq!(text, " OPEN     one two three four five six\n          seven eight nine ten\n");
    }

    #[test]
    fn long_words_are_broken_and_wide_ones_counted() {
        let text = page(40, false, |page| page.paragraph(2, &[plain("x".repeat(90)), plain("数据".repeat(30))]));
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        assert_eq!(text.matches('x').count(), 90);
        assert_eq!(text.matches('数').count(), 30);
    }

    #[test]
    fn no_style_without_colour_and_none_left_open_with_it() {
        let fill = |page: &mut Page| page.entry(0, 4, &[Span::new(Tone::Bad, "bad")], &[plain("a"), strong("b")]);
        assert_eq!(page(40, false, fill), "bad a b\n");
        let colour = page(40, true, fill);
        assert_eq!(colour.matches("\u{1b}[0m").count(), 2);
        assert!(colour.ends_with("\u{1b}[0m\n"));
    }

    #[test]
    fn cut_lines_fit() {
        let text = page(40, false, |page| page.cut(2, 12, &[plain("mitigated")], &plain("a sentence that is longer than the line")));
        assert_eq!(text, "  mitigated a sentence that is longer...\n");
    }
}
