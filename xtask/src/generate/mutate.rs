//! Spoils a stream: bits, cuts, splices, lengths, opcodes.

use super::Generated;
use super::source::Source;

/// One to four mutations.
pub(crate) fn mutate(file: &mut Generated, source: &mut Source<'_>) {
    let bytes = &mut file.bytes;
    for _ in 0..1 + source.below(4) {
        let len = bytes.len();
        let at = source.below(len.max(1));
        let Some(byte) = bytes.get_mut(at) else { return };
        match source.below(10) {
            0 | 1 => *byte ^= 1 << source.below(8),
            2 => *byte = source.byte(),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..len.min(at + 1 + source.below(8)))),
            5 => {
                let piece = bytes[at..len.min(at + 1 + source.below(24))].to_vec();
                let to = source.below(len);
                bytes.splice(to..to, piece);
            }
            6 => {
                let row = source.pick(&depickle::opcode::table::TABLE);
                bytes.insert(at, row.opcode as u8);
            }
            choice => {
                // The byte after an opcode: a length, an index, the first letter of a line.
                let start = file.starts.get(source.below(file.starts.len().max(1))).copied().unwrap_or(0);
                let at = start + usize::from(choice < 9);
                let value = match source.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => bytes.get(at).copied().unwrap_or(0).wrapping_add(1),
                    _ => bytes.get(at).copied().unwrap_or(0).wrapping_sub(1),
                };
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
        }
    }
}
