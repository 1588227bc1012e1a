//! What a generated stream does next: opcodes that fit the stack, and phrases that build their own operands.

use super::state::{Kind, Value};
use super::writer::Writer;
use depickle::opcode::table::Opcode as Op;

/// Odds of an opcode that does not fit, out of 10000 per action.
const WILD: u32 = 12;
/// Odds of a phrase on which readers part or that few of them run, of the same.
const QUIRK: u32 = 10;

impl Writer<'_, '_> {
    pub(crate) fn action(&mut self) {
        if self.source.one_in(WILD, 10000) {
            return self.wild();
        }
        if self.source.one_in(QUIRK, 10000) {
            return self.quirk();
        }
        match self.source.below(32) {
            0..=3 => self.scalar(),
            4 => self.container(),
            5 | 6 => self.global(),
            7..=9 => self.call(),
            10 | 11 => self.build(),
            12..=14 => self.mutate(),
            15 | 16 if self.state.marks.len() < 12 => self.open_mark(),
            17..=20 => self.close_mark(),
            21 if self.outside_wanted => self.outside(),
            22 | 23 => self.put(),
            24 | 25 if self.fetch() => {}
            26 => self.tuple(),
            27 if !self.state.above().is_empty() => {
                let top = self.state.peek(0);
                self.op(Op::Dup);
                self.state.stack.extend(top);
            }
            28 => self.pop(),
            29 => self.by_the_stack(),
            30 if self.arrays_wanted => self.array(),
            30 => self.buffer(),
            _ => self.operands(),
        }
    }

    /// Something that leaves the stack as it was.
    pub(crate) fn noise(&mut self) {
        if !self.source.one_in(1, 8) {
            return;
        }
        match self.source.below(9) {
            0 | 1 => self.put(),
            2 => {
                self.scalar();
                self.put();
                self.state.drop(1);
                self.op(Op::Pop);
            }
            3 => {
                self.op(Op::Mark);
                self.op(Op::Pop);
            }
            4 if self.may(Op::PopMark) => {
                self.open_mark();
                self.scalar();
                self.state.pop_mark();
                self.op(Op::PopMark);
            }
            5 => self.proto(),
            6 if !self.state.above().is_empty() => {
                self.op(Op::Dup);
                self.op(Op::Pop);
            }
            7 if self.fetch() => {
                self.state.drop(1);
                self.op(Op::Pop);
            }
            _ => self.put(),
        }
    }

    pub(crate) fn open_mark(&mut self) {
        self.op(Op::Mark);
        self.state.mark();
    }

    fn fetch(&mut self) -> bool {
        self.get(|_| true)
    }

    fn pop(&mut self) {
        if self.state.peek(0).is_some() {
            self.state.drop(1);
            self.op(Op::Pop);
        } else if self.state.marks.pop().is_some() {
            self.op(Op::Pop);
        }
    }

    /// Something to be called: a class from the memo, or a new one.
    fn class(&mut self) {
        if !(self.source.one_in(1, 4) && self.get(|value| value.kind == Kind::Class)) {
            self.global();
        }
        self.noise();
    }

    /// Something that takes any method: an object from the memo, or one from a call, or a class.
    pub(crate) fn recorded(&mut self) {
        match self.source.below(4) {
            0 if self.get(Value::is_recorded) => {}
            1 => self.global(),
            _ => self.call(),
        }
    }

    /// A tuple for a call, and how it is made is left to chance.
    pub(crate) fn arguments(&mut self) {
        match self.source.below(6) {
            0 if self.get(|value| value.kind == Kind::Tuple) => {}
            0 | 1 => self.empty(Kind::Tuple),
            choice if choice == 2 || !self.may(Op::Tuple1) => {
                self.open_mark();
                for _ in 0..self.source.below(4) {
                    self.leaf();
                    self.noise();
                }
                let items = self.state.pop_mark();
                self.op(Op::Tuple);
                self.state.push(Value::of(Kind::Tuple, &items));
            }
            choice => {
                let count = choice - 2;
                let before = self.state.stack.len();
                for _ in 0..count {
                    self.leaf();
                }
                let items = self.state.stack.split_off(before);
                self.op([Op::Tuple1, Op::Tuple2, Op::Tuple3][count - 1]);
                self.state.push(Value::of(Kind::Tuple, &items));
            }
        }
    }

    /// A value in one step.
    pub(crate) fn leaf(&mut self) {
        match self.source.below(8) {
            0 => self.container(),
            1 => self.global(),
            2 if self.fetch() => {}
            _ => self.scalar(),
        }
    }

