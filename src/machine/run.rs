//! One handler per opcode.

use super::effect::{Action, Effect};
use super::memo::Memo;
use super::stack::Stack;
use crate::ast::{Ast, Kind, Value};
use crate::error::{Error, Result};
use crate::limits::{Budget, Limit};
use crate::opcode::text::{self, Number};
use crate::opcode::{Arg, Opcode, Reader, Run, Window};
use std::collections::HashMap;

/// Why the machine came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// STOP was read; this is the result.
    Stop(Value),
    /// A BUILD has just been logged, the last effect; its target is on top of the stack.
    Build,
}

/// An opcode and its position.
#[derive(Clone, Copy)]
pub(super) struct Op {
    pub(super) at: usize,
    pub(super) opcode: Opcode,
}

/// Runs one stream.
#[derive(Debug, Default)]
pub struct Machine {
    /// What the stream builds.
    pub ast: Ast,
    /// What loading it does, in order.
    pub effects: Vec<Effect>,
    /// The memo.
    pub memo: Memo,
    /// The protocol in force.
    pub protocol: u8,
    /// The highest protocol declared.
    pub highest_protocol: u8,
    /// Opcodes run.
    pub opcodes: u64,
    /// Where the first string of Python 2 with a byte above 0x7f stands: readers need an encoding for it.
    pub first_8bit_string: Option<usize>,
    /// The dictionary key or set element that costs most to hash: how many values it stands for, and where.
    pub costliest_key: (u32, usize),
    /// The highest memo index written, and where. The C engine allocates 16 bytes for each below it.
    pub highest_index: (u64, usize),
    /// The longest INT or LONG as text, in bytes, and where: reading it takes the square of that.
    pub longest_number: (u64, usize),
    /// How many ints are written with a length or as text: only such are wide enough to collide as keys.
    pub wide_ints: u64,
    /// Whether anything was fetched from the memo.
    pub reads_memo: bool,
    pub(super) stack: Stack,
    /// Whether something was called, or put into a plain list by a key, so that a plain container may hold less than was
    /// put into it.
    pub(super) may_have_shrunk: bool,
    pub(super) names: HashMap<(Value, Value), Value>,
    edges_spent: u64,
    opcodes_spent: u64,
}

/// Opcodes before the first look at the budget, and between two later ones.
const FIRST_STRIDE: u64 = 64;
const LAST_STRIDE: u64 = 1 << 14;

/// The most bytes for which room is made in advance: that of longer streams doubles seldom enough.
const ROOM: usize = 32 << 10;

/// Indexes from which on the C engine has no memory for its memo.
const C_MEMO_END: u64 = 1 << 40;

impl Machine {
    /// Gives what the stream built and did, and makes ready for another, which knows nothing of it: what is left is the room
    /// that stack and memo took.
    pub fn renew(&mut self) -> (Ast, Vec<Effect>) {
        let Self {
            ast,
            effects,
            memo,
            protocol,
            highest_protocol,
            opcodes,
            first_8bit_string,
            costliest_key,
            highest_index,
            longest_number,
            wide_ints,
            reads_memo,
            stack,
            may_have_shrunk,
            names,
            edges_spent,
            opcodes_spent,
        } = self;
        memo.clear();
        stack.clear();
        names.clear();
        (*protocol, *highest_protocol, *wide_ints) = (0, 0, 0);
        (*opcodes, *opcodes_spent, *edges_spent) = (0, 0, 0);
        (*first_8bit_string, *costliest_key, *highest_index, *longest_number) = Default::default();
        (*reads_memo, *may_have_shrunk) = (false, false);
        (std::mem::take(ast), std::mem::take(effects))
    }

    /// Makes ready for the next stream with the memo of the one before, as a second `load()` on one `Unpickler` does.
    pub fn next_stream(&mut self) {
        self.stack.clear();
        self.protocol = 0;
    }

