//! The classic run before and after as a picture: two terminals side by side, words first, colour second.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::benchmarks::{Line, Run};
use super::model::{Model, State};
use crate::safe::safe;

/// Characters that fit in a panel's line.
const COLUMNS: usize = 75;
/// Width of a character of the font, in the picture's units.
const CELL: f32 = 7.8;
const LINE: f32 = 20.0;
const PANEL: f32 = 630.0;
const GAP: f32 = 24.0;
const MARGIN: f32 = 20.0;
const PADDING: f32 = 16.0;
const HEAD: f32 = 74.0;
/// Lines beyond which only those that changed or were chosen are drawn.
const LINES: usize = 36;

/// Of the runs that hold a chosen finding the one with most changes, else the first. None: no run was made on both sides.
pub(super) fn draw(model: &Model) -> Option<String> {
    let holds = |run: &&Run| run.sections.iter().any(|section| section.chosen);
    let run = model.runs.iter().filter(holds).max_by_key(|run| run.changed).or(model.runs.first())?;
    Some(svg(run, &model.before, &model.after))
}

/// A row of a panel.
enum Drawn<'a> {
    Heading(&'a str),
    Control(&'a Line),
}

fn svg(run: &Run, before: &State, after: &State) -> String {
    let rows = rows(run);
    let height = HEAD + LINE * (rows.len() as f32 + 3.5) + MARGIN;
    let width = MARGIN * 2.0 + PANEL * 2.0 + GAP;
    let mut out = String::new();
    let label = format!("{} on {}, before and after hardening. Before: {}. After: {}.", run.name, after.host, run.before, run.after);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace\" font-size=\"13\">\n<title>{}</title>\n",
        escape(&label)
    );
    let left = Panel { x: MARGIN, name: "Before", state: before, of: |line| (line.mark_before, line.before), totals: &run.before };
    let right =
        Panel { x: MARGIN + PANEL + GAP, name: "After", state: after, of: |line| (line.mark_after, line.after), totals: &run.after };
    for panel in [left, right] {
        panel.draw(&mut out, &run.id, &rows, height);
    }
    out.push_str("</svg>\n");
    out
}

/// The lines of the sections with a chosen finding, as far as a check answers them.
fn rows(run: &Run) -> Vec<Drawn<'_>> {
    let any_chosen = run.sections.iter().any(|section| section.chosen);
    let wanted = |line: &Line, narrow: bool| !narrow || line.chosen || line.changed;
    let collect = |narrow: bool| {
        let mut rows = Vec::new();
        for section in run.sections.iter().filter(|section| section.chosen || !any_chosen) {
            let lines: Vec<&Line> = section.rows.iter().filter(|line| wanted(line, narrow)).collect();
            if !lines.is_empty() {
                rows.push(Drawn::Heading(&section.name));
                rows.extend(lines.into_iter().map(Drawn::Control));
            }
        }
        rows
    };
    let all = collect(false);
    if all.len() > LINES { collect(true) } else { all }
}

/// One of the two terminals.
struct Panel<'a> {
    x: f32,
    name: &'static str,
    state: &'a State,
    /// The word in brackets and the verdict of a line.
    of: fn(&Line) -> (&'static str, &'static str),
    totals: &'a str,
}

impl Panel<'_> {
    fn draw(&self, out: &mut String, benchmark: &str, rows: &[Drawn<'_>], height: f32) {
        let x = self.x;
        let bottom = height - MARGIN * 2.0;
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{MARGIN}\" width=\"{PANEL}\" height=\"{bottom}\" rx=\"8\" fill=\"#12181f\" stroke=\"#35414d\"/>\n\
             <path d=\"M{x} 56h{PANEL}\" stroke=\"#35414d\"/>"
        );
        let left = x + PADDING;
        text(out, left, 43.0, "#f2f5f7", true, self.name);
        let aside = escape(&cut(&format!("{}, {}", self.state.host, self.state.time), 58));
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"43\" text-anchor=\"end\" fill=\"#93a1ae\" xml:space=\"preserve\">{aside}</text>",
            x + PANEL - PADDING
        );
        let mut y = HEAD + 6.0;
        text(out, left, y, "#93a1ae", false, &format!("$ cofferdam bench docker --benchmark {benchmark}"));
        y += LINE * 0.4;
        for row in rows {
            y += LINE;
            match row {
                Drawn::Heading(name) => text(out, left, y, "#93a1ae", true, name),
                Drawn::Control(line) => self.control(out, line, y),
            }
        }
        y += LINE * 1.5;
        text(out, left, y, "#dfe6ec", false, &cut(self.totals, COLUMNS));
    }

    fn control(&self, out: &mut String, line: &Line, y: f32) {
        let (mark, verdict) = (self.of)(line);
        let colour = colour(verdict);
        if line.chosen {
            let (x, top, width) = (self.x + 1.0, y - 14.5, PANEL - 2.0);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{LINE}\" fill=\"#22303c\"/>\n\
                 <rect x=\"{x}\" y=\"{top}\" width=\"3\" height=\"{LINE}\" fill=\"{colour}\"/>"
            );
        }
        let left = self.x + PADDING;
        let tone = if line.chosen { "#f2f5f7" } else { "#b6c2cc" };
        text(out, left, y, colour, true, &format!("[{mark}]"));
        text(out, left + CELL * 7.0, y, "#dfe6ec", line.chosen, &line.id);
        text(out, left + CELL * 14.0, y, tone, line.chosen, &cut(&line.title, COLUMNS - 14));
    }
}

fn colour(verdict: &str) -> &'static str {
    match verdict {
        "pass" => "#5fd38d",
        "fail" => "#ff7b72",
        "unknown" | "manual" => "#e3b341",
        _ => "#93a1ae",
    }
}

fn text(out: &mut String, x: f32, y: f32, fill: &str, bold: bool, text: &str) {
    let weight = if bold { " font-weight=\"700\"" } else { "" };
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" fill=\"{fill}\"{weight} xml:space=\"preserve\">{}</text>", escape(text));
}

/// As much as fits, dots behind.
fn cut(text: &str, columns: usize) -> String {
    let text = safe(text);
    if text.width() <= columns {
        return text.into_owned();
    }
    let mut used = 0;
    let head: String = text
        .chars()
        .take_while(|character| {
            used += character.width().unwrap_or(0);
            used <= columns - 3
        })
        .collect();
    format!("{}...", head.trim_end())
}

fn escape(text: &str) -> String {
    super::render::escape_html(&safe(text))
}
