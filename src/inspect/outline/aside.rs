//! Calls whose answers are no part of what a stream builds: they run all the same.

use super::{Node, Outline, Root};
use crate::ast::{Kind, Moment, Value};
use crate::loader::Reading;
use crate::machine::Action;
use std::collections::HashSet;

impl Outline<'_, '_> {
    /// Calls of a stream whose answers are no part of what it builds, outermost ones only.
    pub fn aside(&self, root: &Root) -> Vec<Node> {
        let Some(of) = root.reading.and_then(|reading| Some((reading, self.reading(reading)?))) else {
            return Vec::new();
        };
        let (number, reading) = of;
        let mut met = HashSet::new();
        let mark = |met: &mut HashSet<Value>, from: Value| {
            let mut open = vec![from];
            while let Some(value) = open.pop() {
                if value.kind().is_literal() || !met.insert(value) {
                    continue;
                }
                open.extend(parts(reading, value));
            }
        };
        if let Some(value) = reading.root {
            mark(&mut met, value);
        }
        let mut found = Vec::new();
        for effect in reading.effects.iter().rev() {
            let Action::Call { result, .. } = effect.action else { continue };
            let value = Value::new(Kind::Object, u64::from(result));
            if !met.contains(&value) {
                found.push(Node { reading: number, value });
                mark(&mut met, value);
            }
        }
        found.reverse();
        found
    }
}

/// Everything that a value is made of, whatever it reads as.
fn parts(reading: &Reading, value: Value) -> Vec<Value> {
    let ast = &reading.ast;
    let mut parts: Vec<Value> = ast.items(value, Moment::END).collect();
    parts.extend(ast.viewed(value));
    let effect = |number: u32| reading.effects.get(number as usize).map(|effect| effect.action);
    if let Some(object) = ast.object_of(value) {
        parts.extend(object.items);
        if let Some(Action::Call { callee, args, kwargs, .. }) = effect(object.made_by) {
            parts.extend([callee, args]);
            parts.extend(kwargs);
        }
        if let Some(Action::Build { state, .. }) = object.build.and_then(effect) {
            parts.push(state);
        }
    }
    if matches!(value.kind(), Kind::Persistent | Kind::Opaque) {
        match reading.effects.get(value.index()).map(|effect| effect.action) {
            Some(Action::Persistent { id }) => parts.push(id),
            Some(Action::DynamicImport { module, name }) => parts.extend([module, name]),
            _ => {}
        }
    }
    parts
}
