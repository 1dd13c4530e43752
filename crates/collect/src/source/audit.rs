//! Questions to the kernel's audit.

use facts::host::{AuditRule, AuditStatus};

use crate::obstacle::Answer;

/// Kernel audit. An error is never an empty list: "may not look" and "no rules" are opposite verdicts.
pub trait KernelAudit: Send + Sync {
    /// AUDIT_GET.
    fn status(&self) -> Answer<AuditStatus>;

    /// AUDIT_LIST_RULES, in the kernel's order, no rule left out.
    fn rules(&self) -> Answer<Vec<AuditRule>>;
}
