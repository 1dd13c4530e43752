//! Kernel audit: status and loaded rules by netlink, and the files that load them at the next boot.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TextFile;
use crate::{Fact, Observed};

/// Kernel audit as the kernel and the files have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Audit {
    /// AUDIT_GET.
    pub status: Observed<AuditStatus>,
    /// AUDIT_LIST_RULES, in the kernel's order: the first rule that matches decides.
    pub rules: Observed<Vec<AuditRule>>,
    /// /etc/audit/rules.d/*.rules in augenrules' order, then /etc/audit/audit.rules.
    pub rule_files: Fact<Vec<Observed<TextFile>>>,
}

/// Kernel audit status (audit_status of linux/audit.h).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AuditStatus {
    /// 0 off, 1 on, 2 on and locked until reboot.
    pub enabled: u32,
    /// What the kernel does when it cannot log: 0 silent, 1 printk, 2 panic.
    pub failure: u32,
    /// Process that receives the records; 0: none, the kernel log gets them.
    pub pid: u32,
    /// Outstanding records allowed.
    pub backlog_limit: u32,
    /// Records lost since boot.
    pub lost: u32,
}

/// One loaded rule, decoded from audit_rule_data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRule {
    /// Filter list: `exit`, `user`, `task`, `exclude`, `filesystem`, `io_uring`.
    pub list: String,
    /// `always` or `never`.
    pub action: String,
    /// Whether every system call is selected.
    pub all_syscalls: bool,
    /// Selected system calls by number, when not all.
    #[serde(default)]
    pub syscalls: Vec<u32>,
    /// Fields in order.
    pub fields: Vec<AuditField>,
    /// The rule in auditctl's spelling.
    pub text: String,
}

/// One comparison of a rule. `path` is a file watch, `dir` a directory tree (auditctl prints both as `-w`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditField {
    /// Field by auditctl's name: `path`, `dir`, `perm`, `key`, `arch`, `auid`, `exe`, ...
    pub name: String,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `&`, `&=`.
    pub operator: String,
    /// Value in auditctl's spelling: a path, `wa`, `b64`, a number.
    pub value: String,
}
