//! The header of a `.npy` file, by numpy's own rules (`numpy.lib.format._read_array_header`, NEP 1).

use nom::Parser;
use nom::bytes::complete::{tag, take};
use nom::combinator::map;
use nom::number::complete::{le_u16, le_u32, u8};

use crate::dtype::DType;
use crate::dtype::literal::Literal;
use crate::error::{Error, ErrorKind, Result};

/// The first bytes of every `.npy` file.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that numpy reads unless it may unpickle anyway, in characters.
pub const MAX_HEADER: usize = 10_000;

/// What the header says. The array follows at `data_offset`, in C or Fortran order; with objects in it, it is one
/// pickle of the whole array instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpyHeader {
    /// Major and minor version: 1.0, 2.0 or 3.0.
    pub version: (u8, u8),
    /// The type of an element.
    pub dtype: DType,
    /// Whether the first index moves fastest.
    pub fortran_order: bool,
    /// The array's shape; empty for a single element.
    pub shape: Vec<u64>,
    /// Where the data starts.
    pub data_offset: usize,
}

impl NpyHeader {
    /// Reads the header from the start of a file.
    ///
    /// # Errors
    /// Truncated; malformed where numpy refuses; unsupported for texts that `ast.literal_eval` would read and no
    /// numpy writes, and for headers over [`MAX_HEADER`] characters.
    pub fn parse(data: &[u8]) -> Result<Self> {
        let (rest, (major, minor), length) = start(data)?;
        let ends = || Error::truncated(8, "the file ends within the .npy header");
        let text_offset = data.len().saturating_sub(rest.len());
        let (rest, text) = take::<_, _, nom::error::Error<_>>(length).parse_complete(rest).map_err(|_| ends())?;
        let data_offset = data.len().saturating_sub(rest.len());
        let offset = u64::try_from(text_offset).unwrap_or(u64::MAX);

        // Four bytes are the most that a character has; longer texts need not be decoded to be refused.
        if text.len() / 4 > MAX_HEADER {
            return Err(too_long(offset));
        }
        let text = if major == 3 {
            let utf8 = std::str::from_utf8(text);
            utf8.map_err(|_| Error::malformed(offset, "the .npy header is not UTF-8"))?.to_owned()
        } else {
            text.iter().copied().map(char::from).collect()
        };
        if text.chars().count() > MAX_HEADER {
            return Err(too_long(offset));
        }
        let here = |error: Error| error.at(offset);
        let literal = match Literal::parse(&text) {
            Err(_) if major < 3 => Literal::parse(&without_long_suffix(&text)).map_err(here)?,
            other => other.map_err(here)?,
        };
        let (descr, fortran_order, shape) = read_keys(literal).map_err(here)?;
        let dtype = DType::from_descr(&descr).map_err(here)?;
        Ok(Self { version: (major, minor), dtype, fortran_order, shape, data_offset })
    }

    /// Whether the data is a pickle rather than bytes.
    pub fn has_object(&self) -> bool {
        self.dtype.has_object()
    }

    /// Whether it promises elements without a size, more of them than a file has room to name.
    pub fn is_vast(&self) -> bool {
        let count = self.shape.iter().fold(1_u64, |count, &size| count.saturating_mul(size));
        self.dtype.itemsize() == 0 && count > 1 << 20
    }

    /// Bytes of the array; `None` where it holds objects or the product does not fit.
    pub fn nbytes(&self) -> Option<u64> {
        if self.has_object() { None } else { self.dtype.nbytes(&self.shape) }
    }
}

/// How long the header of a file is, be it understood or not; `None` where it says nothing of that.
pub fn header_len(data: &[u8]) -> Option<usize> {
    let (rest, _, length) = start(data).ok()?;
    data.len().checked_sub(rest.len())?.checked_add(length)
}

/// Reads the version and the length of the text behind it, which is a claim.
fn start(data: &[u8]) -> Result<(&[u8], (u8, u8), usize)> {
    let start = (tag::<_, _, nom::error::Error<_>>(MAGIC), u8, u8);
    let Ok((rest, (_, major, minor))) = { start }.parse_complete(data) else {
        return Err(Error::malformed(0, "a .npy file starts with \\x93NUMPY and a version"));
    };
    let length = match (major, minor) {
        (1, 0) => map(le_u16::<_, nom::error::Error<_>>, usize::from).parse_complete(rest),
        (2 | 3, 0) => map(le_u32, |length| usize::try_from(length).unwrap_or(usize::MAX)).parse_complete(rest),
        _ => return Err(Error::malformed(6, format!("there is no .npy version {major}.{minor}"))),
    };
    let (rest, length) = length.map_err(|_| Error::truncated(8, "the file ends within the .npy header"))?;
    Ok((rest, (major, minor), length))
}

fn too_long(offset: u64) -> Error {
    Error::unsupported(offset, format!("the .npy header is longer than {MAX_HEADER} characters"))
}

