//! Bytes and numbers that stand as text.

/// The bytes of base64 with padding.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_chunks::<4>();
    let mut bytes = Vec::new();
    let mut left = groups.len();
    for group in groups {
        left = left.saturating_sub(1);
        let padding = group.iter().rev().take_while(|&&digit| digit == b'=').count();
        if padding > 2 || padding > 0 && left > 0 {
            return None;
        }
        let digits = group.get(..4_usize.saturating_sub(padding))?;
        let bits = digits.iter().try_fold(0_u32, |bits, &byte| Some(bits << 6 | digit(byte)?))?;
        let [_, one, two, three] = (bits << 6_usize.saturating_mul(padding)).to_be_bytes();
        bytes.extend_from_slice([one, two, three].get(..3_usize.saturating_sub(padding))?);
    }
    rest.is_empty().then_some(bytes)
}

fn digit(byte: u8) -> Option<u32> {
    let place = match byte {
        b'A'..=b'Z' => byte.checked_sub(b'A')?,
        b'a'..=b'z' => byte.checked_sub(b'a')?.checked_add(26)?,
        b'0'..=b'9' => byte.checked_sub(b'0')?.checked_add(52)?,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(place.into())
}

/// A float that JSON has no number for.
pub(super) fn float(word: &str, bits: Option<&str>) -> Option<f64> {
    match (word, bits) {
        (_, Some(bits)) => Some(f64::from_bits(u64::from_str_radix(bits, 16).ok().filter(|_| bits.len() == 16)?)),
        ("nan", None) => Some(f64::NAN),
        ("inf", None) => Some(f64::INFINITY),
        ("-inf", None) => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The same of single precision.
pub(super) fn single(word: &str, bits: Option<&str>) -> Option<f32> {
    match bits {
        Some(bits) => Some(f32::from_bits(u32::from_str_radix(bits, 16).ok().filter(|_| bits.len() == 8)?)),
        None => match word {
            "nan" => Some(f32::NAN),
            "inf" => Some(f32::INFINITY),
            "-inf" => Some(f32::NEG_INFINITY),
            _ => None,
        },
    }
}

/// The two's complement of an int of so many hexadecimal digits, little endian.
pub(super) fn from_hexadecimal(digits: &str, negative: bool) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs.iter().rev().map(|pair| byte(pair)).collect();
    let mut bytes = bytes.filter(|_| rest.is_empty())?;
    bytes.push(0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            let (next, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (next, over);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_back() {
        for (text, bytes) in
            [("", &b""[..]), ("Zg==", b"f"), ("Zm8=", b"fo"), ("Zm9v", b"foo"), ("//79", b"\xff\xfe\xfd")]
        {
            assert_eq!(base64(text.as_bytes()).unwrap(), bytes);
        }
        for text in ["Z", "Zg=", "Zg==Zg==", "Z===", "Zm9*", "===="] {
            assert_eq!(base64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn hexadecimal_is_two_s_complement() {
        assert_eq!(from_hexadecimal("0100", false).unwrap(), [0, 1, 0]);
        assert_eq!(from_hexadecimal("0100", true).unwrap(), [0, 0xff, 0xff]);
        assert_eq!(from_hexadecimal("100", false), None);
    }
}
