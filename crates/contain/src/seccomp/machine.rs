//! The kernel's side, for tests: runs a filter on a call, as far as the filters of the crate seccompiler need it (bpf(4), seccomp(2)).

use seccompiler::BpfProgram;

/// A call as a filter sees it: `struct seccomp_data` without the instruction pointer.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) number: u32,
    pub(super) architecture: u32,
    pub(super) arguments: [u64; 6],
}

impl Call {
    /// The 32-bit word at that offset of `struct seccomp_data`, little-endian as both architectures are.
    fn word(&self, offset: u32) -> u32 {
        let half = |value: u64, high: bool| u32::try_from(if high { value >> 32 } else { value & 0xffff_ffff }).unwrap();
        match offset {
            0 => self.number,
            4 => self.architecture,
            16.. => half(self.arguments[(offset as usize - 16) / 8], offset % 8 == 4),
            _ => panic!("a filter that looks at the instruction pointer"),
        }
    }
}

/// The filter's answer: an action with its data.
pub(super) fn answer(filter: &BpfProgram, call: &Call) -> u32 {
    let mut accumulator = 0;
    let mut at = 0;
    loop {
        let step = &filter[at];
        at += 1;
        let jump = |holds: bool| usize::from(if holds { step.jt } else { step.jf });
        match step.code {
            // BPF_LD | BPF_W | BPF_ABS
            0x20 => accumulator = call.word(step.k),
            // BPF_ALU | BPF_AND | BPF_K
            0x54 => accumulator &= step.k,
            // BPF_JMP | BPF_JA, JEQ, JGT, JGE
            0x05 => at += step.k as usize,
            0x15 => at += jump(accumulator == step.k),
            0x25 => at += jump(accumulator > step.k),
            0x35 => at += jump(accumulator >= step.k),
            // BPF_RET | BPF_K
            0x06 => return step.k,
            other => panic!("an instruction that these filters do not have: {other:#x}"),
        }
    }
}
