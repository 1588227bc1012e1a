//! Keys of dicts and members of sets as numbers: two that are equal have the same, in either file.
//!
//! As Python compares them: `1`, `1.0` and `True` are one key, and so is a number of numpy.

use super::columns::native;
use super::names::today;
use crate::array::Number;
use crate::model::tree::{Blob, Made, Node, NodeId, Tree, Via};
use std::collections::HashMap;

/// What a node is, given the numbers of those in it.
#[derive(PartialEq, Eq, Hash)]
enum Shape<'t> {
    None,
    Int(i128),
    Big(&'t [u8]),
    /// A float that is no such int, by its bits.
    Float(u64),
    Str(&'t [u8]),
    Bytes(&'t [u8]),
    Name(String),
    /// A type, and a scalar of it.
    Type(String, Option<Vec<u8>>),
    /// A word for what it is, and what stands in it.
    Of(&'static str, Vec<u32>),
}

/// Numbers for shapes.
#[derive(Default)]
pub(super) struct Keys<'t> {
    numbers: HashMap<Shape<'t>, u32>,
}

/// The numbers of the nodes of one tree; `None` for those that are compared in no such way (arrays, cycles), and for those
/// that are being looked at.
pub(super) type Known = HashMap<NodeId, Option<u32>>;

impl<'t> Keys<'t> {
    /// The number of a node, without recursion.
    pub(super) fn number(&mut self, tree: &'t Tree<'_>, known: &mut Known, id: NodeId) -> Option<u32> {
        let mut open = vec![(id, false)];
        while let Some((id, is_entered)) = open.pop() {
            if !is_entered {
                if known.contains_key(&id) {
                    continue;
                }
                known.insert(id, None);
                open.push((id, true));
                open.extend(parts(tree, id).map(|(_, part)| (part, false)));
                continue;
            }
            let number = shape(tree, id, known).map(|shape| {
                let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                *self.numbers.entry(shape).or_insert(next)
            });
            known.insert(id, number);
        }
        known.get(&id).copied().flatten()
    }
}

/// What stands in a node that can be a key; nothing in others.
fn parts<'t>(tree: &'t Tree<'_>, id: NodeId) -> impl Iterator<Item = (Via, NodeId)> + 't {
    let is_key =
        matches!(tree.node(id), Node::Tuple(_) | Node::Frozenset(_) | Node::Record(_) | Node::List(_) | Node::Dict(_));
    is_key.then(|| tree.children(id)).into_iter().flatten()
}

fn shape<'t>(tree: &'t Tree<'_>, id: NodeId, known: &Known) -> Option<Shape<'t>> {
    let of = |word: &'static str| {
        let numbers: Option<Vec<u32>> = parts(tree, id).map(|(_, part)| known.get(&part).copied().flatten()).collect();
        numbers.map(|numbers| Shape::Of(word, numbers))
    };
    Some(match tree.node(id) {
        Node::None => Shape::None,
        Node::Bool(value) => Shape::Int(i128::from(*value)),
        Node::Int(number) => Shape::Int(i128::from(*number)),
        Node::BigInt(number) => Shape::Big(number.le_bytes()),
        Node::Float(number) => real(Number::Float(*number)),
        Node::Str(text) => Shape::Str(text),
        Node::ByteStr(text) if text.is_ascii() => Shape::Str(text),
        Node::ByteStr(text) | Node::Bytes(Blob::Here(text)) => Shape::Bytes(text),
        Node::Name(_) => {
            let name = tree.name(id)?;
            Shape::Name(format!("{}.{}", today(&name.module), name.name))
        }
        Node::DType(dtype) => Shape::Type(native(dtype, &[])?.0, None),
        Node::Scalar(scalar) => match Number::read(&scalar.dtype, &scalar.bytes) {
            Some(number) => real(number),
            None => {
                let (dtype, bytes) = native(&scalar.dtype, &scalar.bytes)?;
                Shape::Type(dtype, Some(bytes))
            }
        },
        Node::Tuple(_) => of("tuple")?,
        Node::List(_) => of("list")?,
        Node::Dict(_) => of("dict")?,
        Node::Frozenset(_) => match of("frozenset")? {
            Shape::Of(word, mut numbers) => {
                numbers.sort_unstable();
                Shape::Of(word, numbers)
            }
            other => other,
        },
        Node::Record(record) => match of(if record.made == Made::New { "new" } else { "call" })? {
            Shape::Of(word, mut numbers) => {
                // What is not there has no number of its own, so that it is said which parts are.
                let has = |part: &Option<NodeId>, bit: u32| u32::from(part.is_some()) << bit;
                numbers.push(
                    has(&record.args, 0) | has(&record.kwargs, 1) | has(&record.state, 2) | has(&record.items, 3),
                );
                Shape::Of(word, numbers)
            }
            other => other,
        },
        Node::Bytes(_)
        | Node::Bytearray(_)
        | Node::Set(_)
        | Node::Array(_)
        | Node::Masked(_)
        | Node::Persistent(_)
        | Node::Unknown => return None,
    })
}

/// A number: an int where it is one.
#[allow(clippy::cast_possible_truncation, reason = "within the bound, the float is exactly this int")]
fn real(number: Number) -> Shape<'static> {
    match number {
        Number::Int(number) => Shape::Int(number),
        // Below 2^63 ints are nodes of 64 bits.
        Number::Float(number) if number.fract() == 0.0 && number.abs() < 9e18 => Shape::Int(number as i128),
        Number::Float(number) => Shape::Float(number.to_bits()),
    }
}
