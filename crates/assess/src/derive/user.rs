//! Whether a configured user is root.

/// Whether `USER` or `--user` means uid 0: `root`, `0`, `00`, `0:0`, `root:root`, or nothing at all.
pub(crate) fn is_root(configured: &str) -> bool {
    let user = configured.split(':').next().unwrap_or_default().trim();
    user.is_empty() || user == "root" || user.parse::<u64>() == Ok(0)
}

#[cfg(test)]
mod tests {
    use super::is_root;

    #[test]
    fn spellings_of_root() {
        for root in ["", "0", "00", "root", "0:0", "root:root", "root:1000", ":1000"] {
            assert!(is_root(root), "{root}");
        }
        for other in ["1000", "nobody", "1000:0", "rooty"] {
            assert!(!is_root(other), "{other}");
        }
    }
}
