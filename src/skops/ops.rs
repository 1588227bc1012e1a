//! Opcodes of a pickle, as bytes.

/// Adds an int.
pub(crate) fn int(out: &mut Vec<u8>, number: i64) {
    if let Ok(small) = u8::try_from(number) {
        out.extend([b'K', small]);
    } else if let Ok(number) = i32::try_from(number) {
        out.push(b'J');
        out.extend(number.to_le_bytes());
    } else {
        out.extend([0x8a, 8]);
        out.extend(number.to_le_bytes());
    }
}

/// Adds an int of any length, by its decimal digits.
pub(crate) fn big(out: &mut Vec<u8>, digits: &[u8]) {
    out.push(b'L');
    out.extend_from_slice(digits);
    out.extend_from_slice(b"L\n");
}

/// Adds a float.
pub(crate) fn float(out: &mut Vec<u8>, number: f64) {
    out.push(b'G');
    out.extend(number.to_be_bytes());
}

/// Adds a text, in UTF-8 in which a lone surrogate stands as three bytes.
pub(crate) fn text(out: &mut Vec<u8>, text: &[u8]) {
    run(out, text, [Some(0x8c), Some(b'X'), Some(0x8d)]);
}

/// Adds bytes.
pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    run(out, bytes, [Some(b'C'), Some(b'B'), Some(0x8e)]);
}

/// Adds a bytearray.
pub(crate) fn bytearray(out: &mut Vec<u8>, bytes: &[u8]) {
    run(out, bytes, [None, None, Some(0x96)]);
}

/// A run of bytes behind its length; an opcode for lengths of 1, 4 and 8 bytes each.
fn run(out: &mut Vec<u8>, bytes: &[u8], [short, long, vast]: [Option<u8>; 3]) {
    let len = bytes.len() as u64;
    match (u8::try_from(len).ok().zip(short), u32::try_from(len).ok().zip(long)) {
        (Some((len, opcode)), _) => out.extend([opcode, len]),
        (None, Some((len, opcode))) => {
            out.push(opcode);
            out.extend(len.to_le_bytes());
        }
        (None, None) => {
            out.extend(vast);
            out.extend(len.to_le_bytes());
        }
    }
    out.extend_from_slice(bytes);
}
