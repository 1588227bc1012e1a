//! Through two trees at once, in the order of the first, without recursion.

use super::keys::{Keys, Known};
use super::outcome::{Diff, Difference, Kept, Kind, NoteKind, Side, Unknown};
use super::{Options, names, text};
use crate::ast::path::{Address, ObjectPath};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::ArrayRef;
use crate::model::tree::{Node, NodeId, Payloads, Tree, Via};
use std::collections::{HashMap, HashSet};

/// A tree of a file: one that holds several streams or members has several.
#[derive(Clone)]
pub struct Part<'t> {
    /// The member of an archive; empty for the file itself.
    pub member: String,
    /// The stream, where there are several.
    pub stream: Option<u32>,
    /// What it holds.
    pub tree: &'t Tree<'t>,
}

impl<'t> Part<'t> {
    /// The only tree of a file.
    pub fn only(tree: &'t Tree<'t>) -> Self {
        Self { member: String::new(), stream: None, tree }
    }

    /// The object path of a node, with member and stream in front.
    pub(super) fn path(&self, id: NodeId) -> String {
        self.address(self.tree.path(id))
    }

    /// Whether it stands in a `.skops` file.
    pub(super) fn is_skops(&self) -> bool {
        self.tree.outline().contents().format == "skops"
    }

    pub(super) fn address(&self, path: ObjectPath) -> String {
        Address { member: self.member.clone(), stream: self.stream, path }.to_string()
    }
}

/// Compares all parts of two files, those of the same member and stream, or the only ones, and adds to `diff`.
pub fn compare(a: &[Part<'_>], b: &[Part<'_>], options: &Options, diff: &mut Diff) {
    if let ([one], [other]) = (a, b) {
        Walk::new(one, other, options, diff).run();
    } else {
        let place = |part: &Part<'_>| (part.member.clone(), part.stream);
        let others: HashMap<_, &Part<'_>> = b.iter().map(|part| (place(part), part)).collect();
        let ours: HashSet<_> = a.iter().map(place).collect();
        for part in a {
            match others.get(&place(part)) {
                Some(other) => Walk::new(part, other, options, diff).run(),
                None => diff.differences.add(|| alone(Side::A, part)),
            }
        }
        for part in b.iter().filter(|part| !ours.contains(&place(part))) {
            diff.differences.add(|| alone(Side::B, part));
        }
    }
    (diff.only_a, diff.only_b) = names::only(a, b);
    diff.notes.sort_by_key(|note| note.kind);
}

/// A part that only one file has.
fn alone(side: Side, part: &Part<'_>) -> Difference {
    let root = part.tree.root();
    only(side, part.path(root), text::value(part.tree, root))
}

fn only(side: Side, path: String, value: String) -> Difference {
    let kind = if side == Side::A { Kind::OnlyA } else { Kind::OnlyB };
    let (a, b) = if side == Side::A { (Some(value), None) } else { (None, Some(value)) };
    Difference { kind, path, other: None, a, b, elements: None }
}

/// Where two nodes stand: in which, and how.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    parent: NodeId,
    via: Via,
}

/// Two nodes that are to be compared.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) a: NodeId,
    pub(super) b: NodeId,
    pub(super) at: Option<(Slot, Slot)>,
}

/// Two arrays that are to be compared once all are known.
pub(super) struct Waiting {
    pub(super) pair: Pair,
    pub(super) a: ArrayRef,
    pub(super) b: ArrayRef,
    /// Their place among the differences.
    pub(super) order: u64,
}

