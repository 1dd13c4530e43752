//! What a systemd unit's files say of the things that a restart depends on.

use facts::Fact;
use facts::docker::Unit;

/// The directives that decide whether containers outlive the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// KillMode; systemd's default is `control-group`.
    pub(super) kill_mode: String,
    /// Whether there is an ExecReload.
    pub(super) has_reload: bool,
    /// Whether the unit is masked: systemd refuses to start it.
    pub(super) masked: bool,
}

/// Reads the unit; unknown where one of its files could not be read.
pub(super) fn service(unit: &Unit) -> Fact<Service> {
    let fragment = match &unit.fragment.fact {
        Fact::Known(file) => file,
        Fact::Absent => return Fact::unknown(format!("{} has no file in systemd's search path", unit.name)),
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    };
    let mut texts = vec![fragment.text.as_str()];
    match &unit.drop_ins {
        Fact::Known(files) => {
            for file in files {
                match &file.fact {
                    Fact::Known(file) => texts.push(&file.text),
                    Fact::Absent => {}
                    Fact::Unknown { why } => return Fact::unknown(why.clone()),
                }
            }
        }
        Fact::Absent => {}
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    }
    // A masked unit is a link to /dev/null: an empty file, or a character device.
    let masked = fragment.text.trim().is_empty();
    let kill_mode = last(&texts, "KillMode").unwrap_or_else(|| "control-group".to_owned());
    let has_reload = last(&texts, "ExecReload").is_some();
    Fact::Known(Service { kill_mode, has_reload, masked })
}

/// The last value of a directive of section [Service]; an empty one resets it.
fn last(texts: &[&str], name: &str) -> Option<String> {
    let mut found = None;
    for text in texts {
        let mut in_service = false;
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with('[') {
                in_service = line == "[Service]";
            } else if let (true, Some((key, value))) = (in_service, line.split_once('='))
                && key.trim() == name
            {
                let value = value.trim();
                found = (!value.is_empty()).then(|| value.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_files_win_and_empty_resets() {
        let base = "[Unit]\nKillMode=no\n[Service]\nKillMode=process\nExecReload=/bin/kill -s HUP $MAINPID\n";
        assert_eq!(last(&[base], "KillMode").as_deref(), Some("process"));
        assert_eq!(last(&[base, "[Service]\nKillMode = mixed\n"], "KillMode").as_deref(), Some("mixed"));
        assert_eq!(last(&[base, "[Service]\nExecReload=\n"], "ExecReload"), None);
    }
}
