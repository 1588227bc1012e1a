//! The opcodes of a file, one line each, as `python -m pickletools` prints them, with what only depickle knows in
//! between: array bytes of joblib, pickles nested in them, bytes that no stream explains.

use super::open::{Contents, Member};
use super::text;
use crate::ast::{Kind, Value};
use crate::escape::escape;
use crate::loader::{Pass, Reading, StreamInfo};
use crate::machine::Memo;
use crate::opcode::table::MemoEffect;
use crate::opcode::text::Number;
use crate::opcode::{Arg, Dialect, Literal, Op, Opcode, Reader, Replay, Run, Source, Window, literal};
use std::io;

/// One line of a listing. Every text in it is printable ASCII.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// What the file is, and what is done to it first.
    File(String),
    /// A stream begins.
    Stream {
        /// Its number, as in the report of `scan`.
        number: u32,
        /// Whether it stands in another one, in the place of an array of objects.
        nested: bool,
        /// Offset of its first byte.
        offset: u64,
    },
    /// An opcode.
    Op {
        /// Its offset.
        offset: u64,
        /// Which.
        opcode: Opcode,
        /// Its argument as Python writes it, cut where it is long.
        argument: Option<String>,
        /// Marks around it.
        depth: usize,
        /// Offset of the mark that it takes.
        mark: Option<u64>,
        /// The index that MEMOIZE stores at.
        memo: Option<u64>,
    },
    /// Bytes that are no opcodes.
    Bytes {
        /// Offset of the first.
        offset: u64,
        /// How many.
        len: u64,
        /// Which.
        what: What,
        /// The first of them.
        head: Vec<u8>,
    },
    /// The stream is refused here.
    Refused {
        /// Where, if that is known.
        offset: Option<u64>,
        /// Why.
        message: String,
    },
    /// STOP was reached.
    Loads {
        /// The highest protocol that the stream declares.
        protocol: u8,
        /// How many bytes it has, from its first to STOP.
        len: u64,
    },
}

/// Bytes that are no opcodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Elements of an array of joblib.
    Array,
    /// What joblib writes to align an array: a length and as many bytes.
    Padding,
    /// What a writer leaves behind a stream: NULs, or a newline.
    Tail,
    /// Bytes that nothing explains.
    Unexplained,
}

impl What {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Array => "array bytes",
            Self::Padding => "padding of joblib",
            Self::Tail => "padding",
            Self::Unexplained => "bytes that no stream explains",
        }
    }
}

/// How many bytes of those that are no opcodes are shown.
const HEAD: u64 = 16;

/// How long an argument may be, in characters, unless all of it is asked for.
const ARGUMENT: usize = 80;

/// Walks the opcodes of a file.
pub struct Listing<'c, 'a> {
    contents: &'c Contents<'a>,
    /// The longest argument.
    most: usize,
    /// Whether anything is refused or broken.
    incomplete: bool,
}

/// What takes lines.
pub(super) type Sink<'s> = dyn FnMut(Line) -> io::Result<()> + 's;

impl<'c, 'a> Listing<'c, 'a> {
    /// A listing of `contents`; `all` cuts no argument.
    pub fn new(contents: &'c Contents<'a>, all: bool) -> Self {
        Self { contents, most: if all { usize::MAX } else { ARGUMENT }, incomplete: false }
    }

