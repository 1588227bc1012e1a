//! `.safetensors`: a header of JSON, then the elements of each array in C order and little-endian, one after another
//! (format of the crate `safetensors`, `SafeTensors::serialize`).
//!
//! As the libraries write it: arrays with the widest elements first, so that each stands at a multiple of their width;
//! the header padded with blanks to a multiple of 8.

use super::{Named, pour};
use crate::dtype::{ByteOrder, DType, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::json;
use crate::inspect::{ArrayRef, Arrays, Bytes};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

/// The longest header that the libraries read.
const LONGEST: usize = 100_000_000;
/// The name that the header keeps for itself.
pub const METADATA: &str = "__metadata__";
/// Bytes that are turned at a time.
const BLOCK: usize = 64 << 10;

/// What `safetensors` calls the type of elements, and the bytes of each number in one.
struct Element {
    name: &'static str,
    width: usize,
}

/// Bytes that are no numbers.
const BYTES: Element = Element { name: "U8", width: 1 };

/// The type of elements; nothing where `safetensors` has none.
fn element(dtype: &DType) -> Option<Element> {
    let (name, width) = match (dtype.kind(), dtype.itemsize()) {
        (Kind::Bool, 1) => ("BOOL", 1),
        (Kind::Int, 1) => ("I8", 1),
        (Kind::Int, 2) => ("I16", 2),
        (Kind::Int, 4) => ("I32", 4),
        (Kind::Int, 8) => ("I64", 8),
        (Kind::UInt, 1) => ("U8", 1),
        (Kind::UInt, 2) => ("U16", 2),
        (Kind::UInt, 4) => ("U32", 4),
        (Kind::UInt, 8) => ("U64", 8),
        (Kind::Float, 2) => ("F16", 2),
        (Kind::Float, 4) => ("F32", 4),
        (Kind::Float, 8) => ("F64", 8),
        (Kind::Complex, 8) => ("C64", 4),
        (Kind::Foreign("bfloat16"), _) => ("BF16", 2),
        (Kind::Foreign("float8_e4m3fn"), _) => ("F8_E4M3", 1),
        (Kind::Foreign("float8_e4m3fnuz"), _) => ("F8_E4M3FNUZ", 1),
        (Kind::Foreign("float8_e5m2"), _) => ("F8_E5M2", 1),
        (Kind::Foreign("float8_e5m2fnuz"), _) => ("F8_E5M2FNUZ", 1),
        (Kind::Foreign("float8_e8m0fnu"), _) => ("F8_E8M0", 1),
        _ => return None,
    };
    Some(Element { name, width })
}

/// What becomes of arrays whose elements `safetensors` has no type for: dates, text, structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// They are refused.
    Refused,
    /// Their bytes are written as they are, as `U8`: what they are stands in the metadata.
    AsBytes,
}

/// Whether an array can be written so.
///
/// # Errors
/// Why not.
pub fn check(array: &ArrayRef, other: Other) -> Result<()> {
    about(array, other).map(drop)
}

/// Type, shape and size of an array that can be written.
fn about(array: &ArrayRef, other: Other) -> Result<(Element, Cow<'_, [u64]>, u64)> {
    let unsupported = |message: String| Error::new(ErrorKind::Unsupported, message);
    let layout = array.layout()?;
    if let Some(problem) = &array.problem {
        return Err(problem.clone());
    }
    let dtype = array.array.dtype.clone()?;
    let Some(element) = element(&dtype) else {
        return match other {
            Other::AsBytes => Ok((BYTES, Cow::Owned(vec![layout.nbytes()]), layout.nbytes())),
            Other::Refused => Err(unsupported(format!("safetensors has no type for {}", dtype.type_string()))),
        };
    };
    let shape = array.array.shape.as_deref().unwrap_or_default();
    // Readers multiply from left to right, whether or not there is a 0 to come.
    let count = shape.iter().try_fold(1_u64, |count, &length| count.checked_mul(length));
    count.ok_or_else(|| unsupported("its shape is beyond what readers multiply".to_owned()))?;
    Ok((element, Cow::Borrowed(shape), layout.nbytes()))
}

