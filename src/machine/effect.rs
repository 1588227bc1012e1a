//! Effects: everything in a stream that can run code, in order.

use crate::ast::{Moment, Value};
use crate::opcode::Opcode;

/// One thing that loading does.
#[derive(Clone, Copy, Debug)]
pub struct Effect {
    /// Position of its opcode.
    pub at: usize,
    /// What containers held when it happened; for the three that put items into their target, what they held before.
    pub moment: Moment,
    /// What it is.
    pub action: Action,
}

/// What an effect is.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// `find_class` is asked for a name (GLOBAL, STACK_GLOBAL, INST).
    Import {
        /// The import.
        value: Value,
        /// By which opcode.
        how: Opcode,
    },
    /// `find_class` is asked for a name that is made at run time (STACK_GLOBAL).
    DynamicImport {
        /// What gives the module.
        module: Value,
        /// What gives the name.
        name: Value,
    },
    /// Something is called (REDUCE, OBJ, INST) or made by `__new__` (NEWOBJ, NEWOBJ_EX; OBJ and INST without
    /// arguments where the callee is a class).
    Call {
        /// By which opcode.
        how: Opcode,
        /// What is called.
        callee: Value,
        /// Its arguments: a tuple, or whatever stands in its place.
        args: Value,
        /// Its keyword arguments (NEWOBJ_EX).
        kwargs: Option<Value>,
        /// The number of the object that the call answers.
        result: u32,
    },
    /// A state is given to something that is not a plain value: `__setstate__`, `__dict__`, slots (BUILD).
    Build {
        /// What takes the state.
        target: Value,
        /// The state.
        state: Value,
    },
    /// Items are put into something that is not a list: `extend` or `append` (APPEND, APPENDS).
    Append {
        /// What takes them.
        target: Value,
        /// How many.
        count: u32,
    },
    /// Items are put into something that is not a dict: `__setitem__` (SETITEM, SETITEMS).
    SetItem {
        /// What takes them.
        target: Value,
        /// How many keys and values together.
        count: u32,
    },
    /// Items are put into something that is not a set: `add` or `update` (ADDITEMS).
    Add {
        /// What takes them.
        target: Value,
        /// How many.
        count: u32,
    },
    /// `persistent_load` is asked (PERSID, BINPERSID).
    Persistent {
        /// The persistent id.
        id: Value,
    },
    /// The extension registry is asked (EXT1, EXT2, EXT4).
    Extension {
        /// The code.
        code: i64,
    },
    /// The next out-of-band buffer is taken (NEXT_BUFFER).
    Buffer,
    /// A read-only view is taken of something that is not plain bytes (READONLY_BUFFER).
    View {
        /// Of what.
        target: Value,
    },
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_effect_is_small() {
        assert!(size_of::<super::Effect>() <= 56);
    }
}
