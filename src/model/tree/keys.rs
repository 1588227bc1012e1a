//! Keys of dicts, compared as Python compares them.

use super::node::{Node, NodeId};
use std::collections::HashMap;

/// A number, text or bytes as a key: `1`, `1.0` and `True` are one.
#[derive(PartialEq, Eq, Hash)]
enum Key<'t> {
    None,
    Int(i64),
    /// A float that is no int, by its bits. No NaN: each is a key of its own.
    Float(u64),
    Big(&'t [u8]),
    Str(&'t [u8]),
    ByteStr(&'t [u8]),
}

fn key<'t>(node: &'t Node<'_>) -> Option<Key<'t>> {
    Some(match node {
        Node::None => Key::None,
        Node::Bool(value) => Key::Int(i64::from(*value)),
        Node::Int(number) => Key::Int(*number),
        Node::BigInt(number) => Key::Big(number.le_bytes()),
        Node::Float(number) => match whole(*number) {
            Some(int) => Key::Int(int),
            None if number.is_nan() => return None,
            None => Key::Float(number.to_bits()),
        },
        Node::Str(text) => Key::Str(text),
        Node::ByteStr(text) if text.is_ascii() => Key::Str(text),
        Node::ByteStr(text) => Key::ByteStr(text),
        _ => return None,
    })
}

/// The int that a float is, below 2^53, where all are exact.
#[allow(clippy::cast_possible_truncation, reason = "checked to be exact")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

/// Keys and values of a dict with each key once: at its first place, with its last value.
pub(super) fn unique<'t, 'o: 't>(node: impl Fn(NodeId) -> &'t Node<'o>, pairs: Vec<NodeId>) -> Vec<NodeId> {
    let mut places: HashMap<Key<'t>, usize> = HashMap::new();
    let mut kept: Vec<NodeId> = Vec::with_capacity(pairs.len());
    for pair in pairs.chunks_exact(2) {
        let &[id, value] = pair else { continue };
        if let Some(known) = key(node(id)) {
            let next = kept.len();
            let place = *places.entry(known).or_insert(next);
            if place < next {
                if let Some(slot) = kept.get_mut(place.saturating_add(1)) {
                    *slot = value;
                }
                continue;
            }
        }
        kept.extend([id, value]);
    }
    kept
}
