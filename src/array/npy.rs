//! What numpy writes in front of the bytes of an array in a `.npy` file (`numpy/lib/_format_impl.py`).

use super::layout::Layout;
use crate::container::npy::{MAGIC, MAX_HEADER};
use crate::dtype::literal::Literal;
use crate::dtype::{DType, Field, Kind};
use crate::error::{Error, ErrorKind, Result};

/// numpy leaves room for the longest axis to grow (`GROWTH_AXIS_MAX_DIGITS`).
const GROWTH: usize = 21;
/// Headers end at a multiple of this (`ARRAY_ALIGN`).
const ALIGN: usize = 64;

/// The start of a `.npy` file up to the first element, byte for byte as `numpy.save` writes it: version 1.0, 2.0 where
/// the text is long, 3.0 where a name of a field needs UTF-8. The elements follow as they are stored if `layout` is in C
/// or Fortran order, in C order otherwise.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for what numpy cannot write so (fields that overlap, objects), or would not read back.
pub fn npy_header(dtype: &DType, shape: &[u64], layout: &Layout) -> Result<Vec<u8>> {
    let fortran = layout.is_f() && !layout.is_c();
    let descr = repr(&descr(dtype)?);
    let numbers: Vec<String> = shape.iter().map(u64::to_string).collect();
    let tuple = format!("({}{})", numbers.join(", "), if shape.len() == 1 { "," } else { "" });
    let fortran_text = if fortran { "True" } else { "False" };
    let mut text = format!("{{'descr': {descr}, 'fortran_order': {fortran_text}, 'shape': {tuple}, }}");
    if let Some(growing) = if fortran { numbers.last() } else { numbers.first() } {
        text.push_str(&" ".repeat(GROWTH.saturating_sub(growing.len())));
    }
    let latin1: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
    let (major, bytes) = match latin1 {
        Some(bytes) if padded(bytes.len(), 2) <= usize::from(u16::MAX) => (1, bytes),
        Some(bytes) => (2, bytes),
        None => (3, text.into_bytes()),
    };
    let width = if major == 1 { 2 } else { 4 };
    let length = padded(bytes.len(), width);
    let mut out = MAGIC.to_vec();
    out.extend([major, 0]);
    out.extend((length as u64).to_le_bytes().iter().take(width));
    out.extend(&bytes);
    out.resize(out.len().saturating_add(length.saturating_sub(bytes.len()).saturating_sub(1)), b' ');
    out.push(b'\n');
    Ok(out)
}

/// The length of a header of `len` bytes with a line end and one to 64 blanks.
fn padded(len: usize, width: usize) -> usize {
    let text = len.saturating_add(1);
    let before = MAGIC.len().saturating_add(2).saturating_add(width);
    let over = before.saturating_add(text).checked_rem(ALIGN).unwrap_or(0);
    text.saturating_add(ALIGN.saturating_sub(over))
}

/// numpy's `descr` of a data type (`numpy.lib.format.dtype_to_descr`): a text, or a list of fields with their padding.
///
/// # Errors
/// As [`npy_header`].
pub fn descr(dtype: &DType) -> Result<Literal> {
    if dtype.has_object() || dtype.kind() == Kind::StringDType {
        return Err(unsupported("objects have no bytes that could be written"));
    }
    if let Kind::Foreign(name) = dtype.kind() {
        return Err(Error::new(ErrorKind::Unsupported, format!("numpy has no type {name}")));
    }
    named(dtype)
}

/// The same for any data type: objects stand in it as `|O`.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where there is none: fields that overlap, or far too many.
pub fn named(dtype: &DType) -> Result<Literal> {
    let mut room = MAX_HEADER;
    of_type(dtype, &mut room)
}

/// Recursion is bounded by the depth of data types, and what comes of shared parts by `room`.
fn of_type(dtype: &DType, room: &mut usize) -> Result<Literal> {
    if let Some((base, shape)) = dtype.subarray() {
        return Ok(Literal::Tuple(vec![of_type(base, room)?, shape_literal(shape, room)?]));
    }
    let Some(fields) = dtype.fields() else {
        let text = dtype.type_string();
        spend(room, text.len())?;
        return Ok(Literal::Str(text));
    };
    let mut items = Vec::new();
    let mut end = 0_u64;
    for field in fields {
        let gap = field.offset.checked_sub(end).ok_or_else(|| unsupported("its fields overlap or are out of order"))?;
        pad(&mut items, gap, room)?;
        items.push(of_field(field, room)?);
        end = field.offset.saturating_add(field.dtype.itemsize());
    }
    pad(&mut items, dtype.itemsize().saturating_sub(end), room)?;
    Ok(Literal::List(items))
}

