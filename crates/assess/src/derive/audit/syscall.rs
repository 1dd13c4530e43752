//! Numbers of the system calls behind the permission classes `w` and `a` (include/asm-generic/audit_*.h of the kernel).
//!
//! Only those that a rule must select to see every change of a file: what auditctl from 4.0 on writes for `-F perm=wa` holds all of
//! them. Calls that a kernel gained later (fchmodat2, setxattrat) are not asked for.

/// Word size of the calling program: the machine's own, or its 32-bit mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arch {
    B64,
    B32,
}

/// Class, and the number on x86-64, aarch64, i386, arm. 0: there is no such call.
const CALLS: &[(&str, char, [u32; 4])] = &[
    ("open", 'w', [2, 0, 5, 5]),
    ("openat", 'w', [257, 56, 295, 322]),
    ("openat2", 'w', [437, 437, 437, 437]),
    ("creat", 'w', [85, 0, 8, 8]),
    ("truncate", 'w', [76, 45, 92, 92]),
    ("ftruncate", 'w', [77, 46, 93, 93]),
    ("fallocate", 'w', [285, 47, 324, 352]),
    ("rename", 'w', [82, 0, 38, 38]),
    ("renameat", 'w', [264, 38, 302, 329]),
    ("renameat2", 'w', [316, 276, 353, 382]),
    ("mkdir", 'w', [83, 0, 39, 39]),
    ("mkdirat", 'w', [258, 34, 296, 323]),
    ("rmdir", 'w', [84, 0, 40, 40]),
    ("unlink", 'w', [87, 0, 10, 10]),
    ("unlinkat", 'w', [263, 35, 301, 328]),
    ("link", 'w', [86, 0, 9, 9]),
    ("linkat", 'w', [265, 37, 303, 330]),
    ("symlink", 'w', [88, 0, 83, 83]),
    ("symlinkat", 'w', [266, 36, 304, 331]),
    ("mknod", 'w', [133, 0, 14, 14]),
    ("mknodat", 'w', [259, 33, 297, 324]),
    ("chmod", 'a', [90, 0, 15, 15]),
    ("fchmod", 'a', [91, 52, 94, 94]),
    ("fchmodat", 'a', [268, 53, 306, 333]),
    ("chown", 'a', [92, 0, 182, 182]),
    ("fchown", 'a', [93, 55, 95, 95]),
    ("lchown", 'a', [94, 0, 16, 16]),
    ("fchownat", 'a', [260, 54, 298, 325]),
    ("setxattr", 'a', [188, 5, 226, 226]),
    ("lsetxattr", 'a', [189, 6, 227, 227]),
    ("fsetxattr", 'a', [190, 7, 228, 228]),
    ("removexattr", 'a', [197, 14, 235, 235]),
    ("lremovexattr", 'a', [198, 15, 236, 236]),
    ("fremovexattr", 'a', [199, 16, 237, 237]),
];

/// The system calls that a rule selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    All,
    /// By number, as the kernel lists them.
    Numbers(Vec<u32>),
    /// By name or number, as files have them.
    Names(Vec<String>),
}

impl Mask {
    /// Whether every call of the class is selected, for one machine of that word size.
    pub(super) fn covers(&self, class: char, arch: Arch) -> bool {
        self.on_some_machine(arch, |selected| calls(class, selected.0).all(|(name, number)| selected.1.has(name, number)))
    }

    /// Whether any call of the class is selected.
    pub(super) fn touches(&self, class: char, arch: Arch) -> bool {
        self.on_some_machine(arch, |selected| calls(class, selected.0).any(|(name, number)| selected.1.has(name, number)))
    }

    /// The Snapshot does not tell the machine; a mask that fits one fits no other by accident.
    fn on_some_machine(&self, arch: Arch, holds: impl Fn((usize, &Self)) -> bool) -> bool {
        let columns = match arch {
            Arch::B64 => [0, 1],
            Arch::B32 => [2, 3],
        };
        *self == Self::All || columns.into_iter().any(|column| holds((column, self)))
    }

    fn has(&self, name: &str, number: u32) -> bool {
        match self {
            Self::All => true,
            Self::Numbers(numbers) => numbers.contains(&number),
            Self::Names(names) => names.iter().any(|given| given == name || given.parse() == Ok(number)),
        }
    }
}

fn calls(class: char, column: usize) -> impl Iterator<Item = (&'static str, u32)> {
    CALLS.iter().filter(move |call| call.1 == class && call.2[column] != 0).map(move |call| (call.0, call.2[column]))
}
