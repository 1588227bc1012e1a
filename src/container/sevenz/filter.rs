//! Filters, which packers put before a method: they make programs pack better, and change no length.

use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::delta::DeltaReader;
use std::io::Read;

/// A filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Each byte is the difference to the one so many bytes and one before it.
    Delta(u8),
    /// Jumps of x86, absolute for relative; the others likewise.
    X86,
    /// Of PowerPC.
    PowerPc,
    /// Of Itanium.
    Itanium,
    /// Of ARM.
    Arm,
    /// Of ARM's Thumb.
    Thumb,
    /// Of SPARC.
    Sparc,
    /// Of 64-bit ARM.
    Arm64,
    /// Of RISC-V.
    RiscV,
}

impl Filter {
    /// The bytes as they were before the filter.
    pub fn undo(self, bytes: &[u8]) -> Box<dyn Read + '_> {
        match self {
            Self::Delta(distance) => Box::new(DeltaReader::new(bytes, usize::from(distance).saturating_add(1))),
            Self::X86 => Box::new(BcjReader::new_x86(bytes, 0)),
            Self::PowerPc => Box::new(BcjReader::new_ppc(bytes, 0)),
            Self::Itanium => Box::new(BcjReader::new_ia64(bytes, 0)),
            Self::Arm => Box::new(BcjReader::new_arm(bytes, 0)),
            Self::Thumb => Box::new(BcjReader::new_arm_thumb(bytes, 0)),
            Self::Sparc => Box::new(BcjReader::new_sparc(bytes, 0)),
            Self::Arm64 => Box::new(BcjReader::new_arm64(bytes, 0)),
            Self::RiscV => Box::new(BcjReader::new_riscv(bytes, 0)),
        }
    }
}
