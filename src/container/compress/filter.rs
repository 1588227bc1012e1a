//! Filters, which packers put before a method: they make programs pack better, and change no length. xz and 7z give them
//! the same numbers.

use lzma_rust2::filter::bcj::BcjReader;
use lzma_rust2::filter::delta::DeltaReader;
use std::io::Read;

/// A filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Each byte is the difference to the one so many bytes before it, and one more.
    Delta(u8),
    /// The jumps of a processor, absolute for relative: its number, and the place of the first byte.
    Jumps(Processor, u32),
}

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// x86
    X86,
    /// PowerPC
    PowerPc,
    /// Itanium
    Itanium,
    /// ARM
    Arm,
    /// ARM's Thumb
    Thumb,
    /// SPARC
    Sparc,
    /// 64-bit ARM
    Arm64,
    /// RISC-V
    RiscV,
}

impl Filter {
    /// The filter of a number, with its properties; `None` where there is none.
    pub(in crate::container) fn new(number: u64, properties: &[u8]) -> Option<Self> {
        let processor = match (number, properties) {
            (3, &[distance]) => return Some(Self::Delta(distance)),
            (4, _) => Processor::X86,
            (5, _) => Processor::PowerPc,
            (6, _) => Processor::Itanium,
            (7, _) => Processor::Arm,
            (8, _) => Processor::Thumb,
            (9, _) => Processor::Sparc,
            (10, _) => Processor::Arm64,
            (11, _) => Processor::RiscV,
            _ => return None,
        };
        match properties {
            [] => Some(Self::Jumps(processor, 0)),
            &[a, b, c, d] => Some(Self::Jumps(processor, u32::from_le_bytes([a, b, c, d]))),
            _ => None,
        }
    }

    /// The bytes as they were before the filter.
    pub fn undo<'a>(self, bytes: impl Read + 'a) -> Box<dyn Read + 'a> {
        let (processor, start) = match self {
            Self::Delta(distance) => {
                return Box::new(DeltaReader::new(bytes, usize::from(distance).saturating_add(1)));
            }
            Self::Jumps(processor, start) => (processor, usize::try_from(start).unwrap_or(0)),
        };
        Box::new(match processor {
            Processor::X86 => BcjReader::new_x86(bytes, start),
            Processor::PowerPc => BcjReader::new_ppc(bytes, start),
            Processor::Itanium => BcjReader::new_ia64(bytes, start),
            Processor::Arm => BcjReader::new_arm(bytes, start),
            Processor::Thumb => BcjReader::new_arm_thumb(bytes, start),
            Processor::Sparc => BcjReader::new_sparc(bytes, start),
            Processor::Arm64 => BcjReader::new_arm64(bytes, start),
            Processor::RiscV => BcjReader::new_riscv(bytes, start),
        })
    }
}
