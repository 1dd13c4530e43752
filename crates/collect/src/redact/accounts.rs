//! /etc/group and /etc/passwd: names and numbers. Passwords (there may be hashes in very old files), real names, homes and shells go.

use super::MARK;

/// `name:x:GID:member,member`; a line of another form is replaced. The number of lines stays.
pub fn groups(text: &str) -> String {
    kept(text, |fields| match fields {
        [name, _, gid, members]
            if is_name(name) && is_number(gid) && members.split(',').all(|member| member.is_empty() || is_name(member)) =>
        {
            Some(format!("{name}:x:{gid}:{members}"))
        }
        _ => None,
    })
}

/// `name:x:UID:GID:::`; a line of another form is replaced. The number of lines stays.
pub fn users(text: &str) -> String {
    kept(text, |fields| match fields {
        [name, _, uid, gid, _, _, _] if is_name(name) && is_number(uid) && is_number(gid) => Some(format!("{name}:x:{uid}:{gid}:::")),
        _ => None,
    })
}

/// `name:x:UID:GID::HOME:`; a line of another form is replaced. The number of lines stays.
pub fn homes(text: &str) -> String {
    kept(text, |fields| match fields {
        [name, _, uid, gid, _, home, _] if is_name(name) && is_number(uid) && is_number(gid) && !home.contains(char::is_control) => {
            Some(format!("{name}:x:{uid}:{gid}::{}:", super::scrub(home)))
        }
        _ => None,
    })
}

fn kept(text: &str, keep: impl Fn(&[&str]) -> Option<String>) -> String {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        match line {
            "" => String::new(),
            line if line.starts_with('#') => "#".to_owned(),
            _ => keep(&fields).unwrap_or_else(|| MARK.to_owned()),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What a name may look like: also those of directory services (`DOMAIN\\user`, `user@domain`).
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 256 && !name.contains(|character: char| character.is_whitespace() || character.is_control())
}

fn is_number(text: &str) -> bool {
    text.parse::<u32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_numbers() {
        assert_eq!(
            groups("root:x:0:\n# planted\ndocker:planted:998:ann,bob\nplanted secret\n+::planted:\n"),
            format!("root:x:0:\n#\ndocker:x:998:ann,bob\n{MARK}\n{MARK}")
        );
        assert_eq!(homes("ann:planted:1000:998:planted:/home/ann:planted\nplanted\n"), format!("ann:x:1000:998::/home/ann:\n{MARK}"));
        assert_eq!(users("ann:planted:1000:998:planted,planted:/planted:/planted\nplanted\n"), format!("ann:x:1000:998:::\n{MARK}"));
    }
}
