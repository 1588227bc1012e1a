//! From the values of a reading to the nodes of a tree.

use super::call::strange;
use super::node::{Array, Blob, Meta, Name, Node, NodeId, Run, Via};
use super::{BigInt, Problem, Tree, keys};
use crate::array::{self, Data, Order};
use crate::ast::path::Address;
use crate::ast::{Kind, Moment, Value};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{self, Outline};
use crate::limits::{Budget, Limit};
use crate::loader::View;
use crate::machine::Action;
use crate::opcode::Literal;
use crate::resolve::map_name;
use std::collections::{HashMap, HashSet};

/// The tree of what stands at `root`.
pub(super) fn tree<'o>(outline: &'o Outline<'o, 'o>, root: inspect::Node) -> Result<Tree<'o>> {
    let mut builder = Builder::new(outline);
    builder.child((NodeId(0), Via::Root), root)?;
    // Every node is filled behind the one that it stands in; those that it holds are put at the end.
    let mut next = 0_usize;
    while let Some(meta) = builder.tree.metas.get(next) {
        if let Some(origin) = meta.origin {
            let id = NodeId(u32::try_from(next).unwrap_or(u32::MAX));
            let node = builder.made(id, origin)?;
            if let (Some(node), Some(slot)) = (node, builder.tree.nodes.get_mut(next)) {
                *slot = node;
            }
        }
        next = next.saturating_add(1);
    }
    Ok(builder.finish())
}

/// The tree of a file that is one array.
pub(super) fn whole<'o>(outline: &'o Outline<'o, 'o>) -> Result<Tree<'o>> {
    let mut builder = Builder::new(outline);
    let array = outline.whole_array().ok_or_else(|| Error::new(ErrorKind::Malformed, "the file is no array"))?;
    let id = builder.push((NodeId(0), Via::Root), None)?;
    let node = builder.array(id, Array { array, elements: None });
    builder.tree.nodes = vec![node];
    Ok(builder.finish())
}

pub(super) struct Builder<'o> {
    pub(super) tree: Tree<'o>,
    budget: Budget,
    /// The nodes of values that may stand in several places.
    known: HashMap<inspect::Node, NodeId>,
    names: HashMap<Name, u32>,
    /// Records and others to which something was done that their node does not say: by reading.
    strange: HashMap<u32, HashSet<Value>>,
}

