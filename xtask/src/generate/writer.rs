//! Writes one opcode at a time, with its argument, and keeps the state in step.

use super::source::Source;
use super::state::{Kind, State, Value};
use super::text;
use depickle::opcode::table::Opcode as Op;

/// What `scalar` chooses from, as often as it stands here; LONG1, BINBYTES and UNICODE stand for their families.
const SCALARS: &[Op] = &[
    Op::None,
    Op::NewTrue,
    Op::NewFalse,
    Op::Int,
    Op::Int,
    Op::Long,
    Op::Float,
    Op::BinFloat,
    Op::BinInt,
    Op::BinInt1,
    Op::BinInt1,
    Op::BinInt2,
    Op::Long1,
    Op::Long1,
    Op::BinBytes,
    Op::BinBytes,
    Op::BinBytes,
    Op::Unicode,
    Op::Unicode,
    Op::Unicode,
    Op::Unicode,
    Op::Unicode,
    Op::Unicode,
    Op::Unicode,
];

pub(crate) struct Writer<'a, 'b> {
    pub(crate) source: &'a mut Source<'b>,
    pub(crate) state: State,
    pub(crate) out: Vec<u8>,
    /// Where each opcode starts.
    pub(crate) starts: Vec<usize>,
    /// Which of these are none, but the bytes of an array between opcodes.
    pub(crate) arrays: Vec<usize>,
    /// Whether a STRING was written that ASCII cannot decode.
    pub(crate) eight_bit: bool,
    /// Whether such strings are written at all: most readers stop at the first.
    eight_bit_wanted: bool,
    /// Whether the stream asks for what comes from outside: a plain reader stops there.
    pub(crate) outside_wanted: bool,
    /// Whether the stream is joblib's: other readers stop at the first array.
    pub(crate) arrays_wanted: bool,
    /// Opcodes of later protocols are not written: at 0 the stream is text.
    pub(crate) protocol: u8,
    /// Numbers given to names so far.
    pub(crate) serial: u32,
}

impl<'a, 'b> Writer<'a, 'b> {
    pub(crate) fn new(source: &'a mut Source<'b>, serial: u32) -> Self {
        let eight_bit_wanted = source.one_in(1, 16);
        let outside_wanted = source.one_in(2, 5);
        let arrays_wanted = source.one_in(1, 30);
        let protocol = *source.pick(&[5, 5, 5, 5, 5, 4, 3, 2, 1, 0, 0]);
        Self {
            source,
            state: State::default(),
            out: Vec::new(),
            starts: Vec::new(),
            arrays: Vec::new(),
            eight_bit: false,
            eight_bit_wanted,
            outside_wanted,
            arrays_wanted,
            protocol,
            serial,
        }
    }

    pub(crate) fn may(&self, op: Op) -> bool {
        op.info().protocol <= self.protocol
    }

    /// One of `ops` that this stream may have; the first where it may have none.
    pub(crate) fn choose(&mut self, ops: &[Op]) -> Op {
        let allowed: Vec<_> = ops.iter().copied().filter(|op| self.may(*op)).collect();
        if allowed.is_empty() { ops[0] } else { *self.source.pick(&allowed) }
    }

    pub(crate) fn op(&mut self, op: Op) {
        self.starts.push(self.out.len());
        self.out.push(op as u8);
    }

    pub(crate) fn op_line(&mut self, op: Op, line: &[u8]) {
        self.op(op);
        self.out.extend_from_slice(line);
        self.out.push(b'\n');
    }

    pub(crate) fn op_counted(&mut self, op: Op, width: usize, data: &[u8]) {
        self.op(op);
        self.out.extend_from_slice(&(data.len() as u64).to_le_bytes()[..width]);
        self.out.extend_from_slice(data);
    }

    fn push(&mut self, kind: Kind) {
        self.state.push(Value::new(kind));
    }

    pub(crate) fn proto(&mut self) {
        if !self.may(Op::Proto) {
            return;
        }
        self.op(Op::Proto);
        let version =
            if self.source.one_in(1, 200) { self.source.byte() } else { *self.source.pick(&[4, 2, 0, 5, 3, 4, 1, 4]) };
        self.out.push(version);
    }

