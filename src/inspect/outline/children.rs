//! What stands below a node, in the order in which it is shown.

use super::heads::symbol;
use super::{Child, Label, Node, Outline};
use crate::ast::{Ast, Kind, Moment, Value};
use crate::inspect::tensors;
use crate::loader::copyreg::given_items;
use crate::loader::{Reading, View};
use crate::machine::Action;
use crate::opcode::Opcode;
use std::collections::{HashMap, HashSet};

impl Outline<'_, '_> {
    /// Whether a container stands as a node of its own in each object that takes it, because several do.
    fn is_spread(&self, reading: u32, value: Value) -> bool {
        let mut known = self.spread.borrow_mut();
        let spread = known.entry(reading).or_insert_with(|| self.reading(reading).map(spread).unwrap_or_default());
        spread.contains(&value)
    }

    /// The children of a node, in the order in which they are shown.
    pub fn children(&self, node: Node) -> Vec<Child> {
        let Some(view) = self.view(node) else { return Vec::new() };
        let mut children = Vec::new();
        if self.is_leaf(node) {
            return children;
        }
        let here = |value: Value| Node { value, ..node };
        let mut push = |label: Label, value: Value| children.push(Child { label, node: here(value) });
        match node.value.kind() {
            Kind::Object => self.object_children(view, node, &mut children),
            Kind::Persistent if self.contents.storages.asked(view, node.value).is_some() => {}
            Kind::Persistent => {
                if let Some(Action::Persistent { id }) = view.effects.get(node.value.index()).map(|it| it.action) {
                    push(Label::Asked("id"), id);
                }
            }
            Kind::View => {
                if let Some(inner) = view.ast.viewed(node.value) {
                    push(Label::Argument(0), inner);
                }
            }
            Kind::Opaque => {
                let action = view.effects.get(node.value.index()).map(|effect| effect.action);
                if let Some(Action::DynamicImport { module, name }) = action {
                    push(Label::Asked("module"), module);
                    push(Label::Asked("name"), name);
                }
            }
            _ => container(view, node, node.value, &mut children),
        }
        children
    }

    fn object_children(&self, view: View<'_>, node: Node, children: &mut Vec<Child>) {
        if let Some(array) = self.array(node) {
            match self.object_elements(node, &array) {
                Some(list) if self.is_spread(list.reading, list.value) => {
                    children.push(Child { label: Label::Asked("elements"), node: list });
                }
                Some(list) => {
                    if let Some(view) = self.view(list) {
                        container(view, list, list.value, children);
                    }
                }
                None => {}
            }
            return;
        }
        // Its line says all that its call is given.
        if tensors::text(view, node.value).is_some() {
            return;
        }
        let here = |value: Value| Node { value, ..node };
        let Some(object) = view.ast.object_of(node.value) else { return };
        let build = object.build.and_then(|build| view.effects.get(build as usize));
        if let Some(Action::Build { state, .. }) = build.map(|effect| effect.action) {
            // A state of two is (dict, slots).
            let two: Vec<Value> = view.ast.items(state, Moment::END).take(3).collect();
            let slots = |value: &Value| matches!(value.kind(), Kind::Dict | Kind::None);
            let split = state.kind() == Kind::Tuple
                && two.len() == 2
                && two.iter().all(slots)
                && two.iter().any(|part| part.kind() == Kind::Dict);
            for part in if split { two } else { vec![state] } {
                match part.kind() {
                    Kind::Dict if !self.is_spread(node.reading, part) => attributes(view, node, part, children),
                    Kind::None if split => {}
                    _ => children.push(Child { label: Label::State, node: here(part) }),
                }
            }
        }
        match object.items.or_else(|| given(view, node)) {
            Some(items) if self.is_spread(node.reading, items) => {
                children.push(Child { label: Label::Argument(2), node: here(items) });
            }
            Some(items) => container(view, node, items, children),
            None => {}
        }
        let made_by = view.effects.get(object.made_by as usize).map(|effect| effect.action);
        let Some(Action::Call { callee, args, kwargs, .. }) = made_by else { return };
        if view.ast.symbol(callee).is_none() {
            children.push(Child { label: Label::Callee, node: here(callee) });
        }
        let quiet = matches!(made(view, node), Some(Made::New(_))) && view.ast.len(args) <= self.class_args(view, node);
        if self.is_spread(node.reading, args) {
            children.push(Child { label: Label::Asked("args"), node: here(args) });
        } else if !quiet && args.kind() == Kind::Tuple {
            if self.inline_args(node, args).is_none() || matches!(made(view, node), Some(Made::New(_))) {
                let args = view.ast.items(args, Moment::END).enumerate();
                let skipped = self.class_args(view, node);
                children.extend(
                    args.skip(skipped)
                        .map(|(number, value)| Child { label: Label::Argument(number), node: here(value) }),
                );
            }
        } else if args.kind() != Kind::Tuple {
            children.push(Child { label: Label::Argument(0), node: here(args) });
        }
        match kwargs {
            Some(kwargs) if self.is_spread(node.reading, kwargs) => {
                children.push(Child { label: Label::Asked("kwargs"), node: here(kwargs) });
            }
            Some(kwargs) => {
                for (key, value) in view.ast.entries(kwargs, Moment::END) {
                    children.push(Child { label: Label::Keyword(here(key)), node: here(value) });
                }
            }
            None => {}
        }
    }

