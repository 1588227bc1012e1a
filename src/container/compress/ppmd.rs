//! PPMd, variant H, with the range coder of 7z (`Ppmd7.c` of the LZMA SDK).

use super::{Ending, Outcome, Step};
use ppmd_rust::Ppmd7Decoder;

/// The most memory of a model, and how much more for each packed byte: it is a claim, and all of it is cleared at once.
const MOST: u64 = 16 << 20;
const FOR_PACKED: u64 = 64;

/// What a model takes at most for each byte that it has seen and each context that it knows one in; a context has 12
/// bytes, and each of its symbols 6 and what growing leaves behind.
const FOR_EACH: u64 = 96;

/// What it takes before the first byte.
const LEAST: u64 = 1 << 20;

/// The memory that a model needs: what a stream claims, or what its size can fill. A model that never fills its memory is
/// the same in less of it.
pub(super) const fn memory(order: u8, claimed: u32, size: u64) -> u32 {
    let contexts = (order as u64).saturating_add(1);
    let filled = LEAST.saturating_add(size.saturating_mul(contexts).saturating_mul(FOR_EACH));
    if filled < claimed as u64 {
        #[allow(clippy::cast_possible_truncation, reason = "it is less than a number of 32 bits")]
        return filled as u32;
    }
    claimed
}

/// A stream of known size.
pub(super) struct Ppmd<'a> {
    /// Bytes that were taken when the model was made.
    taken: usize,
    model: Result<Ppmd7Decoder<&'a [u8]>, Ending>,
    /// How many bytes are still to come.
    left: u64,
}

impl<'a> Ppmd<'a> {
    pub(super) fn new(member: &'a [u8], order: u8, claimed: u32, size: u64) -> Self {
        let memory = memory(order, claimed, size);
        let most = (member.len() as u64).saturating_mul(FOR_PACKED).saturating_add(MOST);
        let model = if u64::from(memory) > most {
            Err(Ending::Refused)
        } else {
            Ppmd7Decoder::new(member, order.into(), memory).map_err(|_| Ending::Corrupt)
        };
        let rest = model.as_ref().map_or(member.len(), |model| model.get_ref().len());
        Self { taken: member.len().saturating_sub(rest), model, left: size }
    }

    pub(super) fn step(&mut self, out: &mut [u8]) -> Step {
        let model = match &mut self.model {
            Ok(model) => model,
            Err(ending) => return Step::failed(*ending),
        };
        let before = model.get_ref().len();
        let (mut written, mut outcome) = (0_usize, Outcome::More);
        for byte in out {
            if self.left == 0 {
                outcome = Outcome::End;
                break;
            }
            // One at a time: of several, those before an error would be lost.
            match std::io::Read::read(model, std::slice::from_mut(byte)) {
                Ok(1) => written = written.saturating_add(1),
                Ok(_) => outcome = Outcome::Failed(Ending::Truncated),
                Err(_) => outcome = Outcome::Failed(Ending::Corrupt),
            }
            if matches!(outcome, Outcome::Failed(_)) {
                break;
            }
            self.left = self.left.saturating_sub(1);
        }
        let used = before.saturating_sub(model.get_ref().len());
        Step::new(used.saturating_add(std::mem::take(&mut self.taken)), written, outcome)
    }
}
