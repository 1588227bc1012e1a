//! The calls that make objects, and what is done to them afterwards.

use super::node::Made;
use crate::ast::{Kind, Moment, Value};
use crate::loader::View;
use crate::loader::copyreg::given_items;
use crate::machine::{Action, Effect};
use crate::opcode::Opcode;
use crate::resolve::map_name;
use std::collections::{HashMap, HashSet};

/// The call that made an object, and what was done to it.
pub(super) struct Call<'o> {
    pub(super) view: View<'o>,
    /// Whether it is `cls.__new__(cls, ...)`.
    pub(super) is_new: bool,
    pub(super) callee: Value,
    pub(super) args: Value,
    pub(super) kwargs: Option<Value>,
    pub(super) made: Moment,
    /// The state, and when it was given.
    pub(super) build: Option<(Value, Moment)>,
    pub(super) items: Option<Value>,
}

impl<'o> Call<'o> {
    pub(super) fn of(view: View<'o>, value: Value) -> Option<Self> {
        let object = view.ast.object_of(value)?;
        let &Effect { action, moment: made, .. } = view.effects.get(object.made_by as usize)?;
        let Action::Call { how, callee, args, kwargs, .. } = action else { return None };
        let build = object.build.and_then(|build| view.effects.get(build as usize));
        let build = build.and_then(|effect| match effect.action {
            Action::Build { state, .. } => Some((state, effect.moment)),
            _ => None,
        });
        let is_new = matches!(how, Opcode::NewObj | Opcode::NewObjEx);
        Some(Self { view, is_new, callee, args, kwargs, made, build, items: object.items })
    }

    /// Module and name of what is called.
    pub(super) fn callee_name(&self) -> Option<(&'o str, &'o str)> {
        let symbol = self.view.ast.symbol(self.callee)?;
        Some(map_name(&symbol.module, &symbol.name, symbol.protocol))
    }

    /// Whether the state, or an argument, holds something else at the end than it did when it was taken.
    pub(super) fn changes_later(&self) -> bool {
        let ast = self.view.ast;
        let state = self.build.is_some_and(|(state, moment)| ast.changed_after(state, moment));
        state || ast.items(self.args, self.made).any(|arg| ast.changed_after(arg, self.made))
    }
}

/// Class, arguments and items of a record.
pub(super) struct Parts {
    pub(super) class: Value,
    pub(super) made: Made,
    pub(super) args: Args,
    pub(super) kwargs: Option<Value>,
    pub(super) items: Option<Value>,
}

pub(super) enum Args {
    Tuple(Value),
    Listed(Vec<Value>),
}

impl Parts {
    /// Reads the calls of `copyreg` that protocols 0 and 1 make where protocol 2 has opcodes.
    pub(super) fn undo_copyreg(&mut self, function: &str, call: &Call<'_>) {
        let ast = call.view.ast;
        let args: Vec<Value> = ast.items(call.args, Moment::END).collect();
        match (function, args.as_slice()) {
            // copyreg._reconstructor(cls, base, state): base.__new__(cls, state), or object.__new__(cls).
            ("_reconstructor", &[class, base, state]) => {
                let base = ast.symbol(base).map(|base| map_name(&base.module, &base.name, base.protocol));
                let (args, items) = match (base, state.kind()) {
                    (Some(("builtins", "object")), Kind::None) => (Vec::new(), self.items),
                    _ if self.items.is_none() && given_items(ast, call.callee, call.args).is_some() => {
                        (Vec::new(), Some(state))
                    }
                    (Some(("builtins", "int" | "float" | "str" | "bytes" | "tuple" | "complex")), _) => {
                        (vec![state], self.items)
                    }
                    _ => return,
                };
                (self.class, self.made, self.args, self.items) = (class, Made::New, Args::Listed(args), items);
            }
            ("__newobj__", [class, args @ ..]) => {
                (self.class, self.made, self.args) = (*class, Made::New, Args::Listed(args.to_vec()));
            }
            ("__newobj_ex__", &[class, args, kwargs]) if args.kind() == Kind::Tuple => {
                (self.class, self.made, self.args, self.kwargs) = (class, Made::New, Args::Tuple(args), Some(kwargs));
            }
            _ => {}
        }
    }
}

/// Values to which something is done that the AST keeps no record of, or a mixed one: a second state, items of two kinds,
/// anything given to what is no object.
pub(super) fn strange(view: View<'_>) -> HashSet<Value> {
    let mut strange = HashSet::new();
    let mut put: HashMap<Value, bool> = HashMap::new();
    for (number, effect) in (0_u32..).zip(view.effects) {
        let (target, how) = match effect.action {
            Action::Build { target, .. } => {
                if view.ast.object_of(target).is_none_or(|object| object.build != Some(number)) {
                    strange.insert(target);
                }
                continue;
            }
            Action::Append { target, .. } => (target, true),
            Action::SetItem { target, .. } => (target, false),
            // No writer adds to an object: subclasses of `set` are made from a list.
            Action::Add { target, .. } => {
                strange.insert(target);
                continue;
            }
            _ => continue,
        };
        let is_list = *put.entry(target).or_insert(how);
        if is_list != how || view.ast.object_of(target).is_none() {
            strange.insert(target);
        }
    }
    strange
}
