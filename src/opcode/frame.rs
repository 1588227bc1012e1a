//! Frames: a hint to the C engine, a border to Python's (PEP 3154; `load_frame` in `Modules/_pickle.c`, `_Unframer` in
//! `Lib/pickle.py`).

use super::reader::{FrameOddity, Reader};
use super::window::Window;
use crate::error::{Error, Result};

impl<W: Window> Reader<W> {
    pub(super) fn enter_frame(&mut self, size: u64, at: usize) -> Result<()> {
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

    /// Leaves a frame that does not hold what is asked of it.
    pub(super) fn leave_frame(&mut self, opcode_at: usize) -> Result<()> {
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

    /// Says that STOP was read: notes a frame that goes on behind it.
    pub fn stop(&mut self, at: usize) {
        if self.in_frame && self.at < self.limit {
            self.odd(FrameOddity::StopInside, at);
            // C goes on right behind STOP, Python behind the frame.
            self.part(at, "STOP stands inside a frame");
        }
    }

    /// Where a new reader of the same file finds the next stream: C has read no further than STOP, or to the end of a
    /// frame that it took from the file; Python to the end of the frame.
    pub fn next_stream(&self) -> usize {
        if self.dialect.is_c() && !self.over_file { self.at } else { self.file_position() }
    }
}
