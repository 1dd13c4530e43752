//! `cofferdam man`: the manual, made from the arguments, so that it can't say anything else than `--help`.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(output: Output, dir: Option<&Path>) -> Result<Exit> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    let Some(dir) = dir else {
        output.answer(None, &whole(&program)?)?;
        return Ok(Exit::Fine);
    };
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut pages = 0;
    for command in with_subcommands(&program) {
        let path = dir.join(format!("{}.1", name_of(command)));
        std::fs::write(&path, page(command, &program)?).with_context(|| format!("cannot write {}", path.display()))?;
        pages += 1;
    }
    output.say(&format!("{pages} pages in {0}; read one with: man -l {0}/cofferdam.1", dir.display()));
    Ok(Exit::Fine)
}

/// A command and every command below it, without those that are not shown.
fn with_subcommands(command: &clap::Command) -> Vec<&clap::Command> {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help");
    std::iter::once(command).chain(below.flat_map(with_subcommands)).collect()
}

/// `cofferdam-harden-plan`.
fn name_of(command: &clap::Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// The page of one command.
fn page(command: &clap::Command, program: &clap::Command) -> Result<String> {
    let man = Man::new(command.clone());
    let text = rendered(|out| {
        man.render_name_section(out)?;
        man.render_synopsis_section(out)?;
        man.render_description_section(out)?;
        man.render_options_section(out)?;
        if command.has_subcommands() {
            man.render_subcommands_section(out)?;
        }
        after_help(command).to_writer(out)
    })?;
    Ok(preamble() + &title(command, program) + &text)
}

/// Everything in one page: the program, then each command as a section of it.
fn whole(program: &clap::Command) -> Result<String> {
    let man = Man::new(program.clone());
    let mut text = rendered(|out| {
        man.render_name_section(out)?;
        man.render_synopsis_section(out)?;
        man.render_description_section(out)?;
        man.render_options_section(out)?;
        after_help(program).to_writer(out)
    })?;
    for command in with_subcommands(program).into_iter().skip(1) {
        // What every command takes stands once, above.
        let own = command.clone().mut_args(|argument| if argument.is_global_set() { argument.hide(true) } else { argument });
        let man = Man::new(own.clone());
        let section = rendered(|out| {
            man.render_synopsis_section(out)?;
            man.render_description_section(out)?;
            man.render_options_section(out)?;
            after_help(&own).to_writer(out)
        })?;
        let mut heading = Roff::new();
        heading.control("SH", [command.get_bin_name().unwrap_or_else(|| command.get_name()).to_uppercase().as_str()]);
        text.push_str(&heading.to_roff());
        for line in section.lines() {
            text.push_str(&line.replacen(".SH ", ".SS ", usize::from(line.starts_with(".SH "))));
            text.push('\n');
        }
    }
    Ok(preamble() + &title(program, program) + &text)
}

/// The head of a page. It has no date, so that the same program writes the same pages; an empty field must be quoted to stay one.
fn title(command: &clap::Command, program: &clap::Command) -> String {
    let (name, version) = (name_of(command).to_uppercase(), program.get_version().unwrap_or_default());
    format!(".TH \"{name}\" \"1\" \"\" \"cofferdam {version}\" \"Cofferdam manual\"\n")
}

/// What stands below the help, line by line as it is there.
fn after_help(command: &clap::Command) -> Roff {
    let mut roff = Roff::new();
    if let Some(text) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        roff.control("SH", ["FIRST STEPS AND EXIT CODES"]);
        roff.control("nf", []);
        for line in text.to_string().lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff
}

/// Sections without the preamble that each of them comes with: it stands once, at the head of a page.
fn rendered(render: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<String> {
    let mut out = Vec::new();
    render(&mut out).context("cannot write to memory")?;
    Ok(String::from_utf8(out).context("the manual is text")?.replace(&preamble(), ""))
}

fn preamble() -> String {
    Roff::new().render()
}
