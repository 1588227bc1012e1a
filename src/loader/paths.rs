//! Where in the object a value stands.

use super::copyreg::given_items;
use super::reading::View;
use crate::ast::path::{ObjectPath, Step};
use crate::ast::{Kind, Moment, Value};
use crate::machine::Action;
use crate::opcode::Literal;
use crate::opcode::text::printable;
use std::collections::{HashMap, VecDeque};

/// The shortest path from the root to each container, object and import, found breadth first.
#[derive(Debug)]
pub struct Paths {
    parents: HashMap<Value, Option<(Value, Step)>>,
}

/// How many values are visited; behind them a finding has no path.
const VISITED: usize = 1 << 18;

/// How many items of one container are looked at, and how many of all of them together.
const ITEMS: usize = 1 << 16;
const ALL_ITEMS: usize = 1 << 22;

/// The longest path.
const LONGEST: usize = 200;

impl Paths {
    /// The paths from `root`.
    pub fn from(view: View<'_>, root: Value) -> Self {
        let mut paths = Self { parents: HashMap::new() };
        paths.parents.insert(root, None);
        let mut queue = VecDeque::from([root]);
        // A state that many objects share is looked through for each of them.
        let mut items = 0_usize;
        while let Some(value) = queue.pop_front() {
            items = items.saturating_add(size(view, value));
            if items >= ALL_ITEMS {
                return paths;
            }
            for (child, step) in children(view, value) {
                if paths.parents.len() >= VISITED {
                    return paths;
                }
                if child.kind().is_literal() || paths.parents.contains_key(&child) {
                    continue;
                }
                paths.parents.insert(child, Some((value, step)));
                queue.push_back(child);
            }
        }
        paths
    }

    /// The path to `value`, if it is part of the object.
    pub fn to(&self, value: Value) -> Option<ObjectPath> {
        let mut steps = Vec::new();
        let mut at = self.parents.get(&value)?;
        while let Some((parent, step)) = at {
            steps.push(step.clone());
            at = self.parents.get(parent)?;
            if steps.len() > LONGEST {
                return None;
            }
        }
        steps.reverse();
        Some(ObjectPath(steps))
    }
}

/// How many items [`children`] looks at.
fn size(view: View<'_>, value: Value) -> usize {
    let len = |value: Value| view.ast.len(value).min(ITEMS);
    let Some(object) = view.ast.object_of(value) else { return len(value) };
    let state = object.build.and_then(|build| view.effects.get(build as usize)).map(|effect| effect.action);
    let call = view.effects.get(object.made_by as usize).map(|effect| effect.action);
    let state = match state {
        Some(Action::Build { state, .. }) if state.kind() == Kind::Tuple => {
            view.ast.items(state, Moment::END).take(2).fold(len(state), |sum, part| sum.saturating_add(len(part)))
        }
        Some(Action::Build { state, .. }) => len(state),
        _ => 0,
    };
    let call = match call {
        Some(Action::Call { args, kwargs, .. }) => {
            len(args).saturating_add(kwargs.map_or(0, len)).saturating_add(copied(view, value).map_or(0, len))
        }
        _ => 0,
    };
    state.saturating_add(call).saturating_add(object.items.map_or(0, len))
}

/// What stands directly in a value, at the end.
fn children(view: View<'_>, value: Value) -> Vec<(Value, Step)> {
    let ast = view.ast;
    let index = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    match value.kind() {
        Kind::Tuple | Kind::List => {
            let items = ast.items(value, Moment::END).take(ITEMS).enumerate();
            items.map(|(number, item)| (item, Step::Index(index(number)))).collect()
        }
        Kind::Set | Kind::FrozenSet => {
            let items = ast.items(value, Moment::END).take(ITEMS).enumerate();
            items.map(|(number, item)| (item, Step::Member(number))).collect()
        }
        Kind::Dict => {
            let mut found = Vec::new();
            for (number, (key, item)) in ast.entries(value, Moment::END).take(ITEMS).enumerate() {
                if !item.kind().is_literal() {
                    found.push((item, key_step(view, key, number)));
                }
                if !key.kind().is_literal() {
                    found.push((key, Step::Member(number)));
                }
            }
            found
        }
        Kind::Object => object(view, value),
        Kind::View => ast.viewed(value).map(|inner| (inner, Step::Argument(0))).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn key_step(view: View<'_>, key: Value, number: usize) -> Step {
    match view.literal(key) {
        Some(Literal::Str(text) | Literal::ByteStr(text)) => Step::Key(printable(&text).into_owned()),
        Some(Literal::Int(key)) => Step::Index(key),
        _ => Step::Member(number),
    }
}

/// The dict or list that an object was given the items of when it was made, where it has no others.
fn copied(view: View<'_>, value: Value) -> Option<Value> {
    let object = view.ast.object_of(value).filter(|object| object.items.is_none())?;
    match view.effects.get(object.made_by as usize)?.action {
        Action::Call { callee, args, .. } => given_items(view.ast, callee, args).map(|(_, items)| items),
        _ => None,
    }
}

/// The state of an object, what was put into it, and the arguments that made it.
fn object(view: View<'_>, value: Value) -> Vec<(Value, Step)> {
    let Some(object) = view.ast.object_of(value) else { return Vec::new() };
    let mut found = Vec::new();
    let build = object.build.and_then(|build| view.effects.get(build as usize));
    if let Some(Action::Build { state, .. }) = build.map(|effect| effect.action) {
        // A state of two is (dict, slots).
        let two: Vec<Value> = view.ast.items(state, Moment::END).take(3).collect();
        let parts = if state.kind() == Kind::Tuple && two.len() == 2 { two } else { vec![state] };
        for part in parts {
            if part.kind() == Kind::Dict {
                let entries = children(view, part).into_iter();
                found.extend(entries.map(|(item, step)| match step {
                    Step::Key(name) => (item, Step::Attribute(name)),
                    other => (item, other),
                }));
            } else {
                found.push((part, Step::State));
            }
        }
    }
    if let Some(items) = object.items {
        found.extend(children(view, items));
    }
    let made_by = view.effects.get(object.made_by as usize);
    if let Some(Action::Call { args, kwargs, .. }) = made_by.map(|effect| effect.action) {
        let given = copied(view, value);
        found.extend(given.into_iter().flat_map(|items| children(view, items)));
        let args = view.ast.items(args, Moment::END).take(ITEMS).enumerate();
        found.extend(args.map(|(number, item)| (item, Step::Argument(number))));
        found.extend(kwargs.into_iter().flat_map(|kwargs| children(view, kwargs)));
    }
    found
}

/// The value of the object that an effect is about.
pub fn value_of(view: View<'_>, effect: usize) -> Option<Value> {
    Some(match view.effects.get(effect)?.action {
        Action::Import { value, .. } => value,
        Action::DynamicImport { .. } => Value::new(Kind::Opaque, effect as u64),
        Action::Call { result, .. } => Value::new(Kind::Object, u64::from(result)),
        Action::Build { target, .. }
        | Action::Append { target, .. }
        | Action::SetItem { target, .. }
        | Action::Add { target, .. }
        | Action::View { target } => target,
        Action::Persistent { .. } => Value::new(Kind::Persistent, effect as u64),
        Action::Extension { .. } => Value::new(Kind::Extension, effect as u64),
        Action::Buffer => Value::new(Kind::Buffer, effect as u64),
    })
}
