//! `--security-opt` as dockerd reads it: `=` parts, else `:`; the last one of a key wins (daemon/daemon_unix.go, parseSecurityOpt).

/// The last value of a key. A bare `no-new-privileges` means true.
pub(crate) fn value<'o>(options: &'o [String], key: &str) -> Option<&'o str> {
    options.iter().rev().find_map(|option| {
        if option == key {
            return Some("true");
        }
        let (name, value) = option.split_once('=').or_else(|| option.split_once(':'))?;
        (name == key).then_some(value)
    })
}

/// What the options say of no-new-privileges; none: nothing, so the daemon's default at creation holds.
pub(crate) fn no_new_privileges(options: &[String]) -> Option<bool> {
    match value(options, "no-new-privileges")? {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_one_wins() {
        let check = |line: &str, expect: Option<bool>| {
            let options: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(no_new_privileges(&options), expect, "{line}");
        };
        check("", None);
        check("seccomp=unconfined", None);
        check("no-new-privileges", Some(true));
        check("no-new-privileges:true", Some(true));
        check("no-new-privileges=true seccomp=unconfined", Some(true));
        check("no-new-privileges=false", Some(false));
        check("no-new-privileges:false", Some(false));
        check("no-new-privileges no-new-privileges=false", Some(false));
        check("no-new-privileges=0 no-new-privileges:1", Some(true));
        check("no-new-privileges=maybe", None);
    }
}
