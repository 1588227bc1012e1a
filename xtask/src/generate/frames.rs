//! Puts FRAME opcodes into a finished pickle: as writers do, or oddly.

use super::source::Source;
use depickle::opcode::table::Opcode as Op;

/// The bytes with frames, and where the opcodes start now. `arrays`: which of these are none, but the bytes of arrays.
pub(crate) fn insert(
    bytes: Vec<u8>,
    starts: Vec<usize>,
    arrays: &[usize],
    source: &mut Source<'_>,
) -> (Vec<u8>, Vec<usize>) {
    let mut file = (bytes, starts);
    match source.below(20) {
        6..=18 if !arrays.is_empty() => {
            // As joblib does: a frame ends where the bytes of an array begin.
            let mut end = usize::MAX;
            for &array in arrays.iter().rev() {
                frame(&mut file, array + 1, end, 0);
                end = array;
            }
            frame(&mut file, 1, end, 0);
        }
        0..=5 => {}
        6..=8 => {
            // One frame from after PROTO to the end.
            let first = usize::from(file.0.first() == Some(&(Op::Proto as u8)));
            frame(&mut file, first, usize::MAX, 0);
        }
        9..=17 => {
            // Frames one after another; now and then a gap.
            let mut cuts: Vec<_> = (0..2 + source.below(3)).map(|_| source.below(file.1.len().max(1))).collect();
            cuts.sort_unstable();
            cuts.dedup();
            let gap = source.below(4);
            for (number, pair) in cuts.windows(2).enumerate().rev() {
                if number != gap {
                    frame(&mut file, pair[0], pair[1], 0);
                }
            }
        }
        _ => {
            // Anywhere, any length: nested, straddling, too long, too short.
            for _ in 0..1 + source.below(3) {
                let first = source.below(file.1.len().max(1));
                let end = first + source.below(file.1.len().max(1));
                let far = source.one_in(1, 8);
                let off = *source.pick(&[0, 0, 0, 1, -1, 2, -2, 5, -9, 9, if far { i64::MAX } else { 100 }]);
                frame(&mut file, first, end, off);
            }
        }
    }
    file
}

/// Puts a frame before opcode `first` that ends before opcode `end`, or at the end, its length off by `off`.
fn frame((bytes, starts): &mut (Vec<u8>, Vec<usize>), first: usize, end: usize, off: i64) {
    let Some(&from) = starts.get(first) else { return };
    let to = starts.get(end).copied().unwrap_or(bytes.len());
    let len = (to.saturating_sub(from) as u64).saturating_add_signed(off);
    let mut opcode = vec![Op::Frame as u8];
    opcode.extend_from_slice(&len.to_le_bytes());
    starts[first..].iter_mut().for_each(|start| *start += opcode.len());
    starts.insert(first, from);
    bytes.splice(from..from, opcode);
}
