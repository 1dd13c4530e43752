//! `cofferdam bench --compare`: another tool's report against what is here.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ::assess::peer::{Numbering, PeerReport, Relation};
use ::assess::{Catalogue, Finding};
use anyhow::{Context, Result, anyhow, bail, ensure};

use super::{bench, exit_of};
use crate::arguments::{Bench, Format, Global};
use crate::containment;
use crate::exit::Exit;
use crate::input;
use crate::output::Output;

/// A report of a hundred containers has some hundred kilobytes.
const LARGEST: u64 = 16 * 1024 * 1024;

pub(super) fn run(global: &Global, output: Output, command: &Bench, catalogue: &Catalogue, file: &Path) -> Result<Exit> {
    let pure = &command.pure;
    let asked = match command.benchmark.as_str() {
        "auto" => None,
        id => Some(bench::find(catalogue, id)?.id.as_str()),
    };
    let both_stdin = file.as_os_str() == "-" && pure.snapshot.as_ref().is_some_and(|snapshot| snapshot.as_os_str() == "-");
    ensure!(!both_stdin, "stdin can't be both the report and the snapshot\nhint: give one of them as a file");
    // The report first: a mistake in it is said before the system is looked at.
    let in_file = |error| anyhow!("{}: {error}", file.display());
    let report = PeerReport::read(&read(file)?).map_err(in_file)?;
    let numbering = Numbering::of(&report, catalogue, asked).map_err(in_file)?;
    let snapshot = input::snapshot(global, pure.snapshot.as_deref())?;
    containment::nothing_more_is_read(output);
    let assessment = ::assess::assess(&snapshot, catalogue);
    let comparison = ::assess::peer::compare(&report, &numbering, &assessment, catalogue);
    let text = match pure.format {
        Format::Text => report::text::comparison(&assessment, &comparison, output.style(pure.output.as_deref())),
        Format::Json => report::json::comparison(&assessment, &comparison, super::CATALOGUE),
    };
    output.answer(pure.output.as_deref(), &text)?;
    let differs = |finding: &Finding| comparison.rows.iter().any(|row| row.check == finding.check && row.relation != Relation::Agree);
    let named: Vec<Finding> = assessment.findings.iter().filter(|finding| differs(finding)).cloned().collect();
    Ok(exit_of(pure.fail_on, &named))
}

/// The report's bytes; `-` is stdin. Files without an end and of absurd size are refused.
fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        opened.take(LARGEST + 1).read_to_end(&mut bytes)
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    if bytes.len() as u64 > LARGEST {
        bail!(
            "{}: larger than 16 MB, and no report is\nhint: docker-bench-security appends to its log; cut the last run off",
            file.display()
        );
    }
    Ok(bytes)
}
