//! How the C engine reads from a file (`Modules/_pickle.c`: `_Unpickler_ReadImpl`, `_Unpickler_ReadInto`,
//! `_Unpickler_Readline`, `load_frame`).
//!
//! Its buffer ends at `limit`. Where the file can be looked ahead in, the buffer shows bytes that are still in the
//! file; otherwise, and always where a frame is larger than what can be seen, its bytes were taken from the file
//! (`in_frame`), and a read that it does not satisfy loses what is left of it.

use super::reader::{FrameOddity, Reader, Run, STEP_OVER};
use super::window::Window;
use crate::error::Result;

impl<W: Window> Reader<W> {
    /// Forgets what is left of a buffer that was taken from the file. The next byte is then the file's.
    fn lose_rest(&mut self, opcode_at: usize) -> Result<()> {
        if self.in_frame && self.at < self.limit {
            self.odd(FrameOddity::Straddles, opcode_at);
            self.window.lose(self.at, self.limit)?;
        }
        self.in_frame = false;
        self.limit = self.at;
        Ok(())
    }

    /// Brings `count` bytes into the buffer, which then begins at the current position (`_Unpickler_ReadFromFile`).
    pub(super) fn refill(&mut self, count: usize, opcode_at: usize) -> Result<()> {
        self.lose_rest(opcode_at)?;
        let end = self.at.checked_add(count).ok_or_else(|| self.truncated(opcode_at))?;
        self.window.fill(end)?;
        if self.window.bytes().len() < end {
            return Err(self.truncated(opcode_at));
        }
        let offset = self.source().offset(self.at);
        let held = self.window.file().and_then(|file| file.read(offset, count as u64));
        self.in_frame = held.is_none();
        self.limit = match held.and_then(|held| usize::try_from(held).ok()) {
            None => end,
            Some(held) => {
                let all = self.at.saturating_add(held);
                self.window.fill(all)?;
                all.min(self.window.bytes().len())
            }
        };
        self.behind = self.limit;
        Ok(())
    }

    /// Takes `count` bytes that the buffer does not hold.
    pub(super) fn take_from_file(&mut self, count: usize, opcode_at: usize) -> Result<usize> {
        self.refill(count, opcode_at)?;
        let at = self.at;
        self.at = at.saturating_add(count);
        Ok(at)
    }

    /// Takes a line whose end the buffer does not hold.
    pub(super) fn line_from_file(&mut self, opcode_at: usize) -> Result<Run> {
        self.lose_rest(opcode_at)?;
        let at = self.at;
        let mut seen = at;
        let mut step = 64_usize;
        let end = loop {
            self.window.fill(seen.saturating_add(step))?;
            let bytes = self.window.bytes();
            let fresh = bytes.get(seen..).unwrap_or_default();
            if let Some(len) = memchr::memchr(b'\n', fresh) {
                break seen.saturating_add(len);
            }
            if fresh.is_empty() {
                return Err(self.truncated(opcode_at));
            }
            seen = bytes.len();
            step = step.saturating_mul(2);
        };
        self.at = end.saturating_add(1);
        self.limit = self.at;
        let offset = self.source().offset(at);
        let count = self.at.saturating_sub(at) as u64;
        if let Some(file) = self.window.file() {
            file.read_line(offset, count);
        }
        Ok(Run { at, len: end.saturating_sub(at) })
    }

    /// Takes a payload that the buffer does not hold. Bytes are read `into` their object: first what the buffer has,
    /// then the rest. Anything else is read as one piece.
    pub(super) fn payload_from_file(&mut self, len: usize, into: bool, opcode_at: usize) -> Result<Run> {
        if !into && len < STEP_OVER {
            return Ok(Run { at: self.take_from_file(len, opcode_at)?, len });
        }
        if !into {
            self.lose_rest(opcode_at)?;
        }
        let at = self.at;
        let (offset, rest) = (self.source().offset(self.limit), len.saturating_sub(self.limit.saturating_sub(at)));
        if let Some(file) = self.window.file() {
            if into {
                file.read_into(offset, rest as u64);
            } else {
                file.read(offset, rest as u64);
            }
        }
        let taken = if len >= STEP_OVER {
            let (next, taken) = self.window.skip(at, len as u64)?;
            self.at = next;
            taken
        } else {
            let end = at.saturating_add(len);
            self.window.fill(end)?;
            self.at = end.min(self.window.bytes().len());
            self.at.saturating_sub(at) as u64
        };
        self.limit = self.at;
        self.in_frame = false;
        if taken < len as u64 { Err(self.truncated(opcode_at)) } else { Ok(Run { at, len }) }
    }

    /// A frame: its bytes are brought into the buffer unless it holds them (`load_frame`).
    pub(super) fn frame_from_file(&mut self, size: usize, at: usize) -> Result<()> {
        if size > self.limit.saturating_sub(self.at) { self.refill(size, at) } else { Ok(()) }
    }
}
