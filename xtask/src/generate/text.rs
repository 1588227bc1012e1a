//! Texts to draw from: names, numbers and strings with every quirk that readers treat in a way of their own.

use super::source::Source;

/// (module, name): harmless, dangerous, Python 2, dotted, empty, odd. Nothing is ever imported.
const NAMES: &[(&str, &str)] = &[
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("builtins", "getattr"),
    ("__builtin__", "eval"),
    ("__builtin__", "xrange"),
    ("__builtin__", "unicode"),
    ("copy_reg", "_reconstructor"),
    ("copyreg", "_reconstructor"),
    ("commands", "getoutput"),
    ("itertools", "izip"),
    ("UserDict", "IterableUserDict"),
    ("urllib2", "urlopen"),
    ("exceptions", "ValueError"),
    ("collections", "OrderedDict"),
    ("collections", "deque"),
    ("datetime", "datetime"),
    ("decimal", "Decimal"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("sklearn.tree._tree", "Tree"),
    ("os", "path.join"),
    ("enum", "Enum.__new__"),
    ("a.b.c", "d.e.f"),
    ("mod", "f.<locals>.g"),
    ("mod", ".leading"),
    ("mod", "trailing."),
    ("mod", "a..b"),
    (".relative", "name"),
    ("caf\u{e9}", "\u{fc}ber"),
    ("\u{6a21}\u{578b}", "\u{1f600}"),
    ("with space", "a name"),
    ("cr\r", "cr\r"),
    (" lead", " lead"),
    ("tab\t", "nul\0name"),
    ("quote'", "double\"quote"),
    ("back\\slash", "\\u0041"),
    ("x", "y"),
];

/// A pair from the table, or one with a number of its own, so that no two imports of a stream need be alike.
pub(crate) fn name(source: &mut Source<'_>, serial: &mut u32) -> (String, String) {
    if source.one_in(1, 200) {
        return if source.one_in(1, 2) { (String::new(), "name".into()) } else { ("module".into(), String::new()) };
    }
    if source.one_in(1, 2) {
        *serial += 1;
        return (format!("m{serial}"), format!("n{serial}"));
    }
    let (module, name) = source.pick(NAMES);
    ((*module).to_owned(), (*name).to_owned())
}

const INTS: &[&str] =
    &["0", "1", "7", "-3", "42", "255", "-2147483649", "4294967296", "9223372036854775808", "00", "01"];

/// Forms on which readers may part.
const ODD_INTS: &[&str] = &[
    "+1",
    " 1",
    "+0",
    "-0",
    " 0",
    "1\0",
    "1 ",
    "5\r",
    "\t5",
    "1\x0b",
    "02",
    "010",
    "017",
    "-017",
    "08",
    "0_1",
    "0x10",
    "0X1f",
    "0o17",
    "0b11",
    "1_000",
    "1__0",
    "_1",
    "1_",
    "1\x002",
    "1L",
    "",
    "00 ",
    " 00",
    "+00",
    "-00",
    "000",
    "0x",
    "0x_1",
    "+ 1",
    "--1",
    "1e3",
    "1.0",
    "0o8",
    "0b2",
    "0x1_f",
    "9223372036854775807",
    "-9223372036854775808",
    "0777777777777777777777",
    "\0",
    "\x0c7",
    "0xffffffffffffffffff",
    "\u{a0}1",
    "\u{661}",
];

pub(crate) fn int(source: &mut Source<'_>) -> String {
    (*if source.one_in(1, 20) { source.pick(ODD_INTS) } else { source.pick(INTS) }).to_owned()
}

const LONGS: &[&str] = &["0L", "1L", "-1L", "123456789012345678901234567890L", "5", "00", "0x1fL"];
const ODD_LONGS: &[&str] = &[
    "010", "01", "01L", "1_0L", " 1L", "1 L", "1L ", "1LL", "L", "", "1\x002L", "0b11L", "0o17", "1l", "-0x10L", "1\r",
    "0L\0", "+5L", "0_0", "0__0L",
];

pub(crate) fn long(source: &mut Source<'_>) -> String {
    (*if source.one_in(1, 20) { source.pick(ODD_LONGS) } else { source.pick(LONGS) }).to_owned()
}

const FLOATS: &[&str] = &["0.0", "-1.5", "1e10", "3", "nan", "inf", "-Infinity", "+NaN", ".5", "5.", "1E-5"];
const ODD_FLOATS: &[&str] = &[
    " 1.0", "1.0 ", "1.0\r", "1_0.0", "1e400", "-1e400", "1.0\0", "0x1p3", "", "nan(1)", "infin", "1e", "1.0f", "+-1",
    "1,0", "\t1", "1e-400", "1__0", "-nan", "1.e+",
];

pub(crate) fn float(source: &mut Source<'_>) -> String {
    (*if source.one_in(1, 20) { source.pick(ODD_FLOATS) } else { source.pick(FLOATS) }).to_owned()
}

/// A memo index as text: mostly plain decimal, sometimes in another form that `int(text)` reads.
pub(crate) fn index(source: &mut Source<'_>, index: u64) -> String {
    if !source.one_in(1, 24) {
        return index.to_string();
    }
    match source.below(9) {
        0 => format!(" {index}"),
        1 => format!("{index} "),
        2 => format!("+{index}"),
        3 => format!("0{index}"),
        4 => format!("{index}\r"),
        5 => format!("{index}_0"),
        6 => format!("\t00_{index}"),
        7 => format!("-{index}"),
        _ => format!("{index}L"),
    }
}

/// Pieces of the body of STRING: as written in the file.
const ESCAPES: &[&[u8]] = &[
    b"a",
    b"os",
    b"\\n",
    b"\\t",
    b"\\\\",
    b"\\'",
    b"\\\"",
    b"\\x41",
    b"\\101",
    b"\\7",
    b"\\78",
    b"\\400",
    b"\\0",
    b"\\u0041",
    b"\\N{DASH}",
    b"\\q",
    b"\\a\\b\\f\\r\\v",
    b" ",
    b"x.y",
    b"\t",
    b"\r",
    b"\\x7f",
    b"\\\r",
];
const EIGHT_BIT: &[&[u8]] = &[b"\xe9", b"\\xe9", b"\\351", b"\xff\xfe", b"\xc3\xa9", b"\\xc3\\xa9"];
const BROKEN: &[&[u8]] = &[b"\\x4", b"\\xg1", b"\\"];

/// The line of STRING without its newline, and whether it needs more than ASCII.
pub(crate) fn quoted(source: &mut Source<'_>, body: Option<&str>, eight_bit_wanted: bool) -> (Vec<u8>, bool) {
    let quote = if source.one_in(1, 4) { b'"' } else { b'\'' };
    let mut line = vec![quote];
    let mut eight_bit = false;
    match body {
        Some(body) => body.bytes().for_each(|byte| match byte {
            // Some letters as escapes: what is a name then depends on reading escapes right.
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            _ if byte >= 0x80 => {
                eight_bit = true;
                line.push(byte);
            }
            _ if source.one_in(1, 8) => line.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
            _ if source.one_in(1, 12) => line.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            _ => line.push(byte),
        }),
        None => {
            for _ in 0..source.below(5) {
                line.extend_from_slice(source.pick::<&[u8]>(ESCAPES));
            }
            if eight_bit_wanted && source.one_in(1, 4) {
                eight_bit = true;
                line.extend_from_slice(source.pick::<&[u8]>(EIGHT_BIT));
            }
            if source.one_in(1, 300) {
                line.extend_from_slice(source.pick::<&[u8]>(BROKEN));
            }
        }
    }
    let forms = if source.one_in(1, 200) { 6 } else { 1 };
    match source.below(forms) {
        0 => line.push(quote),
        1 => line.extend_from_slice(&[quote, b' ']),
        2 => line.extend_from_slice(&[quote, b'\r']),
        3 => line.push(quote ^ b'\'' ^ b'"'),
        4 => line.truncate(1),
        _ => {}
    }
    (line, eight_bit)
}

/// The line of UNICODE without its newline.
pub(crate) fn raw_unicode(source: &mut Source<'_>, body: Option<&str>) -> Vec<u8> {
    const PIECES: &[&[u8]] = &[
        b"a",
        b"\\u0041",
        b"\\U0001f600",
        b"\\\\u0041",
        b"\\\\\\u0042",
        b"\xe9",
        b"\\x41",
        b"\\n",
        b"\r",
        b"\\ud800",
        b"\\udc00",
        b"\0",
        b"\\",
        b" ",
        b"'",
    ];
    const BROKEN: &[&[u8]] = &[b"\\u12", b"\\U00110000", b"\\uzzzz", b"\\U0001"];
    let mut line = Vec::new();
    match body {
        Some(body) => body.chars().for_each(|character| {
            let code = u32::from(character);
            let escape = code > 0xff || matches!(character, '\n' | '\\') || source.one_in(1, 8);
            match escape {
                true if code > 0xffff => line.extend_from_slice(format!("\\U{code:08x}").as_bytes()),
                true => line.extend_from_slice(format!("\\u{code:04x}").as_bytes()),
                // At most 0xff here: one byte of Latin-1.
                false => line.extend(u8::try_from(code)),
            }
        }),
        None => {
            for _ in 0..source.below(5) {
                line.extend_from_slice(source.pick::<&[u8]>(PIECES));
            }
            if source.one_in(1, 300) {
                line.extend_from_slice(source.pick::<&[u8]>(BROKEN));
            }
        }
    }
    line
}

/// Bytes for the counted text opcodes: UTF-8, lone surrogates, now and then invalid.
pub(crate) fn utf8(source: &mut Source<'_>) -> Vec<u8> {
    const TEXTS: &[&[u8]] = &[
        b"",
        b"a",
        b"key",
        b"os",
        b"system",
        b"line\nbreak",
        b"nul\0",
        "\u{e9}".as_bytes(),
        "\u{1f600}".as_bytes(),
        b"\xed\xa0\x80",
        b"\xed\xb0\x80",
        b"\xed\xa0\x80\xed\xb0\x80",
        b"__setstate__",
        b"data",
    ];
    const INVALID: &[&[u8]] = &[b"\xff", b"\xc0\x80", b"\xe0\x80\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\x80"];
    if source.one_in(1, 150) { source.pick::<&[u8]>(INVALID).to_vec() } else { source.pick::<&[u8]>(TEXTS).to_vec() }
}
