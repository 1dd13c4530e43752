//! One audit rule, reduced to what decides coverage.

use facts::host::AuditRule;

use super::syscall::{Arch, Mask};

/// What a rule watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One inode: `-F path=`.
    File(String),
    /// A directory and all below it: `-F dir=`.
    Dir(String),
}

impl Target {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::File(path) | Self::Dir(path) => path,
        }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) list: String,
    /// `always`; otherwise `never`.
    pub(super) always: bool,
    pub(super) target: Option<Target>,
    /// Permission classes; none: the mask alone selects.
    pub(super) perms: Option<String>,
    pub(super) arches: Vec<Arch>,
    pub(super) mask: Mask,
    /// Fields that let it see less than everything: `auid!=-1`.
    pub(super) narrowing: Vec<String>,
    /// In auditctl's spelling.
    pub(super) text: String,
}

impl Rule {
    /// A rule of this list and action that matches everything.
    pub(super) fn all(list: &str, always: bool, text: &str) -> Self {
        Self {
            list: list.to_owned(),
            always,
            target: None,
            perms: None,
            arches: vec![Arch::B64, Arch::B32],
            mask: Mask::All,
            narrowing: Vec::new(),
            text: text.to_owned(),
        }
    }

    /// A loaded rule.
    pub(super) fn loaded(rule: &AuditRule) -> Self {
        let mask = if rule.all_syscalls { Mask::All } else { Mask::Numbers(rule.syscalls.clone()) };
        let mut out = Self { mask, ..Self::all(&rule.list, rule.action == "always", &rule.text) };
        for field in &rule.fields {
            out.field(&field.name, &field.operator, &field.value);
        }
        out
    }

    /// Takes one comparison into account.
    pub(super) fn field(&mut self, name: &str, operator: &str, value: &str) {
        match (name, operator) {
            ("path", "=") => self.target = Some(Target::File(value.to_owned())),
            ("dir", "=") => self.target = Some(Target::Dir(value.to_owned())),
            ("perm", "=") => self.perms = Some(value.to_owned()),
            ("key" | "filterkey", "=") => {}
            ("arch", "=") => match arch(value) {
                Some(arch) => self.arches = vec![arch],
                None => self.narrowing.push(format!("arch={value}")),
            },
            _ => self.narrowing.push(format!("{name}{operator}{value}")),
        }
    }

    /// Whether it sees every access of the class by programs of the word size, as far as its fields go.
    pub(super) fn covers(&self, class: char, arch: Arch) -> bool {
        self.narrowing.is_empty() && self.selects(class) && self.arches.contains(&arch) && self.mask.covers(class, arch)
    }

    /// Whether it may see an access of the class.
    pub(super) fn touches(&self, class: char, arch: Arch) -> bool {
        self.selects(class) && self.arches.contains(&arch) && self.mask.touches(class, arch)
    }

    fn selects(&self, class: char) -> bool {
        self.perms.as_ref().is_none_or(|perms| perms.contains(class))
    }
}

fn arch(value: &str) -> Option<Arch> {
    match value {
        "b64" | "x86_64" | "aarch64" | "ppc64le" | "s390x" | "riscv64" => Some(Arch::B64),
        "b32" | "i386" | "i486" | "i586" | "i686" | "x86" | "arm" | "armv7l" => Some(Arch::B32),
        _ => None,
    }
}
