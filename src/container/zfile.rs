//! The `ZF` files of joblib before 0.10 (`joblib.numpy_pickle_compat.read_zfile`).

use nom::Parser;
use nom::bytes::complete::{tag, take};

use crate::error::{Error, Result};

/// The header of a Z-file: `ZF`, the inflated length in hexadecimal, padded with spaces, then one zlib stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZFile {
    /// Length of the inflated data. joblib refuses the file if it is another; a claim until then.
    pub length: u64,
    /// Where the zlib stream starts: 21, or 22 for files of joblib 0.8.4 and older under Python 2.
    pub data_offset: usize,
}

/// `len(hex(2**64))`
const LENGTH_WIDTH: usize = 19;

impl ZFile {
    /// Reads the header from the start of a file.
    ///
    /// # Errors
    /// Truncated, or malformed where Python's `int(text, 16)` would refuse the length. A length that `int` would read
    /// and no joblib has written (underscores, signs, other digits than ASCII's) is unsupported.
    pub fn parse(data: &[u8]) -> Result<Self> {
        let header = (tag::<_, _, nom::error::Error<_>>(&b"ZF"[..]), take(LENGTH_WIDTH));
        let Ok((rest, (_, text))) = { header }.parse_complete(data) else {
            return Err(Error::truncated(0, "the header of a Z-file is 21 bytes that start with ZF"));
        };
        // Python 2 wrote the `L` of its long integers and dropped one space.
        let text = text.trim_ascii();
        let text = text.strip_suffix(b"L").unwrap_or(text);
        let digits = text.strip_prefix(b"0x").filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let length = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .ok_or_else(|| Error::unsupported(2, "the length in the header of a Z-file is no hexadecimal number"))?;
        let data_offset = if rest.starts_with(b" ") { 22 } else { 21 };
        Ok(Self { length, data_offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_widths_are_read() {
        let header = ZFile::parse(b"ZF0xb3               \x78\x01").unwrap();
        assert_eq!(header, ZFile { length: 0xb3, data_offset: 21 });
        let header = ZFile::parse(b"ZF0xb3                \x78\x01").unwrap();
        assert_eq!(header, ZFile { length: 0xb3, data_offset: 22 });
    }

    #[test]
    fn a_length_that_is_no_number_is_refused() {
        for text in ["", "ZF", "ZF0xb3", "ZFxyz                ", "ZF0x                 ", "ZF0x-1               "] {
            assert!(ZFile::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(ZFile::parse(b"ZF0x10000000000000000").is_err(), "2**64");
        assert_eq!(ZFile::parse(b"ZF0xffffffffffffffff ").unwrap().length, u64::MAX);
    }
}