    /// A value that may be a key.
    fn key(&mut self) {
        if !(self.source.one_in(1, 6) && self.get(Value::is_key)) {
            self.string(None);
        }
    }

    pub(crate) fn call(&mut self) {
        match self.source.below(8) {
            0 => {
                self.open_mark();
                for _ in 0..self.source.below(3) {
                    self.leaf();
                }
                self.inst();
            }
            1 if self.may(Op::Obj) => {
                self.open_mark();
                self.class();
                for _ in 0..self.source.below(3) {
                    self.leaf();
                }
                self.state.pop_mark();
                self.op(Op::Obj);
                self.state.push(Value::new(Kind::Object));
            }
            2 if self.may(Op::NewObjEx) => {
                self.class();
                self.arguments();
                self.keywords();
                self.state.drop(3);
                self.op(Op::NewObjEx);
                self.state.push(Value::new(Kind::Object));
            }
            choice => {
                self.class();
                if self.source.one_in(1, 200) {
                    self.leaf()
                } else {
                    self.arguments()
                }
                self.noise();
                self.state.drop(2);
                self.op(if choice < 5 && self.may(Op::NewObj) { Op::NewObj } else { Op::Reduce });
                self.state.push(Value::new(Kind::Object));
            }
        }
    }

    fn keywords(&mut self) {
        if self.source.one_in(1, 3) && self.get(|value| value.kind == Kind::Keywords) {
            return;
        }
        self.empty(Kind::Keywords);
        if self.source.one_in(1, 2) {
            self.string(Some("key"));
            self.leaf();
            self.state.drop(2);
            self.op(Op::SetItem);
        }
    }

    fn build(&mut self) {
        self.recorded();
        match self.source.below(6) {
            0 | 1 => self.keywords(),
            2 if self.may(Op::Tuple2) => {
                self.keywords();
                self.keywords();
                self.state.drop(2);
                self.op(Op::Tuple2);
                self.state.push(Value::new(Kind::Tuple));
            }
            3 => self.constant(Op::None, Kind::None),
            4 => self.container(),
            _ => self.leaf(),
        }
        self.state.drop(1);
        self.op(Op::Build);
    }

    /// APPEND(S), SETITEM(S), ADDITEMS on a builtin container or on a recorded object.
    fn mutate(&mut self) {
        let choice = self.source.below(10);
        match choice {
            0..=3 => self.empty(Kind::List),
            4..=6 => self.empty(Kind::Keywords),
            7 if self.may(Op::EmptySet) => self.empty(Kind::Set),
            _ => self.recorded(),
        }
        let Some(target) = self.state.peek(0) else { return };
        self.noise();
        self.put_in(target);
    }

    /// Puts something into the target, which is on top.
    fn put_in(&mut self, target: Value) {
        let method = match target.kind {
            Kind::List => 0,
            Kind::Dict | Kind::Keywords => 1,
            Kind::Set => 2,
            _ => self.source.below(if self.may(Op::AddItems) { 3 } else { 2 }),
        };
        let many = method == 2 || self.may(Op::Appends) && self.source.one_in(1, 2);
        if many {
            self.open_mark();
        }
        for _ in 0..if many { self.source.below(5) } else { 1 } {
            match method {
                0 => self.leaf(),
                1 => {
                    self.key();
                    self.leaf();
                }
                _ => self.key(),
            }
        }
        match (many, method) {
            (true, _) => drop(self.state.pop_mark()),
            (false, 1) => self.state.drop(2),
            (false, _) => self.state.drop(1),
        }
        self.op(match (many, method) {
            (true, 0) => Op::Appends,
            (true, 1) => Op::SetItems,
            (true, _) => Op::AddItems,
            (false, 0) => Op::Append,
            (false, _) => Op::SetItem,
        });
        // A key may be anything hashable now.
        if let Some(top) = self.state.stack.last_mut()
            && top.kind == Kind::Keywords
        {
            top.kind = Kind::Dict;
        }
    }

    /// TUPLE1 to TUPLE3 of what is there.
    fn tuple(&mut self) {
        let count = self.state.above().len().min(1 + self.source.below(3));
        if count == 0 || !self.may(Op::Tuple1) {
            return self.leaf();
        }
        let items = self.state.stack.split_off(self.state.stack.len() - count);
        self.op([Op::Tuple1, Op::Tuple2, Op::Tuple3][count - 1]);
        self.state.push(Value::of(Kind::Tuple, &items));
    }

