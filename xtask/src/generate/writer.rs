//! Writes one opcode at a time, with its argument, and keeps the state in step.

use super::source::Source;
use super::state::{Kind, State, Value};
use super::text;
use depickle::opcode::table::Opcode as Op;

pub(crate) struct Writer<'a, 'b> {
    pub(crate) source: &'a mut Source<'b>,
    pub(crate) state: State,
    pub(crate) out: Vec<u8>,
    /// Where each opcode starts.
    pub(crate) starts: Vec<usize>,
    /// Whether a STRING was written that ASCII cannot decode.
    pub(crate) eight_bit: bool,
    /// Whether such strings are written at all: most readers stop at the first.
    eight_bit_wanted: bool,
    /// Whether the stream asks for what comes from outside: a plain reader stops there.
    pub(crate) outside_wanted: bool,
    /// Numbers given to names so far.
    pub(crate) serial: u32,
}

impl<'a, 'b> Writer<'a, 'b> {
    pub(crate) fn new(source: &'a mut Source<'b>, serial: u32) -> Self {
        let eight_bit_wanted = source.one_in(1, 16);
        let outside_wanted = source.one_in(2, 5);
        Self {
            source,
            state: State::default(),
            out: Vec::new(),
            starts: Vec::new(),
            eight_bit: false,
            eight_bit_wanted,
            outside_wanted,
            serial,
        }
    }

    pub(crate) fn op(&mut self, op: Op) {
        self.starts.push(self.out.len());
        self.out.push(op as u8);
    }

    fn op_line(&mut self, op: Op, line: &[u8]) {
        self.op(op);
        self.out.extend_from_slice(line);
        self.out.push(b'\n');
    }

    fn op_counted(&mut self, op: Op, width: usize, data: &[u8]) {
        self.op(op);
        self.out.extend_from_slice(&(data.len() as u64).to_le_bytes()[..width]);
        self.out.extend_from_slice(data);
    }

    fn push(&mut self, kind: Kind) {
        self.state.push(Value::new(kind));
    }

    pub(crate) fn proto(&mut self) {
        self.op(Op::Proto);
        let version =
            if self.source.one_in(1, 200) { self.source.byte() } else { *self.source.pick(&[4, 2, 0, 5, 3, 4, 1, 4]) };
        self.out.push(version);
    }

    /// A value that takes nothing from the stack and is no container.
    pub(crate) fn scalar(&mut self) {
        match self.source.below(24) {
            0 => self.constant(Op::None, Kind::None),
            1 => self.constant(Op::NewTrue, Kind::Byte),
            2 => self.constant(Op::NewFalse, Kind::Byte),
            3 | 4 => {
                let line = text::int(self.source);
                self.op_line(Op::Int, line.as_bytes());
                self.push(Kind::Int);
            }
            5 => {
                let line = text::long(self.source);
                self.op_line(Op::Long, line.as_bytes());
                self.push(Kind::Int);
            }
            6 => {
                let line = text::float(self.source);
                self.op_line(Op::Float, line.as_bytes());
                self.push(Kind::Other);
            }
            7 => {
                self.op(Op::BinFloat);
                let float = *self.source.pick(&[0.0, 1.5, -1e300, f64::NAN, f64::INFINITY]);
                self.out.extend_from_slice(&float.to_be_bytes());
                self.push(Kind::Other);
            }
            8 => self.fixed(Op::BinInt, 4, Kind::Int),
            9 | 10 => self.fixed(Op::BinInt1, 1, Kind::Byte),
            11 => self.fixed(Op::BinInt2, 2, Kind::Int),
            12 | 13 => self.long_binary(),
            14..=16 => self.bytes(),
            _ => self.string(None),
        }
    }

    pub(crate) fn constant(&mut self, op: Op, kind: Kind) {
        self.op(op);
        self.push(kind);
    }

