//! A generator of pickle streams: it knows the stack, so that most of what it writes loads.
//!
//! [`stream`] turns entropy into a file of one to three pickles: values, memo traffic, calls, mutations, frames, text
//! with quirks. [`mutate::mutate`] then spoils a share of them. Which names a stream asks for when loaded is for CPython to
//! say; nothing here knows.

mod actions;
mod arrays;
mod frames;
pub(crate) mod mutate;
mod quirks;
pub(crate) mod source;
mod state;
mod text;
mod writer;

use depickle::opcode::table::Opcode as Op;
use source::Source;
use writer::Writer;

/// A generated file.
pub(crate) struct Generated {
    pub(crate) bytes: Vec<u8>,
    /// Where its opcodes start.
    pub(crate) starts: Vec<usize>,
    /// Whether it holds a STRING that ASCII cannot decode.
    pub(crate) eight_bit: bool,
}

/// A file of one to three pickles, from entropy.
pub(crate) fn stream(source: &mut Source<'_>) -> Generated {
    let mut file = Generated { bytes: Vec::new(), starts: Vec::new(), eight_bit: false };
    let mut serial = 0;
    let pickles = if source.one_in(1, 12) { 2 + source.below(2) } else { 1 };
    for _ in 0..pickles {
        let mut writer = Writer::new(source, serial);
        writer.pickle();
        serial = writer.serial;
        let framed = writer.may(Op::Frame);
        let (mut bytes, mut starts, eight_bit, arrays) = (writer.out, writer.starts, writer.eight_bit, writer.arrays);
        if framed {
            (bytes, starts) = frames::insert(bytes, starts, &arrays, source);
        }
        file.starts.extend(starts.iter().map(|start| start + file.bytes.len()));
        file.bytes.extend(bytes);
        file.eight_bit |= eight_bit;
        if source.one_in(1, 40) {
            file.bytes.extend((0..source.below(6)).map(|_| b'\n'));
        }
    }
    file
}

impl Writer<'_, '_> {
    /// One pickle, STOP included.
    fn pickle(&mut self) {
        if !self.source.one_in(1, 4) {
            self.proto();
        }
        let length = match self.source.below(8) {
            0 => 3 + self.source.below(10),
            7 => 80 + self.source.below(300),
            _ => 24 + self.source.below(50),
        };
        while self.starts.len() < length && !self.source.is_spent() {
            self.action();
            self.noise();
        }
        self.finish();
    }

    /// Closes some or all marks and stops.
    fn finish(&mut self) {
        while !self.state.marks.is_empty() && !self.source.one_in(1, 12) {
            self.close_mark();
        }
        if self.state.above().is_empty() {
            self.scalar();
        }
        self.op(Op::Stop);
    }
}

#[cfg(test)]
mod tests {
    use super::source::{Source, entropy};
    use super::stream;
    use crate::listing::opcodes;
    use depickle::opcode::table::TABLE;
    use std::collections::BTreeSet;

    #[test]
    fn every_opcode_is_written() {
        let mut seen = BTreeSet::new();
        for number in 0..400 {
            let bytes = stream(&mut Source::new(&entropy(1, number, 4000))).bytes;
            seen.extend(opcodes(&bytes).map(|(_, row, _)| row.name));
        }
        let missing: Vec<_> = TABLE.iter().map(|row| row.name).filter(|name| !seen.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_stream_follows_from_its_entropy_and_ends_with_it() {
        let bytes = entropy(1, 1, 3000);
        assert_eq!(stream(&mut Source::new(&bytes)).bytes, stream(&mut Source::new(&bytes)).bytes);
        assert!(stream(&mut Source::new(&[])).bytes.ends_with(b"."));
    }
}