    /// Hands every line to `sink`, in the order of the file. Answers whether everything was understood.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn write(mut self, sink: &mut Sink<'_>) -> io::Result<bool> {
        sink(Line::File(self.headline()))?;
        if let Some(pass) = &self.contents.pass {
            self.streams(pass, sink)?;
        }
        if let Some((header, data)) = self.contents.npy.as_ref().filter(|(header, _)| !header.has_object()) {
            let head = data.get(..16).unwrap_or(&**data).to_vec();
            let len = header.nbytes().unwrap_or(u64::MAX).min(data.len() as u64);
            sink(Line::Bytes { offset: header.data_offset as u64, len, what: What::Array, head })?;
        }
        if let Some(message) = &self.contents.broken {
            self.incomplete = true;
            sink(Line::Refused { offset: None, message: escape(message).into_owned() })?;
        }
        Ok(!self.incomplete)
    }

    fn headline(&self) -> String {
        let name = &self.contents.name;
        let member = if name.is_empty() { String::new() } else { format!("{}: ", escape(name)) };
        let format = &format!("{member}{}", self.contents.format);
        match self.contents.member {
            Member::Plain { base: 0 } => format.clone(),
            Member::Plain { base } => format!("{format}; offsets count from {base} in the file"),
            Member::Made { .. } => format!("{format}; as a pickle that does what skops.io.load does"),
            Member::Inflated { codec, start, base } => {
                let from = if start == 0 { String::new() } else { format!(" from {start} on") };
                let behind = if base == 0 { String::new() } else { format!(" from {base} on") };
                format!("{format}; inflated with {}{from}, offsets count in what comes out{behind}", codec.name())
            }
        }
    }

    fn streams<W: Window>(&mut self, pass: &Pass<W>, sink: &mut Sink<'_>) -> io::Result<()> {
        let mut trailing = pass.trailing.iter().peekable();
        let (mut first_nested, mut listed) = (0_usize, 0_u64);
        for (number, stream) in pass.streams.iter().enumerate() {
            if stream.nested {
                continue;
            }
            while let Some(bytes) = trailing.next_if(|bytes| bytes.offset < stream.offset) {
                sink(self.trailing(bytes.offset, bytes.len, bytes.padding))?;
            }
            let nested = pass.streams.get(first_nested..number).unwrap_or_default();
            self.stream(pass, stream, nested, sink)?;
            listed = listed.saturating_add(1);
            first_nested = number.saturating_add(1);
        }
        for bytes in trailing {
            sink(self.trailing(bytes.offset, bytes.len, bytes.padding))?;
        }
        match pass.stream_count.saturating_sub(listed) {
            0 => Ok(()),
            more => {
                let more = text::thousands(more);
                sink(Line::File(format!("{more} more streams, of nothing but plain data, are not listed")))
            }
        }
    }

    fn trailing(&mut self, offset: u64, len: u64, padding: bool) -> Line {
        self.incomplete |= !padding;
        self.bytes(offset, len, if padding { What::Tail } else { What::Unexplained })
    }

    fn bytes(&self, offset: u64, len: u64, what: What) -> Line {
        Line::Bytes { offset, len, what, head: self.contents.head(offset, len.min(HEAD)).to_vec() }
    }

    /// A stream with those that are nested in it.
    fn stream<W: Window>(
        &mut self,
        pass: &Pass<W>,
        stream: &StreamInfo,
        nested: &[StreamInfo],
        sink: &mut Sink<'_>,
    ) -> io::Result<()> {
        sink(Line::Stream { number: stream.number, nested: stream.nested, offset: stream.offset })?;
        let source = pass.source();
        let reading = stream.reading.and_then(|reading| pass.readings.get(reading));
        let dialect = reading.map_or(pass.manner.dialect, |reading| reading.dialect);
        let mut reader = Reader::new(Replay::new(source, stream.position), stream.position, dialect);
        let mut state = State::default();
        // What follows which BUILD: in order, so that each is looked at once.
        let mut arrays = reading.map(|reading| reading.arrays.as_slice()).unwrap_or_default().iter().peekable();
        let mut inner = nested.iter().peekable();
        let position_of = |reading: &Reading, effect: usize| reading.effects.get(effect).map(|effect| effect.at);
        while let Ok(op) = reader.next_op() {
            sink(self.op(source, dialect, &mut state, op))?;
            if op.opcode == Opcode::Stop {
                break;
            }
            if reading.is_some_and(|reading| reading.error.is_some() && reader.position() >= reading.end)
                && op.opcode != Opcode::Build
            {
                break;
            }
            let (Opcode::Build, Some(reading)) = (op.opcode, reading) else { continue };
            if let Some(array) = arrays.next_if(|array| position_of(reading, array.effect) == Some(op.at)) {
                let mut at = reader.file_position();
                if let Some((length, _)) = array.padding {
                    let len = u64::from(length).saturating_add(1);
                    let skipped = reader.window().skip(at, len);
                    at = skipped.map_or(at, |(at, _)| at);
                    sink(self.bytes(array.offset.saturating_sub(len), len, What::Padding))?;
                }
                let skipped = reader.window().skip(at, array.len);
                reader.resume(skipped.map_or(at, |(at, _)| at));
                sink(self.bytes(array.offset, array.len, What::Array))?;
                continue;
            }
            let mut next = None;
            while let Some(info) =
                inner.next_if(|info| info.behind.and_then(|effect| position_of(reading, effect)) == Some(op.at))
            {
                self.stream(pass, info, &[], sink)?;
                let reading = info.reading.and_then(|reading| pass.readings.get(reading));
                let length = usize::try_from(info.len).unwrap_or(usize::MAX);
                let end = reading.map_or(info.position.saturating_add(length), |reading| reading.next);
                next = next.or(Some(end));
            }
            if let Some(next) = next {
                reader.resume(next);
            }
            if reading.error.is_some() && reader.position() >= reading.end {
                break;
            }
        }
        match reading.and_then(|reading| reading.error.as_ref()) {
            Some(error) => {
                self.incomplete = true;
                let message = escape(error.message()).into_owned();
                sink(Line::Refused { offset: error.offset(), message })
            }
            None => sink(Line::Loads { protocol: stream.protocol, len: stream.len }),
        }
    }

    fn op(&self, source: Source<'_>, dialect: Dialect, state: &mut State, op: Op) -> Line {
        let offset = source.offset(op.at);
        let (mark, depth) = state.step(op, offset);
        let memo = state.memo(source, op);
        let argument = argument(source, dialect, op, self.most);
        Line::Op { offset, opcode: op.opcode, argument, depth, mark, memo }
    }
}

