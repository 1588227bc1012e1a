//! The one table of opcodes (CPython `Lib/pickletools.py`, `Modules/_pickle.c`; PEP 307, PEP 3154, PEP 574).

/// How an opcode's argument is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// There is none.
    None,
    /// One unsigned byte.
    U1,
    /// Two bytes, unsigned, little endian.
    U2,
    /// Four bytes, unsigned, little endian.
    U4,
    /// Four bytes, signed, little endian.
    I4,
    /// Eight bytes, unsigned, little endian.
    U8,
    /// Eight bytes, IEEE double, big endian.
    F8,
    /// A line: the text of an int, with `00` and `01` for booleans.
    IntLine,
    /// A line: the text of an int, an `L` may follow.
    LongLine,
    /// A line: the text of a float.
    FloatLine,
    /// A line: a quoted string with escapes.
    StringLine,
    /// A line: raw-unicode-escape text.
    UnicodeLine,
    /// A line: a persistent id in ASCII.
    PersidLine,
    /// A line: a memo index in decimal.
    IndexLine,
    /// Two lines: module and name.
    NameLines,
    /// A length in one byte, then a signed little-endian number of that length.
    Long1,
    /// A length in four signed bytes, then a signed little-endian number of that length.
    Long4,
    /// A length in one byte, then that many bytes.
    Bytes1,
    /// A length in four bytes, then that many bytes.
    Bytes4,
    /// A length in four bytes, signed in the Python engine, then that many bytes.
    SignedBytes4,
    /// A length in eight bytes, then that many bytes.
    Bytes8,
    /// A length in one byte, then that many bytes of UTF-8.
    Text1,
    /// A length in four bytes, then that many bytes of UTF-8.
    Text4,
    /// A length in eight bytes, then that many bytes of UTF-8.
    Text8,
}

impl ArgumentKind {
    /// Whether an argument ends with a newline.
    pub const fn is_line(self) -> bool {
        matches!(
            self,
            Self::IntLine
                | Self::LongLine
                | Self::FloatLine
                | Self::StringLine
                | Self::UnicodeLine
                | Self::PersidLine
                | Self::IndexLine
                | Self::NameLines
        )
    }

    /// Bytes of the length in front of an argument that has one.
    pub const fn length_width(self) -> Option<u64> {
        match self {
            Self::Bytes1 | Self::Text1 | Self::Long1 => Some(1),
            Self::Bytes4 | Self::SignedBytes4 | Self::Text4 | Self::Long4 => Some(4),
            Self::Bytes8 | Self::Text8 => Some(8),
            _ => None,
        }
    }
}

/// What an opcode does to the memo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoEffect {
    /// Nothing.
    None,
    /// Pushes an entry.
    Get,
    /// Stores the top of the stack.
    Put,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OpcodeInfo {
    /// The opcode.
    pub opcode: Opcode,
    /// Its name in `pickletools`.
    pub name: &'static str,
    /// The protocol that introduced it. Readers do not enforce it.
    pub protocol: u8,
    /// How its argument is written.
    pub argument: ArgumentKind,
    /// Items taken from the stack; with [`to_mark`](Self::to_mark), those below the mark.
    pub pops: u8,
    /// Whether everything down to and including the topmost mark is taken first.
    pub to_mark: bool,
    /// Items put on the stack.
    pub pushes: u8,
    /// What it does to the memo.
    pub memo: MemoEffect,
}

macro_rules! opcodes {
    ($($byte:literal $variant:ident $name:literal $protocol:literal $argument:ident $pops:literal $mark:literal $pushes:literal $memo:ident;)*) => {
        /// An opcode, by its byte.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the names are those of pickletools; the table says the rest")]
        pub enum Opcode { $($variant = $byte,)* }

        /// All 68 opcodes, in the order of their bytes.
        pub const TABLE: [OpcodeInfo; 68] = [$(OpcodeInfo {
            opcode: Opcode::$variant,
            name: $name,
            protocol: $protocol,
            argument: ArgumentKind::$argument,
            pops: $pops,
            to_mark: $mark == 1,
            pushes: $pushes,
            memo: MemoEffect::$memo,
        },)*];
    };
}

