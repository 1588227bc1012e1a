//! One reader: bytes to (position, opcode, argument), by the rules of one engine.

use super::here::Here;
use super::table::{ArgumentKind, Opcode};
use super::text::{self, Number};
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
    dialect: Dialect,
    /// Whether the window is a [file](Window::file): `limit` is then the end of the engine's buffer.
    over_file: bool,
    /// Where the next byte is read.
    pub(super) at: usize,
    /// One past the last byte that may be read without asking: the end of the frame, or of what is here.
    pub(super) limit: usize,
    /// Whether `limit` is the end of a frame.
    pub(super) in_frame: bool,
    /// Whether the frame is cut short by the end of the source.
    clipped: bool,
    /// Where reading goes on after the frame; equal to `limit` unless raw bytes were taken from behind it.
    pub(super) behind: usize,
    /// The first oddity of each kind and where it stands.
    oddities: Vec<(FrameOddity, usize)>,
    /// Where the engines first part, and on what.
    parted: Option<(usize, &'static str)>,
    /// Where an INT or a LONG first means something else to CPython 3.14.
    decimal: Option<usize>,
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

    /// Where a new reader of the same file finds the next stream: C has read no further than STOP, or to the end of a
    /// frame that it took from the file; Python to the end of the frame.
    pub fn next_stream(&self) -> usize {
        if self.dialect.is_c() && !self.over_file { self.at } else { self.file_position() }
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
    fn malformed(&self, at: usize, message: impl Into<String>) -> Error {
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
    fn take(&mut self, count: usize, opcode_at: usize) -> Result<usize> {
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

    /// Leaves a frame that does not hold what is asked of it.
    fn leave_frame(&mut self, opcode_at: usize) -> Result<()> {
        if self.at < self.limit && self.clipped {
            return Err(self.truncated(opcode_at));
        }
        if self.at < self.limit {
            // C reads on; Python calls the frame exhausted.
            self.odd(FrameOddity::Straddles, opcode_at);
            self.part(opcode_at, "an argument straddles the end of its frame");
            if !self.dialect.is_c() {
                return Err(self.malformed(opcode_at, "an argument runs over the end of its frame"));
            }
        } else {
            if self.behind != self.limit && opcode_at < self.at {
                self.odd(FrameOddity::Straddles, opcode_at);
                let message = "an argument goes on behind array bytes that follow its frame";
                return Err(Error::unsupported(self.source().offset(opcode_at), message));
            }
            self.at = self.behind;
        }
        self.in_frame = false;
        self.limit = self.window.bytes().len().max(self.at);
        Ok(())
    }

    /// Takes a payload of `len` bytes. A large one outside a frame is stepped over.
    #[inline]
    fn payload(&mut self, len: u64, opcode: Opcode, opcode_at: usize) -> Result<Run> {
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
    fn step_over(&mut self, len: usize, opcode_at: usize) -> Result<Run> {
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

    /// Takes a payload that has to be UTF-8.
    #[inline]
    fn text(&mut self, len: u64, opcode_at: usize) -> Result<Run> {
        let Ok(len) = usize::try_from(len) else { return Err(self.truncated(opcode_at)) };
        let run = Run { at: self.take(len, opcode_at)?, len };
        let bytes = self.bytes(run);
        if bytes.is_ascii() || text::is_text(bytes) {
            Ok(run)
        } else {
            Err(self.malformed(opcode_at, "a text is not UTF-8"))
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self, opcode_at: usize) -> Result<[u8; N]> {
        let at = self.take(N, opcode_at)?;
        let bytes = self.window.bytes().get(at..).and_then(|bytes| bytes.first_chunk());
        bytes.copied().ok_or_else(|| self.truncated(opcode_at))
    }

    /// Takes a line; its newline is taken and not part of the answer.
    fn line(&mut self, opcode_at: usize) -> Result<Run> {
        let at = self.at;
        let here = self.window.bytes().get(at..self.limit).unwrap_or_default();
        if let Some(len) = memchr::memchr(b'\n', here) {
            self.at = at.saturating_add(len).saturating_add(1);
            return Ok(Run { at, len });
        }
        self.line_slow(opcode_at)
    }

    #[cold]
    fn line_slow(&mut self, opcode_at: usize) -> Result<Run> {
        if self.over_file {
            return self.line_from_file(opcode_at);
        }
        if self.in_frame {
            self.leave_frame(opcode_at)?;
            return self.line(opcode_at);
        }
        let at = self.at;
        let mut seen = self.limit;
        loop {
            self.window.fill(seen.saturating_add(1))?;
            let bytes = self.window.bytes();
            let fresh = bytes.get(seen..).unwrap_or_default();
            if let Some(len) = memchr::memchr(b'\n', fresh) {
                let end = seen.saturating_add(len);
                self.limit = bytes.len();
                self.at = end.saturating_add(1);
                return Ok(Run { at, len: end.saturating_sub(at) });
            }
            if fresh.is_empty() {
                break;
            }
            seen = bytes.len();
        }
        // The file ends inside the line: Python chops its last byte and goes on.
        self.part(opcode_at, "a line has no end");
        if self.dialect.is_c() {
            return Err(self.truncated(opcode_at));
        }
        self.limit = seen.max(at);
        self.at = self.limit;
        Ok(Run { at, len: self.limit.saturating_sub(at).saturating_sub(1) })
    }

    /// What both engines make of the text `run`; where they part, that is noted.
    fn both<T: PartialEq + Copy>(
        &mut self,
        run: Run,
        opcode_at: usize,
        read: impl Fn(&[u8], Dialect) -> Option<T>,
    ) -> Result<T> {
        let bytes = self.bytes(run);
        let own = |engine| read(bytes, Dialect { engine, ..self.dialect });
        let (c, python) = (own(Engine::C), own(Engine::Python));
        // NaN differs from itself, and is the same to both.
        if c != python && !(c.is_some_and(|c| Some(c) != Some(c)) && python.is_some()) {
            self.part(opcode_at, "a number in text form");
        }
        let own = if self.dialect.is_c() { c } else { python };
        own.ok_or_else(|| self.malformed(opcode_at, "a text is not a number as its opcode demands"))
    }

    /// Notes a number that CPython 3.14 reads as something else.
    fn base(&mut self, run: Run, opcode_at: usize, read: fn(&[u8], Dialect) -> Option<Number>) {
        let bytes = self.bytes(run);
        // Only a prefix that is a zero says anything of a base.
        let first = bytes.iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0x0b | b'+' | b'-'));
        let prefixed = first.is_some_and(|at| bytes.get(at) == Some(&b'0') && bytes.len() > at.saturating_add(1));
        let differs = |engine| {
            let [before, from] = [false, true].map(|decimal| read(bytes, Dialect { engine, decimal }));
            before != from
        };
        if self.decimal.is_none() && prefixed && (differs(Engine::C) || differs(Engine::Python)) {
            self.decimal = Some(opcode_at);
        }
    }

    /// Reads module and name.
    fn names(&mut self, opcode: Opcode, opcode_at: usize) -> Result<Arg> {
        let mut lines = [Run { at: 0, len: 0 }; 2];
        for line in &mut lines {
            let run = self.line(opcode_at)?;
            if run.len == 0 {
                // C calls an empty line truncated, Python asks for the empty name.
                self.part(opcode_at, "a module or name is empty");
                if self.dialect.is_c() {
                    return Err(self.malformed(opcode_at, "a module or name is empty"));
                }
            }
            let bytes = self.bytes(run);
            // GLOBAL is strict UTF-8, INST is ASCII.
            let valid = bytes.is_ascii() || (opcode == Opcode::Global && std::str::from_utf8(bytes).is_ok());
            if !valid {
                return Err(self.malformed(opcode_at, "a module or name is not text"));
            }
            *line = run;
        }
        let [module, name] = lines;
        Ok(Arg::Names(module, name))
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

    /// The argument of the opcode at `at`, which was read last. Where the opcode is known while compiling, so is how its
    /// argument is read.
    ///
    /// # Errors
    /// As [`next_op`](Self::next_op).
    #[inline(always)]
    pub fn argument(&mut self, opcode: Opcode, at: usize) -> Result<Arg> {
        Ok(match opcode.info().argument {
            ArgumentKind::None => Arg::None,
            ArgumentKind::U1 => Arg::Int(i64::from(u8::from_le_bytes(self.array(at)?))),
            ArgumentKind::U2 => Arg::Int(i64::from(u16::from_le_bytes(self.array(at)?))),
            ArgumentKind::U4 => Arg::Int(i64::from(u32::from_le_bytes(self.array(at)?))),
            ArgumentKind::I4 => Arg::Int(i64::from(i32::from_le_bytes(self.array(at)?))),
            ArgumentKind::F8 => Arg::Float(f64::from_be_bytes(self.array(at)?)),
            ArgumentKind::Text1 => {
                let len = u8::from_le_bytes(self.array(at)?);
                Arg::Bytes(self.text(u64::from(len), at)?)
            }
            ArgumentKind::Text4 => {
                let len = u32::from_le_bytes(self.array(at)?);
                Arg::Bytes(self.text(u64::from(len), at)?)
            }
            ArgumentKind::Bytes1 => {
                let len = u8::from_le_bytes(self.array(at)?);
                Arg::Bytes(self.payload(u64::from(len), opcode, at)?)
            }
            ArgumentKind::Bytes4 => {
                let len = u32::from_le_bytes(self.array(at)?);
                Arg::Bytes(self.payload(u64::from(len), opcode, at)?)
            }
            ArgumentKind::IntLine => Arg::Number(self.number(at, None, text::int)?.0),
            ArgumentKind::LongLine => Arg::Number(self.number(at, Some(b'L'), text::long)?.0),
            ArgumentKind::IndexLine => {
                let (index, run) = self.number(at, None, text::index)?;
                Arg::Index(index, run)
            }
            kind => self.rare(opcode, kind, at)?,
        })
    }

    /// A line with the text of an int; `suffix` may stand behind it.
    #[inline]
    fn number(
        &mut self,
        at: usize,
        suffix: Option<u8>,
        read: fn(&[u8], Dialect) -> Option<Number>,
    ) -> Result<(Number, Run)> {
        let begin = self.at;
        let here = self.window.bytes().get(begin..self.limit).unwrap_or_default();
        if let Some((number, len)) = text::plain_int(here, suffix) {
            self.at = begin.saturating_add(len).saturating_add(1);
            return Ok((Number::Int(number), Run { at: begin, len }));
        }
        let run = self.line(at)?;
        self.base(run, at, read);
        Ok((self.both(run, at, read)?, run))
    }

    /// Arguments that modern streams seldom have.
    fn rare(&mut self, opcode: Opcode, kind: ArgumentKind, at: usize) -> Result<Arg> {
        Ok(match kind {
            ArgumentKind::U8 => {
                let size = u64::from_le_bytes(self.array(at)?);
                if opcode == Opcode::Frame {
                    self.enter_frame(size, at)?;
                }
                Arg::Int(i64::try_from(size).unwrap_or(i64::MAX))
            }
            ArgumentKind::FloatLine => {
                let run = self.line(at)?;
                match text::plain_float(self.bytes(run)) {
                    Some(number) => Arg::Float(number),
                    None => Arg::Float(self.both(run, at, text::float)?),
                }
            }
            ArgumentKind::StringLine => {
                let run = self.line(at)?;
                let inner = text::quoted(self.bytes(run)).filter(|inner| text::unescape(inner).is_some());
                let Some(len) = inner.map(<[u8]>::len) else {
                    return Err(self.malformed(at, "a STRING is not quoted, or holds a broken escape"));
                };
                Arg::Bytes(Run { at: run.at.saturating_add(1), len })
            }
            ArgumentKind::UnicodeLine => {
                let run = self.line(at)?;
                if text::raw_unicode_escape(self.bytes(run)).is_none() {
                    return Err(self.malformed(at, "a UNICODE holds a broken escape"));
                }
                Arg::Bytes(run)
            }
            ArgumentKind::PersidLine => {
                let run = self.line(at)?;
                if !self.bytes(run).is_ascii() {
                    return Err(self.malformed(at, "a PERSID is not ASCII"));
                }
                Arg::Bytes(run)
            }
            ArgumentKind::NameLines => self.names(opcode, at)?,
            ArgumentKind::Long1 => {
                let len = u8::from_le_bytes(self.array(at)?);
                Arg::Bytes(self.payload(u64::from(len), opcode, at)?)
            }
            ArgumentKind::Long4 => {
                let len = i32::from_le_bytes(self.array(at)?);
                let Ok(len) = u64::try_from(len) else {
                    return Err(self.malformed(at, "LONG4 has a negative length"));
                };
                Arg::Bytes(self.payload(len, opcode, at)?)
            }
            ArgumentKind::SignedBytes4 => {
                let len = u32::from_le_bytes(self.array(at)?);
                if i32::try_from(len).is_err() {
                    self.part(at, "the length of a BINSTRING, signed or not");
                    if !self.dialect.is_c() {
                        return Err(self.malformed(at, "BINSTRING has a negative length"));
                    }
                }
                Arg::Bytes(self.payload(u64::from(len), opcode, at)?)
            }
            ArgumentKind::Bytes8 => {
                let len = u64::from_le_bytes(self.array(at)?);
                Arg::Bytes(self.payload(len, opcode, at)?)
            }
            ArgumentKind::Text8 => {
                let len = u64::from_le_bytes(self.array(at)?);
                Arg::Bytes(self.text(len, at)?)
            }
            _ => Arg::None,
        })
    }

    fn enter_frame(&mut self, size: u64, at: usize) -> Result<()> {
        if self.in_frame && self.at < self.limit {
            self.odd(FrameOddity::Nested, at);
            self.part(at, "a frame begins inside another");
            if !self.dialect.is_c() {
                return Err(self.malformed(at, "a frame begins before the one around it ends"));
            }
        } else if self.in_frame && !self.over_file {
            if self.behind != self.limit {
                self.odd(FrameOddity::Straddles, at);
            }
            self.at = self.behind;
        }
        // Both engines demand a size that fits `Py_ssize_t`, of 64 bits wherever the file is read.
        if i64::try_from(size).is_err() {
            return Err(self.malformed(at, "a frame claims more bytes than any file has"));
        }
        let end = self.at.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        if self.over_file {
            return self.frame_from_file(end.saturating_sub(self.at), at);
        }
        self.window.fill(end)?;
        let there = self.window.bytes().len();
        if end > there {
            self.odd(FrameOddity::Overlong, at);
            self.part(at, "a frame is longer than the file");
            if self.dialect.is_c() {
                let message = "the pickle is cut short: a frame is not all there";
                return Err(Error::truncated(self.source().offset(at), message));
            }
        }
        self.in_frame = true;
        self.clipped = end > there;
        self.limit = end.min(there).max(self.at);
        self.behind = self.limit;
        Ok(())
    }

    /// Says that STOP was read: notes a frame that goes on behind it.
    pub fn stop(&mut self, at: usize) {
        if self.in_frame && self.at < self.limit {
            self.odd(FrameOddity::StopInside, at);
            // C goes on right behind STOP, Python behind the frame.
            self.part(at, "STOP stands inside a frame");
        }
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
