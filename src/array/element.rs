//! Elements as numbers of Rust.

use crate::dtype::{DType, Kind};

/// A type of Rust that elements of an array can be read as, exactly.
pub trait Element: Sized {
    /// Whether elements of a type are this.
    fn is(dtype: &DType) -> bool;

    /// One element from its bytes; `None` where they are not as many as it has.
    fn read(bytes: &[u8], big_endian: bool) -> Option<Self>;
}

/// Numbers whose bytes are their own, in one order or the other.
macro_rules! plain {
    ($($type:ty: $kind:pat),+ $(,)?) => {$(
        impl Element for $type {
            fn is(dtype: &DType) -> bool {
                matches!(dtype.kind(), $kind) && dtype.itemsize() == size_of::<$type>() as u64
            }

            fn read(bytes: &[u8], big_endian: bool) -> Option<Self> {
                let bytes = bytes.try_into().ok()?;
                Some(if big_endian { <$type>::from_be_bytes(bytes) } else { <$type>::from_le_bytes(bytes) })
            }
        }
    )+};
}

plain!(
    f32: Kind::Float, f64: Kind::Float,
    i8: Kind::Int, i16: Kind::Int, i32: Kind::Int,
    // Dates and spans of time are counts of their unit.
    i64: Kind::Int | Kind::DateTime | Kind::TimeDelta,
    u8: Kind::UInt, u16: Kind::UInt, u32: Kind::UInt, u64: Kind::UInt,
);

impl Element for bool {
    fn is(dtype: &DType) -> bool {
        dtype.kind() == Kind::Bool
    }

    fn read(bytes: &[u8], _big_endian: bool) -> Option<Self> {
        bytes.first().map(|&byte| byte != 0)
    }
}

/// An unsigned integer of up to eight bytes.
pub fn unsigned(bytes: &[u8], big_endian: bool) -> Option<u64> {
    let mut wide = [0; 8];
    if big_endian {
        wide.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
        return Some(u64::from_be_bytes(wide));
    }
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(wide))
}

/// A signed integer of one to eight bytes.
pub fn signed(bytes: &[u8], big_endian: bool) -> Option<i64> {
    let shift = 64_u32.checked_sub(u32::try_from(bytes.len()).ok()?.checked_mul(8)?)?;
    let wide = unsigned(bytes, big_endian)?.checked_shl(shift)?;
    Some(wide.cast_signed().wrapping_shr(shift))
}

/// A number of IEEE 754 half precision.
pub fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(bits >> 15), u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let single = match exponent {
        0 => {
            // Subnormal: the fraction counts steps of 2^-24.
            let magnitude = f32::from(bits & 0x3ff) * 2_f32.powi(-24);
            return if sign == 1 { -magnitude } else { magnitude };
        }
        0x1f => 0xff,
        exponent => exponent.saturating_add(112),
    };
    f32::from_bits(sign << 31 | single << 23 | fraction << 13)
}
