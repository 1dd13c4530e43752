//! Texts with holes for facts: `docker inspect ${container.name}`.

use std::sync::Arc;

use crate::expression::{Type, Value};
use crate::near_miss::hint;
use crate::view::lookup;

/// One hole of a text.
#[derive(Debug, PartialEq, Eq)]
struct Hole<'t> {
    start: usize,
    end: usize,
    path: &'t str,
}

/// The `${view.path}` holes of a text. Shell variables (`$p`, `$(...)`, `${p}`) are none.
fn holes<'t>(text: &'t str, variables: &[(&'static str, Type)]) -> Vec<Hole<'t>> {
    text.match_indices("${")
        .filter_map(|(start, _)| {
            let end = start + text[start..].find('}')? + 1;
            let path = &text[start + 2..end - 1];
            let root = path.split('.').next().unwrap_or_default();
            (path.contains('.') || variables.iter().any(|(name, _)| *name == root)).then_some(Hole { start, end, path })
        })
        .collect()
}

/// Checks the holes. An error has the byte offset of the mistake.
pub(crate) fn check(text: &str, variables: &[(&'static str, Type)]) -> Result<(), (usize, String)> {
    for hole in holes(text, variables) {
        let at = hole.start + 2;
        match path_type(hole.path, variables) {
            Ok(Type::Bool | Type::Int | Type::Text) => {}
            Ok(other) => return Err((at, format!("`{}` is {other}: only a string, int or bool can be put into a text", hole.path))),
            Err(message) => return Err((at, message)),
        }
    }
    Ok(())
}

/// The type of a view path.
pub(crate) fn path_type(path: &str, variables: &[(&'static str, Type)]) -> Result<Type, String> {
    let mut parts = path.split('.');
    let root = parts.next().unwrap_or_default();
    let Some((_, ty)) = variables.iter().find(|(name, _)| *name == root) else {
        let hint = hint(root, variables.iter().map(|(name, _)| *name));
        return Err(format!("unknown name `{root}`{hint}"));
    };
    parts.try_fold(ty.clone(), |ty, part| match ty {
        Type::Record(schema) => match schema.field(part) {
            Some((_, field)) => Ok(field.ty.clone()),
            None => {
                let hint = hint(part, schema.fields.iter().map(|field| field.name));
                Err(format!("{} has no field `{part}`{hint}", schema.name))
            }
        },
        other => Err(format!("`{part}` is asked of {other}, which has no fields")),
    })
}

/// Puts the facts in. `quote` writes a value for its reader; a fact that was not seen stays a hole, in angle brackets, and is counted.
pub(crate) fn fill(text: &str, variables: &[(&'static str, Type)], values: &[Value], quote: fn(&str) -> String) -> (String, usize) {
    let mut out = String::with_capacity(text.len());
    let (mut at, mut missing) = (0, 0);
    for hole in holes(text, variables) {
        out.push_str(&text[at..hole.start]);
        match lookup(hole.path, variables, values) {
            value @ (Value::Text(_) | Value::Int(_) | Value::Bool(_)) => out.push_str(&quote(&plain(&value))),
            _ => {
                out.push_str(&quote(&format!("<{}>", hole.path)));
                missing += 1;
            }
        }
        at = hole.end;
    }
    out.push_str(&text[at..]);
    (out, missing)
}

/// The same, where many texts come of one template: a text without holes is the template itself.
pub(crate) fn fill_shared(text: &Arc<str>, variables: &[(&'static str, Type)], values: &[Value], quote: fn(&str) -> String) -> Arc<str> {
    if text.contains("${") { fill(text, variables, values, quote).0.into() } else { Arc::clone(text) }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// For a text: as it is.
pub(crate) fn unquoted(value: &str) -> String {
    value.to_owned()
}

/// For a POSIX shell: one word, whatever is in it.
pub(crate) fn shell(value: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    if !value.is_empty() && value.bytes().all(safe) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SubjectKind;
    use crate::view::variables;

    #[test]
    fn mistakes() {
        let variables = variables(SubjectKind::Container);
        assert_eq!(check("p=$(x); ${p} $p '{{.Name}}' ${container.name}", &variables), Ok(()));
        let (at, message) = check("docker inspect ${container.nam}", &variables).unwrap_err();
        assert_eq!((at, message.as_str()), (17, "Container has no field `nam`, did you mean `name`?"));
        assert!(check("${image.id}", &variables).unwrap_err().1.contains("unknown name `image`"));
        assert!(check("${container.mounts}", &variables).unwrap_err().1.contains("only a string"));
    }

    #[test]
    fn quoting() {
        assert_eq!(shell("web-1"), "web-1");
        assert_eq!(shell("a; rm -rf /"), "'a; rm -rf /'");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
    }
}