/// Writes these arrays and `metadata`. The arrays are read in the order in which that is done best.
///
/// # Errors
/// What is wrong with an array, and those of `out`.
pub fn write(
    out: &mut dyn Write,
    (chosen, other): (&[Named], Other),
    metadata: &BTreeMap<String, String>,
    arrays: &Arrays<'_, '_, '_>,
    bytes: &mut Bytes<'_, '_, '_>,
) -> io::Result<()> {
    let place: HashMap<usize, usize> = arrays.by_offset().into_iter().zip(0..).collect();
    let mut ordered = Vec::new();
    for one in chosen {
        let array = arrays.get(one.index).ok_or_else(gone)?;
        let (element, ..) = about(&array, other).map_err(io::Error::other)?;
        ordered.push((Reverse(element.width), place.get(&one.index).copied(), one));
    }
    ordered.sort_unstable_by_key(|&(width, place, one)| (width, place, one.index));
    out.write_all(&header((&ordered, other), metadata, arrays)?)?;
    for (.., one) in ordered {
        let array = arrays.get(one.index).ok_or_else(gone)?;
        pour(out, |sink| elements(&array, bytes, sink))?;
    }
    Ok(())
}

type Ordered<'n> = (Reverse<usize>, Option<usize>, &'n Named);

/// The length of the header, and the header.
fn header(
    (ordered, other): (&[Ordered<'_>], Other),
    metadata: &BTreeMap<String, String>,
    arrays: &Arrays<'_, '_, '_>,
) -> io::Result<Vec<u8>> {
    let mut header = vec![0; 8];
    header.push(b'{');
    if !metadata.is_empty() {
        json(&mut header, &METADATA)?;
        header.push(b':');
        json(&mut header, metadata)?;
    }
    let mut start = 0_u64;
    for (.., one) in ordered {
        let array = arrays.get(one.index).ok_or_else(gone)?;
        let (element, shape, nbytes) = about(&array, other).map_err(io::Error::other)?;
        let end = start.checked_add(nbytes).ok_or_else(|| too_large("the arrays are too large for one file"))?;
        if !header.ends_with(b"{") {
            header.push(b',');
        }
        json(&mut header, &one.name)?;
        header.extend(b":{\"dtype\":");
        json(&mut header, &element.name)?;
        header.extend(b",\"shape\":");
        json(&mut header, &shape)?;
        header.extend(b",\"data_offsets\":");
        json(&mut header, &[start, end])?;
        header.push(b'}');
        start = end;
    }
    header.push(b'}');
    header.resize(header.len().next_multiple_of(8), b' ');
    let len = header.len().saturating_sub(8);
    if len > LONGEST {
        return Err(too_large("names and data beside the arrays take a header longer than readers accept"));
    }
    for (place, byte) in header.iter_mut().zip((len as u64).to_le_bytes()) {
        *place = byte;
    }
    Ok(header)
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the array is not there")
}

fn too_large(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Hands the elements of an array to `sink` in C order, little-endian.
///
/// # Errors
/// What is wrong with it, and those of `sink`.
pub fn elements(
    array: &ArrayRef,
    bytes: &mut Bytes<'_, '_, '_>,
    sink: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let dtype = array.array.dtype.clone()?;
    let width = element(&dtype).map_or(1, |element| element.width);
    if dtype.byte_order() != ByteOrder::Big || width == 1 {
        return bytes.c_order(array, sink);
    }
    let mut block = Vec::new();
    bytes.c_order(array, &mut |piece| {
        for part in piece.chunks(BLOCK) {
            block.clear();
            block.extend_from_slice(part);
            block.chunks_exact_mut(width).for_each(<[u8]>::reverse);
            sink(&block)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_types_of_the_libraries() {
        let name = |descr: &[u8]| element(&DType::from_descr_str(descr).unwrap()).map(|element| element.name);
        assert_eq!(name(b">f8"), Some("F64"));
        assert_eq!(name(b"|b1"), Some("BOOL"));
        assert_eq!(name(b"<c8"), Some("C64"));
        for none in [&b"<c16"[..], b"<M8[ns]", b"<U3", b"|S3", b"|V8", b"|O"] {
            assert_eq!(name(none), None);
        }
    }
}