/// Exactly the keys `descr`, `fortran_order` and `shape`; of a repeated key the last counts.
fn read_keys(literal: Literal) -> Result<(Literal, bool, Vec<u64>)> {
    let malformed = |message: &str| Error::new(ErrorKind::Malformed, message);
    let Literal::Dict(items) = literal else { return Err(malformed("the .npy header is not a dict")) };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    for (key, value) in items {
        let slot = match &key {
            Literal::Str(key) if key == "descr" => &mut descr,
            Literal::Str(key) if key == "fortran_order" => &mut fortran_order,
            Literal::Str(key) if key == "shape" => &mut shape,
            _ => return Err(malformed("the .npy header has a key that numpy does not know")),
        };
        *slot = Some(value);
    }
    let (Some(descr), Some(fortran_order), Some(shape)) = (descr, fortran_order, shape) else {
        return Err(malformed("the .npy header lacks descr, fortran_order or shape"));
    };
    let Literal::Bool(fortran_order) = fortran_order else {
        return Err(malformed("fortran_order in the .npy header is not True or False"));
    };
    let Literal::Tuple(shape) = shape else { return Err(malformed("shape in the .npy header is not a tuple")) };
    let lengths = shape.iter().map(|length| match length {
        Literal::Int(length) => u64::try_from(*length).ok(),
        _ => None,
    });
    let shape: Option<Vec<u64>> = lengths.collect();
    let shape = shape.filter(|shape| shape.len() <= 64);
    Ok((descr, fortran_order, shape.ok_or_else(|| malformed("shape in the .npy header is not a shape"))?))
}

/// Python 2 wrote long integers as `2L` (`numpy.lib.format._filter_header`). Strings keep their `L`.
fn without_long_suffix(text: &str) -> String {
    let (mut out, mut quote, mut previous) = (String::new(), None, ' ');
    for c in text.chars() {
        match quote {
            Some(open) if c == open && previous != '\\' => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == 'L' && previous.is_ascii_digit() => {
                previous = c;
                continue;
            }
            None => {}
        }
        out.push(c);
        previous = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(version: u8, header: &str) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend([version, 0]);
        let length = u32::try_from(header.len()).unwrap().to_le_bytes();
        file.extend(if version == 1 { &length[..2] } else { &length[..] });
        file.extend(header.as_bytes());
        file
    }

    #[test]
    fn a_header_of_numpy_is_read() {
        let file = npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }          \n");
        let header = NpyHeader::parse(&file).unwrap();
        assert_eq!((header.version, header.fortran_order, header.shape.as_slice()), ((1, 0), false, &[3, 4][..]));
        assert_eq!((header.dtype.type_string().as_str(), header.data_offset), ("<f8", file.len()));
        assert_eq!(header.nbytes(), Some(96));
    }

    #[test]
    fn structures_have_offsets_and_padding() {
        let descr = "[('a', '|u1'), ('', '|V7'), (('t', 'b'), '<f8', (2,)), ('c', [('o', '|O')])]";
        let file = npy(3, &format!("{{'descr': {descr}, 'fortran_order': True, 'shape': ()}}"));
        let header = NpyHeader::parse(&file).unwrap();
        let fields = header.dtype.fields().unwrap();
        let offsets: Vec<_> = fields.iter().map(|field| (field.name.as_ref(), field.offset)).collect();
        assert_eq!(offsets, [(&b"a"[..], 0), (b"b", 8), (b"c", 24)]);
        assert_eq!((header.dtype.itemsize(), header.has_object(), header.nbytes()), (32, true, None));
    }

    #[test]
    fn python_2_and_repeated_keys() {
        let file = npy(2, "{'shape': (9L,), 'descr': '|S3', 'fortran_order': False, 'shape': (2L, 0x10)}");
        assert_eq!(NpyHeader::parse(&file).unwrap().shape, [2, 16]);
        let file = npy(3, "{'shape': (9L,), 'descr': '|S3', 'fortran_order': False}");
        assert!(NpyHeader::parse(&file).is_err(), "version 3 is newer than Python 2");
    }

    #[test]
    fn what_numpy_refuses_is_refused() {
        for header in [
            "",
            "[]",
            "{'descr': '<f8', 'fortran_order': False}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': ()}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': [3]}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (True,)}",
            "{'descr': '<q9', 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'x': 1}",
            "{'descr': [('a', '<f8'), ('a', '<f8')], 'fortran_order': False, 'shape': ()}",
        ] {
            assert!(NpyHeader::parse(&npy(1, header)).is_err(), "{header}");
        }
        let whole = npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': ()}");
        for end in 0..whole.len() {
            assert!(NpyHeader::parse(&whole[..end]).is_err(), "{end}");
        }
        let mut wrong = whole;
        wrong[6] = 4;
        assert!(NpyHeader::parse(&wrong).is_err());
        let long = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ()}}{}", " ".repeat(MAX_HEADER));
        assert_eq!(NpyHeader::parse(&npy(2, &long)).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
