//! Two templates over one model. The formatter is the only way for a value into the page: it makes it safe and escapes it.

use std::fmt::Write;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, context};

use super::model::Model;
use crate::safe::safe;

const STYLE: &str = include_str!("../../templates/report.css");
const HTML: &str = include_str!("../../templates/report.html");
const MARKDOWN: &str = include_str!("../../templates/report.md");

pub(super) fn html(model: &Model, picture: Option<&str>) -> String {
    render(
        "report.html",
        model,
        context! { style => Value::from_safe_string(STYLE.to_owned()), picture => picture.map(|svg| Value::from_safe_string(svg.to_owned())) },
    )
}

pub(super) fn markdown(model: &Model, picture: Option<&str>) -> String {
    render("report.md", model, context! { picture })
}

fn render(name: &str, model: &Model, extra: Value) -> String {
    let environment = environment();
    let template = environment.get_template(name).expect("the templates are part of this crate");
    template
        .render(context! { report => Value::from(Serde(model)), ..extra })
        .expect("the templates name fields of the model only: a test renders each")
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().expect("the delimiters are the usual ones");
    environment.set_syntax(syntax);
    environment
        .set_auto_escape_callback(|name| if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::Custom("markdown".into()) });
    environment.set_formatter(format);
    environment.add_filter("fence", fence);
    environment.add_filter("prose", prose);
    environment.add_template("report.html", HTML).expect("the template is part of this crate");
    environment.add_template("report.md", MARKDOWN).expect("the template is part of this crate");
    environment
}

fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    if value.is_safe() || matches!(value.kind(), ValueKind::Number | ValueKind::Bool) {
        return write!(out, "{value}").map_err(|_| Error::from(ErrorKind::WriteFailure));
    }
    let text = value.to_string();
    let escaped = match state.auto_escape() {
        AutoEscape::Html => escape_html(&safe(&text)),
        _ => escape_markdown(&safe(&text)),
    };
    out.write_str(&escaped).map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// Text inside an element or a quoted attribute.
pub(super) fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Text inside a paragraph or a cell of a table: no markup, no HTML, no link of any kind, no end of the cell.
pub(super) fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let characters: Vec<char> = text.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| characters[at]);
        let after = characters.get(at + 1).copied();
        let inside_word = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '#' | '@' | '$' | '!' | '^' => {
                out.push('\\');
                out.push(character);
            }
            '_' if !inside_word => out.push_str("\\_"),
            // GitHub makes links of bare addresses: `http://`, `https://`, `ftp://` and `www.`.
            ':' if after == Some('/') && linkable(&characters[..at]) => out.push_str("\\:"),
            '.' if before.is_some_and(|before| before.eq_ignore_ascii_case(&'w')) && inside_word => out.push_str("\\."),
            other => out.push(other),
        }
    }
    out
}

/// A text of the catalogue: what stands between backticks becomes code, everything is made safe and escaped as elsewhere.
fn prose(state: &State<'_, '_>, text: &str) -> Value {
    let html = matches!(state.auto_escape(), AutoEscape::Html);
    let text = safe(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len() + 16);
    for (index, part) in parts.iter().enumerate() {
        // An odd number of backticks leaves the last one without a partner: it is text.
        let is_code = index % 2 == 1 && index + 1 < parts.len();
        let _ = match (html, is_code) {
            (true, true) => write!(out, "<code>{}</code>", escape_html(part)),
            (true, false) => write!(out, "{}{}", if index % 2 == 1 { "`" } else { "" }, escape_html(part)),
            (false, true) if part.trim().is_empty() => write!(out, "\\`{part}\\`"),
            (false, true) => write!(out, "`{}`", part.replace('|', "\\|")),
            (false, false) => write!(out, "{}{}", if index % 2 == 1 { "\\`" } else { "" }, escape_markdown(part)),
        };
    }
    Value::from_safe_string(out)
}

/// Whether these characters end with a scheme that becomes a link by itself.
fn linkable(before: &[char]) -> bool {
    let tail: String = before[before.len().saturating_sub(5)..].iter().collect::<String>().to_ascii_lowercase();
    ["http", "https", "ftp"].iter().any(|scheme| tail.ends_with(scheme))
}

/// Lines of a diff as a fenced block: the fence is longer than any run of backticks inside, so that nothing ends it early.
fn fence(lines: &Value) -> Result<Value, Error> {
    let mut body = String::new();
    for line in lines.try_iter()? {
        let text = line.get_attr("text")?;
        let _ = writeln!(body, "{}", safe(text.as_str().unwrap_or_default()));
    }
    let longest = body.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    Ok(Value::from_safe_string(format!("{fence}diff\n{body}{fence}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn markdown_has_no_power_left() {
        let check = |input: &str, expect: &str| assert_eq!(escape_markdown(input), expect, "{input}");
        check("a|b", "a\\|b");
        check("[x](javascript:y)", "\\[x\\](javascript:y)");
        check("<script>&amp;", "&lt;script&gt;&amp;amp;");
        check("https://evil.example", "https\\://evil.example");
        check("www.evil.example a@b.c", "www\\.evil.example a\\@b.c");
        check("live_restore _x_ **b** `c`", "live_restore \\_x\\_ \\*\\*b\\*\\* \\`c\\`");
        check("registry.example/web:1.4 unix:///run/x", "registry.example/web:1.4 unix:///run/x");
        check("HTTP://evil ftp://evil", "HTTP\\://evil ftp\\://evil");
    }

    #[test]
    fn html_has_no_power_left() {
        assert_eq!(escape_html("<a href=\"x\" b='y'>&"), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
    }

    #[test]
    fn code_in_prose() {
        let render = |name: &str, text: &str| {
            let mut environment = environment();
            environment.add_template_owned(name.to_owned(), "{{ text|prose }}").unwrap();
            environment.get_template(name).unwrap().render(context! { text }).unwrap()
        };
        let text = "set `a|<b>` and <i>`";
        assert_eq!(render("x.html", text), "set <code>a|&lt;b&gt;</code> and &lt;i&gt;`");
        assert_eq!(render("x.md", text), "set `a\\|<b>` and &lt;i&gt;\\`");
        assert_eq!(render("x.md", "a `` b"), "a \\`\\` b");
    }

    #[test]
    fn no_line_of_a_diff_ends_its_block() {
        let line = |text: &str| BTreeMap::from([("text", text.to_owned())]);
        let lines = Value::from(Serde([line("````"), line("+x\u{1b}")]));
        assert_eq!(fence(&lines).unwrap().to_string(), "`````diff\n````\n+x\\x1b\n`````");
    }
}