pub(super) struct Walk<'w, 't> {
    pub(super) a: &'w Part<'t>,
    pub(super) b: &'w Part<'t>,
    pub(super) payloads: (Payloads<'t, 't>, Payloads<'t, 't>),
    pub(super) options: &'w Options,
    pub(super) diff: &'w mut Diff,
    pub(super) open: Vec<Pair>,
    pub(super) arrays: Vec<Waiting>,
    keys: Keys<'t>,
    known: (Known, Known),
    /// Pairs that were compared, of nodes that stand in several places.
    seen: HashSet<(NodeId, NodeId)>,
    /// What shared nodes were compared with first.
    partners: (HashMap<NodeId, NodeId>, HashMap<NodeId, NodeId>),
    /// Nodes whose items were gone through.
    expanded: (HashSet<NodeId>, HashSet<NodeId>),
    /// How many pairs may still be made of nodes that were both gone through before.
    again: u64,
    /// What differs, with its place in the order of the first file.
    found: Kept<(u64, Difference)>,
}

/// Pairs that may be made of nodes that were both compared with others before, and how many more for each that was not:
/// what keeps two files that share their values in different ways from being multiplied.
const AGAIN: u64 = 1 << 16;
const AGAIN_FOR_EACH: u64 = 4;

impl<'w, 't> Walk<'w, 't> {
    fn new(a: &'w Part<'t>, b: &'w Part<'t>, options: &'w Options, diff: &'w mut Diff) -> Self {
        Self {
            a,
            b,
            payloads: (a.tree.payloads(), b.tree.payloads()),
            options,
            diff,
            open: vec![Pair { a: a.tree.root(), b: b.tree.root(), at: None }],
            arrays: Vec::new(),
            keys: Keys::default(),
            known: Default::default(),
            seen: HashSet::new(),
            partners: Default::default(),
            expanded: Default::default(),
            again: AGAIN,
            found: Kept::default(),
        }
    }

    fn run(mut self) {
        for (side, part) in [(Side::A, self.a), (Side::B, self.b)] {
            for problem in part.tree.problems() {
                let why = problem.error.message().to_owned();
                self.diff.unknown.add(|| Unknown { side: Some(side), path: part.path(problem.node), why });
            }
        }
        while let Some(pair) = self.open.pop() {
            if self.is_known(pair) {
                continue;
            }
            if let Err(error) = self.pair(pair) {
                self.unknown(pair, &error);
                if error.kind() == ErrorKind::Limit {
                    break;
                }
            }
        }
        self.compare_arrays();
        self.found.sort_by_key(|(order, _)| *order);
        let found = std::mem::take(&mut self.found).map(|(_, difference)| difference);
        self.diff.differences.append(found);
    }

    /// Whether a pair was compared before. What stands in several places is noted.
    fn is_known(&mut self, pair: Pair) -> bool {
        let (tree_a, tree_b) = (self.a.tree, self.b.tree);
        let (shared_a, shared_b) = (tree_a.is_shared(pair.a), tree_b.is_shared(pair.b));
        if !shared_a && !shared_b {
            return false;
        }
        if !self.seen.insert((pair.a, pair.b)) {
            return true;
        }
        if has_identity(tree_a.node(pair.a)) && has_identity(tree_b.node(pair.b)) {
            let first = |partners: &mut HashMap<_, _>, one, other| *partners.entry(one).or_insert(other) == other;
            let same = !shared_a || first(&mut self.partners.0, pair.a, pair.b);
            let other = !shared_b || first(&mut self.partners.1, pair.b, pair.a);
            if !(same && other) {
                self.note(NoteKind::Sharing, pair);
            }
        }
        false
    }

    /// Counts the pairs that come of two nodes which were both gone through before.
    ///
    /// # Errors
    /// Where there are too many.
    pub(super) fn spend(&mut self, pair: Pair, count: usize) -> Result<()> {
        let (new_a, new_b) = (self.expanded.0.insert(pair.a), self.expanded.1.insert(pair.b));
        let count = count as u64;
        if new_a || new_b {
            self.again = self.again.saturating_add(count.saturating_mul(AGAIN_FOR_EACH));
            return Ok(());
        }
        let message = "the two files share their values in so many ways that not all can be compared";
        self.again = self.again.checked_sub(count).ok_or_else(|| Error::new(ErrorKind::Limit, message))?;
        Ok(())
    }

