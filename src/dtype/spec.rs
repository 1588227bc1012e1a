//! The short text of a data type, read with nom: `f8`, `>i4`, `U3`, `<M8[25s]`, `float64`.
//!
//! Two grammars. [`DType::from_spec`] reads only what numpy's `dtype.__reduce__` writes (`arraydescr_reduce` in
//! numpy's `descriptor.c`): kind and size, no byte order. [`DType::from_descr_str`] reads what `numpy.dtype(str)`
//! reads, as far as it means the same on every machine.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, one_of};
use nom::combinator::{all_consuming, map_opt, opt, value};
use nom::sequence::{delimited, pair};
use nom::{IResult, Parser};

use super::{ByteOrder, DType, Kind, Unit};
use crate::error::{Error, ErrorKind, Result};

/// The units of time by numpy's names.
const UNITS: [&str; 14] = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "generic"];

/// Names that mean the same type on every machine, as `numpy.dtype` reads them. (`int`, `l`, `intp` and `longdouble`
/// do not.)
const NAMES: [(&str, Kind, u64); 41] = [
    ("?", Kind::Bool, 1),
    ("bool", Kind::Bool, 1),
    ("b", Kind::Int, 1),
    ("int8", Kind::Int, 1),
    ("h", Kind::Int, 2),
    ("int16", Kind::Int, 2),
    ("i", Kind::Int, 4),
    ("int32", Kind::Int, 4),
    ("q", Kind::Int, 8),
    ("int64", Kind::Int, 8),
    ("B", Kind::UInt, 1),
    ("uint8", Kind::UInt, 1),
    ("H", Kind::UInt, 2),
    ("uint16", Kind::UInt, 2),
    ("I", Kind::UInt, 4),
    ("uint32", Kind::UInt, 4),
    ("Q", Kind::UInt, 8),
    ("uint64", Kind::UInt, 8),
    ("e", Kind::Float, 2),
    ("half", Kind::Float, 2),
    ("float16", Kind::Float, 2),
    ("f", Kind::Float, 4),
    ("single", Kind::Float, 4),
    ("float32", Kind::Float, 4),
    ("d", Kind::Float, 8),
    ("double", Kind::Float, 8),
    ("float", Kind::Float, 8),
    ("float64", Kind::Float, 8),
    ("F", Kind::Complex, 8),
    ("complex64", Kind::Complex, 8),
    ("D", Kind::Complex, 16),
    ("complex", Kind::Complex, 16),
    ("complex128", Kind::Complex, 16),
    ("O", Kind::Object, 8),
    ("object", Kind::Object, 8),
    ("S", Kind::Bytes, 0),
    ("U", Kind::Str, 0),
    ("V", Kind::Void, 0),
    ("c", Kind::Bytes, 1),
    ("M", Kind::DateTime, 8),
    ("m", Kind::TimeDelta, 8),
];

/// The unit called `name`.
pub(super) fn unit_name(name: &[u8]) -> Option<&'static str> {
    UNITS.iter().find(|unit| unit.as_bytes() == name).copied()
}

/// Decimal digits; leading zeros are fine, as for C's `strtol`.
fn number(input: &[u8]) -> IResult<&[u8], u64> {
    map_opt(take_while1(|byte: u8| byte.is_ascii_digit()), |digits: &[u8]| {
        std::str::from_utf8(digits).ok()?.parse::<u64>().ok()
    })
    .parse_complete(input)
}

fn order_sign(input: &[u8]) -> IResult<&[u8], ByteOrder> {
    alt((
        // Files say where they are from; this machine and every one that writes `=` today is little-endian.
        value(ByteOrder::Little, one_of("<=")),
        value(ByteOrder::Big, char('>')),
        value(ByteOrder::None, char('|')),
    ))
    .parse_complete(input)
}

fn kind_code(input: &[u8]) -> IResult<&[u8], Kind> {
    map_opt(nom::number::complete::u8, |code| {
        Some(match code {
            b'b' => Kind::Bool,
            b'i' => Kind::Int,
            b'u' => Kind::UInt,
            b'f' => Kind::Float,
            b'c' => Kind::Complex,
            b'M' => Kind::DateTime,
            b'm' => Kind::TimeDelta,
            b'O' => Kind::Object,
            b'S' | b'a' => Kind::Bytes,
            b'U' => Kind::Str,
            b'V' => Kind::Void,
            _ => return None,
        })
    })
    .parse_complete(input)
}

/// Kind and size without byte order: `f8`.
fn sized(input: &[u8]) -> IResult<&[u8], (Kind, u64)> {
    pair(kind_code, number).parse_complete(input)
}

/// `[25s]`
fn unit(input: &[u8]) -> IResult<&[u8], Unit> {
    let body = pair(opt(number), map_opt(take_while(|byte: u8| byte.is_ascii_alphabetic()), unit_name));
    map_opt(delimited(tag("["), body, tag("]")), |(count, name)| {
        let count = u32::try_from(count.unwrap_or(1)).ok().filter(|count| i32::try_from(*count).is_ok())?;
        Some(Unit { name, count })
    })
    .parse_complete(input)
}

/// Kind, size and, for times, a unit: the part of a descr after its byte order.
fn element(input: &[u8]) -> IResult<&[u8], (Kind, u64, Option<Unit>)> {
    let times = alt((
        value((Kind::DateTime, 8), tag("M8")),
        value((Kind::TimeDelta, 8), tag("m8")),
        value((Kind::DateTime, 8), tag("datetime64")),
        value((Kind::TimeDelta, 8), tag("timedelta64")),
    ));
    let time = pair(times, opt(unit)).map(|((kind, size), unit)| (kind, size, unit));
    let named = map_opt(take_while1(|byte: u8| byte.is_ascii_alphanumeric() || byte == b'?'), |name: &[u8]| {
        let (_, kind, size) = NAMES.iter().find(|row| row.0.as_bytes() == name)?;
        Some((*kind, *size, None))
    });
    let sized = sized.map(|(kind, size)| (kind, size, None));
    alt((all_consuming(time), all_consuming(named), all_consuming(sized))).parse_complete(input)
}

