//! The safe model tree: what a file holds as plain values, arrays, records and references, with no callables in it.
//!
//! [`Tree::new`] takes what the loader and the machine made of a stream and copies it into a flat arena of its own, node
//! by node, without recursion. Classes and functions are names; nothing is imported. What stands in several places is one
//! node, so that sharing and cycles are kept; elements of arrays stay where they stand in the file. What the tree cannot
//! say is a [`Problem`] with its object path, and never left out in silence.
//!
//! A service that opens a forest and reads its thresholds:
//!
//! ```
//! use depickle::{inspect, limits::Limits, model::tree::{Node, Tree}};
//!
//! let bytes = std::fs::read("samples/columns.joblib")?;
//! let mut contents = inspect::open(&bytes, &Limits::default())?;
//! let outline = inspect::Outline::new(&mut contents);
//! let tree = Tree::new(&outline)?;
//! assert!(tree.problems().is_empty());
//!
//! let pipeline = tree.root();
//! assert_eq!(tree.class(pipeline).unwrap().to_string(), "sklearn.pipeline.Pipeline");
//! let mut payloads = tree.payloads();
//! for id in tree.ids() {
//!     match tree.node(id) {
//!         Node::Array(array) if array.elements.is_none() => {
//!             let view = payloads.array(id)?;
//!             println!("{}: {:?} of {}", tree.path(id), view.shape(), view.dtype().type_string());
//!         }
//!         Node::Record(_) => println!("{}: {:?}", tree.path(id), tree.class(id).map(ToString::to_string)),
//!         _ => {}
//!     }
//! }
//! let steps = tree.get(pipeline, "steps").unwrap();
//! let scaler_name = tree.items(tree.items(steps)[0])[0];
//! assert!(tree.text(scaler_name).is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod call;
mod int;
mod keys;
mod node;
mod object;
mod path;
mod payload;
mod walk;

pub use int::BigInt;
pub use node::{Array, Blob, Made, Masked, Name, Node, NodeId, Record, Run, Scalar, Via};
pub use payload::Payloads;

use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{self, Outline, Root};
use node::Meta;

/// Something that the tree could not represent, or that is wrong with what it represents.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Where.
    pub node: NodeId,
    /// What.
    pub error: Error,
}

/// What one stream builds, as plain values.
pub struct Tree<'o> {
    nodes: Vec<Node<'o>>,
    metas: Vec<Meta>,
    edges: Vec<NodeId>,
    names: Vec<Name>,
    problems: Vec<Problem>,
    outline: &'o Outline<'o, 'o>,
}

impl<'o> Tree<'o> {
    /// What `load` answers for a file: the tree of its first stream, or the array that a `.npy` file is.
    ///
    /// # Errors
    /// Why the stream is refused; [`ErrorKind::Limit`] where the tree is bigger than what is left of the budget of the
    /// file.
    pub fn new<'c, 'a>(outline: &'o Outline<'c, 'a>) -> Result<Self>
    where
        'c: 'o,
        'a: 'o,
    {
        let is_whole = outline.contents().npy.as_ref().is_some_and(|(header, _)| !header.has_object());
        if is_whole {
            return build::whole(outline);
        }
        let nothing = || Error::new(ErrorKind::Malformed, "the file holds no stream");
        let root = outline.roots().iter().find(|root| !root.nested).ok_or_else(nothing)?;
        Self::of(outline, root)
    }

    /// The tree of one stream of a file.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of<'c, 'a>(outline: &'o Outline<'c, 'a>, root: &Root) -> Result<Self>
    where
        'c: 'o,
        'a: 'o,
    {
        let refused =
            || root.error.clone().unwrap_or_else(|| Error::new(ErrorKind::Malformed, "the stream is refused"));
        build::tree(outline, root.node.ok_or_else(refused)?)
    }

    /// The whole object.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none. There always is a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, each once and behind the one that it stands in first: those that stand higher first.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    /// A node. One of another tree may be anything here.
    pub fn node(&self, id: NodeId) -> &Node<'o> {
        const NONE: &Node<'_> = &Node::None;
        self.nodes.get(id.index()).unwrap_or(NONE)
    }

    fn meta(&self, id: NodeId) -> Option<&Meta> {
        self.metas.get(id.index())
    }

    fn run(&self, run: Run) -> &[NodeId] {
        let start = run.start as usize;
        self.edges.get(start..start.saturating_add(run.len as usize)).unwrap_or_default()
    }

