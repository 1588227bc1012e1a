//! zstd frames (RFC 8878). The blocks within are `ruzstd`'s, which keeps a window of output back until a frame ends; a
//! frame that breaks off is ended here, so that all is handed out that `libzstd` would hand out.

use std::io::Read as _;

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Ending, Outcome, Step};

const MAGIC: u32 = 0xfd2f_b528;
/// The last four bits are free: a frame of user data that decoders skip.
const SKIPPABLE: u32 = 0x184d_2a50;

/// The largest window, in bytes: what the highest level of `zstd --ultra` writes.
const MOST: u64 = 128 << 20;

/// One frame.
pub(super) struct Frame {
    decoder: FrameDecoder,
    started: bool,
    /// How the frame ends once all is handed out, if badly.
    broken: Option<Ending>,
}

/// What the head of a block says.
struct Block {
    is_last: bool,
    is_raw: bool,
    /// Bytes of its content.
    len: usize,
}

/// Whether `rest` may be another frame.
pub(in crate::container) fn starts_member(rest: &[u8]) -> bool {
    let is_frame = |&magic: &[u8; 4]| {
        let magic = u32::from_le_bytes(magic);
        magic == MAGIC || magic & !0xf == SKIPPABLE
    };
    rest.first_chunk().is_some_and(is_frame)
}

impl Frame {
    pub(super) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MOST);
        Self { decoder, started: false, broken: None }
    }

    pub(super) fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        if !self.started {
            return self.start(input).unwrap_or_else(Step::failed);
        }
        let mut written = self.decoder.read(out).unwrap_or(0);
        if written > 0 {
            return Step::new(0, written, Outcome::More);
        }
        if let Some(ending) = self.broken {
            return Step::failed(ending);
        }
        if self.decoder.is_finished() {
            let stated = self.decoder.get_checksum_from_data();
            let is_right = stated.is_none() || stated == self.decoder.get_calculated_checksum();
            return Step::new(0, 0, if is_right { Outcome::End } else { Outcome::Failed(Ending::BadChecksum) });
        }
        let used = match self.block(input) {
            Ok(used) => used,
            Err(ending) => {
                self.broken = Some(ending);
                written = self.decoder.read(out).unwrap_or(0);
                0
            }
        };
        match self.broken.filter(|_| written == 0) {
            Some(ending) => Step::failed(ending),
            None => Step::new(used, written, Outcome::More),
        }
    }

    /// Reads the header of a frame, or passes over one of user data.
    fn start(&mut self, input: &[u8]) -> Result<Step, Ending> {
        let (magic, rest) = input.split_first_chunk().ok_or(Ending::Truncated)?;
        if u32::from_le_bytes(*magic) & !0xf == SKIPPABLE {
            let (length, rest) = rest.split_first_chunk().ok_or(Ending::Truncated)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let rest = rest.get(length..).ok_or(Ending::Truncated)?;
            return Ok(Step::new(input.len().saturating_sub(rest.len()), 0, Outcome::End));
        }
        if !starts_member(input) {
            return Err(Ending::Corrupt);
        }
        let mut rest = input;
        self.decoder.reset(&mut rest).map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } | FrameDecoderError::DictNotProvided { .. } => Ending::Refused,
            FrameDecoderError::ReadFrameHeaderError(_) if rest.is_empty() => Ending::Truncated,
            _ => Ending::Corrupt,
        })?;
        self.started = true;
        Ok(Step::new(input.len().saturating_sub(rest.len()), 0, Outcome::More))
    }

    /// Decodes a block; answers how long it is. One that breaks off ends the frame.
    fn block(&mut self, input: &[u8]) -> Result<usize, Ending> {
        let Some(block) = block(input) else {
            self.end(&[]);
            return Err(Ending::Truncated);
        };
        let body = input.get(3..).unwrap_or_default();
        if body.len() < block.len {
            // Bytes that are stored as they are need not be there all.
            self.end(if block.is_raw { body } else { &[] });
            return Err(Ending::Truncated);
        }
        let mut rest = input;
        if self.decoder.decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1)).is_ok() {
            return Ok(input.len().saturating_sub(rest.len()));
        }
        self.end(&[]);
        let behind = body.len().saturating_sub(block.len);
        Err(if block.is_last && behind < 4 { Ending::Truncated } else { Ending::Corrupt })
    }

    /// Ends the frame after some more bytes, by a last block that is stored, so that nothing is kept back.
    fn end(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap_or(0);
        let [a, b, c, _] = (length << 3 | 1).to_le_bytes();
        let checksum = [0; 4];
        let last = [&[a, b, c], bytes, &checksum].concat();
        // If it is not taken, what is kept back is lost; the frame is broken in any case.
        let _ = self.decoder.decode_blocks(last.as_slice(), BlockDecodingStrategy::UptoBlocks(1));
    }
}

/// Reads the head of a block.
fn block(input: &[u8]) -> Option<Block> {
    let [a, b, c] = *input.first_chunk()?;
    let head = u32::from_le_bytes([a, b, c, 0]);
    let size = usize::try_from(head >> 3).ok()?;
    let kind = head >> 1 & 3;
    // A run is one byte, however long.
    Some(Block { is_last: head & 1 == 1, is_raw: kind == 0, len: if kind == 1 { 1 } else { size } })
}
