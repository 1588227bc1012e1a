//! Pieces that hostile files are put together from. The callables are dangerous, the arguments harmless.

use std::io::Write as _;

/// `os.system('')`, left on the stack: what a scan has to name whatever follows.
pub(crate) const CALL: &[u8] = b"cos\nsystem\n(S''\ntR";

/// An opcode with a length in one, four or eight bytes, whatever follows.
pub(crate) fn claim(opcode: u8, length: &[u8]) -> Vec<u8> {
    [&[0x80, 4, opcode], length].concat()
}

/// SHORT_BINUNICODE.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [&[0x8c, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// BINBYTES.
pub(crate) fn bytes(bytes: &[u8]) -> Vec<u8> {
    [b"B", u32::try_from(bytes.len()).unwrap().to_le_bytes().as_slice(), bytes].concat()
}

/// Parts, one after another.
pub(crate) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The wrapper of an array, as joblib 1.6 writes it: what stands for the shape, and the type of its elements by its
/// code, byte order and flags.
pub(crate) fn wrapper(shape: &[u8], (code, order, flags): (&str, &str, u8)) -> Vec<u8> {
    let dtype = join(&[
        &text("numpy"),
        &text("dtype"),
        b"\x93",
        &text(code),
        b"\x89\x88\x87R(K\x03",
        &text(order),
        b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK",
        &[flags],
        b"tb",
    ]);
    join(&[
        &text("joblib.numpy_pickle"),
        &text("NumpyArrayWrapper"),
        b"\x93)\x81}(",
        &text("subclass"),
        &text("numpy"),
        &text("ndarray"),
        b"\x93",
        &text("shape"),
        shape,
        &text("order"),
        &text("C"),
        &text("dtype"),
        &dtype,
        &text("allow_mmap"),
        b"\x88",
        &text("numpy_array_alignment_bytes"),
        b"K\x10ub",
    ])
}

/// A file of opcodes up to an array of float64, what stands for its shape, then the padding and `data`.
pub(crate) fn array_behind(before: &[u8], shape: &[u8], data: &[u8]) -> Vec<u8> {
    let head = join(&[before, &wrapper(shape, ("f8", "<", 0))]);
    let padding = 16 - (head.len() + 1) % 16;
    join(&[&head, &[u8::try_from(padding).unwrap()], &vec![0xff; padding], data])
}

/// A joblib file of one such array.
pub(crate) fn joblib(shape: &[u8], data: &[u8]) -> Vec<u8> {
    join(&[&array_behind(b"\x80\x04", shape, data), b"."])
}

/// The same, compressed as joblib does by default.
pub(crate) fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(3));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Numbers without a pattern, the same each time (splitmix64).
pub(crate) fn random(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    })
}