    /// Runs opcodes until STOP, or, where `pause_at_build`, until after a BUILD that has an effect.
    ///
    /// # Errors
    /// What the engine refuses the stream for. Everything up to there is in [`ast`](Self::ast) and
    /// [`effects`](Self::effects).
    pub fn run<W: Window>(
        &mut self,
        reader: &mut Reader<W>,
        budget: &mut Budget,
        pause_at_build: bool,
    ) -> Result<Pause> {
        loop {
            if self.opcodes >= self.opcodes_spent {
                if self.opcodes == FIRST_STRIDE {
                    self.make_room(reader.source().bytes.len().saturating_sub(reader.position()));
                }
                self.spend(budget)?;
            }
            if let Some(pause) = self.stride(reader, budget, pause_at_build)? {
                return Ok(pause);
            }
        }
    }

    /// Makes room for what the next bytes will hold in an honest stream, of which so many are here: at once, and not in
    /// steps that double.
    fn make_room(&mut self, bytes: usize) {
        let bytes = bytes.min(ROOM);
        self.ast.make_room(bytes / 6, bytes / 32);
        self.memo.make_room(bytes / 16);
    }

    /// Pays for the next opcodes, ever more at once, and for the edges made since the last time.
    fn spend(&mut self, budget: &mut Budget) -> Result<()> {
        let stride = self.opcodes.clamp(FIRST_STRIDE, LAST_STRIDE);
        budget.spend(Limit::Opcodes, stride)?;
        self.opcodes_spent = self.opcodes.saturating_add(stride);
        let edges = self.ast.edge_count() as u64;
        budget.spend(Limit::Edges, edges.saturating_sub(self.edges_spent))?;
        self.edges_spent = edges;
        Ok(())
    }

    /// How many opcodes are paid for.
    #[inline]
    pub(super) fn paid(&self) -> u64 {
        self.opcodes_spent.saturating_sub(self.opcodes)
    }

    /// Notes that only so many are left.
    #[inline]
    pub(super) fn leave(&mut self, paid: u64) {
        self.opcodes = self.opcodes_spent.saturating_sub(paid);
    }

    /// Compares what an opcode did to the stack with what its row in the table says.
    #[cfg(debug_assertions)]
    pub(super) fn check(&self, opcode: Opcode, (values, marks, fence): (usize, usize, usize)) {
        let info = opcode.info();
        let (values_after, marks_after, _) = self.stack.depth();
        let base = if info.to_mark { fence } else { values };
        let expected = base.saturating_sub(usize::from(info.pops)).saturating_add(usize::from(info.pushes));
        let expected_marks = match opcode {
            Opcode::Mark => marks.saturating_add(1),
            _ if info.to_mark => marks.saturating_sub(1),
            _ => marks,
        };
        let popped_mark = opcode == Opcode::Pop && values_after == values && marks_after.saturating_add(1) == marks;
        debug_assert!(popped_mark || (values_after, marks_after) == (expected, expected_marks), "{}", info.name);
    }

