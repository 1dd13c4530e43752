//! `cargo xtask docs`: pages and schemas that are generated from catalogue and code.

mod cases;
mod checks;
mod cli;
mod configuration;
mod facts_page;
mod schemas;
mod stories;
mod threats;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use assess::Catalogue;

use crate::process::root;

/// A generated file: its path below the root and its content.
pub(crate) type Page = (String, String);

/// Writes every generated file; with `check`: writes nothing and fails if one differs.
pub(crate) fn run(check: bool) -> Result<()> {
    let catalogue = Catalogue::load().context("the catalogue does not load")?;
    let mut pages: Vec<Page> = vec![
        ("docs/checks.md".to_owned(), checks::page(&catalogue)),
        ("docs/cases.md".to_owned(), cases::page(&catalogue)?),
        ("docs/threats.md".to_owned(), threats::page(&catalogue)),
        ("docs/facts.md".to_owned(), facts_page::page()),
        ("docs/configuration.md".to_owned(), configuration::page(&catalogue)),
        ("docs/stories.md".to_owned(), stories::page(&catalogue)?),
        ("docs/cli.md".to_owned(), cli::page()?),
    ];
    pages.extend(schemas::pages());
    let mut differing = Vec::new();
    for (path, content) in &pages {
        let place: PathBuf = root().join(path);
        if std::fs::read_to_string(&place).ok().as_deref() == Some(content) {
            continue;
        }
        differing.push(path.as_str());
        if !check {
            std::fs::create_dir_all(place.parent().context("a page has a folder")?)?;
            std::fs::write(&place, content).with_context(|| format!("cannot write {path}"))?;
        }
    }
    ensure!(!check || differing.is_empty(), "generated files differ from their source: {}\nhint: cargo xtask docs", differing.join(", "));
    Ok(())
}
