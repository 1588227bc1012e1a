//! xz and lzma-alone members, either of which may follow the other (`lzma.LZMAFile` with `FORMAT_AUTO`).

use lzma_rust2::{Action, LzmaStream, Status, StreamResult, XzStream};

use super::{Ending, Outcome, Step, chunk, grown};

/// The largest dictionary, in KiB. The highest preset of xz, and so of joblib, has 64 MiB; the window grows with the
/// output, never with the claim alone.
const MEMORY_KIB: u32 = 256 << 10;

/// Few bytes at a time: what a call has decoded when it fails is lost.
const SMALL_CHUNK: usize = 1 << 10;

const XZ_MAGIC: &[u8] = b"\xfd7zXZ\0";

/// One xz stream or lzma-alone file.
pub(super) enum Lzma {
    Alone {
        stream: Box<LzmaStream>,
        /// The header does not say the size: an end marker does.
        marked: bool,
    },
    Xz(Box<XzStream>),
}

impl Lzma {
    pub(super) fn new(member: &[u8]) -> Self {
        // The first byte decides, as in liblzma's `auto_decoder`.
        if member.first() == XZ_MAGIC.first() {
            Self::Xz(Box::new(XzStream::new_mem_limit(false, MEMORY_KIB)))
        } else {
            let marked = member.get(5..13).is_some_and(|size| size.iter().all(|byte| *byte == 0xff));
            Self::Alone { stream: Box::new(LzmaStream::new_mem_limit(MEMORY_KIB, None)), marked }
        }
    }

    pub(super) fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let step = self.process(chunk(input, SMALL_CHUNK), out, Action::Run);
        if !input.is_empty() || step.written > 0 || !matches!(step.outcome, Outcome::More) {
            return step;
        }
        let mut step = self.process(input, out, Action::Finish);
        if let (Self::Alone { marked: true, .. }, Outcome::End) = (&self, &step.outcome) {
            // liblzma wants the last byte of the end marker too.
            step.outcome = Outcome::Failed(Ending::Truncated);
        }
        step
    }

    fn process(&mut self, input: &[u8], out: &mut [u8], action: Action) -> Step {
        let (before_in, before_out) = self.totals();
        let result = match self {
            Self::Alone { stream, .. } => stream.process(input, out, action),
            Self::Xz(stream) => stream.process(input, out, action),
        };
        let (after_in, after_out) = self.totals();
        let outcome = match result {
            Ok(StreamResult { status: Status::StreamEnd, .. }) => Outcome::End,
            Ok(_) => Outcome::More,
            Err(error) => Outcome::Failed(match error.kind() {
                std::io::ErrorKind::UnexpectedEof => Ending::Truncated,
                std::io::ErrorKind::OutOfMemory | std::io::ErrorKind::Unsupported => Ending::Refused,
                _ => Ending::Corrupt,
            }),
        };
        let mut step = Step::new(grown(before_in, after_in), grown(before_out, after_out), outcome);
        if let (Self::Alone { stream, .. }, Outcome::End) = (&self, &step.outcome) {
            step.given_back = stream.unused_input().len();
        }
        step
    }

    fn totals(&self) -> (u64, u64) {
        match self {
            Self::Alone { stream, .. } => (stream.total_in(), stream.total_out()),
            Self::Xz(stream) => (stream.total_in(), stream.total_out()),
        }
    }
}

/// Whether `rest` may be another xz stream or lzma-alone file. For the latter liblzma's `auto_decoder` demands a header
/// that an encoder writes: sane properties, a dictionary of `2^n` or `2^n + 2^(n-1)` bytes, less than 256 GiB of data.
pub(super) fn starts_member(rest: &[u8]) -> bool {
    if rest.starts_with(XZ_MAGIC) {
        return true;
    }
    let Some((properties, rest)) = rest.split_first() else { return false };
    let Some((dictionary, rest)) = rest.split_first_chunk() else { return false };
    let Some((size, _)) = rest.split_first_chunk() else { return false };
    let (dictionary, size) = (u32::from_le_bytes(*dictionary), u64::from_le_bytes(*size));
    let step = dictionary.checked_next_power_of_two();
    let round = step.is_none_or(|step| step == dictionary || step.checked_sub(dictionary) == Some(step >> 2));
    *properties < 225 && round && (size == u64::MAX || size < 1 << 38)
}
