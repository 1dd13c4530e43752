//! Whether the output of a command shows a value.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use assess::ShownAs;
use serde_json::Value;

/// Why the output does not show the value; none: it does.
pub(crate) fn disagreement(value: &Value, output: &str, shown_as: &ShownAs) -> Result<Option<String>> {
    let output = with_single_blanks(output);
    for pattern in patterns(value, shown_as)? {
        if !holds(&pattern, &output)? {
            return Ok(Some(pattern));
        }
    }
    Ok(None)
}

/// Everything that must hold of the output.
fn patterns(value: &Value, shown_as: &ShownAs) -> Result<Vec<String>> {
    let given =
        |list: &Option<Vec<String>>, what: &str| list.clone().with_context(|| format!("`shown_as` does not say how {what} is shown"));
    match value {
        Value::Bool(is) => {
            let list = if *is { &shown_as.if_true } else { &shown_as.if_false };
            let plain = || vec![word(&is.to_string()), format!("!{}", word(&(!is).to_string()))];
            Ok(list.clone().unwrap_or_else(plain))
        }
        Value::String(text) if text.is_empty() || text == "absent" => given(&shown_as.if_none, "that there is none"),
        Value::String(text) => Ok(each(text, shown_as)),
        Value::Number(number) => Ok(each(&number.to_string(), shown_as)),
        Value::Array(members) if members.is_empty() => given(&shown_as.if_none, "that there is none"),
        Value::Array(members) => {
            let text = |member: &Value| member.as_str().map_or_else(|| member.to_string(), str::to_owned);
            Ok(members.iter().flat_map(|member| each(&text(member), shown_as)).collect())
        }
        other => anyhow::bail!("no verdict shows {other}"),
    }
}

fn each(value: &str, shown_as: &ShownAs) -> Vec<String> {
    let value = with_single_blanks(value);
    let value = value.trim_end();
    let Some(list) = &shown_as.each else { return vec![word(value)] };
    let first = escaped(value.split(' ').next().unwrap_or_default());
    let last = escaped(value.rsplit(' ').next().unwrap_or_default());
    let label = escaped(value.split(':').next().unwrap_or_default());
    let words = [("%first", first), ("%last", last), ("%label", label), ("%", escaped(value))];
    list.iter().map(|pattern| words.iter().fold(pattern.clone(), |filled, (hole, word)| filled.replace(hole, word))).collect()
}

/// The value as a word or number of its own: 7 does not stand in 175.
fn word(value: &str) -> String {
    format!("(^|[^[:alnum:]]){}([^[:alnum:]]|$)", escaped(value))
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if "\\^$.[]|()?*+{}".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Columns are for the eye.
fn with_single_blanks(text: &str) -> String {
    let line = |line: &str| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text) + "\n").collect()
}

fn holds(pattern: &str, output: &str) -> Result<bool> {
    Ok(match pattern.split_at(1) {
        ("!", none) => !grep(none, &[], output)?,
        ("=", every) => !output.is_empty() && !grep(every, &["-v"], output)?,
        _ => grep(pattern, &[], output)?,
    })
}

fn grep(pattern: &str, options: &[&str], text: &str) -> Result<bool> {
    let mut command = Command::new("grep");
    command.env("LC_ALL", "C.UTF-8").args(["-a", "-c", "-E"]).args(options).args(["-e", pattern]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().context("grep")?;
    child.stdin.take().context("grep's input")?.write_all(text.as_bytes())?;
    let code = child.wait()?.code();
    ensure!(matches!(code, Some(0 | 1)), "grep refuses the pattern {pattern}");
    Ok(code == Some(0))
}