fn of_field(field: &Field, room: &mut usize) -> Result<Literal> {
    let mut text = |bytes: &[u8]| -> Result<Literal> {
        spend(room, bytes.len().saturating_add(8))?;
        let text = std::str::from_utf8(bytes);
        Ok(Literal::Str(text.map_err(|_| unsupported("the name of a field is no text"))?.to_owned()))
    };
    let name = text(&field.name)?;
    let name = match &field.title {
        Some(title) => Literal::Tuple(vec![text(title)?, name]),
        None => name,
    };
    Ok(Literal::Tuple(match field.dtype.subarray() {
        Some((base, shape)) => vec![name, of_type(base, room)?, shape_literal(shape, room)?],
        None => vec![name, of_type(&field.dtype, room)?],
    }))
}

fn pad(items: &mut Vec<Literal>, gap: u64, room: &mut usize) -> Result<()> {
    if gap > 0 {
        spend(room, 16)?;
        items.push(Literal::Tuple(vec![Literal::Str(String::new()), Literal::Str(format!("|V{gap}"))]));
    }
    Ok(())
}

fn shape_literal(shape: &[u64], room: &mut usize) -> Result<Literal> {
    spend(room, shape.len().saturating_mul(4))?;
    let length = |&length| i64::try_from(length).map_err(|_| unsupported("a subarray is beyond any memory"));
    Ok(Literal::Tuple(shape.iter().map(|length_of| length(length_of).map(Literal::Int)).collect::<Result<_>>()?))
}

fn spend(room: &mut usize, text: usize) -> Result<()> {
    *room = room.checked_sub(text).ok_or_else(|| unsupported("its type takes a header longer than numpy reads"))?;
    Ok(())
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

/// Texts, ints, tuples and lists as Python writes them. Bounded in depth as the data type is.
fn repr(literal: &Literal) -> String {
    let list = |items: &[Literal]| items.iter().map(repr).collect::<Vec<_>>().join(", ");
    match literal {
        Literal::Str(text) => quoted(text),
        Literal::Int(number) => number.to_string(),
        Literal::List(items) => format!("[{}]", list(items)),
        Literal::Tuple(items) => format!("({}{})", list(items), if items.len() == 1 { "," } else { "" }),
        _ => String::new(),
    }
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            _ if char == quote => out.extend(['\\', char]),
            ' '..='~' => out.push(char),
            _ if char.is_alphanumeric() => out.push(char),
            // Python shows more characters as they are; an escape reads the same.
            _ => out.push_str(&match u32::from(char) {
                code @ ..=0xff => format!("\\x{code:02x}"),
                code @ ..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Order;
    use crate::container::NpyHeader;

    fn header(dtype: &DType, shape: &[u64], order: &Order) -> Vec<u8> {
        npy_header(dtype, shape, &Layout::new(dtype, shape, order).unwrap()).unwrap()
    }

    #[test]
    fn a_header_is_that_of_numpy() {
        // numpy.save(f, numpy.zeros((2, 3), '>f8', order='F')), numpy 2.4.6
        let mut expected = b"\x93NUMPY\x01\0v\0{'descr': '>f8', 'fortran_order': True, 'shape': (2, 3), }".to_vec();
        expected.resize(127, b' ');
        expected.push(b'\n');
        assert_eq!(header(&DType::from_descr_str(b">f8").unwrap(), &[2, 3], &Order::F), expected);
    }

    #[test]
    fn what_is_written_is_read() {
        let text =
            "[('a', '|u1'), ('', '|V7'), (('t', \"b'\"), '<f8', (2,)), ('\u{3b1}\\n', [('x', '<U3')]), ('', '|V2')]";
        let dtype = DType::from_descr(&Literal::parse(text).unwrap()).unwrap();
        for (shape, order) in [(vec![], Order::C), (vec![5], Order::F), (vec![2, 3, 4], Order::Axes(vec![1, 0, 2]))] {
            let bytes = header(&dtype, &shape, &order);
            let read = NpyHeader::parse(&bytes).unwrap();
            assert_eq!((&read.dtype, &read.shape, read.fortran_order), (&dtype, &shape, false));
            assert_eq!((read.data_offset, bytes.len() % 64, read.version), (bytes.len(), 0, (3, 0)));
        }
    }

    #[test]
    fn what_numpy_cannot_write_is_refused() {
        assert!(descr(&DType::from_spec(b"O8").unwrap()).is_err());
        let many: Vec<String> = (0..2000).map(|number| format!("('f{number}', '<f8')")).collect();
        let dtype = DType::from_descr(&Literal::parse(&format!("[{}]", many.join(", "))).unwrap()).unwrap();
        assert!(descr(&dtype).is_err());
    }
}