    /// A value that takes nothing from the stack and is no container.
    pub(crate) fn scalar(&mut self) {
        match self.choose(SCALARS) {
            op @ Op::None => self.constant(op, Kind::None),
            op @ (Op::NewTrue | Op::NewFalse) => self.constant(op, Kind::Byte),
            op @ Op::Int => {
                let line = text::int(self.source);
                self.op_line(op, line.as_bytes());
                self.push(Kind::Int);
            }
            op @ Op::Long => {
                let line = text::long(self.source);
                self.op_line(op, line.as_bytes());
                self.push(Kind::Int);
            }
            op @ Op::Float => {
                let line = text::float(self.source);
                self.op_line(op, line.as_bytes());
                self.push(Kind::Other);
            }
            op @ Op::BinFloat => {
                self.op(op);
                let float = *self.source.pick(&[0.0, 1.5, -1e300, f64::NAN, f64::INFINITY]);
                self.out.extend_from_slice(&float.to_be_bytes());
                self.push(Kind::Other);
            }
            op @ Op::BinInt => self.fixed(op, 4, Kind::Int),
            op @ Op::BinInt1 => self.fixed(op, 1, Kind::Byte),
            op @ Op::BinInt2 => self.fixed(op, 2, Kind::Int),
            Op::Long1 => self.long_binary(),
            Op::BinBytes => self.bytes(),
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
        let op = self.choose(&[Op::ShortBinBytes, Op::BinBytes, Op::BinBytes8, Op::ByteArray8]);
        let (width, kind) = match op {
            Op::ShortBinBytes => (1, Kind::Bytes),
            Op::BinBytes => (4, Kind::Bytes),
            Op::BinBytes8 => (8, Kind::Bytes),
            _ => (8, Kind::Bytearray),
        };
        self.op_counted(op, width, &data);
        self.push(kind);
    }

    /// A str by any of the string opcodes: `body`, or something of its own.
    pub(crate) fn string(&mut self, body: Option<&str>) {
        // Strings of Python 2 are ASCII for most readers.
        let mut forms = vec![Op::Unicode, Op::BinUnicode, Op::BinUnicode8, Op::ShortBinUnicode, Op::ShortBinUnicode];
        if body.is_none_or(str::is_ascii) {
            forms.extend([Op::String, Op::BinString, Op::ShortBinString]);
        }
        match self.choose(&forms) {
            op @ Op::String => {
                let (line, eight_bit) = text::quoted(self.source, body, self.eight_bit_wanted);
                self.eight_bit |= eight_bit;
                self.op_line(op, &line);
            }
            op @ Op::BinString => self.counted_string(op, 4, body),
            op @ Op::ShortBinString => self.counted_string(op, 1, body),
            op @ Op::Unicode => {
                let line = text::raw_unicode(self.source, body);
                self.op_line(op, &line);
            }
            op => {
                let data = body.map_or_else(|| text::utf8(self.source), |body| body.as_bytes().to_vec());
                let width = match op {
                    Op::BinUnicode => 4,
                    Op::BinUnicode8 => 8,
                    _ => 1,
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

    /// Pushes an empty container: list, tuple, dict, or where it may be a set.
    pub(crate) fn container(&mut self) {
        let kind = *self.source.pick(&[Kind::List, Kind::Tuple, Kind::Keywords, Kind::Set]);
        self.empty(if kind == Kind::Set && !self.may(Op::EmptySet) { Kind::List } else { kind });
    }

    /// Pushes an empty container of a kind, by its own opcode or by a mark and the one that collects.
    pub(crate) fn empty(&mut self, kind: Kind) {
        let (op, collect) = match kind {
            Kind::List => (Op::EmptyList, Some(Op::List)),
            Kind::Tuple => (Op::EmptyTuple, Some(Op::Tuple)),
            Kind::Keywords => (Op::EmptyDict, Some(Op::Dict)),
            _ => (Op::EmptySet, None),
        };
        match collect {
            Some(collect) if !self.may(op) || self.source.one_in(1, 8) => {
                self.op(Op::Mark);
                self.constant(collect, kind);
            }
            _ => self.constant(op, kind),
        }
    }

    /// Pushes a recording class: GLOBAL, or two strings and STACK_GLOBAL, with anything harmless between.
    pub(crate) fn global(&mut self) {
        let (module, name) = text::name(self.source, &mut self.serial);
        if self.may(Op::StackGlobal) && self.source.one_in(1, 2) {
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
        let op = self.choose(&[Op::Put, Op::BinPut, Op::LongBinPut, Op::Memoize]);
        let index = match (op, u8::try_from(index)) {
            (Op::Memoize, _) => {
                self.op(op);
                self.state.memo.len() as u64
            }
            (Op::BinPut, Ok(short)) => {
                self.op(op);
                self.out.push(short);
                index
            }
            (Op::BinPut | Op::LongBinPut, _) => {
                let long = u32::try_from(index).unwrap_or(u32::MAX);
                self.op(Op::LongBinPut);
                self.out.extend_from_slice(&long.to_le_bytes());
                u64::from(long)
            }
            _ => {
                let line = text::index(self.source, index);
                self.op_line(op, line.as_bytes());
                index
            }
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
        match (self.choose(&[Op::Get, Op::BinGet, Op::LongBinGet]), u8::try_from(index), u32::try_from(index)) {
            (op @ Op::BinGet, Ok(short), _) => {
                self.op(op);
                self.out.push(short);
            }
            (op @ Op::LongBinGet, _, Ok(long)) => {
                self.op(op);
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
        let (op, width, codes) =
            match self.choose(&[Op::PersId, Op::BinPersId, Op::NextBuffer, Op::Ext1, Op::Ext2, Op::Ext4]) {
                op @ Op::Ext1 => (op, 1, [1, 2, 255]),
                op @ Op::Ext2 => (op, 2, [3, 256, 65535]),
                op @ Op::Ext4 => (op, 4, [1, 65536, i32::MAX]),
                op @ Op::NextBuffer => return self.constant(op, Kind::Buffer),
                op @ Op::BinPersId => {
                    self.scalar();
                    self.state.drop(1);
                    return self.constant(op, Kind::Object);
                }
                op => {
                    let line = *self.source.pick(&["id", "1", "", "a b", "x\r"]);
                    self.op_line(op, line.as_bytes());
                    return self.push(Kind::Object);
                }
            };
        if self.source.one_in(1, 40) {
            return self.fixed(op, width, Kind::Class);
        }
        let code = *self.source.pick(&codes);
        self.op(op);
        self.out.extend_from_slice(&code.to_le_bytes()[..width]);
        self.push(Kind::Class);
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
