//! Nothing is changed without a yes: `--yes`, or a person at a terminal.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};

/// Whether the operator agrees. Without a terminal and without `--yes` it is wrong usage.
pub(super) fn given(yes: bool, question: &str) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        bail!("nothing was changed: there is nobody to ask\nhint: --yes carries it out without a question");
    }
    let mut terminal = std::io::stderr();
    write!(terminal, "{question} [y/N] ").and_then(|()| terminal.flush()).context("cannot ask")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