/// What a node costs in memory.
const NODE: u64 = (size_of::<Node<'_>>() + size_of::<Meta>()) as u64;
/// What it costs to stand somewhere: many arrays may have one list of elements.
const EDGE: u64 = size_of::<NodeId>() as u64;

fn too_big() -> Error {
    Error::new(ErrorKind::Limit, "the file holds more than four thousand million values")
}

impl<'o> Builder<'o> {
    fn new(outline: &'o Outline<'o, 'o>) -> Self {
        let tree = Tree {
            nodes: Vec::new(),
            metas: Vec::new(),
            edges: Vec::new(),
            names: Vec::new(),
            problems: Vec::new(),
            outline,
        };
        let budget = outline.contents().budget.clone();
        Self { tree, budget, known: HashMap::new(), names: HashMap::new(), strange: HashMap::new() }
    }

    fn finish(mut self) -> Tree<'o> {
        self.tree.problems.sort_by_key(|problem| problem.node);
        self.tree
    }

    /// The values that the tree is made from.
    pub(super) fn outline(&self) -> &'o Outline<'o, 'o> {
        self.tree.outline
    }

    /// Notes what is wrong with a node.
    pub(super) fn problem(&mut self, node: NodeId, error: Error) {
        self.tree.problems.push(Problem { node, error });
    }

    /// Notes what cannot be represented.
    pub(super) fn unsupported(&mut self, node: NodeId, message: impl Into<String>) {
        self.problem(node, Error::new(ErrorKind::Unsupported, message.into()));
    }

    /// Makes room for a node.
    fn push(&mut self, (parent, via): (NodeId, Via), origin: Option<inspect::Node>) -> Result<NodeId> {
        self.budget.spend(Limit::Retained, NODE)?;
        let id = u32::try_from(self.tree.nodes.len()).ok().filter(|&id| id < u32::MAX).ok_or_else(too_big)?;
        self.tree.nodes.push(Node::None);
        self.tree.metas.push(Meta { parent, via, shared: false, origin });
        Ok(NodeId(id))
    }

    /// A node that stands for no single value of the file.
    pub(super) fn made_up(&mut self, at: (NodeId, Via), node: Node<'o>) -> Result<NodeId> {
        let id = self.push(at, None)?;
        if let Some(slot) = self.tree.nodes.get_mut(id.index()) {
            *slot = node;
        }
        Ok(id)
    }

    /// The node of a value: that which it has already, or a new one.
    pub(super) fn child(&mut self, at: (NodeId, Via), value: inspect::Node) -> Result<NodeId> {
        // Numbers are never fetched from a memo by any writer, and have no identity that matters.
        if matches!(value.value.kind(), Kind::None | Kind::Bool | Kind::Int | Kind::Float) {
            return self.push(at, Some(value));
        }
        if let Some(&known) = self.known.get(&value) {
            if let Some(meta) = self.tree.metas.get_mut(known.index()) {
                meta.shared = true;
            }
            return Ok(known);
        }
        let id = self.push(at, Some(value))?;
        self.known.insert(value, id);
        Ok(id)
    }

    fn edges(&mut self, ids: &[NodeId]) -> Result<Run> {
        let start = u32::try_from(self.tree.edges.len()).map_err(|_| too_big())?;
        let len = u32::try_from(ids.len()).map_err(|_| too_big())?;
        self.tree.edges.extend_from_slice(ids);
        Ok(Run { start, len })
    }

    /// Nodes for items, each counted.
    pub(super) fn items(
        &mut self,
        id: NodeId,
        origin: inspect::Node,
        items: impl Iterator<Item = Value>,
    ) -> Result<Run> {
        let mut ids = Vec::new();
        for (index, item) in (0_u32..).zip(items) {
            self.budget.spend(Limit::Retained, EDGE)?;
            ids.push(self.child((id, Via::Item(index)), origin.at(item))?);
        }
        self.edges(&ids)
    }

    fn dict(&mut self, id: NodeId, origin: inspect::Node, view: View<'o>, dict: Value) -> Result<Run> {
        let mut pairs = Vec::new();
        for (index, (key, value)) in (0_u32..).zip(view.ast.entries(dict, Moment::END)) {
            let key_id = self.child((id, Via::Key(index)), origin.at(key))?;
            // A key is compared now, so it has to be there now.
            if key.kind().is_literal() && matches!(self.tree.node(key_id), Node::None) {
                let node = self.literal(key_id, view, origin.at(key))?;
                if let Some(slot) = self.tree.nodes.get_mut(key_id.index()) {
                    *slot = node;
                }
            }
            pairs.extend([key_id, self.child((id, Via::Value(index)), origin.at(value))?]);
        }
        let all = pairs.len();
        // Any other key is not there yet, and what it will be equal to is not known.
        let is_literal = |id: NodeId| self.tree.meta(id)?.origin.map(|origin| origin.value.kind().is_literal());
        let known = |id| if is_literal(id) == Some(true) { self.tree.node(id) } else { &Node::Unknown };
        let pairs = keys::unique(known, pairs);
        if pairs.len() < all {
            self.renumber(id, &pairs);
        }
        self.edges(&pairs)
    }

    /// Says again how keys and values stand in a dict in which some were set twice.
    fn renumber(&mut self, dict: NodeId, pairs: &[NodeId]) {
        for (index, pair) in (0_u32..).zip(pairs.chunks_exact(2)) {
            for (&id, via) in pair.iter().zip([Via::Key(index), Via::Value(index)]) {
                if let Some(meta) = self.tree.metas.get_mut(id.index()).filter(|meta| meta.parent == dict) {
                    meta.via = via;
                }
            }
        }
    }

    /// The node of a value, with nodes for all that stands in it; `None` where it is there already.
    fn made(&mut self, id: NodeId, origin: inspect::Node) -> Result<Option<Node<'o>>> {
        let Some(view) = self.outline().view(origin) else { return Ok(None) };
        let value = origin.value;
        if self.is_strange(view, origin) {
            self.unsupported(id, "something is put into it that loading may refuse or drop");
        }
        let all = || view.ast.items(value, Moment::END);
        Ok(Some(match value.kind() {
            Kind::Tuple => Node::Tuple(self.items(id, origin, all())?),
            Kind::List => Node::List(self.items(id, origin, all())?),
            Kind::Set => Node::Set(self.items(id, origin, all())?),
            Kind::FrozenSet => Node::Frozenset(self.items(id, origin, all())?),
            Kind::Dict => Node::Dict(self.dict(id, origin, view, value)?),
            Kind::Import => self.import(view, value)?,
            Kind::Object => self.object(id, origin, view)?,
            Kind::Persistent => match view.effects.get(value.index()).map(|effect| effect.action) {
                Some(Action::Persistent { id: asked }) => {
                    Node::Persistent(self.child((id, Via::Id), origin.at(asked))?)
                }
                _ => self.unknown(id, "a persistent id that is not there"),
            },
            Kind::Extension => {
                self.unknown(id, "a code of the extension registry, which differs from program to program")
            }
            Kind::Buffer => self.unknown(id, "a buffer that is not in the file"),
            Kind::View => match array::bytes(view, value) {
                Some(bytes) => self.bytes(bytes),
                None => self.unknown(id, "a view of something that is no bytes"),
            },
            Kind::Opaque => self.unknown(id, "an import whose name is made while loading"),
            _ if !matches!(self.tree.node(id), Node::None) => return Ok(None),
            _ => self.literal(id, view, origin)?,
        }))
    }

    /// What cannot be represented at all.
    pub(super) fn unknown(&mut self, id: NodeId, message: &str) -> Node<'o> {
        self.unsupported(id, message);
        Node::Unknown
    }

    /// The node of a literal.
    pub(super) fn literal(&mut self, id: NodeId, view: View<'o>, origin: inspect::Node) -> Result<Node<'o>> {
        let Some(literal) = view.literal(origin.value) else {
            return Ok(self.unknown(id, "a literal that is not there"));
        };
        Ok(match literal {
            Literal::None => Node::None,
            Literal::Bool(value) => Node::Bool(value),
            Literal::Int(number) => Node::Int(number),
            Literal::Float(number) => Node::Float(number),
            Literal::BigInt(bytes) => int(BigInt::from_le_bytes(bytes)),
            Literal::BigText(digits) => {
                let text = std::str::from_utf8(digits).unwrap_or_default().trim();
                match BigInt::from_decimal(text.strip_suffix('L').unwrap_or(text)) {
                    Some(number) => int(number),
                    None => self.unknown(id, "an int that is no decimal number of up to 4300 digits"),
                }
            }
            Literal::Str(text) => Node::Str(self.kept(text)?),
            Literal::ByteStr(text) => Node::ByteStr(self.kept(text)?),
            Literal::Bytes(bytes) => Node::Bytes(Blob::Here(bytes.into())),
            Literal::ByteArray(bytes) => Node::Bytearray(Blob::Here(bytes.into())),
            Literal::Absent(len) => {
                let array = array::Array {
                    class: "bytes".to_owned(),
                    dtype: DType::from_spec(b"u1"),
                    shape: Some(vec![len]),
                    order: Order::C,
                    data: Data::Value(origin.value),
                };
                let array = self.outline().array_ref(origin, array, (Address::default(), 0));
                let blob = Blob::Inflated(Box::new(array));
                if origin.value.kind() == Kind::ByteArray { Node::Bytearray(blob) } else { Node::Bytes(blob) }
            }
        })
    }

    /// Text; counted where it is not borrowed from the file.
    pub(super) fn kept(&mut self, text: std::borrow::Cow<'o, [u8]>) -> Result<std::borrow::Cow<'o, [u8]>> {
        if let std::borrow::Cow::Owned(owned) = &text {
            self.budget.spend(Limit::Retained, owned.len() as u64)?;
        }
        Ok(text)
    }

    /// Bytes.
    pub(super) fn bytes(&mut self, bytes: std::borrow::Cow<'o, [u8]>) -> Node<'o> {
        Node::Bytes(Blob::Here(bytes))
    }

    fn import(&mut self, view: View<'o>, value: Value) -> Result<Node<'o>> {
        let Some(symbol) = view.ast.symbol(value) else { return Ok(Node::Unknown) };
        let (module, name) = map_name(&symbol.module, &symbol.name, symbol.protocol);
        let name = Name { module: module.into(), name: name.into() };
        if let Some(&known) = self.names.get(&name) {
            return Ok(Node::Name(known));
        }
        let bytes = name.module.len().saturating_add(name.name.len()).saturating_mul(2);
        self.budget.spend(Limit::Retained, bytes as u64)?;
        let number = u32::try_from(self.tree.names.len()).map_err(|_| too_big())?;
        self.names.insert(name.clone(), number);
        self.tree.names.push(name);
        Ok(Node::Name(number))
    }

    /// Whether something was done to a value that its node does not say.
    fn is_strange(&mut self, view: View<'o>, origin: inspect::Node) -> bool {
        let strange = self.strange.entry(origin.reading).or_insert_with(|| strange(view));
        strange.contains(&origin.value)
    }
}

/// An int as the node of its size.
fn int(number: BigInt<'_>) -> Node<'_> {
    number.to_i64().map_or_else(|| Node::BigInt(number), Node::Int)
}
