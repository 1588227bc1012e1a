//! GLOBAL, INST and STACK_GLOBAL: asking for names.

use super::effect::Action;
use super::run::{Machine, Op, refuse};
use crate::ast::{Kind, Value};
use crate::error::Result;
use crate::limits::{Budget, Limit};
use crate::opcode::text;
use crate::opcode::{Arg, Literal, Reader, Window};

impl Machine {
    /// Imports what the two lines of GLOBAL or INST name.
    pub(super) fn import_lines<W: Window>(
        &mut self,
        reader: &Reader<W>,
        budget: &mut Budget,
        op: Op,
        arg: Arg,
    ) -> Result<Value> {
        let Arg::Names(module, name) = arg else { return Err(refuse(reader, op, "no names")) };
        let (module, name) = (text::printable(reader.bytes(module)), text::printable(reader.bytes(name)));
        let known = self.ast.symbols().len();
        let value = self.ast.import(&module, &name, self.protocol)?;
        if self.ast.symbols().len() > known {
            budget.spend(Limit::Names, (module.len() as u64).saturating_add(name.len() as u64))?;
        }
        self.log(op.at, Action::Import { value, how: op.opcode });
        Ok(value)
    }

    pub(super) fn stack_global<W: Window>(
        &mut self,
        reader: &mut Reader<W>,
        budget: &mut Budget,
        op: Op,
    ) -> Result<()> {
        let name = self.pop(reader, op)?;
        let module = self.pop(reader, op)?;
        for value in [module, name] {
            // What a call or a hook answers may be a text; everything else is known not to be.
            let is_text = matches!(value.kind(), Kind::Str | Kind::ByteStr);
            let may_be_text = !value.kind().is_builtin() && !matches!(value.kind(), Kind::Import | Kind::View);
            if !is_text && !may_be_text {
                return Err(refuse(reader, op, format!("STACK_GLOBAL is given a {} for a name", value.kind().name())));
            }
        }
        if !(module.kind().is_literal() && name.kind().is_literal()) {
            let effect = self.log(op.at, Action::DynamicImport { module, name });
            self.stack.push(Value::new(Kind::Opaque, effect));
            return Ok(());
        }
        let key = (module, name);
        let value = match self.names.get(&key) {
            // The protocol decides on mapping: a name looked up under another one is another symbol.
            Some(&value) if self.ast.symbol(value).is_some_and(|symbol| symbol.protocol == self.protocol) => value,
            _ => {
                let (module, name) = (self.name(reader, module), self.name(reader, name));
                budget.spend(Limit::Names, (module.len() as u64).saturating_add(name.len() as u64))?;
                let value = self.ast.import(&module, &name, self.protocol)?;
                self.names.insert(key, value);
                value
            }
        };
        self.log(op.at, Action::Import { value, how: op.opcode });
        self.stack.push(value);
        Ok(())
    }

    /// A text literal as a name.
    fn name<W: Window>(&self, reader: &Reader<W>, value: Value) -> String {
        match self.ast.literal(value, reader.source(), reader.dialect()) {
            Some(Literal::Str(text)) => text::printable(&text).into_owned(),
            // Under latin-1, the only encoding that never fails, each byte is a character.
            Some(Literal::ByteStr(bytes)) => bytes.iter().map(|&byte| char::from(byte)).collect(),
            _ => String::new(),
        }
    }
}