    /// Runs the opcodes that are paid for, or as many of them as there are before a pause.
    fn stride<W: Window>(
        &mut self,
        reader: &mut Reader<W>,
        budget: &mut Budget,
        pause_at_build: bool,
    ) -> Result<Option<Pause>> {
        while self.paid() > 0 {
            // Below protocol 2 arguments are lines of text, which a burst cannot take.
            if self.protocol >= 2 {
                self.burst(reader);
                if self.paid() == 0 {
                    break;
                }
            }
            let (at, opcode) = reader.next_opcode()?;
            let op = Op { at, opcode };
            self.opcodes = self.opcodes.wrapping_add(1);
            #[cfg(debug_assertions)]
            let before = self.stack.depth();
            match opcode {
                // Each by itself: the opcode tells the compiler how the argument is read.
                Opcode::BinInt => self.literal(reader, op, Opcode::BinInt, Kind::Int)?,
                Opcode::BinInt1 => self.literal(reader, op, Opcode::BinInt1, Kind::Int)?,
                Opcode::BinInt2 => self.literal(reader, op, Opcode::BinInt2, Kind::Int)?,
                Opcode::BinFloat => self.literal(reader, op, Opcode::BinFloat, Kind::Float)?,
                Opcode::ShortBinUnicode => self.literal(reader, op, Opcode::ShortBinUnicode, Kind::Str)?,
                Opcode::BinUnicode => self.literal(reader, op, Opcode::BinUnicode, Kind::Str)?,
                Opcode::ShortBinBytes => self.literal(reader, op, Opcode::ShortBinBytes, Kind::Bytes)?,
                Opcode::BinBytes => self.literal(reader, op, Opcode::BinBytes, Kind::Bytes)?,
                Opcode::None => self.literal(reader, op, Opcode::None, Kind::None)?,
                Opcode::NewTrue => self.literal(reader, op, Opcode::NewTrue, Kind::Bool)?,
                Opcode::NewFalse => self.literal(reader, op, Opcode::NewFalse, Kind::Bool)?,
                Opcode::Memoize => {
                    let value = self.top(reader, op)?;
                    self.put(self.memo.len(), value, op.at);
                }
                Opcode::BinPut => {
                    let arg = reader.argument(Opcode::BinPut, op.at)?;
                    self.put_at(reader, op, arg)?;
                }
                Opcode::LongBinPut => {
                    let arg = reader.argument(Opcode::LongBinPut, op.at)?;
                    self.put_at(reader, op, arg)?;
                }
                Opcode::Put => {
                    let arg = reader.argument(Opcode::Put, op.at)?;
                    self.put_at(reader, op, arg)?;
                }
                Opcode::BinGet => {
                    let arg = reader.argument(Opcode::BinGet, op.at)?;
                    self.get_at(reader, op, arg)?;
                }
                Opcode::LongBinGet => {
                    let arg = reader.argument(Opcode::LongBinGet, op.at)?;
                    self.get_at(reader, op, arg)?;
                }
                Opcode::Get => {
                    let arg = reader.argument(Opcode::Get, op.at)?;
                    self.get_at(reader, op, arg)?;
                }
                Opcode::Mark => self.stack.mark(),
                Opcode::EmptyTuple => self.make_empty(Kind::Tuple)?,
                Opcode::EmptyList => self.make_empty(Kind::List)?,
                Opcode::EmptyDict => self.make_empty(Kind::Dict)?,
                Opcode::EmptySet => self.make_empty(Kind::Set)?,
                Opcode::Tuple1 => self.tuple(reader, op, 1)?,
                Opcode::Tuple2 => self.tuple(reader, op, 2)?,
                Opcode::Tuple3 => self.tuple(reader, op, 3)?,
                Opcode::Tuple => {
                    let count = self.unmark(reader, op)?;
                    self.make(Kind::Tuple, count)?;
                }
                Opcode::List => {
                    let count = self.unmark(reader, op)?;
                    self.make(Kind::List, count)?;
                }
                Opcode::Dict => {
                    let count = self.unmark(reader, op)?;
                    self.check_pairs(reader, op, count)?;
                    self.make(Kind::Dict, count)?;
                }
                Opcode::FrozenSet => {
                    let count = self.unmark(reader, op)?;
                    self.check_keys(reader, op, count, 1)?;
                    self.make(Kind::FrozenSet, count)?;
                }
                Opcode::Append => {
                    if self.stack.top_items(2).is_none() {
                        return Err(underflow(reader, op));
                    }
                    self.append(reader, op, 1)?;
                }
                Opcode::Appends => {
                    let count = self.unmark(reader, op)?;
                    self.append(reader, op, count)?;
                }
                Opcode::SetItem => {
                    if self.stack.top_items(3).is_none() {
                        return Err(underflow(reader, op));
                    }
                    self.set_items(reader, op, 2)?;
                }
                Opcode::SetItems => {
                    let count = self.unmark(reader, op)?;
                    self.set_items(reader, op, count)?;
                }
                Opcode::AddItems => {
                    let count = self.unmark(reader, op)?;
                    self.add_items(reader, op, count)?;
                }
                Opcode::Pop => {
                    if self.stack.mark_on_top() {
                        self.stack.unmark();
                    } else {
                        self.pop(reader, op)?;
                    }
                }
                Opcode::PopMark => {
                    let count = self.unmark(reader, op)?;
                    self.stack.truncate(count);
                }
                Opcode::Dup => {
                    let value = self.top(reader, op)?;
                    self.stack.push(value);
                }
                Opcode::Build => {
                    if self.build(reader, op)? && pause_at_build {
                        return Ok(Some(Pause::Build));
                    }
                }
                Opcode::Stop => {
                    let value = self.pop(reader, op)?;
                    reader.stop(op.at);
                    return Ok(Some(Pause::Stop(value)));
                }
                Opcode::Reduce | Opcode::NewObj => {
                    let args = self.pop(reader, op)?;
                    let callee = self.pop(reader, op)?;
                    self.call(reader, op, callee, args, None)?;
                }
                Opcode::StackGlobal => self.stack_global(reader, budget, op)?,
                _ => self.rare(reader, budget, op)?,
            }
            #[cfg(debug_assertions)]
            self.check(opcode, before);
        }
        Ok(None)
    }

