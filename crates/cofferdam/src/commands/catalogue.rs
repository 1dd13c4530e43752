//! `cofferdam catalogue`: the checks, threats and benchmarks themselves.

use std::fmt::Write;
use std::path::Path;

use ::assess::{Catalogue, Operator};
use anyhow::{Context, Result, bail, ensure};

use super::catalogue;
use crate::arguments::{CatalogueCommand, SchemaOf};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(output: Output, command: CatalogueCommand) -> Result<Exit> {
    let text = match command {
        CatalogueCommand::Schema { of: SchemaOf::Check } => facts::canonical_json(&Catalogue::check_schema()),
        CatalogueCommand::Schema { of: SchemaOf::Config } => facts::canonical_json(&Operator::schema()),
        CatalogueCommand::Test { dir, check } => return test(output, dir.as_deref(), &check),
        CatalogueCommand::List => list(&catalogue()?),
        CatalogueCommand::Lint { dir } => lint(dir.as_deref())?,
    };
    output.answer(None, &text)?;
    Ok(Exit::Fine)
}

fn list(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    for check in catalogue.checks.values() {
        let letters: String = check.stride.iter().map(|letter| letter.letter()).collect();
        writeln!(text, "{:<45} {:<9} {letters:<4} {}", check.id, check.severity.word(), check.title)
            .expect("writing to a String cannot fail");
    }
    text
}

/// Runs examples and shows how they come out.
fn test(output: Output, dir: Option<&Path>, only: &[String]) -> Result<Exit> {
    let own = dir.map(files_of).transpose()?.unwrap_or_default();
    let named: Vec<(&str, &str)> = own.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let catalogue = Catalogue::with_unproven_files(&named).context("the checks do not load")?;
    for id in only {
        ensure!(catalogue.checks.contains_key(id), "no check `{id}`\nhint: cofferdam catalogue list");
    }
    let is_own = |id: &String| dir.is_none() || catalogue.file(id).is_some_and(|file| named.iter().any(|(own, _)| *own == file));
    let chosen: Vec<&str> =
        catalogue.checks.keys().filter(|id| if only.is_empty() { is_own(id) } else { only.contains(id) }).map(String::as_str).collect();
    let full = dir.is_some() || !only.is_empty();
    let (text, counts) = report::text::examples(&catalogue, chosen, full, output.style(None));
    output.answer(None, &text)?;
    Ok(if counts.fail > 0 { Exit::Found } else { Exit::Fine })
}

/// Loads everything and runs every example.
fn lint(dir: Option<&Path>) -> Result<String> {
    let own = dir.map(files_of).transpose()?.unwrap_or_default();
    let named: Vec<(&str, &str)> = own.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    let catalogue =
        if named.is_empty() { catalogue()? } else { Catalogue::with_files(&named).context("the catalogue does not hold together")? };
    let errors = catalogue.lint();
    if !errors.is_empty() {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        bail!("{} of the examples do not hold\n{}", lines.len(), lines.join("\n"));
    }
    let examples: usize = catalogue.checks.keys().map(|id| catalogue.examples(id).len()).sum();
    Ok(format!(
        "{} checks with {examples} examples, {} benchmarks, {} Docker threats, {} Kubernetes threats: all hold\n",
        catalogue.checks.len(),
        catalogue.benchmarks.len(),
        catalogue.threats.len(),
        catalogue.kubernetes.len()
    ))
}

/// The YAML files of a folder of checks, as if they stood in the catalogue.
fn files_of(dir: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
                let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                files.push((format!("checks/{name}"), text));
            }
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("no check files (*.yaml) in {}", dir.display());
    }
    Ok(files)
}
