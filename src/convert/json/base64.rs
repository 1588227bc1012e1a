//! Base64 (RFC 4648, section 4) of bytes that come in pieces.

use std::io::{self, Write};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Bytes that are encoded at a time: a multiple of three.
const BLOCK: usize = 3 << 10;

/// An encoder, with what is left of the pieces before.
#[derive(Default)]
pub(super) struct Base64 {
    rest: Vec<u8>,
    text: Vec<u8>,
}

impl Base64 {
    /// Encodes a piece.
    pub(super) fn add(&mut self, out: &mut dyn Write, mut piece: &[u8]) -> io::Result<()> {
        while self.rest.len().saturating_add(piece.len()) >= 3 {
            let (more, tail) = piece.split_at(piece.len().min(BLOCK.saturating_sub(self.rest.len())));
            self.rest.extend_from_slice(more);
            piece = tail;
            let whole = self.rest.len().saturating_sub(self.rest.len() % 3);
            self.encode(out, whole)?;
        }
        self.rest.extend_from_slice(piece);
        Ok(())
    }

    /// Encodes what is left, with padding.
    pub(super) fn end(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.encode(out, self.rest.len())
    }

    fn encode(&mut self, out: &mut dyn Write, count: usize) -> io::Result<()> {
        self.text.clear();
        for group in self.rest.drain(..count).as_slice().chunks(3) {
            let byte = |index: usize| group.get(index).copied().unwrap_or(0);
            let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
            for digit in 0..4_usize {
                let index = bits >> 18_usize.saturating_sub(digit.saturating_mul(6)) & 0x3f;
                let digit =
                    if digit > group.len() { b'=' } else { DIGITS.get(index as usize).copied().unwrap_or(b'=') };
                self.text.push(digit);
            }
        }
        out.write_all(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(pieces: &[&[u8]]) -> String {
        let (mut out, mut base64) = (Vec::new(), Base64::default());
        pieces.iter().for_each(|piece| base64.add(&mut out, piece).unwrap());
        base64.end(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_examples_of_the_standard() {
        let examples = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (len, text) in examples.into_iter().enumerate() {
            assert_eq!(encoded(&[&b"foobar"[..len]]), text);
        }
    }

    #[test]
    fn pieces_are_no_borders() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * BLOCK + 100).collect();
        let whole = encoded(&[&bytes]);
        for cut in [1, 2, 3, BLOCK, BLOCK + 1] {
            let (one, two) = bytes.split_at(cut);
            assert_eq!(encoded(&[one, two]), whole);
        }
        assert_eq!(encoded(&[b"\xff\xfe", b"\xfd"]), "//79");
    }
}