    /// The items of a list, tuple, set or array of objects; what was appended to or put into a record that is such; keys
    /// and values in turn of a dict.
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match self.node(id) {
            Node::List(run) | Node::Tuple(run) | Node::Set(run) | Node::Frozenset(run) | Node::Dict(run) => {
                self.run(*run)
            }
            Node::Array(array) => array.elements.map(|run| self.run(run)).unwrap_or_default(),
            Node::Masked(masked) => masked.data.elements.map(|run| self.run(run)).unwrap_or_default(),
            Node::Record(record) => match record.items.map(|items| self.node(items)) {
                Some(Node::List(run) | Node::Set(run) | Node::Dict(run)) => self.run(*run),
                _ => &[],
            },
            _ => &[],
        }
    }

    /// Keys and values of a dict, or of a record that is one (an `OrderedDict`, a `Bunch`). A key that was set twice
    /// stands once, with its last value, if it is a number or text.
    pub fn entries(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let id = match self.node(id) {
            Node::Record(record) => record.items,
            _ => Some(id),
        };
        let run = match id.map(|id| self.node(id)) {
            Some(Node::Dict(run)) => self.run(*run),
            _ => &[],
        };
        run.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
    }

    /// The attributes of a record: keys and values of the dicts in its state.
    pub fn attributes(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let state = match self.node(id) {
            Node::Record(record) => record.state,
            _ => None,
        };
        let parts = state.map(|state| self.state_dicts(state)).unwrap_or_default();
        parts.into_iter().flatten().flat_map(|dict| self.entries(dict))
    }

    /// The dicts in a state: itself, or those of a pair `(dict, slots)`.
    fn state_dicts(&self, state: NodeId) -> [Option<NodeId>; 2] {
        match self.node(state) {
            Node::Dict(_) => [Some(state), None],
            Node::Tuple(run) if self.is_split_state(*run) => {
                let part = |index: usize| {
                    let part = self.run(*run).get(index).copied();
                    part.filter(|&part| matches!(self.node(part), Node::Dict(_)))
                };
                [part(0), part(1)]
            }
            _ => [None, None],
        }
    }

    /// Whether a state is `(dict or None, dict or None)`: attributes and slots.
    fn is_split_state(&self, run: Run) -> bool {
        let parts = self.run(run);
        let fits = |part: &NodeId| matches!(self.node(*part), Node::Dict(_) | Node::None);
        parts.len() == 2 && parts.iter().all(fits) && parts.iter().any(|&part| !matches!(self.node(part), Node::None))
    }

    /// An attribute of a record; or the item of a dict with this text as its key.
    pub fn get(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let is_name = |&(key, _): &(NodeId, NodeId)| self.text(key).is_some_and(|text| text == name);
        let found = self.attributes(id).find(is_name).or_else(|| self.entries(id).find(is_name));
        found.map(|(_, value)| value)
    }

    /// The class that a record is an instance of, or the function that made it; the class of an array.
    pub fn class(&self, id: NodeId) -> Option<&Name> {
        match self.node(id) {
            Node::Record(record) => self.name(record.class),
            _ => None,
        }
    }

    /// The name that a node is: a class or function that stands as a value.
    pub fn name(&self, id: NodeId) -> Option<&Name> {
        match self.node(id) {
            Node::Name(name) => self.names.get(*name as usize),
            _ => None,
        }
    }

    /// The text that a node is. A string of Python 2 is one where it is ASCII; text with lone surrogates is none.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        match self.node(id) {
            Node::Str(text) => std::str::from_utf8(text).ok(),
            Node::ByteStr(text) => std::str::from_utf8(text).ok().filter(|text| text.is_ascii()),
            _ => None,
        }
    }

    /// The int that a node is, if it fits.
    pub fn int(&self, id: NodeId) -> Option<i64> {
        match self.node(id) {
            Node::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// What could not be represented, or is wrong, in the order of the nodes.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether a node stands in several places.
    pub fn is_shared(&self, id: NodeId) -> bool {
        self.meta(id).is_some_and(|meta| meta.shared)
    }

    /// Where the opcode that made a node stands in the stream; `None` for containers.
    pub fn offset(&self, id: NodeId) -> Option<u64> {
        let origin = self.meta(id)?.origin?;
        self.outline.offset(origin)
    }

    /// The values that the tree was made from.
    pub fn outline(&self) -> &'o Outline<'o, 'o> {
        self.outline
    }

    /// Reads the bytes of arrays and blobs.
    pub fn payloads(&self) -> Payloads<'_, 'o> {
        Payloads::new(self, inspect::Bytes::new(self.outline))
    }
}

#[cfg(test)]
mod tests;
