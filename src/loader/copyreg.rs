//! `copyreg._reconstructor`, which protocols 0 and 1 write for objects of classes of Python's own kinds.

use crate::ast::{Ast, Kind, Moment, Value};

/// The class of the object that `_reconstructor(class, base, state)` makes, and the dict or list whose items it is given
/// where `base` is one of these (`Lib/copyreg.py`: `base.__new__(class, state)`, then `base.__init__`).
pub fn given_items(ast: &Ast, callee: Value, args: Value) -> Option<(Value, Value)> {
    let named = |value: Value, modules: [&str; 2]| {
        let symbol = ast.symbol(value)?;
        modules.contains(&&*symbol.module).then_some(&*symbol.name)
    };
    if named(callee, ["copyreg", "copy_reg"])? != "_reconstructor" {
        return None;
    }
    let mut items = ast.items(args, Moment::END);
    let (class, base, state) = (items.next()?, items.next()?, items.next()?);
    let fits = match named(base, ["builtins", "__builtin__"])? {
        "dict" => state.kind() == Kind::Dict,
        "list" => state.kind() == Kind::List,
        _ => false,
    };
    (fits && items.next().is_none()).then_some((class, state))
}
