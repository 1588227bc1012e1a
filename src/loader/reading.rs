//! What one class of readers makes of one stream.

use crate::ast::{Ast, Value};
use crate::error::Error;
use crate::machine::{Effect, Memo};
use crate::opcode::{Dialect, FrameOddity, Literal, Source};

/// A reader: a loader and the engine it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reader {
    /// `pickle.load`, `pickle.loads`: the C engine.
    Pickle,
    /// `joblib.load`: the Python engine, with array bytes between opcodes.
    Joblib,
}

impl Reader {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Pickle, Self::Joblib];

    /// The reader as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pickle => "pickle.load",
            Self::Joblib => "joblib.load",
        }
    }

    /// The engine it runs.
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Pickle => Dialect::C,
            Self::Joblib => Dialect::Python,
        }
    }
}

/// A set of readers that behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Readers(u8);

impl Readers {
    /// The set of one.
    pub const fn of(reader: Reader) -> Self {
        Self(1 << reader as u8)
    }

    /// Everything in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a reader is in it.
    pub const fn contains(self, reader: Reader) -> bool {
        self.0 & (1 << reader as u8) != 0
    }

    /// Their names, in a fixed order.
    pub fn names(self) -> Vec<&'static str> {
        Reader::ALL.into_iter().filter(|&reader| self.contains(reader)).map(Reader::name).collect()
    }
}

/// One stream, as one class of readers reads it.
#[derive(Debug)]
pub struct Reading {
    /// Who reads it so.
    pub readers: Readers,
    /// The engine they run.
    pub dialect: Dialect,
    /// What the stream builds.
    pub ast: Ast,
    /// What loading it does, in order.
    pub effects: Vec<Effect>,
    /// The memo at the end, for a stream that inherits it.
    pub memo: Memo,
    /// What STOP left; `None` where the stream is refused.
    pub root: Option<Value>,
    /// Why it is refused.
    pub error: Option<Error>,
    /// Position of its first byte.
    pub start: usize,
    /// Position after its last byte: after STOP, or where it is refused.
    pub end: usize,
    /// The highest protocol it declares.
    pub protocol: u8,
    /// Opcodes run.
    pub opcodes: u64,
    /// What is odd about frames, and where.
    pub oddities: Vec<(FrameOddity, usize)>,
    /// Where the engines part, and on what.
    pub parted: Option<(usize, &'static str)>,
    /// Where the first string of Python 2 with a byte above 0x7f stands.
    pub first_8bit_string: Option<usize>,
    /// The key that costs most to hash: how many values it stands for, and where.
    pub costliest_key: (u32, usize),
    /// The highest memo index written, and where.
    pub highest_index: (u64, usize),
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
    /// What a literal stands for.
    pub fn literal(&self, value: Value) -> Option<Literal<'a>> {
        self.reading.ast.literal(value, self.source, self.reading.dialect)
    }
}
