//! What stands behind an opcode: numbers, payloads and lines, by the rules of one engine.

use super::reader::{Arg, Dialect, Engine, Reader, Run};
use super::table::{ArgumentKind, Opcode};
use super::text::{self, Number};
use super::window::Window;
use crate::error::Result;

impl<W: Window> Reader<W> {
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

    #[inline]
    fn array<const N: usize>(&mut self, opcode_at: usize) -> Result<[u8; N]> {
        let at = self.take(N, opcode_at)?;
        let bytes = self.window.bytes().get(at..).and_then(|bytes| bytes.first_chunk());
        bytes.copied().ok_or_else(|| self.truncated(opcode_at))
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
}