    /// Uses whatever lies above the topmost mark, in a way that fits.
    pub(crate) fn close_mark(&mut self) {
        if self.state.marks.is_empty() {
            return self.leaf();
        }
        let items = self.state.above().to_vec();
        let even = items.len().is_multiple_of(2);
        let all_keys = items.iter().all(|item| item.is_key());
        let keys = even && items.iter().step_by(2).all(|item| item.is_key());
        let text_keys = items.iter().step_by(2).all(|item| item.kind == Kind::Str);
        let under = self.state.under_mark();
        let fits = |wanted: &[Kind]| under.is_some_and(|under| wanted.contains(&under.kind) || under.is_recorded());
        let byte = |item: &Value| item.kind == Kind::Byte;
        let mut choices = vec![Op::Tuple, Op::List, Op::PopMark, Op::Inst];
        if keys {
            choices.push(Op::Dict);
        }
        if all_keys {
            choices.push(Op::FrozenSet);
        }
        if items.first().is_some_and(|first| first.kind == Kind::Class) {
            choices.extend([Op::Obj, Op::Obj]);
        }
        if fits(&[Kind::List]) || (fits(&[Kind::Bytearray]) && items.iter().all(byte)) {
            choices.extend([Op::Appends; 3]);
        }
        if under.is_some_and(|under| under.is_recorded()) && even || fits(&[Kind::Dict, Kind::Keywords]) && keys {
            choices.extend([Op::SetItems; 3]);
        }
        if fits(&[]) || fits(&[Kind::Set]) && all_keys {
            choices.extend([Op::AddItems; 3]);
        }
        let op = self.choose(&choices);
        if op == Op::Inst {
            return self.inst();
        }
        self.state.pop_mark();
        self.op(op);
        match op {
            Op::Tuple => self.state.push(Value::of(Kind::Tuple, &items)),
            Op::FrozenSet => self.state.push(Value::of(Kind::Other, &items)),
            Op::List => self.state.push(Value::new(Kind::List)),
            Op::Dict => self.state.push(Value::new(if text_keys { Kind::Keywords } else { Kind::Dict })),
            Op::Obj => self.state.push(Value::new(Kind::Object)),
            _ => {}
        }
    }

    /// An opcode whose operands happen to be on top.
    fn by_the_stack(&mut self) {
        let peek = |n| self.state.peek(n);
        let (Some(top), Some(second)) = (peek(0), peek(1)) else { return self.leaf() };
        let third = peek(2);
        if second.is_recorded() && top.kind == Kind::Tuple {
            self.state.drop(2);
            let new = second.kind == Kind::Class && self.may(Op::NewObj) && self.source.one_in(1, 2);
            self.op(if new { Op::NewObj } else { Op::Reduce });
            self.state.push(Value::new(Kind::Object));
        } else if second.kind == Kind::List || (second.kind == Kind::Bytearray && top.kind == Kind::Byte) {
            self.state.drop(1);
            self.op(Op::Append);
        } else if second.is_recorded() {
            self.state.drop(1);
            let op = *self.source.pick(&[Op::Build, Op::Append]);
            self.op(op);
        } else if third.is_some_and(|third| third.is_recorded() || third.is_dict()) && second.is_key() {
            self.state.drop(2);
            self.op(Op::SetItem);
        } else if top.kind == Kind::Str && second.kind == Kind::Str && self.may(Op::StackGlobal) {
            self.state.drop(2);
            self.op(Op::StackGlobal);
            self.state.push(Value::new(Kind::Class));
        } else {
            self.tuple();
        }
    }

    pub(crate) fn buffer(&mut self) {
        if !self.may(Op::ReadonlyBuffer) {
            return self.leaf();
        }
        let fits = |value: Value| matches!(value.kind, Kind::Buffer | Kind::Bytes | Kind::Bytearray);
        if !self.state.peek(0).is_some_and(fits) && !self.get(fits) {
            if self.outside_wanted { self.constant(Op::NextBuffer, Kind::Buffer) } else { self.bytes() }
        }
        self.op(Op::ReadonlyBuffer);
        // A read-only view may be hashable and may not; it takes no items.
        if let Some(top) = self.state.stack.last_mut() {
            *top = Value::new(Kind::Buffer);
        }
    }

    /// Operands of some opcode, for `by_the_stack` to find: strings, a target and a value.
    fn operands(&mut self) {
        match self.source.below(3) {
            0 => {
                self.string(None);
                self.string(None);
            }
            1 => {
                self.recorded();
                self.arguments();
            }
            _ => {
                self.recorded();
                self.key();
                self.leaf();
            }
        }
        self.by_the_stack();
    }
}