    /// Puts pairs on the stack, so that the first is the next.
    pub(super) fn push(&mut self, mut pairs: Vec<Pair>) {
        pairs.reverse();
        self.open.append(&mut pairs);
    }

    /// A child of each of two nodes.
    pub(super) fn child(&self, of: Pair, (via_a, a): (Via, NodeId), (via_b, b): (Via, NodeId)) -> Pair {
        Pair { a, b, at: Some((Slot { parent: of.a, via: via_a }, Slot { parent: of.b, via: via_b })) }
    }

    /// The number of a key, the same in both files.
    pub(super) fn key(&mut self, side: Side, id: NodeId) -> Option<u32> {
        match side {
            Side::A => self.keys.number(self.a.tree, &mut self.known.0, id),
            Side::B => self.keys.number(self.b.tree, &mut self.known.1, id),
        }
    }

    /// The paths of a pair, as it was reached: in the first file, and in the second where that is another.
    pub(super) fn paths(&self, pair: Pair) -> (String, Option<String>) {
        let path = |part: &Part<'_>, id, slot: Option<Slot>| match slot {
            Some(slot) => part.below(slot.parent, slot.via, id),
            None => part.path(id),
        };
        let a = path(self.a, pair.a, pair.at.map(|at| at.0));
        let b = path(self.b, pair.b, pair.at.map(|at| at.1));
        let other = (a != b).then_some(b);
        (a, other)
    }

    /// Says that two values differ.
    pub(super) fn differs(&mut self, kind: Kind, pair: Pair, texts: impl FnOnce(&Self, Pair) -> (String, String)) {
        let order = self.order(1);
        let difference = || {
            let ((path, other), (a, b)) = (self.paths(pair), texts(self, pair));
            Difference { kind, path, other, a: Some(a), b: Some(b), elements: None }
        };
        let made = self.found.has_room().then(difference);
        self.found.add_made(made.map(|difference| (order, difference)));
    }

    /// Says that something stands on one side only.
    pub(super) fn only(&mut self, side: Side, parent: NodeId, via: Via, id: NodeId) {
        let part = if side == Side::A { self.a } else { self.b };
        let order = self.order(1);
        self.found.add(|| (order, only(side, part.below(parent, via, id), text::value(part.tree, id))));
    }

    /// Adds a difference of arrays, which were compared later than they were met.
    pub(super) fn differs_at(&mut self, order: u64, difference: Difference) {
        self.found.add(|| (order, difference));
    }

    pub(super) fn note(&mut self, kind: NoteKind, pair: Pair) {
        let path = || self.paths(pair).0;
        let first = if self.diff.has_note(kind) { String::new() } else { path() };
        self.diff.note(kind, 1, || first);
    }

    /// Says that a pair could not be compared.
    pub(super) fn unknown(&mut self, pair: Pair, error: &Error) {
        let path = self.paths(pair).0;
        self.diff.unknown.add(|| Unknown { side: None, path, why: error.message().to_owned() });
    }

    /// The place of the next difference in the order of the first file: 0 is in front of 1.
    pub(super) fn order(&self, of: u64) -> u64 {
        self.found.count().saturating_mul(2).saturating_add(of)
    }
}

impl Part<'_> {
    /// The path of what stands so in a node.
    fn below(&self, parent: NodeId, via: Via, id: NodeId) -> String {
        let mut path = self.tree.path(parent);
        path.0.extend(self.tree.step(id, parent, via));
        self.address(path)
    }
}

/// Whether it matters that a value is one and the same: it could be changed.
fn has_identity(node: &Node<'_>) -> bool {
    matches!(
        node,
        Node::List(_)
            | Node::Dict(_)
            | Node::Set(_)
            | Node::Bytearray(_)
            | Node::Array(_)
            | Node::Masked(_)
            | Node::Record(_)
            | Node::Persistent(_)
    )
}
