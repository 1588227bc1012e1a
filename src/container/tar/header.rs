//! One block of a tar archive: a header, or none (`TarInfo.frombuf` in Python's `tarfile.py`; POSIX `pax`, section
//! "ustar Interchange Format").

/// Headers stand at multiples of it, and data is filled up to them.
pub const BLOCK: usize = 512;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The name, behind its prefix where there is one.
    pub(super) name: Vec<u8>,
    /// What kind of member it is.
    pub(super) kind: u8,
    /// How many bytes of data follow: as Python reads the field, and as readers do that take its first digits.
    pub(super) size: (Option<u64>, u64),
    /// Whether blocks with more of the map of a sparse file follow.
    pub(super) is_extended: bool,
}

/// The header that a block is: its sum is right. No reader asks for more.
pub(super) fn header(block: &[u8]) -> Option<Header> {
    let field = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
    // Zeros are compared at once: there may be gigabytes of them, and their sum is never the one that they state.
    if block.len() != BLOCK || *block == [0; BLOCK] || !is_sum(block, field(148, 156)) {
        return None;
    }
    let kind = block.get(156).copied().unwrap_or(0);
    let (name, prefix) = (text(field(0, 100)), text(field(345, 500)));
    // GNU's own kinds have other things where the prefix is.
    let has_prefix = !prefix.is_empty() && !matches!(kind, b'L' | b'K' | b'S');
    let name = if has_prefix { [prefix, b"/", name].concat() } else { name.to_vec() };
    let stated = field(124, 136);
    let size = (number(stated), digits(stated).0);
    Some(Header { name, kind, size, is_extended: block.get(482).is_some_and(|&flag| flag != 0) })
}

/// Whether a field holds the sum of a block's bytes, itself taken as blanks. Some writers added signed bytes.
fn is_sum(block: &[u8], field: &[u8]) -> bool {
    // Cheaper than a sum, and most blocks that are none end here.
    let Some(stated) = number(field).and_then(|sum| i64::try_from(sum).ok()) else { return false };
    let sum = |bytes: &[u8]| bytes.iter().fold(0_i64, |sum, &byte| sum.saturating_add(byte.into()));
    let signed = |bytes: &[u8]| bytes.iter().fold(0_i64, |sum, &byte| sum.saturating_add(byte.cast_signed().into()));
    let blanks = i64::from(b' ').saturating_mul(8);
    let rest = |all: i64, own: i64| all.saturating_sub(own).saturating_add(blanks);
    stated == rest(sum(block), sum(field)) || stated == rest(signed(block), signed(field))
}

/// A text up to its NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    field.get(..end).unwrap_or_default()
}

/// A number as Python reads it (`tarfile.nti`): octal digits between blanks, or, with the highest bit set, its bytes.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    if let Some((0x80, bytes)) = field.split_first().map(|(first, rest)| (*first, rest)) {
        return bytes.iter().try_fold(0_u64, |number, &byte| number.checked_mul(256)?.checked_add(byte.into()));
    }
    let (number, rest) = digits(field);
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    rest.iter().all(is_blank).then_some(number)
}

/// The octal number that a text begins with, and what of the text follows it.
fn digits(field: &[u8]) -> (u64, &[u8]) {
    let field = text(field).trim_ascii_start();
    let end = field.iter().position(|byte| !matches!(byte, b'0'..=b'7')).unwrap_or(field.len());
    let (octal, rest) = field.split_at_checked(end).unwrap_or_default();
    // A field has at most twelve digits: 36 bits.
    (octal.iter().fold(0, |number, &digit| number << 3 | u64::from(digit & 7)), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_python() {
        for (field, reads) in [
            (&b"00000000012\0"[..], Some(10)),
            (b"  12 \0\0", Some(10)),
            (b"12\x009999", Some(10)),
            (b"\0\0\0", Some(0)),
            (b"", Some(0)),
            (b"129", None),
            (b"-1", None),
            (b"\x80\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff", None),
            (b"\x80\x01\0\0\0\0\0\0\0\0", None),
        ] {
            assert_eq!(number(field), reads, "{}", field.escape_ascii());
        }
        assert_eq!(digits(b"129\0").0, 10);
    }
}