/// Marks and memo indexes, without values.
#[derive(Default)]
struct State {
    /// The offset of each mark, and how many values stand above the one before.
    marks: Vec<(u64, u64)>,
    /// Values above the topmost mark.
    above: u64,
    memo: Memo,
}

impl State {
    /// Steps over an opcode; answers the mark that it takes, and how many marks are around it.
    fn step(&mut self, op: Op, offset: u64) -> (Option<u64>, usize) {
        let info = op.opcode.info();
        let takes = info.to_mark || (op.opcode == Opcode::Pop && self.above == 0);
        let depth = self.marks.len();
        let mark = if takes { self.marks.pop() } else { None };
        if let Some((_, below)) = mark {
            self.above = below;
        } else if info.to_mark {
            self.above = 0;
        }
        if !(takes && op.opcode == Opcode::Pop) {
            let left = self.above.saturating_sub(u64::from(info.pops));
            self.above = left.saturating_add(u64::from(info.pushes));
        }
        if op.opcode == Opcode::Mark {
            self.marks.push((offset, self.above));
            self.above = 0;
        }
        (mark.map(|(offset, _)| offset), depth)
    }

    /// Follows the memo; answers the index of a MEMOIZE.
    fn memo(&mut self, source: Source<'_>, op: Op) -> Option<u64> {
        if op.opcode.info().memo != MemoEffect::Put {
            return None;
        }
        let some = Value::new(Kind::None, 0);
        match op.arg {
            Arg::None => {
                let index = self.memo.len();
                self.memo.put(index, some);
                return Some(index);
            }
            Arg::Int(index) | Arg::Index(Number::Int(index), _) => {
                if let Ok(index) = u64::try_from(index) {
                    self.memo.put(index, some);
                }
            }
            Arg::Index(_, run) => self.memo.put_vast(source.slice(run.at, run.len), some),
            _ => {}
        }
        None
    }
}

/// An argument as Python writes it.
fn argument(source: Source<'_>, dialect: Dialect, op: Op, most: usize) -> Option<String> {
    let raw = |run: Run| source.slice(run.at, run.len);
    if let Some(value) = has_literal(op.opcode).then(|| literal(source, op.at, dialect)).flatten() {
        return Some(match value {
            Literal::ByteStr(bytes) => text::bytes(&bytes, most).split_off(1),
            value => text::literal(&value, most),
        });
    }
    Some(match op.arg {
        Arg::None => return None,
        Arg::Int(value) => value.to_string(),
        Arg::Float(value) => text::float(value),
        Arg::Number(Number::Int(value)) => value.to_string(),
        Arg::Number(Number::Bool(value)) => if value { "True" } else { "False" }.to_owned(),
        Arg::Number(Number::Big) => "(a number beyond 64 bits)".to_owned(),
        Arg::Index(Number::Int(value), _) => value.to_string(),
        Arg::Index(_, run) => text::bytes(raw(run), most).split_off(1),
        Arg::Bytes(run) => text::bytes(raw(run), most),
        Arg::Names(module, name) => {
            // As pickletools: both in one text.
            let mut both = raw(module).to_vec();
            both.push(b' ');
            both.extend_from_slice(raw(name));
            text::text(&both, most)
        }
    })
}

/// Whether the argument is a literal of its own.
fn has_literal(opcode: Opcode) -> bool {
    !matches!(opcode, Opcode::None | Opcode::NewTrue | Opcode::NewFalse)
        && opcode.info().memo == MemoEffect::None
        && opcode.info().pushes == 1
}
