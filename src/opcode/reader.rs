//! One reader: bytes to (position, opcode, argument), by the rules of one engine.

use super::here::Here;
use super::table::Opcode;
use super::text::Number;
use super::window::{Source, Window};
use crate::error::{Error, Result};

/// An engine, where the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// `_pickle`: a frame is a hint.
    C,
    /// `pickle._Unpickler`: a frame is a border.
    Python,
}

/// An engine as a class of versions has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// The engine.
    pub engine: Engine,
    /// Whether INT and LONG are decimal, as from CPython 3.14 on, and not in the base that their prefix says.
    pub decimal: bool,
}

impl Dialect {
    /// `_pickle` of CPython 3.8 to 3.13.
    pub const C: Self = Self { engine: Engine::C, decimal: false };
    /// `pickle._Unpickler` of CPython 3.8 to 3.13.
    pub const PYTHON: Self = Self { engine: Engine::Python, decimal: false };
    /// `_pickle` of CPython 3.14.
    pub const C_314: Self = Self { engine: Engine::C, decimal: true };
    /// `pickle._Unpickler` of CPython 3.14.
    pub const PYTHON_314: Self = Self { engine: Engine::Python, decimal: true };

    /// Whether the engine is C's.
    pub fn is_c(self) -> bool {
        self.engine == Engine::C
    }
}

/// A run of bytes: its position in the window and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Position of the first byte.
    pub at: usize,
    /// How many bytes.
    pub len: usize,
}

/// An argument. Text and bytes are runs of the window, so that nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arg {
    /// There is none.
    None,
    /// A small number.
    Int(i64),
    /// A number in text form.
    Number(Number),
    /// A float.
    Float(f64),
    /// A memo index in text form, and its text.
    Index(Number, Run),
    /// Bytes, or text in UTF-8; for STRING what stands between the quotes, for UNICODE the line.
    Bytes(Run),
    /// Module and name.
    Names(Run, Run),
}

/// One opcode with its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Op {
    /// Position of the opcode's byte.
    pub at: usize,
    /// The opcode.
    pub opcode: Opcode,
    /// Its argument.
    pub arg: Arg,
}

/// What no honest writer does with frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameOddity {
    /// An argument runs over the end of its frame.
    Straddles,
    /// A frame begins before the one around it ends.
    Nested,
    /// A frame claims more bytes than there are.
    Overlong,
    /// STOP stands before the end of its frame.
    StopInside,
}

/// Reads opcodes from a window.
pub struct Reader<W> {
    pub(super) window: W,
    pub(super) dialect: Dialect,
    /// Whether the window is a [file](Window::file): `limit` is then the end of the engine's buffer.
    pub(super) over_file: bool,
    /// Where the next byte is read.
    pub(super) at: usize,
    /// One past the last byte that may be read without asking: the end of the frame, or of what is here.
    pub(super) limit: usize,
    /// Whether `limit` is the end of a frame.
    pub(super) in_frame: bool,
    /// Whether the frame is cut short by the end of the source.
    pub(super) clipped: bool,
    /// Where reading goes on after the frame; equal to `limit` unless raw bytes were taken from behind it.
    pub(super) behind: usize,
    /// The first oddity of each kind and where it stands.
    oddities: Vec<(FrameOddity, usize)>,
    /// Where the engines first part, and on what.
    parted: Option<(usize, &'static str)>,
    /// Where an INT or a LONG first means something else to CPython 3.14.
    pub(super) decimal: Option<usize>,
}

/// Payloads of this many bytes or more are stepped over, not brought in.
pub(super) const STEP_OVER: usize = 1 << 20;
/// A payload from this size on is worth being told of as passed.
const PASSED: usize = 16 << 10;

impl<W: Window> Reader<W> {
    /// A reader of `window` from position `at`.
    pub fn new(mut window: W, at: usize, dialect: Dialect) -> Self {
        let over_file = window.file().is_some();
        let limit = if over_file { at } else { window.bytes().len().max(at) };
        Self {
            window,
            dialect,
            over_file,
            at,
            limit,
            in_frame: false,
            clipped: false,
            behind: limit,
            oddities: Vec::new(),
            parted: None,
            decimal: None,
        }
    }

    /// Goes on with the next stream, as the same unpickler does: C keeps its buffer, Python does not.
    pub fn go_on(&mut self) {
        if !self.dialect.is_c() {
            self.at = self.file_position();
            self.in_frame = false;
            self.limit = self.window.bytes().len().max(self.at);
        }
    }

    /// Where an INT or a LONG first means something else to CPython 3.14 than to those before.
    pub fn decimal(&self) -> Option<usize> {
        self.decimal
    }