    fn fixed(&mut self, op: Op, width: usize, kind: Kind) {
        self.op(op);
        for _ in 0..width {
            let byte = self.source.byte();
            self.out.push(byte);
        }
        self.push(kind);
    }

    fn long_binary(&mut self) {
        let data: Vec<u8> = (0..self.source.below(12)).map(|_| self.source.byte()).collect();
        let (op, width) = if self.source.one_in(1, 2) { (Op::Long1, 1) } else { (Op::Long4, 4) };
        self.op_counted(op, width, &data);
        self.push(Kind::Int);
    }

    pub(crate) fn bytes(&mut self) {
        let data: Vec<u8> = (0..self.source.below(9)).map(|_| self.source.byte()).collect();
        let (op, width, kind) = *self.source.pick(&[
            (Op::ShortBinBytes, 1, Kind::Bytes),
            (Op::BinBytes, 4, Kind::Bytes),
            (Op::BinBytes8, 8, Kind::Bytes),
            (Op::ByteArray8, 8, Kind::Bytearray),
        ]);
        self.op_counted(op, width, &data);
        self.push(kind);
    }

    /// A str by any of the string opcodes: `body`, or something of its own.
    pub(crate) fn string(&mut self, body: Option<&str>) {
        let odd = body.is_some_and(|body| !body.is_ascii());
        match self.source.below(8) {
            0 if !odd => {
                let (line, eight_bit) = text::quoted(self.source, body, self.eight_bit_wanted);
                self.eight_bit |= eight_bit;
                self.op_line(Op::String, &line);
            }
            1 if !odd => self.counted_string(Op::BinString, 4, body),
            2 if !odd => self.counted_string(Op::ShortBinString, 1, body),
            3 => {
                let line = text::raw_unicode(self.source, body);
                self.op_line(Op::Unicode, &line);
            }
            choice => {
                let data = body.map_or_else(|| text::utf8(self.source), |body| body.as_bytes().to_vec());
                let (op, width) = match choice {
                    4 => (Op::BinUnicode, 4),
                    5 => (Op::BinUnicode8, 8),
                    _ => (Op::ShortBinUnicode, 1),
                };
                self.op_counted(op, width, &data);
            }
        }
        self.push(Kind::Str);
    }

    fn counted_string(&mut self, op: Op, width: usize, body: Option<&str>) {
        let eight_bit = self.eight_bit_wanted && body.is_none() && self.source.one_in(1, 8);
        let data = if eight_bit { "\u{e9}t\u{e9}" } else { body.unwrap_or("text") };
        self.eight_bit |= eight_bit;
        self.op_counted(op, width, data.as_bytes());
    }

    pub(crate) fn container(&mut self) {
        let (op, kind) = *self.source.pick(&[
            (Op::EmptyList, Kind::List),
            (Op::EmptyDict, Kind::Keywords),
            (Op::EmptyTuple, Kind::Tuple),
            (Op::EmptySet, Kind::Set),
        ]);
        self.constant(op, kind);
    }

    /// Pushes a recording class: GLOBAL, or two strings and STACK_GLOBAL, with anything harmless between.
    pub(crate) fn global(&mut self) {
        let (module, name) = text::name(self.source, &mut self.serial);
        if self.source.one_in(1, 2) {
            self.string(Some(&module));
            self.noise();
            self.string(Some(&name));
            self.noise();
            self.state.drop(2);
            self.op(Op::StackGlobal);
        } else {
            self.op_line(Op::Global, format!("{module}\n{name}").as_bytes());
        }
        self.push(Kind::Class);
    }

    /// INST with the values above the mark as arguments.
    pub(crate) fn inst(&mut self) {
        let (mut module, mut name) = text::name(self.source, &mut self.serial);
        let ascii = module.is_ascii() && name.is_ascii();
        if !ascii && !self.source.one_in(1, 20) {
            (module, name) = ("__main__".into(), "Old".into());
        }
        self.state.pop_mark();
        self.op_line(Op::Inst, format!("{module}\n{name}").as_bytes());
        self.push(Kind::Object);
    }

