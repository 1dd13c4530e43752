//! See [`crate::fuzzing`].

use facts::Fact;
use facts::docker::HistoryEntry;

/// Rule files of kernel audit.
pub(crate) fn audit_rules(text: &str) {
    super::audit::fuzzing::rules(text);
}

/// Names of registries and images.
pub(crate) fn image_reference(names: &[String]) {
    for registry in super::registries(names) {
        assert!(!registry.contains('/'));
    }
    for name in names {
        super::is_by_digest(name);
        super::is_loopback(name);
        super::daemon::fuzzing::registry(name);
    }
}

/// Lines of an image's history, and the shell commands in them.
pub(crate) fn shell_lines(text: &str) {
    super::history::line(text);
    super::command::commands(text);
    let entry = |line: &str| HistoryEntry { created_by: line.to_owned(), created: 0, size: 0, leaks: Vec::new() };
    let entries: Vec<HistoryEntry> = text.lines().map(entry).collect();
    super::build::Build::of(&entries, &Fact::unknown("not looked at"));
}