    /// The engine whose rules are followed.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Where the next opcode is read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Where a reader of the underlying file stands: the end of the current frame.
    pub fn file_position(&self) -> usize {
        if self.in_frame { self.behind } else { self.at }
    }

    /// What may be read without asking; [`advance`](Self::advance) over what was.
    #[inline]
    pub fn here(&self) -> Here<'_> {
        Here::new(self.window.bytes().get(..self.limit).unwrap_or_default(), self.at)
    }

    /// Goes on at a position that [`Here`] has come to.
    #[inline]
    pub fn advance(&mut self, at: usize) {
        self.at = at.min(self.limit);
    }

    /// The bytes read so far.
    pub fn source(&self) -> Source<'_> {
        Source::of(&self.window)
    }

    /// The window, at the end.
    pub fn into_window(self) -> W {
        self.window
    }

    /// The window, to read on from a [file position](Self::file_position) by other means; give the new position to
    /// [`resume`](Self::resume).
    pub fn window(&mut self) -> &mut W {
        &mut self.window
    }

    /// Goes on after bytes that were read [behind the frame](Self::file_position) by other means.
    pub fn resume(&mut self, at: usize) {
        if self.in_frame {
            self.behind = at;
        } else {
            self.at = at;
            self.limit = self.window.bytes().len().max(at);
        }
    }

    /// What is odd about frames so far, the first of each kind, and where.
    pub fn oddities(&self) -> &[(FrameOddity, usize)] {
        &self.oddities
    }

    /// Where the C and the Python engine first part, and on what.
    pub fn parted(&self) -> Option<(usize, &'static str)> {
        self.parted
    }

    /// Notes that the engines part at `at` over `what`.
    #[cold]
    pub fn part(&mut self, at: usize, what: &'static str) {
        self.parted.get_or_insert((at, what));
    }

    #[cold]
    pub(super) fn odd(&mut self, oddity: FrameOddity, at: usize) {
        if !self.oddities.iter().any(|&(seen, _)| seen == oddity) {
            self.oddities.push((oddity, at));
        }
    }

    /// The bytes of a run.
    #[inline]
    pub fn bytes(&self, run: Run) -> &[u8] {
        self.source().slice(run.at, run.len)
    }

    #[cold]
    pub(super) fn malformed(&self, at: usize, message: impl Into<String>) -> Error {
        Error::malformed(self.source().offset(at), message)
    }

    #[cold]
    pub(super) fn truncated(&self, at: usize) -> Error {
        Error::truncated(self.source().offset(at), "the pickle is cut short: it ends inside an opcode or before STOP")
    }

    /// Whether nothing follows the current position.
    pub fn at_end(&mut self) -> Result<bool> {
        self.window.fill(self.at.saturating_add(1))?;
        Ok(self.window.bytes().len() <= self.at)
    }

    /// Takes `count` bytes; answers where they begin.
    #[inline]
    pub(super) fn take(&mut self, count: usize, opcode_at: usize) -> Result<usize> {
        let at = self.at;
        match at.checked_add(count) {
            Some(end) if end <= self.limit => {
                self.at = end;
                Ok(at)
            }
            _ => self.take_slow(count, opcode_at),
        }
    }

    #[cold]
    fn take_slow(&mut self, count: usize, opcode_at: usize) -> Result<usize> {
        if self.over_file {
            return self.take_from_file(count, opcode_at);
        }
        if self.in_frame {
            self.leave_frame(opcode_at)?;
            return self.take(count, opcode_at);
        }
        let end = self.at.checked_add(count).ok_or_else(|| self.truncated(opcode_at))?;
        self.window.fill(end)?;
        self.limit = self.window.bytes().len();
        if end > self.limit {
            return Err(self.truncated(opcode_at));
        }
        let at = self.at;
        self.at = end;
        Ok(at)
    }

    /// Takes a payload of `len` bytes. A large one outside a frame is stepped over.
    #[inline]
    pub(super) fn payload(&mut self, len: u64, opcode: Opcode, opcode_at: usize) -> Result<Run> {
        let Ok(len) = usize::try_from(len) else { return Err(self.truncated(opcode_at)) };
        if self.over_file && len > self.limit.saturating_sub(self.at) {
            use Opcode::{BinBytes, BinBytes8, ByteArray8, ShortBinBytes};
            let into = matches!(opcode, BinBytes | BinBytes8 | ByteArray8 | ShortBinBytes);
            return self.payload_from_file(len, into, opcode_at);
        }
        if len >= STEP_OVER && !(self.in_frame && self.at < self.limit) {
            return self.step_over(len, opcode_at);
        }
        let at = self.take(len, opcode_at)?;
        if len >= PASSED {
            self.window.passed().up_to(self.at, self.window.bytes());
        }
        Ok(Run { at, len })
    }

    #[cold]
    pub(super) fn step_over(&mut self, len: usize, opcode_at: usize) -> Result<Run> {
        if self.in_frame {
            self.leave_frame(opcode_at)?;
        }
        let at = self.at;
        let (next, taken) = self.window.skip(at, len as u64)?;
        self.at = next;
        self.limit = self.window.bytes().len().max(next);
        if taken < len as u64 {
            return Err(self.truncated(opcode_at));
        }
        Ok(Run { at, len })
    }

    /// The next opcode with its argument.
    ///
    /// # Errors
    /// `Truncated` or `Malformed` where the engine refuses the bytes; what the window says otherwise.
    pub fn next_op(&mut self) -> Result<Op> {
        let (at, opcode) = self.next_opcode()?;
        Ok(Op { at, opcode, arg: self.argument(opcode, at)? })
    }

    /// The next opcode and its position. Its [`argument`](Self::argument) has to be taken next.
    ///
    /// # Errors
    /// As [`next_op`](Self::next_op).
    #[inline]
    pub fn next_opcode(&mut self) -> Result<(usize, Opcode)> {
        if self.at >= self.limit {
            self.next_bytes()?;
        }
        let at = self.at;
        let byte = self.window.bytes().get(at).copied().unwrap_or_default();
        let Some(opcode) = Opcode::from_byte(byte) else {
            return Err(self.malformed(at, format!("byte 0x{byte:02x} is no opcode")));
        };
        self.at = at.saturating_add(1);
        Ok((at, opcode))
    }

    /// Brings in the bytes behind the frame, or behind what is here.
    #[cold]
    fn next_bytes(&mut self) -> Result<()> {
        if self.over_file {
            return self.refill(1, self.at);
        }
        if self.in_frame {
            self.leave_frame(self.at)?;
        }
        if self.at_end()? {
            return Err(self.truncated(self.at));
        }
        self.limit = self.window.bytes().len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::SliceWindow;
    use super::*;

    fn read(bytes: &[u8], dialect: Dialect) -> (Vec<(usize, &'static str)>, bool, Vec<FrameOddity>) {
        let mut reader = Reader::new(SliceWindow::new(bytes), 0, dialect);
        let mut ops = Vec::new();
        while let Ok(op) = reader.next_op() {
            ops.push((op.at, op.opcode.info().name));
        }
        let oddities = reader.oddities().iter().map(|&(oddity, _)| oddity).collect();
        (ops, reader.parted().is_some(), oddities)
    }

    #[test]
    fn a_frame_is_a_hint_to_c_and_a_border_to_python() {
        // BININT2 whose second byte stands behind the frame.
        let bytes = b"\x80\x04\x95\x02\0\0\0\0\0\0\0M\x01\x02.";
        assert_eq!(
            read(bytes, Dialect::C),
            (vec![(0, "PROTO"), (2, "FRAME"), (11, "BININT2"), (14, "STOP")], true, vec![FrameOddity::Straddles])
        );
        assert_eq!(
            read(bytes, Dialect::PYTHON),
            (vec![(0, "PROTO"), (2, "FRAME")], true, vec![FrameOddity::Straddles])
        );
    }

    #[test]
    fn an_argument_may_begin_where_a_frame_ends() {
        let bytes = b"\x80\x04\x95\x01\0\0\0\0\0\0\0K\x01.";
        for dialect in [Dialect::C, Dialect::PYTHON] {
            assert_eq!(
                read(bytes, dialect),
                (vec![(0, "PROTO"), (2, "FRAME"), (11, "BININT1"), (13, "STOP")], false, vec![])
            );
        }
    }

    #[test]
    fn a_frame_past_the_end_parts_the_engines() {
        let bytes = b"\x80\x04\x95\xff\0\0\0\0\0\0\0N.";
        assert_eq!(read(bytes, Dialect::C), (vec![(0, "PROTO")], true, vec![FrameOddity::Overlong]));
        assert_eq!(read(bytes, Dialect::PYTHON).0.len(), 4);
    }

    #[test]
    fn python_chops_a_line_that_has_no_end() {
        let mut reader = Reader::new(SliceWindow::new(b"cos\nsystemX"), 0, Dialect::PYTHON);
        let Arg::Names(_, name) = reader.next_op().unwrap().arg else { panic!("two names") };
        assert_eq!(reader.bytes(name), b"system");
        assert!(Reader::new(SliceWindow::new(b"cos\nsystemX"), 0, Dialect::C).next_op().is_err());
    }
}