    /// How many arguments of the call say no more than the class and its items: those of `copyreg._reconstructor`, where
    /// the base is `object`, `dict` or `list`. With another base the last holds what the object was made from.
    fn class_args(&self, view: View<'_>, node: Node) -> usize {
        let object = view.ast.object_of(node.value);
        let made_by = object.and_then(|object| view.effects.get(object.made_by as usize));
        match made_by.map(|effect| effect.action) {
            Some(Action::Call { callee, .. })
                if is_reconstructor(view.ast, callee) && matches!(made(view, node), Some(Made::New(_))) =>
            {
                3
            }
            _ => 0,
        }
    }
}

/// Long containers that several objects of a reading take. Each object's line shows what it takes as its own, so that
/// one state that a million objects share would be shown a million times.
fn spread(reading: &Reading) -> HashSet<Value> {
    let mut taken: HashMap<Value, bool> = HashMap::new();
    let mut take = |value: Value| {
        if value.kind().is_container() && reading.ast.len(value) > SHORT {
            taken.entry(value).and_modify(|again| *again = true).or_insert(false);
        }
    };
    for effect in &reading.effects {
        match effect.action {
            Action::Call { callee, args, kwargs, .. } => {
                take(args);
                given_items(&reading.ast, callee, args).into_iter().for_each(|(_, items)| take(items));
                kwargs.into_iter().for_each(&mut take);
            }
            Action::Build { state, .. } => {
                take(state);
                if state.kind() == Kind::Tuple && reading.ast.len(state) <= SHORT {
                    reading.ast.items(state, Moment::END).for_each(&mut take);
                }
            }
            _ => {}
        }
    }
    taken.into_iter().filter(|&(_, again)| again).map(|(value, _)| value).collect()
}

/// Containers of this many items are shown wherever they stand.
const SHORT: usize = 16;
fn is_reconstructor(ast: &Ast, callee: Value) -> bool {
    ast.symbol(callee).is_some_and(|it| matches!((&*it.module, &*it.name), ("copyreg" | "copy_reg", "_reconstructor")))
}

/// The dict or list that `copyreg._reconstructor` gave an object the items of.
fn given(view: View<'_>, node: Node) -> Option<Value> {
    let object = view.ast.object_of(node.value)?;
    match view.effects.get(object.made_by as usize)?.action {
        Action::Call { callee, args, .. } => given_items(view.ast, callee, args).map(|(_, items)| items),
        _ => None,
    }
}

/// How an object came about.
pub(super) enum Made {
    /// By `__new__` of a class, named.
    New(String),
    /// By a call.
    Call { callee: Option<String>, args: Value },
}

pub(super) fn made(view: View<'_>, node: Node) -> Option<Made> {
    let object = view.ast.object_of(node.value)?;
    let effect = view.effects.get(object.made_by as usize)?;
    let Action::Call { how, callee, args, .. } = effect.action else { return None };
    if object.items.is_none()
        && let Some((class, _)) = given_items(view.ast, callee, args)
    {
        return symbol(view.ast, class).map(Made::New);
    }
    if is_reconstructor(view.ast, callee) {
        let three: Vec<Value> = view.ast.items(args, effect.moment).take(4).collect();
        if let [class, base, state] = three.as_slice() {
            let is_object = view.ast.symbol(*base).is_some_and(|base| &*base.name == "object");
            if let (Some(class), true, Kind::None) = (symbol(view.ast, *class), is_object, state.kind()) {
                return Some(Made::New(class));
            }
        }
    }
    let callee = symbol(view.ast, callee);
    match (how, callee) {
        (Opcode::NewObj | Opcode::NewObjEx, Some(class)) => Some(Made::New(class)),
        (_, callee) => Some(Made::Call { callee, args }),
    }
}

/// The items of a container: those of `value`, which stands for what `parent` holds.
fn container(view: View<'_>, parent: Node, value: Value, children: &mut Vec<Child>) {
    let here = |value: Value| Node { value, ..parent };
    match value.kind() {
        Kind::Dict => {
            for (index, (key, item)) in view.ast.entries(value, Moment::END).enumerate() {
                if key.kind().is_literal() {
                    children.push(Child { label: Label::Key(here(key), index), node: here(item) });
                } else {
                    children.push(Child { label: Label::EntryKey(index), node: here(key) });
                    children.push(Child { label: Label::Entry(index), node: here(item) });
                }
            }
        }
        kind => {
            let label = |index| match kind {
                Kind::Set | Kind::FrozenSet => Label::Member(index),
                _ => Label::Index(index),
            };
            let items = view.ast.items(value, Moment::END).enumerate();
            children.extend(items.map(|(index, item)| Child { label: label(index), node: here(item) }));
        }
    }
}

/// The attributes that a dict of a state gives.
fn attributes(view: View<'_>, node: Node, dict: Value, children: &mut Vec<Child>) {
    let here = |value: Value| Node { value, ..node };
    for (index, (key, item)) in view.ast.entries(dict, Moment::END).enumerate() {
        let is_text = matches!(key.kind(), Kind::Str | Kind::ByteStr);
        let label = match key.kind() {
            _ if is_text => Label::Attribute(here(key)),
            kind if kind.is_literal() => Label::Key(here(key), index),
            _ => Label::Entry(index),
        };
        children.push(Child { label, node: here(item) });
    }
}
