//! BUILD: giving a state to a value.

use super::effect::Action;
use super::run::{Machine, Op, refuse};
use crate::ast::{Kind, Value};
use crate::error::Result;
use crate::opcode::{Engine, Literal, Reader, Window};

impl Machine {
    /// Gives a state to the value below it (`load_build`). Answers whether that does anything.
    pub(super) fn build<W: Window>(&mut self, reader: &mut Reader<W>, op: Op) -> Result<bool> {
        let state = self.pop(reader, op)?;
        let target = self.top(reader, op)?;
        if target.kind().is_builtin() {
            let (c, python) =
                (self.is_no_state(reader, state, Engine::C), self.is_no_state(reader, state, Engine::Python));
            if c != python {
                reader.part(op.at, "an empty state for a plain value");
            }
            match if reader.dialect().is_c() { c } else { python } {
                Some(true) => return Ok(false),
                Some(false) => return Err(refuse(reader, op, format!("a {} takes no state", target.kind().name()))),
                None => {}
            }
        }
        let effect = self.log(op.at, Action::Build { target, state });
        self.ast.note_build(target, u32::try_from(effect).unwrap_or(u32::MAX));
        Ok(true)
    }

    /// Whether giving `state` to a plain value does nothing: `None`, and in Python whatever is false. `None` where that
    /// cannot be known: what a call answered may be empty.
    fn is_no_state<W: Window>(&self, reader: &Reader<W>, state: Value, engine: Engine) -> Option<bool> {
        let now = self.ast.now();
        let mut items = self.ast.items(state, now);
        match (state.kind(), self.ast.len(state), items.next(), items.next()) {
            (Kind::Tuple, 2, Some(state), Some(slots)) => {
                let both = match engine {
                    Engine::C => [is_none(state), self.is_empty_dict(slots)],
                    Engine::Python => [self.is_false(reader, state), self.is_false(reader, slots)],
                };
                if both.contains(&Some(false)) { Some(false) } else { (!both.contains(&None)).then_some(true) }
            }
            _ => match engine {
                Engine::C => is_none(state),
                Engine::Python => self.is_false(reader, state),
            },
        }
    }

    fn is_empty_dict(&self, value: Value) -> Option<bool> {
        match value.kind() {
            Kind::Dict => Some(self.ast.is_empty(value)),
            kind if kind.is_builtin() || kind == Kind::View => Some(false),
            _ => None,
        }
    }

    /// Whether a value is false, if it is a plain one and nobody can have taken anything out of it.
    fn is_false<W: Window>(&self, reader: &Reader<W>, value: Value) -> Option<bool> {
        if !value.kind().is_builtin() {
            return None;
        }
        let is_false = if value.kind().is_container() {
            self.ast.is_empty(value)
        } else {
            match self.ast.literal(value, reader.source(), reader.dialect()) {
                Some(Literal::None | Literal::Bool(false) | Literal::Int(0)) => true,
                Some(Literal::Float(value)) => value == 0.0,
                Some(Literal::Str(text) | Literal::ByteStr(text)) => text.is_empty(),
                Some(Literal::Bytes(bytes) | Literal::ByteArray(bytes)) => bytes.is_empty(),
                _ => false,
            }
        };
        let shrinks = matches!(value.kind(), Kind::List | Kind::Dict | Kind::Set | Kind::ByteArray);
        (is_false || !(shrinks && self.may_have_shrunk)).then_some(is_false)
    }
}

/// Whether a value is `None`; `None` where that cannot be known.
fn is_none(value: Value) -> Option<bool> {
    let kind = value.kind();
    (kind.is_builtin() || kind == Kind::View).then_some(kind == Kind::None)
}