/// Checks that numpy has `kind` in this size, and gives it a byte order that fits.
fn build(kind: Kind, order: ByteOrder, size: u64, unit: Option<Unit>) -> Option<DType> {
    let order_of_number = if order == ByteOrder::None { ByteOrder::Little } else { order };
    Some(match (kind, size) {
        (Kind::Bool, 1) | (Kind::Int | Kind::UInt, 1) => DType::simple(kind, ByteOrder::None, 1),
        (Kind::Int | Kind::UInt, 2 | 4 | 8) | (Kind::Float, 2 | 4 | 8 | 16) | (Kind::Complex, 8 | 16 | 32) => {
            DType::simple(kind, order_of_number, size)
        }
        (Kind::Object, 8) => DType::simple(kind, ByteOrder::None, 8),
        (Kind::Bytes | Kind::Void, _) if i64::try_from(size).is_ok() => DType::simple(kind, ByteOrder::None, size),
        (Kind::Str, _) => {
            let bytes = size.checked_mul(4).filter(|bytes| i64::try_from(*bytes).is_ok())?;
            DType::simple(kind, order_of_number, bytes)
        }
        (Kind::DateTime | Kind::TimeDelta, 8) => {
            DType::with_unit(kind, order_of_number, unit.unwrap_or(Unit { name: "generic", count: 1 }))
        }
        _ => return None,
    })
}

impl DType {
    /// The first argument of a pickled `numpy.dtype(spec, align, copy)`, exactly as numpy writes it: `f8`, `S5`, `V16`.
    /// Numbers are little-endian until the state says otherwise. `U3` is 12 bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for any other text, even one that `numpy.dtype` would read.
    pub fn from_spec(text: &[u8]) -> Result<Self> {
        let canonical = |digits: &[u8]| digits == b"0" || !digits.starts_with(b"0");
        let parsed = all_consuming(sized).parse_complete(text).ok();
        let dtype = parsed.and_then(|(_, (kind, size))| build(kind, ByteOrder::Little, size, None));
        match dtype {
            Some(dtype) if text.first() != Some(&b'a') && text.get(1..).is_some_and(canonical) => Ok(dtype),
            _ => Err(unknown(text, "a data type that numpy writes")),
        }
    }

    /// The text that `numpy.dtype.str` gives and `numpy.dtype(str)` takes: `<f8`, `|S5`, `>M8[25s]`, `float64`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what is not understood: unknown text, comma-separated and repeated types, and
    /// names whose size depends on the machine (`int`, `l`, `longdouble`).
    pub fn from_descr_str(text: &[u8]) -> Result<Self> {
        let parsed = pair(opt(order_sign), element).parse_complete(text).ok();
        // Names of more than one letter take no sign.
        let name = text.get(2).is_some_and(u8::is_ascii_lowercase);
        let dtype = parsed.and_then(|(_, (order, (kind, size, unit)))| match order {
            None => build(kind, ByteOrder::Little, size, unit),
            Some(_) if name => None,
            Some(order) => build(kind, order, size, unit),
        });
        dtype.ok_or_else(|| unknown(text, "a data type known to depickle"))
    }
}

fn unknown(text: &[u8], what: &str) -> Error {
    let shown: String = text.iter().take(40).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    Error::new(ErrorKind::Unsupported, format!("`{shown}` is not {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_strict() {
        for text in ["b1", "i1", "u8", "f2", "f16", "c32", "S0", "U3", "V16", "O8", "M8", "m8"] {
            assert!(DType::from_spec(text.as_bytes()).is_ok(), "{text}");
        }
        for text in ["", "f", "f3", "<f8", "i04", "a5", "O4", "i16", "float64", "i4,f4", "f8 ", "S-1", "b2", "U-0"] {
            assert!(DType::from_spec(text.as_bytes()).is_err(), "{text}");
        }
        assert!(DType::from_spec(b"S9223372036854775808").is_err());
        assert!(DType::from_spec(b"U4611686018427387904").is_err());
    }

    /// `numpy.dtype(text).str` of numpy 2.4.
    #[test]
    fn descrs_mean_what_numpy_says() {
        for (text, str) in [
            ("<f8", "<f8"),
            ("=i4", "<i4"),
            ("|i4", "<i4"),
            (">i1", "|i1"),
            ("?", "|b1"),
            ("|b1", "|b1"),
            ("b", "|i1"),
            ("|S1", "|S1"),
            ("a5", "|S5"),
            ("i04", "<i4"),
            (">U7", ">U7"),
            ("O", "|O"),
            ("|O8", "|O"),
            ("<V4", "|V4"),
            ("M8[us]", "<M8[us]"),
            ("m8", "<m8"),
            (">M8[25s]", ">M8[25s]"),
            ("timedelta64[D]", "<m8[D]"),
            ("float64", "<f8"),
            ("complex", "<c16"),
            ("<f16", "<f16"),
        ] {
            assert_eq!(DType::from_descr_str(text.as_bytes()).unwrap().type_string(), str, "{text}");
        }
        for text in
            ["", "<<i4", " i4", "M8[ns", "M8[Ns]", "m8[]", "l", "int", "2i4", "i4,f4", "(2,)f8", "<float", "f12"]
        {
            assert!(DType::from_descr_str(text.as_bytes()).is_err(), "{text}");
        }
    }
}