    /// Opcodes that modern streams seldom have.
    fn rare<W: Window>(&mut self, reader: &mut Reader<W>, budget: &mut Budget, op: Op) -> Result<()> {
        let arg = reader.argument(op.opcode, op.at)?;
        match op.opcode {
            Opcode::Proto => {
                let Arg::Int(protocol @ 0..=5) = arg else {
                    return Err(refuse(reader, op, "PROTO asks for a protocol above 5"));
                };
                self.protocol = u8::try_from(protocol).unwrap_or(5);
                self.highest_protocol = self.highest_protocol.max(self.protocol);
            }
            Opcode::Long1 | Opcode::Long4 => {
                self.wide_ints = self.wide_ints.wrapping_add(1);
                self.push(Kind::Int, op);
            }
            Opcode::Float => self.push(Kind::Float, op),
            Opcode::Unicode | Opcode::BinUnicode8 => self.push(Kind::Str, op),
            Opcode::BinBytes8 => self.push(Kind::Bytes, op),
            Opcode::ByteArray8 => self.push(Kind::ByteArray, op),
            Opcode::Int | Opcode::Long => {
                let is_bool = matches!(arg, Arg::Number(Number::Bool(_)));
                self.wide_ints = self.wide_ints.wrapping_add(1);
                let len = reader.position().saturating_sub(op.at) as u64;
                if len > self.longest_number.0 {
                    self.longest_number = (len, op.at);
                }
                self.push(if is_bool { Kind::Bool } else { Kind::Int }, op);
            }
            Opcode::String | Opcode::BinString | Opcode::ShortBinString => {
                if let (None, Arg::Bytes(run)) = (self.first_8bit_string, arg) {
                    // An escape may stand for a byte above 0x7f.
                    let bytes = reader.bytes(run);
                    if !bytes.is_ascii() || (op.opcode == Opcode::String && bytes.contains(&b'\\')) {
                        let read = text::unescape(bytes).is_some_and(|text| !text.is_ascii());
                        if !bytes.is_ascii() || read {
                            self.first_8bit_string = Some(op.at);
                        }
                    }
                }
                self.push(Kind::ByteStr, op);
            }
            Opcode::NewObjEx => {
                let kwargs = self.pop(reader, op)?;
                let args = self.pop(reader, op)?;
                let callee = self.pop(reader, op)?;
                if kwargs.kind().is_builtin() && kwargs.kind() != Kind::Dict {
                    return Err(refuse(reader, op, "keyword arguments are not a dict"));
                }
                self.call(reader, op, callee, args, Some(kwargs))?;
            }
            Opcode::Obj => {
                let count = self.unmark(reader, op)?;
                let Some((&callee, _)) = self.stack.last(count).split_first() else {
                    return Err(underflow(reader, op));
                };
                self.make(Kind::Tuple, count.saturating_sub(1))?;
                let args = self.pop(reader, op)?;
                self.pop(reader, op)?;
                self.call(reader, op, callee, args, None)?;
            }
            Opcode::Inst => {
                // C asks for the mark before it imports, Python after.
                if !self.stack.has_mark() {
                    reader.part(op.at, "INST without a mark");
                    if reader.dialect().is_c() {
                        return Err(refuse(reader, op, "there is no mark"));
                    }
                }
                let callee = self.import_lines(reader, budget, op, arg)?;
                let count = self.unmark(reader, op)?;
                self.make(Kind::Tuple, count)?;
                let args = self.pop(reader, op)?;
                self.call(reader, op, callee, args, None)?;
            }
            Opcode::Global => {
                let value = self.import_lines(reader, budget, op, arg)?;
                self.stack.push(value);
            }
            Opcode::PersId => {
                let id = Value::new(Kind::Str, op.at as u64);
                self.persistent(op, id)?;
            }
            Opcode::BinPersId => {
                let id = self.pop(reader, op)?;
                self.persistent(op, id)?;
            }
            Opcode::Ext1 | Opcode::Ext2 | Opcode::Ext4 => {
                let Arg::Int(code @ 1..) = arg else {
                    return Err(refuse(reader, op, "an extension code is not positive"));
                };
                let effect = self.log(op.at, Action::Extension { code });
                self.stack.push(Value::new(Kind::Extension, effect));
            }
            Opcode::NextBuffer => {
                let effect = self.log(op.at, Action::Buffer);
                self.stack.push(Value::new(Kind::Buffer, effect));
            }
            Opcode::ReadonlyBuffer => self.readonly_buffer(reader, op)?,
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn push(&mut self, kind: Kind, op: Op) {
        self.stack.push(Value::new(kind, op.at as u64));
    }

    /// Steps over the argument of a literal and pushes it.
    #[inline(always)]
    fn literal<W: Window>(&mut self, reader: &mut Reader<W>, op: Op, opcode: Opcode, kind: Kind) -> Result<()> {
        reader.argument(opcode, op.at)?;
        self.push(kind, op);
        Ok(())
    }

    /// Stores the top of the stack at an index of any form.
    #[inline(always)]
    fn put_at<W: Window>(&mut self, reader: &mut Reader<W>, op: Op, arg: Arg) -> Result<()> {
        let value = self.top(reader, op)?;
        match arg {
            Arg::Int(index) | Arg::Index(Number::Int(index), _) => self.put_checked(reader, op, index, value),
            Arg::Index(_, run) => self.put_vast(reader, op, run, value),
            _ => Err(refuse(reader, op, "no index")),
        }
    }

    /// Pushes the entry at an index of any form.
    #[inline(always)]
    fn get_at<W: Window>(&mut self, reader: &Reader<W>, op: Op, arg: Arg) -> Result<()> {
        let value = match arg {
            Arg::Int(index) | Arg::Index(Number::Int(index), _) => {
                u64::try_from(index).ok().and_then(|index| self.memo.get(index))
            }
            Arg::Index(_, run) if !reader.bytes(run).contains(&b'-') => self.memo.get_vast(reader.bytes(run)),
            _ => None,
        };
        self.reads_memo = true;
        let Some(value) = value else { return Err(no_entry(reader, op, arg)) };
        self.stack.push(value);
        Ok(())
    }

    #[inline]
    pub(super) fn pop<W: Window>(&mut self, reader: &Reader<W>, op: Op) -> Result<Value> {
        self.stack.pop().ok_or_else(|| underflow(reader, op))
    }

    #[inline]
    pub(super) fn top<W: Window>(&self, reader: &Reader<W>, op: Op) -> Result<Value> {
        self.stack.top().ok_or_else(|| underflow(reader, op))
    }

    /// Takes the topmost mark away; answers how many values stand above it.
    #[inline]
    fn unmark<W: Window>(&mut self, reader: &Reader<W>, op: Op) -> Result<usize> {
        self.stack.unmark().ok_or_else(|| refuse(reader, op, "there is no mark"))
    }

    /// Makes a container of the topmost `count` values.
    #[inline]
    fn make(&mut self, kind: Kind, count: usize) -> Result<()> {
        let value = self.ast.make(kind, self.stack.last(count))?;
        self.stack.truncate(count);
        self.stack.push(value);
        Ok(())
    }

    #[inline]
    pub(super) fn make_empty(&mut self, kind: Kind) -> Result<()> {
        let value = self.ast.make_empty(kind)?;
        self.stack.push(value);
        Ok(())
    }

    #[inline]
    fn tuple<W: Window>(&mut self, reader: &Reader<W>, op: Op, count: usize) -> Result<()> {
        if self.stack.top_items(count).is_none() {
            return Err(underflow(reader, op));
        }
        self.make(Kind::Tuple, count)
    }

    pub(super) fn log(&mut self, at: usize, action: Action) -> u64 {
        let index = self.effects.len() as u64;
        self.effects.push(Effect { at, moment: self.ast.now(), action });
        index
    }

    #[inline]
    pub(super) fn put(&mut self, index: u64, value: Value, at: usize) {
        if index > self.highest_index.0 {
            self.highest_index = (index, at);
        }
        self.memo.put(index, value);
    }

    #[inline]
    fn put_checked<W: Window>(&mut self, reader: &mut Reader<W>, op: Op, index: i64, value: Value) -> Result<()> {
        let index = u64::try_from(index).map_err(|_| refuse(reader, op, "a memo index is negative"))?;
        if index >= C_MEMO_END {
            reader.part(op.at, "a memo index beyond any memory");
            if reader.dialect().is_c() {
                return Err(refuse(reader, op, "a memo index is beyond any memory"));
            }
        }
        self.put(index, value, op.at);
        Ok(())
    }

    fn put_vast<W: Window>(&mut self, reader: &mut Reader<W>, op: Op, run: Run, value: Value) -> Result<()> {
        reader.part(op.at, "a memo index beyond any memory");
        if reader.dialect().is_c() || reader.bytes(run).contains(&b'-') {
            return Err(refuse(reader, op, "a memo index is beyond any memory"));
        }
        self.memo.put_vast(reader.bytes(run), value);
        Ok(())
    }

    fn call<W: Window>(
        &mut self,
        reader: &mut Reader<W>,
        op: Op,
        callee: Value,
        args: Value,
        kwargs: Option<Value>,
    ) -> Result<()> {
        let kind = args.kind();
        if kind.is_builtin() && kind != Kind::Tuple {
            // C demands a tuple, Python unpacks whatever can be iterated.
            let iterable = !matches!(kind, Kind::None | Kind::Bool | Kind::Int | Kind::Float);
            if iterable {
                reader.part(op.at, "arguments that are not a tuple");
            }
            if !iterable || reader.dialect().is_c() {
                return Err(refuse(reader, op, format!("arguments are a {}, not a tuple", kind.name())));
            }
        }
        if callee.kind().is_builtin() {
            return Err(refuse(reader, op, format!("a {} cannot be called", callee.kind().name())));
        }
        self.may_have_shrunk = true;
        let effect = u32::try_from(self.effects.len()).unwrap_or(u32::MAX);
        let object = self.ast.object(effect)?;
        let result = u32::try_from(object.payload()).unwrap_or(u32::MAX);
        self.log(op.at, Action::Call { how: op.opcode, callee, args, kwargs, result });
        self.stack.push(object);
        Ok(())
    }

    fn persistent(&mut self, op: Op, id: Value) -> Result<()> {
        let effect = self.log(op.at, Action::Persistent { id });
        self.stack.push(Value::new(Kind::Persistent, effect));
        Ok(())
    }

    fn readonly_buffer<W: Window>(&mut self, reader: &mut Reader<W>, op: Op) -> Result<()> {
        let target = self.top(reader, op)?;
        match target.kind() {
            // A view of bytes is read-only already, and bytes they stay.
            Kind::Bytes | Kind::ByteStr | Kind::View => Ok(()),
            kind if kind.is_builtin() && kind != Kind::ByteArray => {
                Err(refuse(reader, op, format!("a {} is no buffer", kind.name())))
            }
            kind => {
                if !matches!(kind, Kind::ByteArray | Kind::Buffer) {
                    self.log(op.at, Action::View { target });
                }
                let view = self.ast.view(target)?;
                self.stack.truncate(1);
                self.stack.push(view);
                Ok(())
            }
        }
    }
}

#[cold]
pub(super) fn refuse<W: Window>(reader: &Reader<W>, op: Op, message: impl Into<String>) -> Error {
    Error::malformed(reader.source().offset(op.at), message)
}

#[cold]
fn no_entry<W: Window>(reader: &Reader<W>, op: Op, arg: Arg) -> Error {
    match arg {
        Arg::Int(index) | Arg::Index(Number::Int(index), _) => {
            refuse(reader, op, format!("the memo has no entry {index}"))
        }
        _ => refuse(reader, op, "the memo has no such entry"),
    }
}

#[cold]
pub(super) fn underflow<W: Window>(reader: &Reader<W>, op: Op) -> Error {
    refuse(reader, op, format!("{} finds too few values on the stack", op.opcode.info().name))
}