    /// PUT in any of its forms.
    pub(crate) fn put(&mut self) {
        let Some(top) = self.state.peek(0) else { return };
        let forms = if self.source.one_in(1, 400) { 4 } else { 2 };
        let index = match self.source.below(forms) {
            0 => self.source.below(8) as u64,
            1 => self.source.below(256) as u64,
            2 => u64::from(self.source.word()) >> 16,
            // Between these and the next the C engine would fill a gigabyte with zeros.
            _ => u64::from(self.source.word() | 1 << 30) << self.source.below(33),
        };
        let index = match self.source.below(4) {
            0 => {
                let index = self.state.memo.len() as u64;
                self.op(Op::Memoize);
                index
            }
            1 => {
                let line = text::index(self.source, index);
                self.op_line(Op::Put, line.as_bytes());
                index
            }
            choice => match (choice, u8::try_from(index), u32::try_from(index)) {
                (2, Ok(short), _) => {
                    self.op(Op::BinPut);
                    self.out.push(short);
                    index
                }
                (_, _, long) => {
                    let long = long.unwrap_or(u32::MAX);
                    self.op(Op::LongBinPut);
                    self.out.extend_from_slice(&long.to_le_bytes());
                    u64::from(long)
                }
            },
        };
        self.state.memo.insert(index, top);
    }

    /// Pushes an entry of the memo that `fits`, if there is one.
    pub(crate) fn get(&mut self, fits: impl Fn(Value) -> bool) -> bool {
        let found: Vec<_> = self.state.memo.iter().filter(|(_, value)| fits(**value)).map(|(i, v)| (*i, *v)).collect();
        if found.is_empty() {
            return false;
        }
        let (index, value) = *self.source.pick(&found);
        match (self.source.below(3), u8::try_from(index), u32::try_from(index)) {
            (0, Ok(short), _) => {
                self.op(Op::BinGet);
                self.out.push(short);
            }
            (1, _, Ok(long)) => {
                self.op(Op::LongBinGet);
                self.out.extend_from_slice(&long.to_le_bytes());
            }
            _ => {
                let line = text::index(self.source, index);
                self.op_line(Op::Get, line.as_bytes());
            }
        }
        self.state.push(value);
        true
    }

    /// Persistent ids, buffers, extension codes (those that the worker knows): what comes from outside the stream.
    pub(crate) fn outside(&mut self) {
        match self.source.below(9) {
            0 => {
                let line = *self.source.pick(&["id", "1", "", "a b", "x\r"]);
                self.op_line(Op::PersId, line.as_bytes());
                self.push(Kind::Object);
            }
            1 | 2 => {
                self.scalar();
                self.state.drop(1);
                self.op(Op::BinPersId);
                self.push(Kind::Object);
            }
            3..=5 => self.constant(Op::NextBuffer, Kind::Buffer),
            choice => {
                let (op, width, codes) =
                    [(Op::Ext1, 1, [1, 2, 255]), (Op::Ext2, 2, [3, 256, 65535]), (Op::Ext4, 4, [1, 65536, i32::MAX])]
                        [choice - 6];
                if self.source.one_in(1, 40) {
                    return self.fixed(op, width, Kind::Class);
                }
                let code = *self.source.pick(&codes);
                self.op(op);
                self.out.extend_from_slice(&code.to_le_bytes()[..width]);
                self.push(Kind::Class);
            }
        }
    }

    /// Any opcode with any argument: the stream most likely fails here.
    pub(crate) fn wild(&mut self) {
        let row = self.source.pick(&depickle::opcode::table::TABLE);
        self.op(row.opcode);
        for _ in 0..self.source.below(6) {
            let byte = *self.source.pick(&[b'\n', 0, 1, b'1', b'a', 0xff, b'N', b'\'']);
            self.out.push(byte);
        }
    }
}
