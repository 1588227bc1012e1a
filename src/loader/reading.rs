//! What one class of readers makes of one stream.

use super::readers::Readers;
use crate::ast::{Ast, Value};
use crate::error::{Error, Result};
use crate::machine::{Effect, Machine};
use crate::opcode::{self, Dialect, FrameOddity, Literal, Source, Window};

/// Array bytes between opcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawArray {
    /// The BUILD that they follow, counted in effects.
    pub effect: usize,
    /// Offset of the first byte in the source.
    pub offset: u64,
    /// How many bytes.
    pub len: u64,
    /// The padding before them: its length byte, and whether the bytes are those that joblib writes.
    pub padding: Option<(u8, bool)>,
}

/// One stream, as one class of readers reads it.
#[derive(Debug)]
pub struct Reading {
    /// Who reads it so.
    pub readers: Readers,
    /// The engine they run.
    pub dialect: Dialect,
    /// The number of the stream in its source; of all read with one memo, the first.
    pub stream: u32,
    /// What the stream builds.
    pub ast: Ast,
    /// What loading it does, in order.
    pub effects: Vec<Effect>,
    /// What STOP left; `None` where the stream is refused.
    pub root: Option<Value>,
    /// Why it is refused.
    pub error: Option<Error>,
    /// Position of its first byte.
    pub start: usize,
    /// Position after its last byte: after STOP, or where it is refused.
    pub end: usize,
    /// Position at which the readers look for the next stream: after STOP, or where the frame around it ends.
    pub next: usize,
    /// The highest protocol it declares.
    pub protocol: u8,
    /// Opcodes run.
    pub opcodes: u64,
    /// Array bytes between opcodes, in order.
    pub arrays: Vec<RawArray>,
    /// Whether it fetches anything from the memo.
    pub reads_memo: bool,
    /// Whether it is all streams of a source read with one memo, as an `Unpickler` does whose `load()` is called again.
    pub inherits_memo: bool,
    /// What is odd about frames, and where.
    pub oddities: Vec<(FrameOddity, usize)>,
    /// Where the engines part, and on what.
    pub parted: Option<(usize, &'static str)>,
    /// Where an INT or a LONG first means something else to CPython 3.14.
    pub decimal: Option<usize>,
    /// Where the first string of Python 2 with a byte above 0x7f stands.
    pub first_8bit_string: Option<usize>,
    /// The key that costs most to hash: how many values it stands for, and where.
    pub costliest_key: (u32, usize),
    /// The highest memo index written, and where.
    pub highest_index: (u64, usize),
    /// The longest number as text, in bytes, and where.
    pub longest_number: (u64, usize),
    /// How many ints are written with a length or as text.
    pub wide_ints: u64,
}

impl Reading {
    /// What a machine made of the stream from `start` on. The machine is ready for another stream then.
    pub(super) fn new<W: Window>(
        machine: &mut Machine,
        reader: &opcode::Reader<W>,
        readers: Readers,
        start: usize,
        outcome: Result<Value>,
        arrays: Vec<RawArray>,
    ) -> Self {
        let dialect = reader.dialect();
        let next = reader.next_stream();
        // Array bytes that are cut short stand behind the frame, and nothing else does.
        let end = if outcome.is_ok() { reader.position() } else { reader.position().max(next) };
        let (root, error) = match outcome {
            Ok(root) => (Some(root), None),
            Err(error) => (None, Some(error)),
        };
        let Machine { highest_protocol: protocol, opcodes, reads_memo, first_8bit_string, costliest_key, .. } =
            *machine;
        let Machine { highest_index, longest_number, wide_ints, .. } = *machine;
        let (ast, effects) = machine.renew();
        Self {
            readers,
            dialect,
            stream: 0,
            ast,
            effects,
            root,
            error,
            start,
            end,
            next,
            protocol,
            opcodes,
            arrays,
            reads_memo,
            inherits_memo: false,
            oddities: reader.oddities().to_vec(),
            parted: reader.parted(),
            decimal: reader.decimal(),
            first_8bit_string,
            costliest_key,
            highest_index,
            longest_number,
            wide_ints,
        }
    }

    /// Whether loading it may cost far more than its size, so that it is worth a look even where it has no effects.
    pub fn may_be_costly(&self) -> bool {
        // From 1000 values on a key may hold tuples deeper than a stack, and from 1000 keys on they may collide.
        let keys = self.wide_ints.max(self.ast.noted_keys().len() as u64);
        self.costliest_key.0 > 1000 || self.highest_index.0 > 1 << 16 || self.longest_number.0 > 1 << 16 || keys > 1000
    }

    /// Whether there is anything to say of it beyond that it loads.
    pub(super) fn speaks(&self) -> bool {
        let cost = self.may_be_costly();
        let quiet =
            self.effects.is_empty() && self.error.is_none() && self.oddities.is_empty() && self.arrays.is_empty();
        !quiet || cost || self.parted.is_some() || self.decimal.is_some() || self.first_8bit_string.is_some()
    }
}

/// A reading with the bytes it was read from: what a judge looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The reading.
    pub reading: &'a Reading,
    /// Its bytes.
    pub source: Source<'a>,
}

impl<'a> Subject<'a> {
    /// What the stream builds and does.
    pub fn view(&self) -> View<'a> {
        let reading = self.reading;
        View { ast: &reading.ast, effects: &reading.effects, source: self.source, dialect: reading.dialect }
    }

    /// What a literal stands for.
    pub fn literal(&self, value: Value) -> Option<Literal<'a>> {
        self.view().literal(value)
    }
}

/// What a stream builds and does, while it is read or after.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What it builds.
    pub ast: &'a Ast,
    /// What loading it does, so far.
    pub effects: &'a [Effect],
    /// Its bytes.
    pub source: Source<'a>,
    /// The engine.
    pub dialect: Dialect,
}

impl<'a> View<'a> {
    /// What a literal stands for.
    pub fn literal(&self, value: Value) -> Option<Literal<'a>> {
        self.ast.literal(value, self.source, self.dialect)
    }
}
