//! From the values of a reading to the nodes of a tree.

use super::node::{Array, Blob, Made, Masked, Meta, Name, Node, NodeId, Record, Run, Scalar, Via};
use super::{BigInt, Problem, Tree, keys};
use crate::array::{self, Data, Order};
use crate::ast::path::Address;
use crate::ast::{Kind, Moment, Value};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::{self, Outline};
use crate::limits::{Budget, Limit};
use crate::loader::View;
use crate::machine::{Action, Effect};
use crate::opcode::{Literal, Opcode};
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

struct Builder<'o> {
    tree: Tree<'o>,
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

    fn outline(&self) -> &'o Outline<'o, 'o> {
        self.tree.outline
    }

    fn problem(&mut self, node: NodeId, error: Error) {
        self.tree.problems.push(Problem { node, error });
    }

    fn unsupported(&mut self, node: NodeId, message: impl Into<String>) {
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
    fn made_up(&mut self, at: (NodeId, Via), node: Node<'o>) -> Result<NodeId> {
        let id = self.push(at, None)?;
        if let Some(slot) = self.tree.nodes.get_mut(id.index()) {
            *slot = node;
        }
        Ok(id)
    }

    /// The node of a value: that which it has already, or a new one.
    fn child(&mut self, at: (NodeId, Via), value: inspect::Node) -> Result<NodeId> {
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

    fn items(&mut self, id: NodeId, origin: inspect::Node, items: impl Iterator<Item = Value>) -> Result<Run> {
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

    fn unknown(&mut self, id: NodeId, message: &str) -> Node<'o> {
        self.unsupported(id, message);
        Node::Unknown
    }

    fn literal(&mut self, id: NodeId, view: View<'o>, origin: inspect::Node) -> Result<Node<'o>> {
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
    fn kept(&mut self, text: std::borrow::Cow<'o, [u8]>) -> Result<std::borrow::Cow<'o, [u8]>> {
        if let std::borrow::Cow::Owned(owned) = &text {
            self.budget.spend(Limit::Retained, owned.len() as u64)?;
        }
        Ok(text)
    }

    fn bytes(&mut self, bytes: std::borrow::Cow<'o, [u8]>) -> Node<'o> {
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

    fn object(&mut self, id: NodeId, origin: inspect::Node, view: View<'o>) -> Result<Node<'o>> {
        let Some(call) = Call::of(view, origin.value) else {
            return Ok(self.unknown(id, "an object that nothing makes"));
        };
        if let Some(node) = self.array_node(id, origin, &call)? {
            return Ok(node);
        }
        let untouched = call.build.is_none() && call.items.is_none();
        if untouched {
            if let Some((dtype, bytes)) = self.outline().scalar(origin) {
                let bytes = self.kept(bytes)?;
                let before_numpy_2 = call.callee_name().is_some_and(|(module, _)| module.starts_with("numpy.core."));
                let scalar = Scalar { dtype, bytes, before_numpy_2 };
                if let Err(error) = scalar.view() {
                    self.problem(id, error);
                }
                return Ok(Node::Scalar(Box::new(scalar)));
            }
            if let Some(node) = self.builtin(id, origin, &call)? {
                return Ok(node);
            }
        }
        if call.items.is_none()
            && let Some(dtype) = self.outline().dtype(origin)
        {
            return Ok(Node::DType(Box::new(dtype)));
        }
        self.record(id, origin, &call)
    }

    /// The array that an object is.
    fn array_node(&mut self, id: NodeId, origin: inspect::Node, call: &Call<'o>) -> Result<Option<Node<'o>>> {
        let outline = self.outline();
        let place = || (Address::default(), 0);
        if let Some(array) = outline.array(origin) {
            let elements = self.elements(id, origin, &array)?;
            let array = outline.array_ref(origin, array, place());
            if call.items.is_some() {
                self.unsupported(id, "an array into which something is put");
            }
            return Ok(Some(self.array(id, Array { array, elements })));
        }
        let Some((data, mask)) = outline.masked(origin) else { return Ok(None) };
        let elements = self.elements(id, origin, &data)?;
        let data = outline.array_ref(origin, data, place());
        let mask = outline.array_ref(origin, mask, place());
        let fill = call.build.and_then(|(state, _)| call.view.ast.items(state, Moment::END).nth(FILL));
        let Some(fill) = fill else { return Ok(None) };
        let fill = self.child((id, Via::Fill), origin.at(fill))?;
        for error in [&data.problem, &mask.problem].into_iter().flatten() {
            self.problem(id, error.clone());
        }
        let data = Array { array: data, elements };
        Ok(Some(Node::Masked(Box::new(Masked { data, mask, fill }))))
    }

    fn array(&mut self, id: NodeId, array: Array) -> Node<'o> {
        if let Some(error) = array.array.problem.clone() {
            self.problem(id, error);
        }
        Node::Array(Box::new(array))
    }

    /// The elements of an array of objects, whose list may stand in a pickle of its own.
    fn elements(&mut self, id: NodeId, origin: inspect::Node, array: &array::Array) -> Result<Option<Run>> {
        let outline = self.outline();
        let Some(list) = outline.object_elements(origin, array) else { return Ok(None) };
        let Some(view) = outline.view(list) else { return Ok(None) };
        Ok(Some(self.items(id, list, view.ast.items(list.value, Moment::END))?))
    }

    /// What old protocols write as a call, and newer ones as an opcode.
    fn builtin(&mut self, id: NodeId, origin: inspect::Node, call: &Call<'o>) -> Result<Option<Node<'o>>> {
        let view = call.view;
        if let Some(bytes) = array::bytes(view, origin.value) {
            let bytes = self.kept(bytes)?;
            return Ok(Some(self.bytes(bytes)));
        }
        let Some(("builtins", name)) = call.callee_name() else { return Ok(None) };
        let args: Vec<Value> = view.ast.items(call.args, Moment::END).take(3).collect();
        Ok(match (name, args.as_slice()) {
            ("set" | "frozenset", &[list]) if matches!(list.kind(), Kind::List | Kind::Tuple) => {
                let run = self.items(id, origin, view.ast.items(list, Moment::END))?;
                Some(if name == "set" { Node::Set(run) } else { Node::Frozenset(run) })
            }
            ("bytearray", &[]) => Some(Node::Bytearray(Blob::Here((&[][..]).into()))),
            ("bytearray", &[bytes]) => match array::bytes(view, bytes) {
                Some(bytes) => Some(Node::Bytearray(Blob::Here(self.kept(bytes)?))),
                // Bytes that were stepped over.
                None if bytes.kind() == Kind::Bytes => match self.literal(id, view, origin.at(bytes))? {
                    Node::Bytes(blob) => Some(Node::Bytearray(blob)),
                    _ => None,
                },
                None => None,
            },
            ("bytearray", &[text, encoding]) if is_latin1(view, encoding) => {
                let bytes = crate::loader::numpy::latin1(view, text);
                bytes.map(|bytes| Node::Bytearray(Blob::Here(bytes.into())))
            }
            _ => None,
        })
    }

    fn record(&mut self, id: NodeId, origin: inspect::Node, call: &Call<'o>) -> Result<Node<'o>> {
        let view = call.view;
        let mut parts = Parts {
            class: call.callee,
            made: if call.is_new { Made::New } else { Made::Call },
            args: Args::Tuple(call.args),
            kwargs: call.kwargs,
            items: call.items,
        };
        if let Some(("copyreg", function)) = call.callee_name() {
            parts.undo_copyreg(function, call);
        }
        if call.changes_later() {
            self.unsupported(id, "what it was made from or given as its state changes afterwards");
        }
        let class = self.child((id, Via::Class), origin.at(parts.class))?;
        let args = match parts.args {
            Args::Tuple(args) if args.kind() == Kind::Tuple && view.ast.is_empty(args) => None,
            Args::Tuple(args) => Some(self.child((id, Via::Args), origin.at(args))?),
            Args::Listed(args) if args.is_empty() => None,
            Args::Listed(args) => {
                let tuple = self.made_up((id, Via::Args), Node::None)?;
                let run = self.items(tuple, origin, args.into_iter())?;
                if let Some(slot) = self.tree.nodes.get_mut(tuple.index()) {
                    *slot = Node::Tuple(run);
                }
                Some(tuple)
            }
        };
        let kwargs = parts.kwargs.filter(|&kwargs| kwargs.kind() != Kind::Dict || !view.ast.is_empty(kwargs));
        let kwargs = kwargs.map(|kwargs| self.child((id, Via::Kwargs), origin.at(kwargs))).transpose()?;
        let state = call.build.map(|(state, _)| self.child((id, Via::State), origin.at(state))).transpose()?;
        let items = parts.items.map(|items| self.child((id, Via::Items), origin.at(items))).transpose()?;
        if items.is_some_and(|items| self.tree.is_shared(items)) {
            // Two records with one list of items would be two objects that are one.
            self.unsupported(id, "it is made from a container that others hold, too");
        }
        Ok(Node::Record(Box::new(Record { class, made: parts.made, args, kwargs, state, items })))
    }

    /// Whether something was done to a value that its node does not say.
    fn is_strange(&mut self, view: View<'o>, origin: inspect::Node) -> bool {
        let strange = self.strange.entry(origin.reading).or_insert_with(|| strange(view));
        strange.contains(&origin.value)
    }
}

/// Where the fill value stands in the state of a masked array.
const FILL: usize = 6;

/// An int as the node of its size.
fn int(number: BigInt<'_>) -> Node<'_> {
    number.to_i64().map_or_else(|| Node::BigInt(number), Node::Int)
}

fn is_latin1(view: View<'_>, value: Value) -> bool {
    matches!(view.literal(value), Some(Literal::Str(text)) if matches!(&*text, b"latin-1" | b"latin1"))
}

/// The call that made an object, and what was done to it.
struct Call<'o> {
    view: View<'o>,
    /// Whether it is `cls.__new__(cls, ...)`.
    is_new: bool,
    callee: Value,
    args: Value,
    kwargs: Option<Value>,
    made: Moment,
    /// The state, and when it was given.
    build: Option<(Value, Moment)>,
    items: Option<Value>,
}

impl<'o> Call<'o> {
    fn of(view: View<'o>, value: Value) -> Option<Self> {
        let object = view.ast.object_of(value)?;
        let &Effect { action, moment: made, .. } = view.effects.get(object.made_by as usize)?;
        let Action::Call { how, callee, args, kwargs, .. } = action else { return None };
        let build = object.build.and_then(|build| view.effects.get(build as usize));
        let build = build.and_then(|effect| match effect.action {
            Action::Build { state, .. } => Some((state, effect.moment)),
            _ => None,
        });
        let is_new = matches!(how, Opcode::NewObj | Opcode::NewObjEx);
        Some(Self { view, is_new, callee, args, kwargs, made, build, items: object.items })
    }

    /// Module and name of what is called.
    fn callee_name(&self) -> Option<(&'o str, &'o str)> {
        let symbol = self.view.ast.symbol(self.callee)?;
        Some(map_name(&symbol.module, &symbol.name, symbol.protocol))
    }

    /// Whether the state, or an argument, holds something else at the end than it did when it was taken.
    fn changes_later(&self) -> bool {
        let ast = self.view.ast;
        let state = self.build.is_some_and(|(state, moment)| ast.changed_after(state, moment));
        state || ast.items(self.args, self.made).any(|arg| ast.changed_after(arg, self.made))
    }
}

/// Class, arguments and items of a record.
struct Parts {
    class: Value,
    made: Made,
    args: Args,
    kwargs: Option<Value>,
    items: Option<Value>,
}

enum Args {
    Tuple(Value),
    Listed(Vec<Value>),
}

impl Parts {
    /// Reads the calls of `copyreg` that protocols 0 and 1 make where protocol 2 has opcodes.
    fn undo_copyreg(&mut self, function: &str, call: &Call<'_>) {
        let ast = call.view.ast;
        let args: Vec<Value> = ast.items(call.args, Moment::END).collect();
        match (function, args.as_slice()) {
            // copyreg._reconstructor(cls, base, state): base.__new__(cls, state), or object.__new__(cls).
            ("_reconstructor", &[class, base, state]) => {
                let base = ast.symbol(base).map(|base| map_name(&base.module, &base.name, base.protocol));
                let (args, items) = match (base, state.kind()) {
                    (Some(("builtins", "object")), Kind::None) => (Vec::new(), self.items),
                    (Some(("builtins", "dict")), Kind::Dict) | (Some(("builtins", "list")), Kind::List)
                        if self.items.is_none() =>
                    {
                        (Vec::new(), Some(state))
                    }
                    (Some(("builtins", "int" | "float" | "str" | "bytes" | "tuple" | "complex")), _) => {
                        (vec![state], self.items)
                    }
                    _ => return,
                };
                (self.class, self.made, self.args, self.items) = (class, Made::New, Args::Listed(args), items);
            }
            ("__newobj__", [class, args @ ..]) => {
                (self.class, self.made, self.args) = (*class, Made::New, Args::Listed(args.to_vec()));
            }
            ("__newobj_ex__", &[class, args, kwargs]) if args.kind() == Kind::Tuple => {
                (self.class, self.made, self.args, self.kwargs) = (class, Made::New, Args::Tuple(args), Some(kwargs));
            }
            _ => {}
        }
    }
}

/// Values to which something is done that the AST keeps no record of, or a mixed one: a second state, items of two kinds,
/// anything given to what is no object.
fn strange(view: View<'_>) -> HashSet<Value> {
    let mut strange = HashSet::new();
    let mut put: HashMap<Value, bool> = HashMap::new();
    for (number, effect) in (0_u32..).zip(view.effects) {
        let (target, how) = match effect.action {
            Action::Build { target, .. } => {
                if view.ast.object_of(target).is_none_or(|object| object.build != Some(number)) {
                    strange.insert(target);
                }
                continue;
            }
            Action::Append { target, .. } => (target, true),
            Action::SetItem { target, .. } => (target, false),
            // No writer adds to an object: subclasses of `set` are made from a list.
            Action::Add { target, .. } => {
                strange.insert(target);
                continue;
            }
            _ => continue,
        };
        let is_list = *put.entry(target).or_insert(how);
        if is_list != how || view.ast.object_of(target).is_none() {
            strange.insert(target);
        }
    }
    strange
}
