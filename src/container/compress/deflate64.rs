//! Deflate64: deflate with a window of 64 KiB and longer matches (APPNOTE 4.4.5, method 9).

use super::{CHUNK, Ending, Outcome, Step, chunk};
use ::deflate64::InflaterManaged;

/// A stream. The decoder takes a few bytes more than it needs, which are counted as its own.
pub(super) struct Deflate64(Box<InflaterManaged>);

impl Deflate64 {
    pub(super) fn new() -> Self {
        Self(Box::new(InflaterManaged::new()))
    }

    pub(super) fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let done = self.0.inflate(chunk(input, CHUNK), out);
        let outcome = match (done.data_error, self.0.finished()) {
            (true, _) => Outcome::Failed(Ending::Corrupt),
            (_, true) => Outcome::End,
            _ => Outcome::More,
        };
        Step::new(done.bytes_consumed, done.bytes_written, outcome)
    }
}
