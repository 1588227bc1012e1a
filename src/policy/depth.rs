//! How deep objects lie in each other. CPython hashes a tuple in a tuple, and frees a `slice` in a `slice`, by a call in
//! a call: at some depth its stack ends, and the process with it. The pickler itself stops long before.

use super::Objection;
use super::judging::Judge;
use crate::ast::{Ast, Kind, Moment, Value};
use crate::finding::Level;
use crate::machine::Action;

/// How deep tuples may lie in a key, and objects in objects.
const MAX_DEPTH: u32 = 2000;

/// Objects to what ends the stack of its reader.
pub(super) fn judge(judge: &mut Judge<'_>) {
    let ast = judge.ast();
    let given = judge.trace.keys.iter().map(|&(key, _)| key);
    let noted = ast.noted_keys().iter().map(|&(key, _)| key);
    let keys: Vec<Value> = noted.chain(given).filter(|&key| ast.expanded(key) > MAX_DEPTH).collect();
    let in_keys = deepest(judge, keys, |kind| matches!(kind, Kind::Tuple | Kind::FrozenSet));
    let objects = ast.object_count() as u64;
    let roots = if objects > u64::from(MAX_DEPTH) { objects } else { 0 };
    let all = (0..roots).map(|id| Value::new(Kind::Object, id)).collect();
    let in_objects = deepest(judge, all, |kind| kind == Kind::Object);
    for (depth, what) in [(in_keys, "tuples in a key"), (in_objects, "objects in objects")] {
        if depth > MAX_DEPTH {
            judge.object(0, Objection::LoadCost, Level::Suspicious, None, |_| {
                format!("{what} lie deeper than the stack of a reader: the process may end")
            });
        }
    }
}

/// The most values that `counts` on any way from one of the roots; cycles are followed once. Without recursion.
fn deepest(judge: &Judge<'_>, roots: Vec<Value>, counts: fn(Kind) -> bool) -> u32 {
    if roots.is_empty() {
        return 0;
    }
    let ast = judge.ast();
    let mut depths = [vec![0_u32; ast.container_count()], vec![0_u32; ast.object_count()]];
    let mut open: Vec<(Value, bool)> = roots.into_iter().map(|root| (root, false)).collect();
    let mut deepest = 0;
    while let Some((value, is_done)) = open.pop() {
        match slot(&mut depths, value) {
            Some(seen) if *seen == 0 || is_done => *seen = 1,
            _ => continue,
        }
        if !is_done {
            // It is looked at again when all that it holds has been.
            open.push((value, true));
        }
        let mut depth = 1;
        for child in children(judge, ast, value) {
            if !judge.trace.walk(1) {
                return u32::MAX;
            }
            match slot(&mut depths, child) {
                Some(&mut below) if is_done => depth = depth.max(below.saturating_add(u32::from(counts(child.kind())))),
                Some(0) => open.push((child, false)),
                _ => {}
            }
        }
        if let (Some(seen), true) = (slot(&mut depths, value), is_done) {
            *seen = depth;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// The depth below a value plus one, 0 where it has not been looked at; none for what holds nothing.
fn slot(depths: &mut [Vec<u32>; 2], value: Value) -> Option<&mut u32> {
    let [containers, objects] = depths;
    match value.kind() {
        Kind::Object => objects.get_mut(value.index()),
        kind if kind.is_container() => containers.get_mut(value.index()),
        _ => None,
    }
}

/// What a value holds: a container its items, an object what it was made from, its state, and what was put into it.
fn children<'j>(judge: &'j Judge<'_>, ast: &'j Ast, value: Value) -> impl Iterator<Item = Value> + 'j {
    let object = ast.object_of(value).copied();
    let effects = &judge.subject.reading.effects;
    let action = move |effect: Option<u32>| effects.get(effect? as usize).map(|effect| effect.action);
    let args = match action(object.map(|object| object.made_by)) {
        Some(Action::Call { args, .. }) => Some(args),
        _ => None,
    };
    let state = match action(object.and_then(|object| object.build)) {
        Some(Action::Build { state, .. }) => Some(state),
        _ => None,
    };
    let items = object.and_then(|object| object.items);
    let held = if value.kind().is_container() { Some(value) } else { None };
    held.into_iter().flat_map(|held| ast.items(held, Moment::END)).chain([args, state, items].into_iter().flatten())
}
