//! Phrases that no writer writes: readers part on them, or few take them.

use super::state::{Kind, Value};
use super::writer::Writer;
use depickle::opcode::table::Opcode as Op;

impl Writer<'_, '_> {
    /// What no writer writes, and what some readers take.
    pub(crate) fn quirk(&mut self) {
        match self.source.below(7) {
            // A state that is none for a plain value.
            0 => {
                self.leaf();
                let empty = *self.source.pick(&[Kind::Tuple, Kind::Keywords, Kind::List]);
                self.empty(empty);
                self.state.drop(1);
                self.op(Op::Build);
            }
            // A memo index that only a dict has room for.
            1 => {
                self.scalar();
                let index = (1_u64 << 40) + u64::from(self.source.word());
                self.op_line(Op::Put, index.to_string().as_bytes());
            }
            // `__new__` of what is no class.
            2 if self.may(Op::NewObj) => {
                self.call();
                self.arguments();
                self.state.drop(2);
                self.op(Op::NewObj);
                self.state.push(Value::new(Kind::Object));
            }
            // A key without a value, after some that have one.
            3 if self.may(Op::SetItems) => {
                self.recorded();
                self.open_mark();
                (0..3 + 2 * self.source.below(2)).for_each(|_| self.leaf());
                self.state.pop_mark();
                self.op(Op::SetItems);
            }
            // A state for a view.
            4 => {
                self.buffer();
                let state = *self.source.pick(&[Op::None, Op::EmptyDict]);
                self.op(state);
                self.op(Op::Build);
            }
            // A view of a string.
            5 if self.may(Op::ReadonlyBuffer) => {
                self.string(None);
                self.op(Op::ReadonlyBuffer);
            }
            // An old instance without a mark.
            _ => self.op_line(Op::Inst, b"m\nn"),
        }
    }
}
