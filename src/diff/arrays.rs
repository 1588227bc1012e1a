//! Two arrays: their class, type, shape and order; and, once all are known, their elements.

use super::columns::{Types, types};
use super::elements::elements;
use super::outcome::{Difference, Elements, Kind, NoteKind};
use super::walk::{Pair, Waiting, Walk};
use super::{names, text};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{ArrayRef, Bytes, Member, dtype_name};
use crate::model::tree::{Node, NodeId, Tree, Via};

impl Walk<'_, '_> {
    /// Compares what is said of two arrays, and keeps them for later.
    pub(super) fn two_arrays(&mut self, pair: Pair, a: ArrayRef, b: ArrayRef) -> Result<()> {
        let (node_a, node_b) = (self.a.tree.node(pair.a), self.b.tree.node(pair.b));
        // What is wrong with an array of numpy is told among the problems of its tree.
        let is_told = |node: &Node<'_>| matches!(node, Node::Array(_) | Node::Masked(_));
        for (array, node) in [(&a, node_a), (&b, node_b)] {
            if let Some(problem) = &array.problem {
                return if is_told(node) { Ok(()) } else { Err(problem.clone()) };
            }
        }
        self.diff.compared.arrays = self.diff.compared.arrays.saturating_add(1);
        if names::today(&a.array.class) != names::today(&b.array.class) {
            self.differs(Kind::Class, pair, |_, _| (text::array(&a), text::array(&b)));
        }
        match (node_a, node_b) {
            (Node::Masked(one), Node::Masked(other)) => {
                let fill = self.child(pair, (Via::Fill, one.fill), (Via::Fill, other.fill));
                self.push(vec![fill]);
                if one.mask.array.shape == other.mask.array.shape {
                    self.wait(pair, one.mask.clone(), other.mask.clone());
                }
            }
            (Node::Masked(_), _) | (_, Node::Masked(_)) => {
                self.differs(Kind::Type, pair, Walk::values);
                return Ok(());
            }
            (Node::Record(one), Node::Record(other)) => self.rest_of_tensors(pair, one.args, other.args)?,
            // An array of no call has no place for what is said of a tensor beside its elements.
            (Node::Record(_), _) | (_, Node::Record(_)) => self.note(NoteKind::NoPlace, pair),
            _ => {}
        }
        let found = about(&a, &b)?;
        found.notes.into_iter().for_each(|note| self.note(note, pair));
        found.differ.into_iter().for_each(|(kind, texts)| self.differs(kind, pair, |_, _| texts));
        match (a.has_objects(), b.has_objects()) {
            _ if !found.same_shape => Ok(()),
            (true, true) => self.items(pair),
            (false, false) => {
                self.wait(pair, a, b);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What the calls that rebuild tensors are given beside their elements.
    fn rest_of_tensors(&mut self, pair: Pair, a: Option<NodeId>, b: Option<NodeId>) -> Result<()> {
        let (Some(a), Some(b)) = (a, b) else { return Ok(()) };
        let rest = |tree: &Tree<'_>, id: NodeId, args: NodeId| -> Option<Vec<(Via, NodeId)>> {
            let items = tree.children(args);
            let skipped = match &*tree.class(id)?.name {
                // The data is this tensor.
                "_rebuild_parameter" => 1,
                // Storage, offset, shape and strides.
                name if name.starts_with("_rebuild_tensor") || name == "_rebuild_qtensor" => 4,
                // What rebuilds it, its class and the arguments of that.
                "_rebuild_from_type_v2" => {
                    let items: Vec<_> = items.collect();
                    let inner = items.get(2).map(|&(_, inner)| tree.children(inner).skip(4)).into_iter().flatten();
                    let outer = items.iter().enumerate().filter(|(index, _)| *index != 2).map(|(_, item)| *item);
                    return Some(outer.chain(inner).collect());
                }
                _ => return None,
            };
            Some(items.skip(skipped).collect())
        };
        let same = self.a.tree.class(pair.a) == self.b.tree.class(pair.b);
        let (one, other) = (rest(self.a.tree, pair.a, a), rest(self.b.tree, pair.b, b));
        match (one, other) {
            (Some(one), Some(other)) if same && one.len() == other.len() => {
                let args = Pair { a, b, ..pair };
                let pairs = one.into_iter().zip(other).map(|(one, other)| self.child(args, one, other)).collect();
                self.push(pairs);
                Ok(())
            }
            _ => {
                let message = "the tensors are rebuilt by different calls: only their elements were compared";
                self.unknown(pair, &Error::new(ErrorKind::Unsupported, message));
                Ok(())
            }
        }
    }

    fn wait(&mut self, pair: Pair, a: ArrayRef, b: ArrayRef) {
        let order = self.order(0);
        self.arrays.push(Waiting { pair, a, b, order });
    }

    /// Compares the elements of the arrays that were met: in the order in which those that are compressed are inflated once.
    pub(super) fn compare_arrays(&mut self) {
        let mut waiting = std::mem::take(&mut self.arrays);
        waiting.sort_by_key(|one| (inflated(&one.a), inflated(&one.b)));
        let (mut a, mut b) = (Bytes::new(self.a.tree.outline()), Bytes::new(self.b.tree.outline()));
        for one in waiting {
            match elements((&one.a, &mut a), (&one.b, &mut b), self.options.tolerance) {
                Ok(elements) => self.compared(&one, elements),
                Err(error) => self.unknown(one.pair, &error),
            }
        }
    }

    fn compared(&mut self, one: &Waiting, elements: Elements) {
        self.diff.compared.elements = self.diff.compared.elements.saturating_add(elements.count);
        let (path, other) = self.paths(one.pair);
        if elements.within > 0 {
            self.diff.note(NoteKind::Tolerance, elements.within, || path.clone());
        }
        if elements.differ > 0 {
            let (a, b) = (Some(text::array(&one.a)), Some(text::array(&one.b)));
            let difference = Difference { kind: Kind::Elements, path, other, a, b, elements: Some(elements) };
            self.differs_at(one.order, difference);
        }
    }
}

/// What differs in what is said of two arrays.
pub(super) struct About {
    pub(super) same_shape: bool,
    pub(super) differ: Vec<(Kind, (String, String))>,
    pub(super) notes: Vec<NoteKind>,
}

/// Compares shapes, types and orders.
///
/// # Errors
/// Where a type is unknown.
pub(super) fn about(a: &ArrayRef, b: &ArrayRef) -> Result<About> {
    let same_shape = a.array.shape == b.array.shape;
    let mut found = About { same_shape, differ: Vec::new(), notes: Vec::new() };
    if !same_shape {
        let shape = |of: &ArrayRef| format!("shape {}", text::shape(of.array.shape.as_deref().unwrap_or_default()));
        found.differ.push((Kind::Shape, (shape(a), shape(b))));
    }
    let (type_a, type_b) = (a.array.dtype.clone()?, b.array.dtype.clone()?);
    match types(&type_a, &type_b) {
        Types::Same => {}
        Types::Order => found.notes.push(NoteKind::ByteOrder),
        Types::Other => found.differ.push((Kind::DType, (dtype_name(&type_a), dtype_name(&type_b)))),
    }
    if let (Ok(one), Ok(other), true) = (a.layout(), b.layout(), same_shape)
        && (one.is_c(), one.is_f()) != (other.is_c(), other.is_f())
    {
        found.notes.push(NoteKind::MemoryOrder);
    }
    Ok(found)
}

/// Where the bytes of an array stand, if they have to be inflated.
pub(super) fn inflated(array: &ArrayRef) -> Option<(u64, u64)> {
    match array.source {
        Member::Inflated { start, base, .. } => Some((start, base.saturating_add(array.place?.0))),
        Member::Plain { .. } | Member::Made { .. } => None,
    }
}
