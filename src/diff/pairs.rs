//! What is compared of two nodes, by what they are.

use super::columns::{Types, types};
use super::outcome::{Kind, NoteKind, Side};
use super::walk::{Pair, Walk};
use super::{made, names, text};
use crate::array::Number;
use crate::dtype::{self, DType};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{ArrayRef, text as shown};
use crate::model::tree::{Made, Node, NodeId, Record, Scalar, Tree, Via};
use std::collections::HashMap;

/// What both sides are alike, and what is to be said where they are not.
fn kind_of(node: &Node<'_>) -> &'static str {
    match node {
        Node::None => "None",
        Node::Bool(_) => "bool",
        Node::Int(_) | Node::BigInt(_) => "int",
        Node::Float(_) => "float",
        Node::Str(_) | Node::ByteStr(_) => "str",
        Node::Bytes(_) => "bytes",
        Node::Bytearray(_) => "bytearray",
        Node::List(_) => "list",
        Node::Tuple(_) => "tuple",
        Node::Set(_) => "set",
        Node::Frozenset(_) => "frozenset",
        Node::Dict(_) => "dict",
        Node::Array(_) => "array",
        Node::Masked(_) => "masked array",
        Node::Scalar(_) => "scalar",
        Node::DType(_) => "dtype",
        Node::Record(_) => "object",
        Node::Name(_) => "name",
        Node::Persistent(_) => "persistent id",
        Node::Unknown => "unknown",
    }
}

impl<'t> Walk<'_, 't> {
    /// Compares two nodes, and puts what stands in them on the stack.
    ///
    /// # Errors
    /// What keeps them from being compared.
    pub(super) fn pair(&mut self, pair: Pair) -> Result<()> {
        let (tree_a, tree_b) = (self.a.tree, self.b.tree);
        let (a, b) = (tree_a.node(pair.a), tree_b.node(pair.b));
        // What it is, is told among the problems of its tree.
        if matches!(a, Node::Unknown) || matches!(b, Node::Unknown) {
            return Ok(());
        }
        if let (Some(a), Some(b)) = (array_of(tree_a, pair.a), array_of(tree_b, pair.b)) {
            return self.two_arrays(pair, a, b);
        }
        self.diff.compared.values = self.diff.compared.values.saturating_add(1);
        match (a, b) {
            (Node::None, Node::None) => {}
            (Node::Bool(a), Node::Bool(b)) => self.same(pair, a == b),
            (Node::Int(a), Node::Int(b)) => self.same(pair, a == b),
            (Node::BigInt(a), Node::BigInt(b)) => self.same(pair, a == b),
            (Node::Int(_), Node::BigInt(_)) | (Node::BigInt(_), Node::Int(_)) => self.same(pair, false),
            (Node::Float(a), Node::Float(b)) => {
                let same = a.to_bits() == b.to_bits();
                self.number(pair, same, Number::Float(*a), Number::Float(*b));
            }
            (Node::Str(a), Node::Str(b)) | (Node::ByteStr(a), Node::ByteStr(b)) => {
                self.texts(pair, a, b, |part| shown::text(part, part.len()));
            }
            (Node::Str(_), Node::ByteStr(_)) | (Node::ByteStr(_), Node::Str(_)) => {
                let same = tree_a.text(pair.a).is_some_and(|a| tree_b.text(pair.b) == Some(a));
                self.same(pair, same);
            }
            (Node::Bytes(_), Node::Bytes(_)) | (Node::Bytearray(_), Node::Bytearray(_)) => {
                let (a, b) = (self.payloads.0.bytes(pair.a)?, self.payloads.1.bytes(pair.b)?);
                self.texts(pair, &a, &b, |part| shown::bytes(part, part.len()));
            }
            (Node::List(_), Node::List(_)) | (Node::Tuple(_), Node::Tuple(_)) => self.items(pair)?,
            (Node::Set(_), Node::Set(_)) | (Node::Frozenset(_), Node::Frozenset(_)) => self.members(pair)?,
            (Node::Dict(_), Node::Dict(_)) => self.dict(pair)?,
            (Node::Scalar(a), Node::Scalar(b)) => self.scalars(pair, a, b),
            (Node::Scalar(_), _) | (_, Node::Scalar(_)) => self.scalar_and_number(pair),
            (Node::DType(a), Node::DType(b)) => self.dtypes(pair, a, b),
            (Node::Name(_), Node::Name(_)) => {
                self.names(pair, Kind::Value);
            }
            (Node::Record(a), Node::Record(b)) => self.records(pair, a, b),
            (Node::Persistent(_), Node::Persistent(_)) => {
                let message = "what a persistent id stands for is not in the file";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            _ => self.differs(Kind::Type, pair, Walk::values),
        }
        Ok(())
    }

    /// Both sides in short; where that is the same text, with what they are.
    pub(super) fn values(&self, pair: Pair) -> (String, String) {
        let (a, b) = (text::value(self.a.tree, pair.a), text::value(self.b.tree, pair.b));
        if a != b {
            return (a, b);
        }
        let named = |tree: &Tree<'_>, id, text: String| format!("{} {text}", kind_of(tree.node(id)));
        (named(self.a.tree, pair.a, a), named(self.b.tree, pair.b, b))
    }

    fn same(&mut self, pair: Pair, is_same: bool) {
        if !is_same {
            self.differs(Kind::Value, pair, Walk::values);
        }
    }

    fn number(&mut self, pair: Pair, is_same: bool, a: Number, b: Number) {
        if !is_same && self.options.tolerance.admits(a, b) {
            self.note(NoteKind::Tolerance, pair);
        } else {
            self.same(pair, is_same);
        }
    }

    fn texts(&mut self, pair: Pair, a: &[u8], b: &[u8], show: impl Fn(&[u8]) -> String) {
        if a != b {
            self.differs(Kind::Value, pair, |walk, pair| text::around(a, b, show).unwrap_or_else(|| walk.values(pair)));
        }
    }

    /// Whether two names are one.
    fn names(&mut self, pair: Pair, kind: Kind) -> bool {
        let (Some(a), Some(b)) = (self.a.tree.name(pair.a), self.b.tree.name(pair.b)) else { return false };
        let (is_same, note) = names::compare(a, b);
        if let Some(note) = note {
            self.note(note, pair);
        }
        if !is_same {
            self.differs(kind, pair, Walk::values);
        }
        is_same
    }

    /// Items of two sequences, one by one.
    pub(super) fn items(&mut self, pair: Pair) -> Result<()> {
        let (a, b) = (self.a.tree.items(pair.a), self.b.tree.items(pair.b));
        if a.len() != b.len() {
            self.differs(Kind::Length, pair, Walk::values);
        }
        self.spend(pair, a.len().min(b.len()))?;
        let item = |(index, (&a, &b)): (u32, (&NodeId, &NodeId))| {
            self.child(pair, (Via::Item(index), a), (Via::Item(index), b))
        };
        let pairs = (0..).zip(a.iter().zip(b)).map(item).collect();
        self.push(pairs);
        Ok(())
    }

    /// Items of two dicts, key by key.
    fn dict(&mut self, pair: Pair) -> Result<()> {
        let entries = |tree: &'t Tree<'t>, id| -> Vec<(u32, NodeId, NodeId)> {
            (0..).zip(tree.entries(id)).map(|(index, (key, value))| (index, key, value)).collect()
        };
        let (a, b) = (entries(self.a.tree, pair.a), entries(self.b.tree, pair.b));
        self.spend(pair, a.len().max(b.len()))?;
        let keys = |walk: &mut Self, side, all: &[(u32, NodeId, NodeId)]| -> Vec<_> {
            all.iter().map(|&(_, key, _)| walk.key(side, key)).collect()
        };
        let matched = matched(&keys(self, Side::A, &a), &keys(self, Side::B, &b));
        let mut pairs = Vec::new();
        for (&(index, key, value), partner) in a.iter().zip(&matched.partners) {
            let Some(&(other, other_key, other_value)) = partner.and_then(|partner| b.get(partner)) else {
                self.only_item(Side::A, pair, (index, key, value));
                continue;
            };
            let is_text = |tree: &Tree<'_>, id| tree.text(id).is_some();
            if !(is_text(self.a.tree, key) && is_text(self.b.tree, other_key)) {
                pairs.push(self.child(pair, (Via::Key(index), key), (Via::Key(other), other_key)));
            }
            pairs.push(self.child(pair, (Via::Value(index), value), (Via::Value(other), other_value)));
        }
        for &item in matched.rest.iter().filter_map(|&index| b.get(index)) {
            self.only_item(Side::B, pair, item);
        }
        if !matched.in_order {
            self.note(NoteKind::DictOrder, pair);
        }
        self.push(pairs);
        Ok(())
    }

    /// An item of a dict that only one side has.
    fn only_item(&mut self, side: Side, pair: Pair, (index, key, value): (u32, NodeId, NodeId)) {
        let (own, dict, other) = match side {
            Side::A => (self.a, pair.a, self.b),
            Side::B => (self.b, pair.b, self.a),
        };
        if other.is_skops() && made::is_cache(own.tree, dict, key) {
            self.note(NoteKind::NoPlace, pair);
        } else {
            self.only(side, dict, Via::Value(index), value);
        }
    }

    /// Members of two sets, whatever their order.
    fn members(&mut self, pair: Pair) -> Result<()> {
        let (a, b) = (self.a.tree.items(pair.a), self.b.tree.items(pair.b));
        self.spend(pair, a.len().max(b.len()))?;
        let keys =
            |walk: &mut Self, side, all: &[NodeId]| -> Vec<_> { all.iter().map(|&id| walk.key(side, id)).collect() };
        let matched = matched(&keys(self, Side::A, a), &keys(self, Side::B, b));
        let mut pairs = Vec::new();
        for ((index, &member), partner) in (0..).zip(a).zip(&matched.partners) {
            match partner.and_then(|partner| Some((u32::try_from(partner).ok()?, *b.get(partner)?))) {
                Some((other, partner)) => {
                    pairs.push(self.child(pair, (Via::Item(index), member), (Via::Item(other), partner)));
                }
                None => self.only(Side::A, pair.a, Via::Item(index), member),
            }
        }
        for &index in &matched.rest {
            if let (Ok(via), Some(&member)) = (u32::try_from(index), b.get(index)) {
                self.only(Side::B, pair.b, Via::Item(via), member);
            }
        }
        self.push(pairs);
        Ok(())
    }

    fn scalars(&mut self, pair: Pair, a: &Scalar<'_>, b: &Scalar<'_>) {
        if types(&a.dtype, &b.dtype) == Types::Other {
            return self.differs(Kind::DType, pair, Walk::values);
        }
        let columns = super::columns::columns(&a.dtype, &b.dtype);
        let row = super::columns::row(&columns, (&a.bytes, &b.bytes), self.options.tolerance);
        if row.within && row.first.is_none() {
            self.note(NoteKind::Tolerance, pair);
        }
        // Of a type without columns nothing was compared but the bytes.
        let is_same = row.first.is_none() && (!columns.is_empty() || a.bytes == b.bytes);
        self.same(pair, is_same);
    }

    /// A scalar of numpy, and a number of Python that is the same.
    fn scalar_and_number(&mut self, pair: Pair) {
        let (a, b) = (self.a.tree.node(pair.a), self.b.tree.node(pair.b));
        let ((Node::Scalar(scalar), plain) | (plain, Node::Scalar(scalar))) = (a, b) else { return };
        let read = Number::read(&scalar.dtype, &scalar.bytes);
        let (is_same, near) = match (scalar.dtype.kind(), plain, read) {
            (dtype::Kind::Bool, Node::Bool(value), Some(read)) => (read == Number::Int(i128::from(*value)), None),
            (dtype::Kind::Int | dtype::Kind::UInt, Node::Int(number), Some(read)) => {
                (read == Number::Int(i128::from(*number)), None)
            }
            (dtype::Kind::Float, Node::Float(number), Some(Number::Float(read))) if scalar.dtype.itemsize() == 8 => {
                (read.to_bits() == number.to_bits(), Some((Number::Float(read), Number::Float(*number))))
            }
            _ => return self.differs(Kind::Type, pair, Walk::values),
        };
        self.note(NoteKind::Scalar, pair);
        match near {
            Some((read, number)) => self.number(pair, is_same, read, number),
            None => self.same(pair, is_same),
        }
    }

    fn dtypes(&mut self, pair: Pair, a: &DType, b: &DType) {
        match types(a, b) {
            Types::Same => {}
            Types::Order => self.note(NoteKind::ByteOrder, pair),
            Types::Other => self.differs(Kind::Value, pair, Walk::values),
        }
    }

    fn records(&mut self, pair: Pair, a: &'t Record, b: &'t Record) {
        let (tree_a, tree_b) = (self.a.tree, self.b.tree);
        let (one, other) = (made::parts(tree_a, pair.a, a), made::parts(tree_b, pair.b, b));
        let mut pairs = Vec::new();
        match (one.class, other.class) {
            (Some(one), Some(other)) => {
                let (is_same, note) = names::compare(one, other);
                note.into_iter().for_each(|note| self.note(note, pair));
                if !is_same {
                    self.differs(Kind::Class, pair, Walk::values);
                    // Of a class that only moved, the rest is worth a look.
                    let last = |name: &str| name.rsplit('.').next().map(str::to_owned);
                    if last(&one.name) != last(&other.name) {
                        return;
                    }
                }
            }
            _ => pairs.push(self.child(pair, (Via::Class, a.class), (Via::Class, b.class))),
        }
        let of_skops = self.a.is_skops() || self.b.is_skops();
        let are_dicts = of_skops && made::are_dicts((tree_a, &one), (tree_b, &other));
        if one.is_other != other.is_other || are_dicts && one.made != other.made {
            self.note(NoteKind::Made, pair);
        } else if one.made != other.made {
            self.differs(Kind::Made, pair, |walk, pair| {
                let word = |made| if made == Made::New { "by __new__" } else { "by a call" };
                let (text, text_b) = walk.values(pair);
                (format!("{text}, {}", word(one.made)), format!("{text_b}, {}", word(other.made)))
            });
        }
        let parts = [
            (Via::Args, one.args, other.args),
            (Via::Kwargs, one.kwargs, other.kwargs),
            (Via::State, one.state, other.state),
            (Via::Items, one.items, other.items),
        ];
        for (via, left, right) in parts {
            match (left, right) {
                (Some(left), Some(right)) if via == Via::Args && made::is_random_state(&one) => {
                    self.random_state(pair, (left, right), &mut pairs);
                }
                (Some(left), Some(right)) => pairs.push(self.child(pair, (via, left), (via, right))),
                // skops keeps no attributes of a dict.
                (Some(_), None) if via == Via::State && are_dicts && self.b.is_skops() => {
                    self.note(NoteKind::NoPlace, pair);
                }
                (None, Some(_)) if via == Via::State && are_dicts && self.a.is_skops() => {
                    self.note(NoteKind::NoPlace, pair);
                }
                (Some(left), None) => self.only(Side::A, pair.a, via, left),
                (None, Some(right)) => self.only(Side::B, pair.b, via, right),
                (None, None) => {}
            }
        }
        self.push(pairs);
    }

    /// What two random states are made with: a bit generator, or its name.
    fn random_state(&mut self, pair: Pair, (a, b): (NodeId, NodeId), pairs: &mut Vec<Pair>) {
        let (items_a, items_b) = (self.a.tree.items(a), self.b.tree.items(b));
        let is_text =
            |tree: &Tree<'_>, items: &[NodeId]| items.first().is_some_and(|&first| tree.text(first).is_some());
        let same = made::bit_generator(self.a.tree, a).is_some_and(|a| made::bit_generator(self.b.tree, b) == Some(a));
        let two_ways = is_text(self.a.tree, items_a) != is_text(self.b.tree, items_b);
        if !(same && two_ways && items_a.len() == items_b.len()) {
            return pairs.push(self.child(pair, (Via::Args, a), (Via::Args, b)));
        }
        self.note(NoteKind::Made, pair);
        let args = Pair { a, b, at: None };
        for (index, (&a, &b)) in (0..).zip(items_a.iter().zip(items_b)).skip(1) {
            pairs.push(self.child(args, (Via::Item(index), a), (Via::Item(index), b)));
        }
    }
}

/// The array that a node is, a tensor of torch too.
fn array_of(tree: &Tree<'_>, id: NodeId) -> Option<ArrayRef> {
    tree.array_ref(id).cloned().or_else(|| tree.tensor(id))
}

/// Keys of two containers, matched.
struct Matched {
    /// For each of the first, its partner among the second.
    partners: Vec<Option<usize>>,
    /// Those of the second that have none.
    rest: Vec<usize>,
    /// Whether they follow each other in the same order.
    in_order: bool,
}

/// Matches keys: equal numbers with each other, and those that have none in their order.
fn matched(a: &[Option<u32>], b: &[Option<u32>]) -> Matched {
    let mut places: HashMap<u32, Vec<usize>> = HashMap::new();
    let mut others = Vec::new();
    for (index, key) in b.iter().enumerate().rev() {
        match key {
            Some(key) => places.entry(*key).or_default().push(index),
            None => others.push(index),
        }
    }
    let mut partner = |key: &Option<u32>| match key {
        Some(key) => places.get_mut(key)?.pop(),
        None => others.pop(),
    };
    let partners: Vec<Option<usize>> = a.iter().map(&mut partner).collect();
    let mut rest: Vec<usize> = places.into_values().flatten().chain(others).collect();
    rest.sort_unstable();
    let met: Vec<usize> = partners.iter().copied().flatten().collect();
    Matched { partners, rest, in_order: met.is_sorted() }
}
