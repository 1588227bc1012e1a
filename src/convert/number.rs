//! Elements of arrays as single numbers.

use crate::array::{half, signed, unsigned};
use crate::dtype::{ByteOrder, DType, Kind};

/// A number, exactly.
pub(super) enum Number {
    Bool(bool),
    Int(i64),
    UInt(u64),
    /// Of half or single precision.
    Single(f32),
    Double(f64),
}

/// Whether elements are single numbers that a double or 64 bits hold.
pub(super) fn is_number(dtype: &DType) -> bool {
    match dtype.kind() {
        Kind::Bool | Kind::Int | Kind::UInt => true,
        Kind::Float => dtype.itemsize() <= 8,
        _ => false,
    }
}

/// One element that [`is_number`], from its bytes.
pub(super) fn number(dtype: &DType, bytes: &[u8]) -> Number {
    let big = dtype.byte_order() == ByteOrder::Big;
    let bits = unsigned(bytes, big).unwrap_or(0);
    match (dtype.kind(), bytes.len()) {
        (Kind::Bool, _) => Number::Bool(bits != 0),
        (Kind::Int, _) => Number::Int(signed(bytes, big).unwrap_or(0)),
        (Kind::Float, 8) => Number::Double(f64::from_bits(bits)),
        (Kind::Float, 4) => Number::Single(f32::from_bits(u32::try_from(bits).unwrap_or(0))),
        (Kind::Float, 2) => Number::Single(half(u16::try_from(bits).unwrap_or(0))),
        _ => Number::UInt(bits),
    }
}
