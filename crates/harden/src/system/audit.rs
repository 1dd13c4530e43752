//! Kernel audit rules over netlink, one at a time: never a list that stops half way, never `-D`.

use assess::WatchKind;
use audit::packet::constants::{AUDIT_PERM_ATTR, AUDIT_PERM_EXEC, AUDIT_PERM_READ, AUDIT_PERM_WRITE};
use audit::packet::{RuleAction, RuleField, RuleFieldFlags, RuleFlags, RuleMessage, RuleSyscalls};
use audit::{Handle, new_connection};

use crate::error::Error;
use crate::plan::AuditRuleSpec;

/// Negative errno of "Rule exists".
const EXISTS: i32 = -17;

/// A conversation with the kernel's audit.
pub(crate) struct Audit {
    handle: Handle,
    connection: tokio::task::JoinHandle<()>,
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Audit {
    pub(crate) fn open() -> Result<Self, Error> {
        let (connection, handle, _) = new_connection().map_err(|error| Error::io("open", "the audit netlink", error))?;
        Ok(Self { handle, connection: tokio::spawn(connection) })
    }

    /// Loads the rule for one architecture; whether it is new. A rule that is there already stays whose it was.
    pub(crate) async fn load(&mut self, rule: &AuditRuleSpec, arch: &str) -> Result<bool, Error> {
        match self.handle.add_rule(message(rule, arch)?).await {
            Ok(()) => Ok(true),
            Err(audit::Error::NetlinkError(error)) if error.code.is_some_and(|code| code.get() == EXISTS) => Ok(false),
            Err(error) => Err(failed("load", rule, &error)),
        }
    }

    /// Deletes the rule for one architecture as it is loaded; whether it was there. Its system call mask may differ from the one that we
    /// loaded: auditctl 4 spells the calls of a permission class out when it loads the file at boot.
    pub(crate) async fn delete(&mut self, rule: &AuditRuleSpec, arch: &str) -> Result<bool, Error> {
        let ours = message(rule, arch)?;
        let mut found = false;
        for loaded in self.loaded(rule).await? {
            if loaded.flags == ours.flags && loaded.action == ours.action && loaded.fields == ours.fields {
                self.handle.del_rule(loaded).await.map_err(|error| failed("delete", rule, &error))?;
                found = true;
            }
        }
        Ok(found)
    }

    /// Whether the rule is loaded for one architecture.
    pub(crate) async fn holds(&mut self, rule: &AuditRuleSpec, arch: &str) -> Result<bool, Error> {
        let ours = message(rule, arch)?;
        Ok(self
            .loaded(rule)
            .await?
            .iter()
            .any(|loaded| loaded.flags == ours.flags && loaded.action == ours.action && loaded.fields == ours.fields))
    }

    async fn loaded(&mut self, rule: &AuditRuleSpec) -> Result<Vec<RuleMessage>, Error> {
        use futures_util::TryStreamExt;
        let stream = self.handle.list_rules();
        stream.into_stream().try_collect().await.map_err(|error| failed("look for", rule, &error))
    }
}

fn failed(doing: &str, rule: &AuditRuleSpec, error: &audit::Error) -> Error {
    let why = match error {
        audit::Error::NetlinkError(error) => error.code.map_or_else(|| "no reason given".to_owned(), |code| words(-code.get())),
        other => other.to_string(),
    };
    Error::Audit(format!("cannot {doing} the audit rule for {}: {why}", rule.path))
}

fn words(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    match errno {
        1 => format!(
            "{text}\nhint: needs CAP_AUDIT_CONTROL in the first user namespace; or auditing is locked until the next boot (enabled 2)"
        ),
        2 => format!("{text}: its directory does not exist"),
        _ => text,
    }
}

/// The rule as the kernel takes it; fields in the order of our lines, since the kernel compares them by position.
fn message(rule: &AuditRuleSpec, arch: &str) -> Result<RuleMessage, Error> {
    let number =
        architecture(arch).ok_or_else(|| Error::Audit(format!("no audit number is known for architecture {arch} of this machine")))?;
    let place = match rule.kind {
        WatchKind::File => RuleField::Watch(rule.path.clone()),
        WatchKind::Dir => RuleField::Dir(rule.path.clone()),
    };
    let perm = rule.perm.bytes().fold(0, |mask, letter| {
        mask | match letter {
            b'r' => AUDIT_PERM_READ,
            b'w' => AUDIT_PERM_WRITE,
            b'x' => AUDIT_PERM_EXEC,
            _ => AUDIT_PERM_ATTR,
        }
    });
    let fields = [RuleField::Arch(number), place, RuleField::Perm(perm), RuleField::Filterkey(rule.key.clone())];
    let mut message = RuleMessage::new();
    message.flags = RuleFlags::FilterExit;
    message.action = RuleAction::Always;
    message.fields = fields.into_iter().map(|field| (field, RuleFieldFlags::Equal)).collect();
    message.syscalls = RuleSyscalls::new_maxed();
    Ok(message)
}

/// AUDIT_ARCH_* of linux/audit.h for this machine.
fn architecture(arch: &str) -> Option<u32> {
    match (std::env::consts::ARCH, arch) {
        ("x86_64", "b64") => Some(0xC000_003E),
        ("x86_64", "b32") => Some(0x4000_0003),
        ("aarch64", "b64") => Some(0xC000_00B7),
        ("aarch64", "b32") => Some(0x4000_0028),
        _ => None,
    }
}
