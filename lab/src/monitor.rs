//! qemu's control socket (QMP): one connection per question, so that nothing has to be kept alive over a pause or a reset.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The way to ask a running qemu.
#[derive(Debug)]
pub(crate) struct Monitor {
    socket: PathBuf,
}

impl Monitor {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Runs a QMP command.
    pub(crate) fn execute(&self, command: &str, arguments: &Value) -> Result<Value> {
        self.converse(command, arguments).with_context(|| format!("qemu monitor: {command} {arguments}"))
    }

    /// Runs a command of the human monitor (savevm, loadvm and others exist only there); what it says beyond nothing is the caller's.
    pub(crate) fn human(&self, line: &str) -> Result<String> {
        let answer = self.execute("human-monitor-command", &json!({"command-line": line}))?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    fn converse(&self, command: &str, arguments: &Value) -> Result<Value> {
        let stream = UnixStream::connect(&self.socket)?;
        // Saving or loading a state of a gigabyte on a busy machine takes its time.
        stream.set_read_timeout(Some(Duration::from_secs(180)))?;
        let mut answers = BufReader::new(stream.try_clone()?).lines();
        let mut ask = |command: &str, arguments: &Value| -> Result<Value> {
            writeln!(&stream, "{}", json!({"execute": command, "arguments": arguments}))?;
            loop {
                let line = answers.next().context("qemu closed the connection")??;
                let answer: Value = serde_json::from_str(&line)?;
                if let Some(value) = answer.get("return") {
                    return Ok(value.clone());
                }
                if let Some(error) = answer.get("error") {
                    bail!("{}", error["desc"].as_str().unwrap_or("error without a text"));
                }
                // The greeting, or an event that nobody waits for.
            }
        };
        ask("qmp_capabilities", &json!({}))?;
        ask(command, arguments)
    }
}
