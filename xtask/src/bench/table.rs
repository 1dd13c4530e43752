//! The figures of one world, for people.

use std::fmt::Write;

use super::measure::{Measured, least};
use super::{ALLOWED_MB, WorldReport};

pub(super) fn of(report: &WorldReport) -> String {
    let mut text = format!("\n{}, {} requests\n", report.world, report.requests);
    let width = report.tools.iter().map(|tool| tool.name.chars().count()).max().unwrap_or(0);
    line(
        &mut text,
        &format!(
            "{:width$} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8} {:>9}  x bare",
            "", "min ms", "median", "max", "cpu ms", "peak MB", "programs", "processes"
        ),
    );
    let bare = report.tools.first().map_or(f64::NAN, |tool| least(&tool.runs));
    for tool in &report.tools {
        let walls = sorted(&tool.runs, |run| run.wall_ms);
        let cpu = sorted(&tool.runs, |run| run.cpu_ms);
        let peak = tool.runs.iter().filter_map(|run| run.peak_mb).fold(f64::NAN, f64::max);
        let peak = if peak.is_nan() { "-".to_owned() } else { format!("{peak:.1}") };
        let (programs, processes) =
            tool.started.map_or(("-".to_owned(), "-".to_owned()), |started| (started.programs.to_string(), started.processes.to_string()));
        let (min, median, max) = (walls[0], walls[walls.len() / 2], walls[walls.len() - 1]);
        let failed =
            tool.runs.iter().find_map(|run| run.exit.filter(|code| *code != 0)).map_or(String::new(), |code| format!("  exit {code}"));
        line(
            &mut text,
            &format!(
                "{:width$} {min:>9.1} {median:>9.1} {max:>9.1} {:>9.1} {peak:>8} {programs:>8} {processes:>9}  {:.2}{failed}",
                tool.name,
                cpu[0],
                min / bare
            ),
        );
    }
    if let Some(assess) = report.tools.iter().find(|tool| tool.name == "cofferdam assess") {
        let took = least(&assess.runs);
        let peak = assess.runs.iter().filter_map(|run| run.peak_mb).fold(0.0, f64::max);
        let word = |within: bool| if within { "within" } else { "OVER" };
        line(
            &mut text,
            &format!("assess: {took:.1} ms, limit {:.1} ms (30 and 1.3 times bare): {}", report.limit_ms, word(took <= report.limit_ms)),
        );
        line(&mut text, &format!("memory: {peak:.1} MB, limit {ALLOWED_MB:.0} MB: {}", word(peak <= ALLOWED_MB)));
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a String cannot fail");
}

fn sorted(runs: &[Measured], figure: impl Fn(&Measured) -> f64) -> Vec<f64> {
    let mut figures: Vec<f64> = runs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures
}
