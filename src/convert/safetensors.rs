//! `.safetensors`: a header of JSON, then the elements of each array in C order and little-endian, one after another
//! (format of the crate `safetensors`, `SafeTensors::serialize`).
//!
//! As the libraries write it: arrays with the widest elements first, so that each stands at a multiple of their width;
//! the header padded with blanks to a multiple of 8.

use super::{Named, pour};
use crate::container::safetensors::{LONGEST, METADATA, Type};
use crate::dtype::ByteOrder;
use crate::error::{Error, ErrorKind, Result};
use crate::escape::json;
use crate::inspect::{ArrayRef, Arrays, Bytes};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

/// Bytes that are turned at a time.
const BLOCK: usize = 64 << 10;

/// Bytes that are no numbers.
const BYTES: &str = "U8";

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
fn about(array: &ArrayRef, other: Other) -> Result<(&'static str, Cow<'_, [u64]>, u64)> {
    let unsupported = |message: String| Error::new(ErrorKind::Unsupported, message);
    let layout = array.layout()?;
    if let Some(problem) = &array.problem {
        return Err(problem.clone());
    }
    let dtype = array.array.dtype.clone()?;
    let Some(of) = Type::of(&dtype) else {
        return match other {
            Other::AsBytes => Ok((BYTES, Cow::Owned(vec![layout.nbytes()]), layout.nbytes())),
            Other::Refused => Err(unsupported(format!("safetensors has no type for {}", dtype.type_string()))),
        };
    };
    let shape = array.array.shape.as_deref().unwrap_or_default();
    // Readers multiply from left to right, whether or not there is a 0 to come.
    let count = shape.iter().try_fold(1_u64, |count, &length| count.checked_mul(length));
    count.ok_or_else(|| unsupported("its shape is beyond what readers multiply".to_owned()))?;
    Ok((of.name, Cow::Borrowed(shape), layout.nbytes()))
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
        let (name, ..) = about(&array, other).map_err(io::Error::other)?;
        let width = Type::named(name).map_or(1, |of| of.width);
        ordered.push((Reverse(width), place.get(&one.index).copied(), one));
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
        let (dtype, shape, nbytes) = about(&array, other).map_err(io::Error::other)?;
        let end = start.checked_add(nbytes).ok_or_else(|| too_large("the arrays are too large for one file"))?;
        if !header.ends_with(b"{") {
            header.push(b',');
        }
        json(&mut header, &one.name)?;
        header.extend(b":{\"dtype\":");
        json(&mut header, &dtype)?;
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
    let width = Type::of(&dtype).map_or(1, |of| of.width);
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