// byte  variant          name               protocol argument pops to-mark pushes memo
opcodes! {
    0x28 Mark             "MARK"             0 None         0 0 0 None;
    0x29 EmptyTuple       "EMPTY_TUPLE"      1 None         0 0 1 None;
    0x2e Stop             "STOP"             0 None         1 0 0 None;
    0x30 Pop              "POP"              0 None         1 0 0 None;
    0x31 PopMark          "POP_MARK"         1 None         0 1 0 None;
    0x32 Dup              "DUP"              0 None         1 0 2 None;
    0x42 BinBytes         "BINBYTES"         3 Bytes4       0 0 1 None;
    0x43 ShortBinBytes    "SHORT_BINBYTES"   3 Bytes1       0 0 1 None;
    0x46 Float            "FLOAT"            0 FloatLine    0 0 1 None;
    0x47 BinFloat         "BINFLOAT"         1 F8           0 0 1 None;
    0x49 Int              "INT"              0 IntLine      0 0 1 None;
    0x4a BinInt           "BININT"           1 I4           0 0 1 None;
    0x4b BinInt1          "BININT1"          1 U1           0 0 1 None;
    0x4c Long             "LONG"             0 LongLine     0 0 1 None;
    0x4d BinInt2          "BININT2"          1 U2           0 0 1 None;
    0x4e None             "NONE"             0 None         0 0 1 None;
    0x50 PersId           "PERSID"           0 PersidLine   0 0 1 None;
    0x51 BinPersId        "BINPERSID"        1 None         1 0 1 None;
    0x52 Reduce           "REDUCE"           0 None         2 0 1 None;
    0x53 String           "STRING"           0 StringLine   0 0 1 None;
    0x54 BinString        "BINSTRING"        1 SignedBytes4 0 0 1 None;
    0x55 ShortBinString   "SHORT_BINSTRING"  1 Bytes1       0 0 1 None;
    0x56 Unicode          "UNICODE"          0 UnicodeLine  0 0 1 None;
    0x58 BinUnicode       "BINUNICODE"       1 Text4        0 0 1 None;
    0x5d EmptyList        "EMPTY_LIST"       1 None         0 0 1 None;
    0x61 Append           "APPEND"           0 None         2 0 1 None;
    0x62 Build            "BUILD"            0 None         2 0 1 None;
    0x63 Global           "GLOBAL"           0 NameLines    0 0 1 None;
    0x64 Dict             "DICT"             0 None         0 1 1 None;
    0x65 Appends          "APPENDS"          1 None         1 1 1 None;
    0x67 Get              "GET"              0 IndexLine    0 0 1 Get;
    0x68 BinGet           "BINGET"           1 U1           0 0 1 Get;
    0x69 Inst             "INST"             0 NameLines    0 1 1 None;
    0x6a LongBinGet       "LONG_BINGET"      1 U4           0 0 1 Get;
    0x6c List             "LIST"             0 None         0 1 1 None;
    0x6f Obj              "OBJ"              1 None         0 1 1 None;
    0x70 Put              "PUT"              0 IndexLine    1 0 1 Put;
    0x71 BinPut           "BINPUT"           1 U1           1 0 1 Put;
    0x72 LongBinPut       "LONG_BINPUT"      1 U4           1 0 1 Put;
    0x73 SetItem          "SETITEM"          0 None         3 0 1 None;
    0x74 Tuple            "TUPLE"            0 None         0 1 1 None;
    0x75 SetItems         "SETITEMS"         1 None         1 1 1 None;
    0x7d EmptyDict        "EMPTY_DICT"       1 None         0 0 1 None;
    0x80 Proto            "PROTO"            2 U1           0 0 0 None;
    0x81 NewObj           "NEWOBJ"           2 None         2 0 1 None;
    0x82 Ext1             "EXT1"             2 U1           0 0 1 None;
    0x83 Ext2             "EXT2"             2 U2           0 0 1 None;
    0x84 Ext4             "EXT4"             2 I4           0 0 1 None;
    0x85 Tuple1           "TUPLE1"           2 None         1 0 1 None;
    0x86 Tuple2           "TUPLE2"           2 None         2 0 1 None;
    0x87 Tuple3           "TUPLE3"           2 None         3 0 1 None;
    0x88 NewTrue          "NEWTRUE"          2 None         0 0 1 None;
    0x89 NewFalse         "NEWFALSE"         2 None         0 0 1 None;
    0x8a Long1            "LONG1"            2 Long1        0 0 1 None;
    0x8b Long4            "LONG4"            2 Long4        0 0 1 None;
    0x8c ShortBinUnicode  "SHORT_BINUNICODE" 4 Text1        0 0 1 None;
    0x8d BinUnicode8      "BINUNICODE8"      4 Text8        0 0 1 None;
    0x8e BinBytes8        "BINBYTES8"        4 Bytes8       0 0 1 None;
    0x8f EmptySet         "EMPTY_SET"        4 None         0 0 1 None;
    0x90 AddItems         "ADDITEMS"         4 None         1 1 1 None;
    0x91 FrozenSet        "FROZENSET"        4 None         0 1 1 None;
    0x92 NewObjEx         "NEWOBJ_EX"        4 None         3 0 1 None;
    0x93 StackGlobal      "STACK_GLOBAL"     4 None         2 0 1 None;
    0x94 Memoize          "MEMOIZE"          4 None         1 0 1 Put;
    0x95 Frame            "FRAME"            4 U8           0 0 0 None;
    0x96 ByteArray8       "BYTEARRAY8"       5 Bytes8       0 0 1 None;
    0x97 NextBuffer       "NEXT_BUFFER"      5 None         0 0 1 None;
    0x98 ReadonlyBuffer   "READONLY_BUFFER"  5 None         1 0 1 None;
}

