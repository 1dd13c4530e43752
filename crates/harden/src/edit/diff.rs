//! Unified diffs of redacted text.

use similar::TextDiff;

/// The unified diff of a file, in patch form; empty where nothing changes. No text: the file does not exist on that side.
pub(crate) fn unified(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    if before.is_some() == after.is_some() && old == new {
        return String::new();
    }
    // What is no file keeps its bare name: nobody should feed it to patch(1).
    let name = |side: &str, text: Option<&str>| match text {
        None => "/dev/null".to_owned(),
        Some(_) if path.starts_with('/') => format!("{side}{path}"),
        Some(_) => path.to_owned(),
    };
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(&name("a", before), &name("b", after)).to_string()
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn patches() {
        assert_eq!(unified("/etc/x", Some("a\n"), Some("a\n")), "");
        assert_eq!(
            unified("/etc/docker/daemon.json", Some("{\n  \"debug\": true\n}\n"), Some("{\n  \"debug\": true,\n  \"icc\": false\n}\n")),
            "--- a/etc/docker/daemon.json\n+++ b/etc/docker/daemon.json\n@@ -1,3 +1,4 @@\n {\n-  \"debug\": true\n+  \"debug\": true,\n+  \"icc\": false\n }\n"
        );
        assert_eq!(unified("/etc/x", None, Some("{}\n")), "--- /dev/null\n+++ b/etc/x\n@@ -0,0 +1 @@\n+{}\n");
        assert_eq!(
            unified("/etc/x", Some("{}"), Some("{\"a\": 1}")),
            "--- a/etc/x\n+++ b/etc/x\n@@ -1 +1 @@\n-{}\n\\ No newline at end of file\n+{\"a\": 1}\n\\ No newline at end of file\n"
        );
    }
}
