//! Ints of any size.

use std::borrow::Cow;

/// An int in two's complement, little endian, with no byte more than it needs: equal ints have equal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BigInt<'o>(Cow<'o, [u8]>);

/// The most decimal digits that Python reads and writes (`sys.int_info.default_max_str_digits`).
const DIGITS: usize = 4300;
/// Bytes of a number of so many digits, and one for its sign.
const BYTES: usize = 1787;
/// Decimal digits that are taken at a time.
const STEP: u32 = 9;
const BASE: u32 = 1_000_000_000;

impl<'o> BigInt<'o> {
    /// From two's complement, little endian; without a byte it is 0.
    pub fn from_le_bytes(bytes: &'o [u8]) -> Self {
        let mut bytes = bytes;
        while let [rest @ .., before, last] = bytes {
            let fill = if before & 0x80 == 0 { 0 } else { 0xff };
            if *last != fill {
                break;
            }
            bytes = bytes.get(..rest.len().saturating_add(1)).unwrap_or_default();
        }
        Self(Cow::Borrowed(bytes))
    }

    /// From decimal text: a sign, and digits. `None` for any other text, and for more digits than Python takes.
    pub fn from_decimal(text: &str) -> Option<BigInt<'static>> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() || digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut magnitude: Vec<u8> = Vec::new();
        for chunk in digits.as_bytes().chunks(STEP as usize) {
            let number: u32 = std::str::from_utf8(chunk).ok()?.parse().ok()?;
            let factor = 10_u32.checked_pow(u32::try_from(chunk.len()).ok()?)?;
            let mut carry = u64::from(number);
            for byte in &mut magnitude {
                let next = u64::from(*byte).saturating_mul(u64::from(factor)).saturating_add(carry);
                let [low, ..] = next.to_le_bytes();
                *byte = low;
                carry = next >> 8;
            }
            while carry > 0 {
                let [low, ..] = carry.to_le_bytes();
                magnitude.push(low);
                carry >>= 8;
            }
        }
        magnitude.push(0);
        if negative {
            negate(&mut magnitude);
        }
        let len = BigInt::from_le_bytes(&magnitude).0.len();
        magnitude.truncate(len);
        Some(BigInt(Cow::Owned(magnitude)))
    }

    /// Two's complement, little endian, with no byte more than it needs.
    pub fn le_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is below 0.
    pub fn is_negative(&self) -> bool {
        self.0.last().is_some_and(|last| last & 0x80 != 0)
    }

    /// The int in decimal; `None` where it has more digits than Python writes.
    pub fn to_decimal(&self) -> Option<String> {
        if self.0.len() > BYTES {
            return None;
        }
        let mut magnitude = self.0.to_vec();
        if self.is_negative() {
            negate(&mut magnitude);
        }
        let mut groups: Vec<u32> = Vec::new();
        while let Some(last) = magnitude.iter().rposition(|&byte| byte != 0) {
            magnitude.truncate(last.saturating_add(1));
            let mut rest = 0_u32;
            for byte in magnitude.iter_mut().rev() {
                let now = u64::from(rest) << 8 | u64::from(*byte);
                let quotient = now.checked_div(u64::from(BASE)).unwrap_or(0);
                let [low, ..] = quotient.to_le_bytes();
                *byte = low;
                rest = u32::try_from(now.checked_rem(u64::from(BASE)).unwrap_or(0)).unwrap_or(0);
            }
            groups.push(rest);
        }
        let mut text = if self.is_negative() { "-".to_owned() } else { String::new() };
        let Some(first) = groups.pop() else { return Some("0".to_owned()) };
        text.push_str(&first.to_string());
        for group in groups.iter().rev() {
            text.push_str(&format!("{group:09}"));
        }
        (text.len() <= DIGITS.saturating_add(usize::from(self.is_negative()))).then_some(text)
    }

    /// The same int as 64 bits, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        let fill = if self.is_negative() { 0xff } else { 0 };
        let mut wide = [fill; 8];
        wide.get_mut(..self.0.len())?.copy_from_slice(&self.0);
        Some(i64::from_le_bytes(wide))
    }
}

/// The two's complement of a number, in place.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes {
        let (next, over) = (!*byte).overflowing_add(u8::from(carry));
        *byte = next;
        carry = over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_bytes_are_the_same_number() {
        for number in
            [i128::MIN, i128::MAX, 0, 1, -1, 127, 128, -128, -129, 255, 256, 1 << 64, -(1 << 64), 10_i128.pow(18)]
        {
            let bytes = number.to_le_bytes();
            let big = BigInt::from_le_bytes(&bytes);
            assert_eq!(big.to_decimal().unwrap(), number.to_string());
            assert_eq!(BigInt::from_decimal(&number.to_string()), Some(big.clone()), "{number}");
            assert_eq!(big.to_i64(), i64::try_from(number).ok());
        }
    }

    #[test]
    fn long_numbers_end_where_python_ends() {
        let nines = "9".repeat(4300);
        assert_eq!(BigInt::from_decimal(&nines).unwrap().to_decimal().unwrap(), nines);
        let negative = format!("-{nines}");
        assert_eq!(BigInt::from_decimal(&negative).unwrap().to_decimal().unwrap(), negative);
        assert_eq!(BigInt::from_decimal(&format!("1{nines}")), None);
        assert_eq!(BigInt::from_le_bytes(&[0x7f; 1787]).to_decimal(), None);
        for text in ["", "-", "+", "0x10", "1_0", " 1", "1L"] {
            assert_eq!(BigInt::from_decimal(text), None, "{text:?}");
        }
    }
}
