//! Opcodes one after another that ask for nothing: what nearly all of a large stream is.
//!
//! Each does what its handler in `run` does where its argument is here and nothing can be refused; wherever that does not
//! hold, the burst ends before the opcode and the handler has it. Bytes and position stay in registers meanwhile.

use super::run::Machine;
use crate::ast::{Kind, Value};
use crate::opcode::{Here, Opcode, Reader, Window};

impl Machine {
    /// Runs opcodes that are paid for until one needs more than a burst can give.
    pub(super) fn burst<W: Window>(&mut self, reader: &mut Reader<W>) {
        let mut here = reader.here();
        let (mut at, mut left) = (here.position(), self.paid());
        while left > 0 {
            #[cfg(debug_assertions)]
            let before = self.stack.depth();
            let Some(_opcode) = self.simple(&mut here) else { break };
            #[cfg(debug_assertions)]
            self.check(_opcode, before);
            at = here.position();
            left = left.wrapping_sub(1);
        }
        self.leave(left);
        reader.advance(at);
    }

    /// Runs the next opcode if it is simple; if not, nothing has changed.
    #[inline(always)]
    fn simple(&mut self, here: &mut Here<'_>) -> Option<Opcode> {
        let at = here.position();
        let opcode = here.opcode()?;
        let literal = |kind| Value::new(kind, at as u64);
        match opcode {
            Opcode::BinGet => {
                let [index] = here.array()?;
                self.fetch(u64::from(index))?;
            }
            Opcode::LongBinGet => {
                let index = u32::from_le_bytes(here.array()?);
                self.fetch(u64::from(index))?;
            }
            Opcode::Memoize => {
                let value = self.stack.top()?;
                self.put(self.memo.len(), value, at);
            }
            Opcode::BinPut => {
                let [index] = here.array()?;
                let value = self.stack.top()?;
                self.put(u64::from(index), value, at);
            }
            Opcode::LongBinPut => {
                let index = u32::from_le_bytes(here.array()?);
                let value = self.stack.top()?;
                self.put(u64::from(index), value, at);
            }
            Opcode::Mark => self.stack.mark(),
            Opcode::BinInt1 => {
                here.array::<1>()?;
                self.stack.push(literal(Kind::Int));
            }
            Opcode::BinInt2 => {
                here.array::<2>()?;
                self.stack.push(literal(Kind::Int));
            }
            Opcode::BinInt => {
                here.array::<4>()?;
                self.stack.push(literal(Kind::Int));
            }
            Opcode::BinFloat => {
                here.array::<8>()?;
                self.stack.push(literal(Kind::Float));
            }
            Opcode::ShortBinUnicode => {
                let [len] = here.array()?;
                here.ascii(usize::from(len))?;
                self.stack.push(literal(Kind::Str));
            }
            Opcode::BinUnicode => {
                let len = u32::from_le_bytes(here.array()?);
                here.ascii(usize::try_from(len).ok()?)?;
                self.stack.push(literal(Kind::Str));
            }
            Opcode::ShortBinBytes => {
                let [len] = here.array()?;
                here.skip(usize::from(len))?;
                self.stack.push(literal(Kind::Bytes));
            }
            Opcode::None => self.stack.push(literal(Kind::None)),
            Opcode::NewTrue | Opcode::NewFalse => self.stack.push(literal(Kind::Bool)),
            Opcode::EmptyTuple => self.make_empty(Kind::Tuple).ok()?,
            Opcode::EmptyList => self.make_empty(Kind::List).ok()?,
            Opcode::EmptyDict => self.make_empty(Kind::Dict).ok()?,
            Opcode::Tuple1 => self.make_tuple(1)?,
            Opcode::Tuple2 => self.make_tuple(2)?,
            Opcode::Tuple3 => self.make_tuple(3)?,
            Opcode::SetItems => {
                let (target, items) = self.stack.marked()?;
                let names = items.iter().step_by(2).all(|key| key.is(Kind::Str));
                if !target.is(Kind::Dict) || !items.len().is_multiple_of(2) || !names {
                    return None;
                }
                self.ast.append(target, items).ok()?;
                self.stack.drop_marked();
            }
            Opcode::Appends => {
                let (target, items) = self.stack.marked()?;
                if !target.is(Kind::List) {
                    return None;
                }
                self.ast.append(target, items).ok()?;
                self.stack.drop_marked();
            }
            _ => return None,
        }
        Some(opcode)
    }

    #[inline(always)]
    fn fetch(&mut self, index: u64) -> Option<()> {
        let value = self.memo.get(index)?;
        self.reads_memo = true;
        self.stack.push(value);
        Some(())
    }

    #[inline(always)]
    fn make_tuple(&mut self, count: usize) -> Option<()> {
        let value = self.ast.make(Kind::Tuple, self.stack.top_items(count)?).ok()?;
        self.stack.truncate(count);
        self.stack.push(value);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::opcode::{Access, Dialect, FileWindow, SliceWindow};

    /// What a machine has come to, and what is known of it.
    fn run<W: Window>(window: W) -> String {
        let mut machine = Machine::default();
        let mut reader = Reader::new(window, 0, Dialect::C);
        let outcome = machine.run(&mut reader, &mut Limits::default().budget(1000), false);
        // Where each stands after an error is its own affair.
        let outcome = outcome.map(|pause| (pause, reader.position())).map_err(|error| error.kind());
        let Machine { ast, effects, memo, stack, opcodes, highest_index, costliest_key, reads_memo, .. } = &machine;
        let counts = (opcodes, highest_index, costliest_key, reads_memo);
        format!("{outcome:?} {counts:?} {ast:?} {effects:?} {memo:?} {stack:?}")
    }

    /// An engine that reads a file without a buffer has nothing here, so there each opcode is its handler's.
    #[test]
    fn a_burst_does_what_the_handlers_do() {
        let opcodes: [&[u8]; 33] = [
            b"h\0",
            b"h\x01",
            b"h\x02",
            b"j\x01\0\0\0",
            b"\x94",
            b"\x94",
            b"q\x01",
            b"r\x02\0\0\0",
            b"(",
            b"(",
            b"K\x01",
            b"M\x01\0",
            b"J\x01\0\0\0",
            b"G\0\0\0\0\0\0\0\0",
            b"\x8c\x01a",
            b"\x8c\x02\xc3\xa4",
            b"\x8c\x01\xff",
            b"X\x01\0\0\0b",
            b"C\x01c",
            b"N",
            b"\x88",
            b")",
            b"]",
            b"]",
            b"}",
            b"}",
            b"\x85",
            b"\x86",
            b"\x87",
            b"u",
            b"e",
            b"t",
            b"0",
        ];
        let mut state = 1_u32;
        let mut next = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from(state >> 16).unwrap().checked_rem(below).unwrap()
        };
        for _ in 0..3000 {
            let mut stream = b"\x80\x04]\x94}\x94(".to_vec();
            for _ in 0..next(40) {
                stream.extend_from_slice(opcodes.get(next(opcodes.len())).unwrap());
            }
            stream.extend_from_slice(if next(4) == 0 { b"" } else { b"." });
            let file = FileWindow::new(SliceWindow::new(&stream), Access::Unbuffered);
            assert_eq!(run(SliceWindow::new(&stream)), run(file), "{stream:x?}");
        }
    }
}
