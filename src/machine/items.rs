//! APPEND, SETITEM, ADDITEMS and the like: putting values into others.

use super::effect::Action;
use super::run::{Machine, Op, refuse, underflow};
use crate::ast::{Kind, Value};
use crate::error::Result;
use crate::opcode::{Reader, Window};

impl Machine {
    /// Checks that the topmost `count` values are keys and values in turn, and that the keys can be hashed.
    pub(super) fn check_pairs<W: Window>(&mut self, reader: &Reader<W>, op: Op, count: usize) -> Result<()> {
        if !count.is_multiple_of(2) {
            return Err(refuse(reader, op, "a key has no value"));
        }
        self.check_keys(reader, op, count, 2)
    }

    /// Checks that every `step`-th of the topmost `count` values can be hashed, and what that costs.
    #[inline]
    pub(super) fn check_keys<W: Window>(
        &mut self,
        reader: &Reader<W>,
        op: Op,
        count: usize,
        step: usize,
    ) -> Result<()> {
        for &key in self.stack.last(count).iter().step_by(step) {
            if key.is(Kind::Str) {
                continue;
            }
            if !self.ast.is_hashable(key) {
                return Err(refuse(reader, op, "a key or set element cannot be hashed"));
            }
            if !key.kind().is_literal() {
                self.ast.note_key(key, self.effects.len());
            }
            let cost = self.ast.expanded(key);
            if cost > self.costliest_key.0 {
                self.costliest_key = (cost, op.at);
            }
        }
        Ok(())
    }

    /// Whether a target of the given kind is something whose methods are called; plain values refuse.
    fn foreign<W: Window>(&self, reader: &Reader<W>, op: Op, target: Value, also: &[Kind]) -> Result<()> {
        if target.kind().is_builtin() && !also.contains(&target.kind()) {
            return Err(refuse(reader, op, format!("a {} does not take items this way", target.kind().name())));
        }
        Ok(())
    }

    /// Where nothing is put into something that is not of the exact type, C looks no further and Python asks for the
    /// method.
    fn nothing_to_put<W: Window>(&mut self, reader: &mut Reader<W>, op: Op) -> bool {
        reader.part(op.at, "nothing is put into something of another type");
        reader.dialect().is_c()
    }

    #[inline]
    pub(super) fn append<W: Window>(&mut self, reader: &mut Reader<W>, op: Op, count: usize) -> Result<()> {
        let target = self.below(reader, op, count)?;
        if target.is(Kind::List) {
            self.ast.append(target, self.stack.last(count))?;
        } else if count > 0 || !self.nothing_to_put(reader, op) {
            self.foreign(reader, op, target, &[Kind::ByteArray])?;
            let action = Action::Append { target, count: u32::try_from(count).unwrap_or(u32::MAX) };
            self.log(op.at, action);
            self.ast.put(target, Kind::List, self.stack.last(count))?;
        }
        self.stack.truncate(count);
        Ok(())
    }

    #[inline]
    pub(super) fn set_items<W: Window>(&mut self, reader: &mut Reader<W>, op: Op, count: usize) -> Result<()> {
        let target = self.below(reader, op, count)?;
        if target.is(Kind::Dict) {
            self.check_pairs(reader, op, count)?;
            self.ast.append(target, self.stack.last(count))?;
        } else if count > 0 {
            // C counts first. Python puts in pair after pair, until a key has no value.
            let odd = !count.is_multiple_of(2);
            if odd {
                reader.part(op.at, "a key has no value");
            }
            let pairs = if odd { count.saturating_sub(1) } else { count };
            if pairs > 0 && !(odd && reader.dialect().is_c()) {
                // What is no dict may take keys that cannot be hashed.
                self.foreign(reader, op, target, &[Kind::List, Kind::ByteArray])?;
                self.may_have_shrunk = true;
                let action = Action::SetItem { target, count: u32::try_from(pairs).unwrap_or(u32::MAX) };
                self.log(op.at, action);
                let items = self.stack.last(count);
                self.ast.put(target, Kind::Dict, items.get(..pairs).unwrap_or(items))?;
            }
            if odd {
                return Err(refuse(reader, op, "a key has no value"));
            }
        }
        self.stack.truncate(count);
        Ok(())
    }

    pub(super) fn add_items<W: Window>(&mut self, reader: &mut Reader<W>, op: Op, count: usize) -> Result<()> {
        let target = self.below(reader, op, count)?;
        if target.kind() == Kind::Set {
            self.check_keys(reader, op, count, 1)?;
            self.ast.append(target, self.stack.last(count))?;
        } else if count > 0 || !self.nothing_to_put(reader, op) {
            self.foreign(reader, op, target, &[])?;
            let action = Action::Add { target, count: u32::try_from(count).unwrap_or(u32::MAX) };
            self.log(op.at, action);
            self.ast.put(target, Kind::List, self.stack.last(count))?;
        }
        self.stack.truncate(count);
        Ok(())
    }

    /// The value below the topmost `count`.
    #[inline]
    fn below<W: Window>(&self, reader: &Reader<W>, op: Op, count: usize) -> Result<Value> {
        let items = self.stack.top_items(count.saturating_add(1));
        items.and_then(|items| items.first().copied()).ok_or_else(|| underflow(reader, op))
    }
}
