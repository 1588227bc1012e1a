//! Elements of arrays, scalars and data types as text.

use super::text;
use crate::array::{self, half, signed, unsigned};
use crate::ast::Value;
use crate::dtype::{ByteOrder, DType, Kind as Element};
use crate::loader::View;
use crate::loader::numpy::DTypes;

/// The numpy scalar that an object is: `np.float64(0.5)`.
pub(super) fn scalar(view: View<'_>, dtypes: &mut DTypes, value: Value) -> Option<(DType, String)> {
    let (dtype, bytes) = array::scalar(view, dtypes, value)?;
    let text = element(&dtype, &bytes, 2)?;
    Some((dtype, text))
}

/// numpy's name of a data type.
pub fn dtype_name(dtype: &DType) -> String {
    let bits = dtype.itemsize().saturating_mul(8);
    let swapped = dtype.byte_order() == ByteOrder::Big;
    let name = match dtype.kind() {
        _ if swapped => return dtype.type_string(),
        Element::Bool => return "bool".to_owned(),
        Element::Object => return "object".to_owned(),
        Element::Int => "int",
        Element::UInt => "uint",
        Element::Float => "float",
        Element::Complex => "complex",
        Element::DateTime => return dtype.type_string().replace("<M8", "datetime64"),
        Element::TimeDelta => return dtype.type_string().replace("<m8", "timedelta64"),
        Element::Bytes | Element::Str | Element::StringDType | Element::Foreign(_) => return dtype.type_string(),
        Element::Void => return structure(dtype, LEVELS),
    };
    format!("{name}{bits}")
}

/// Structures in structures that are told, and fields of each.
const LEVELS: u8 = 3;
const FIELDS: usize = 8;

/// A structure by its fields, a part of one by type and shape.
fn structure(dtype: &DType, levels: u8) -> String {
    if let (Some((inner, shape)), Some(levels)) = (dtype.subarray(), levels.checked_sub(1)) {
        let numbers: Vec<String> = shape.iter().map(u64::to_string).collect();
        let comma = if shape.len() == 1 { "," } else { "" };
        return format!("{} ({}{comma})", structure(inner, levels), numbers.join(", "));
    }
    let (Some(fields), Some(levels)) = (dtype.fields(), levels.checked_sub(1)) else { return dtype.type_string() };
    let told = fields.iter().take(FIELDS).map(|field| {
        let name = crate::opcode::text::printable(&field.name).into_owned();
        format!("{} {}", crate::escape::escape(&name), structure(&field.dtype, levels))
    });
    let more = if fields.len() > FIELDS { ", ..." } else { "" };
    format!("{{{}{more}}}", told.collect::<Vec<_>>().join(", "))
}

/// The first elements of an array of which these are the first bytes, as text, at most `most`.
pub(super) fn elements(dtype: &DType, bytes: &[u8], most: usize) -> Vec<String> {
    let Some(size) = usize::try_from(dtype.itemsize()).ok().filter(|&size| size > 0) else { return Vec::new() };
    bytes.chunks_exact(size).take(most).map_while(|chunk| element(dtype, chunk, 2)).collect()
}

/// One element as numpy prints it; of what numpy has no literal for, its bytes.
pub fn element_text(dtype: &DType, bytes: &[u8]) -> String {
    element(dtype, bytes, 2).unwrap_or_else(|| text::bytes(bytes, 40))
}

/// One element as text. `levels` are those of structures that are shown.
fn element(dtype: &DType, bytes: &[u8], levels: u8) -> Option<String> {
    let big = dtype.byte_order() == ByteOrder::Big;
    Some(match (dtype.kind(), bytes.len()) {
        (Element::Bool, 1) => if bytes == [0] { "False" } else { "True" }.to_owned(),
        (Element::Int | Element::DateTime | Element::TimeDelta, 1 | 2 | 4 | 8) => signed(bytes, big)?.to_string(),
        (Element::UInt, 1 | 2 | 4 | 8) => unsigned(bytes, big)?.to_string(),
        (Element::Float, 2 | 4 | 8) => real(bytes, big)?,
        (Element::Complex, 8 | 16) => {
            let (re, im) = bytes.split_at_checked(bytes.len() / 2)?;
            let im = real(im, big)?;
            let sign = if im.starts_with('-') { "" } else { "+" };
            format!("({}{sign}{im}j)", real(re, big)?)
        }
        (Element::Bytes, _) => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last.saturating_add(1));
            text::bytes(bytes.get(..end)?, 40)
        }
        (Element::Str, _) => {
            let codes = bytes.chunks_exact(4).map_while(|chunk| u32::try_from(unsigned(chunk, big)?).ok());
            let mut utf8 = Vec::new();
            codes.take(64).take_while(|&code| code != 0).for_each(|code| {
                crate::opcode::text::push_code(&mut utf8, code.min(0x0010_ffff));
            });
            text::text(&utf8, 40)
        }
        (Element::Void, _) if levels > 0 => {
            let fields = dtype.fields()?;
            let shown = fields.iter().take(8).map(|field| {
                let start = usize::try_from(field.offset).ok()?;
                let end = start.checked_add(usize::try_from(field.dtype.itemsize()).ok()?)?;
                element(&field.dtype, bytes.get(start..end)?, levels.saturating_sub(1))
            });
            let shown: Option<Vec<String>> = shown.collect();
            format!("({}{})", shown?.join(", "), if fields.len() > 8 { ", ..." } else { "" })
        }
        _ => return None,
    })
}

fn real(bytes: &[u8], big: bool) -> Option<String> {
    let bits = unsigned(bytes, big)?;
    Some(match bytes.len() {
        8 => text::float(f64::from_bits(bits)),
        4 => single(f32::from_bits(u32::try_from(bits).ok()?)),
        2 => single(half(u16::try_from(bits).ok()?)),
        _ => return None,
    })
}

/// The shortest digits that are this number at its own precision.
fn single(value: f32) -> String {
    let digits: f64 = value.to_string().parse().unwrap_or(f64::NAN);
    text::float(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_read_as_in_numpy() {
        let shown = |spec: &[u8], bytes: &[u8]| elements(&DType::from_descr_str(spec).unwrap(), bytes, 9).join(" ");
        assert_eq!(shown(b"<f8", &0.1_f64.to_le_bytes()), "0.1");
        assert_eq!(shown(b"<f4", &0.1_f32.to_le_bytes()), "0.1");
        assert_eq!(shown(b">i2", &(-2_i16).to_be_bytes()), "-2");
        assert_eq!(shown(b"|u1", &[255, 0]), "255 0");
        assert_eq!(
            shown(b"<f2", &[0, 0x3c, 0, 0xc0, 1, 0]),
            "1.0 -2.0 5.960464477539063e-08".replace("5.960464477539063e-08", "5.9604645e-08")
        );
        assert_eq!(shown(b"|b1", &[1, 0]), "True False");
        assert_eq!(shown(b"<U2", b"a\0\0\0\0\0\0\0"), "'a'");
        assert_eq!(shown(b"|S3", b"ab\0"), "b'ab'");
        assert_eq!(shown(b"<c16", &[1.0_f64.to_le_bytes(), (-2.0_f64).to_le_bytes()].concat()), "(1.0-2.0j)");
    }
}