/// For each byte, one more than its row in [`TABLE`]; 0 where the byte is no opcode.
const ROWS: [u8; 256] = {
    let mut rows = [0; 256];
    let mut row = 0;
    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "evaluated while compiling"
    )]
    while row < TABLE.len() {
        rows[TABLE[row].opcode as usize] = row as u8 + 1;
        row += 1;
    }
    rows
};

/// The opcode of each byte.
const OPCODES: [Option<Opcode>; 256] = {
    let mut opcodes = [None; 256];
    let mut row = 0;
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated while compiling")]
    while row < TABLE.len() {
        opcodes[TABLE[row].opcode as usize] = Some(TABLE[row].opcode);
        row += 1;
    }
    opcodes
};

impl Opcode {
    /// The opcode of a byte, if it is one.
    #[inline]
    pub fn from_byte(byte: u8) -> Option<Self> {
        OPCODES.get(usize::from(byte)).copied().flatten()
    }

    /// Its row in the table.
    #[inline]
    pub fn info(self) -> &'static OpcodeInfo {
        // Every variant stands in the table that generated it, so the fallback is never taken.
        info(self as u8).unwrap_or(&TABLE[0])
    }
}

/// The row of a byte, if it is an opcode.
#[inline]
pub fn info(byte: u8) -> Option<&'static OpcodeInfo> {
    let row = ROWS.get(usize::from(byte)).copied().unwrap_or(0);
    TABLE.get(usize::from(row).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_byte() {
        for row in &TABLE {
            assert_eq!(Opcode::from_byte(row.opcode as u8), Some(row.opcode));
            assert_eq!(row.opcode.info().name, row.name);
        }
        assert_eq!((0..=255_u8).filter_map(Opcode::from_byte).count(), 68);
    }
}
