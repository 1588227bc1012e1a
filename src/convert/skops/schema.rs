//! `schema.json`: the nodes of a tree as skops' loaders want them, written without recursion.
//!
//! skops reads an object that it has met by its `__id__`, whatever else stands there: the second time only that is written.
//! So the parts of a node are written in the order in which its loader reads them.

use super::array::{scalar_class, ucs4};
use super::json;
use super::member::Member;
use super::parts::{Head, Parts, Piece, leaf};
use crate::array::{signed, unsigned};
use crate::dtype::{ByteOrder, Kind};
use crate::limits::{Budget, Limit};
use crate::model::tree::{Name, Node, NodeId, Tree};
use crate::skops::is_trusted;
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many objects within each other skops can read: it recurses, some three calls of Python and two levels of JSON for
/// each, of which Python has a thousand.
const DEPTH: usize = 200;

/// After so many refusals nothing more is looked at.
const REFUSALS: usize = 1000;

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// The schema of a tree, and what belongs to it.
pub(super) struct Schema<'t, 'o> {
    pub(super) tree: &'t Tree<'o>,
    pub(super) json: String,
    pub(super) members: Vec<Member>,
    pub(super) untrusted: BTreeSet<String>,
    pub(super) refused: Vec<(NodeId, String)>,
    pub(super) lost: Vec<(NodeId, String)>,
    states: Vec<State>,
    /// Text takes memory: many times what it takes in the file.
    budget: Budget,
    /// The heads of nodes that stand in several places.
    heads: HashMap<NodeId, String>,
}

impl<'t, 'o> Schema<'t, 'o> {
    /// Goes through a tree.
    pub(super) fn of(tree: &'t Tree<'o>) -> Self {
        let mut schema = Self {
            tree,
            json: String::new(),
            members: Vec::new(),
            untrusted: BTreeSet::new(),
            refused: Vec::new(),
            lost: Vec::new(),
            states: vec![State::New; tree.len()],
            budget: tree.outline().contents().budget.clone(),
            heads: HashMap::new(),
        };
        schema.walk();
        // The root is the schema itself, and says how it is to be read.
        if schema.json.pop().is_some() {
            schema.json.push_str(",\"protocol\":2,\"_skops_version\":\"0.16.0\"}");
        }
        schema
    }

    fn walk(&mut self) {
        let mut open = vec![Piece::Node(self.tree.root())];
        let mut depth = 0_usize;
        while let Some(piece) = open.pop() {
            if self.refused.len() > REFUSALS {
                return;
            }
            match piece {
                Piece::Text(text) => self.json.push_str(&text),
                Piece::End(id) => {
                    depth = depth.saturating_sub(1);
                    self.set(id, State::Done);
                }
                Piece::Node(id) => {
                    let mut pieces = self.node(id);
                    if self.state(id) == State::Open {
                        depth = depth.saturating_add(1);
                        if depth > DEPTH {
                            self.refuse(id, format!("it lies deeper than {DEPTH} objects, which skops cannot read"));
                            return;
                        }
                    }
                    pieces.reverse();
                    open.extend(pieces);
                }
            }
        }
    }

    fn state(&self, id: NodeId) -> State {
        self.states.get(id.index()).copied().unwrap_or(State::Done)
    }

    fn set(&mut self, id: NodeId, state: State) {
        if let Some(slot) = self.states.get_mut(id.index()) {
            *slot = state;
        }
    }

    /// Refuses a node. What stands for it is never written out.
    pub(super) fn refuse(&mut self, id: NodeId, why: impl Into<String>) -> Vec<Piece> {
        self.refused.push((id, why.into()));
        vec![Piece::text("null")]
    }

    /// A node that stands in another: at once where it is a value of JSON, else when its turn comes.
    pub(super) fn part(&mut self, id: NodeId) -> Piece {
        self.leaf(id).map_or(Piece::Node(id), Piece::Text)
    }

    /// Counts text. Where there may be no more, the root is refused.
    fn spend(&mut self, text: String) -> String {
        match self.budget.spend(Limit::Retained, text.len() as u64) {
            Ok(()) => text,
            Err(error) => {
                self.refuse(self.tree.root(), error.message().to_owned());
                String::new()
            }
        }
    }

    fn node(&mut self, id: NodeId) -> Vec<Piece> {
        if let Some(text) = self.leaf(id) {
            return vec![Piece::Text(text)];
        }
        match self.state(id) {
            State::Open => return self.refuse(id, "it stands within itself, which skops cannot write or read"),
            State::Done => {
                let head = self.heads.get(&id).cloned().unwrap_or_default();
                return vec![Piece::Text(head), Piece::text("}")];
            }
            State::New => self.set(id, State::Open),
        }
        let mut pieces = self.parts(id);
        pieces.push(Piece::End(id));
        pieces
    }

    /// A value that JSON has.
    fn leaf(&mut self, id: NodeId) -> Option<String> {
        let text = match self.tree.node(id) {
            Node::None => "null".to_owned(),
            Node::Bool(value) => value.to_string(),
            Node::Int(number) => number.to_string(),
            Node::BigInt(number) => json::big(number)?,
            Node::Float(number) => json::float(*number),
            Node::Str(text) => json::quoted(text),
            Node::ByteStr(_) => json::quoted(self.tree.text(id)?.as_bytes()),
            _ => return None,
        };
        Some(self.spend(leaf(&text)))
    }

    /// The beginning of a node, without the brace that ends it. What has to be trusted is remembered.
    pub(super) fn head(&mut self, head: &Head<'_>) -> Piece {
        let Head { loader, module, class, id } = head;
        let name = format!("{module}.{class}");
        if !is_trusted(loader, &name) && !matches!(*loader, "SliceNode") {
            self.untrusted.insert(name);
        }
        let quoted = |text: &str| json::quoted(text.as_bytes());
        let mut text =
            format!("{{\"__class__\":{},\"__module__\":{},\"__loader__\":\"{loader}\"", quoted(class), quoted(module));
        if let Some(id) = id {
            text.push_str(&format!(",\"__id__\":{}", number(*id)));
            if self.tree.is_shared(*id) {
                self.heads.insert(*id, text.clone());
            }
        }
        Piece::Text(self.spend(text))
    }

    /// A node of a class of Python itself.
    pub(super) fn builtin(&mut self, loader: &'static str, class: &str, id: Option<NodeId>) -> Piece {
        self.head(&Head { loader, module: "builtins", class, id })
    }

    fn parts(&mut self, id: NodeId) -> Vec<Piece> {
        match self.tree.node(id) {
            Node::List(_) => self.sequence("ListNode", ("builtins", "list"), Some(id), self.tree.items(id)),
            Node::Tuple(_) => self.sequence("TupleNode", ("builtins", "tuple"), Some(id), self.tree.items(id)),
            Node::Set(_) => self.sequence("SetNode", ("builtins", "set"), Some(id), self.tree.items(id)),
            Node::Frozenset(_) => {
                let head = self.builtin("ConstructorFromReduceNode", "frozenset", Some(id));
                let list = self.sequence("ListNode", ("builtins", "list"), None, self.tree.items(id));
                let tuple = self.builtin("TupleNode", "tuple", None);
                let mut pieces = vec![head, Piece::text(",\"content\":"), tuple, Piece::text(",\"content\":[")];
                pieces.extend(list);
                pieces.push(Piece::text("]}}"));
                pieces
            }
            Node::Dict(_) => self.dict(("builtins", "dict"), Some(id), id),
            Node::Bytes(_) => self.file("BytesNode", "bytes", id),
            Node::Bytearray(_) => self.file("BytearrayNode", "bytearray", id),
            Node::Array(array) => self.array(id, array),
            Node::Masked(masked) => self.masked(id, masked),
            Node::Scalar(scalar) => self.scalar(id, scalar),
            Node::DType(dtype) => self.dtype(id, dtype),
            Node::Name(_) => match self.tree.name(id) {
                Some(name) => self.name(id, name),
                None => self.refuse(id, "a name that is not there"),
            },
            Node::Record(record) => self.record(id, record),
            Node::ByteStr(_) => {
                self.refuse(id, "a string of Python 2 with bytes beyond ASCII: text or bytes, nobody knows")
            }
            Node::BigInt(_) => self.refuse(id, "an int of more digits than Python reads"),
            Node::Persistent(_) => self.refuse(id, "an object that is kept outside of the pickle"),
            _ => self.refuse(id, "something that cannot be represented"),
        }
    }

    /// A list, tuple or set.
    pub(super) fn sequence(
        &mut self,
        loader: &'static str,
        (module, class): (&str, &str),
        id: Option<NodeId>,
        items: &[NodeId],
    ) -> Vec<Piece> {
        let mut parts = Parts::default();
        parts.pieces([self.head(&Head { loader, module, class, id })]).text(",\"content\":[");
        for (number, &item) in items.iter().enumerate() {
            parts.text(if number > 0 { "," } else { "" }).pieces([self.part(item)]);
        }
        parts.text("]}");
        parts.finish()
    }

    /// A dict, whose entries are those of `of`.
    pub(super) fn dict(&mut self, (module, class): (&str, &str), id: Option<NodeId>, of: NodeId) -> Vec<Piece> {
        let (mut types, mut content) = (Parts::default(), Parts::default());
        let mut texts = HashSet::new();
        for (number, (key, value)) in self.tree.entries(of).enumerate() {
            let Some(((module, class), text)) = self.key(key) else {
                return self.refuse(key, "skops has no place for this key: text, ints, floats and True only");
            };
            let comma = if number > 0 { "," } else { "" };
            let head = self.head(&Head { loader: "TypeNode", module, class, id: None });
            types.text(comma).pieces([head]).text("}");
            content.text(comma).text(&json::quoted(text.as_bytes())).text(":").pieces([self.part(value)]);
            if !texts.insert(text) {
                return self.refuse(key, "two keys of the dict are one as text, and skops would lose one of them");
            }
        }
        let mut parts = Parts::default();
        parts.pieces([self.head(&Head { loader: "DictNode", module, class, id })]);
        parts.text(",\"key_types\":").pieces([self.builtin("ListNode", "list", None)]).text(",\"content\":[");
        parts.pieces(types.finish()).text("]},\"content\":{").pieces(content.finish()).text("}}");
        parts.finish()
    }

    /// The type of a key, and the text from which skops makes it again: `type(text)`.
    fn key(&self, key: NodeId) -> Option<((&'static str, &'static str), String)> {
        Some(match self.tree.node(key) {
            Node::Str(_) | Node::ByteStr(_) => (("builtins", "str"), self.tree.text(key)?.to_owned()),
            Node::Int(number) => (("builtins", "int"), number.to_string()),
            Node::BigInt(number) => (("builtins", "int"), json::big(number)?),
            Node::Float(number) => (("builtins", "float"), json::float(*number)),
            // False is written as "false", which is true.
            Node::Bool(true) => (("builtins", "bool"), "true".to_owned()),
            Node::Scalar(scalar) => {
                let class = scalar_class(scalar)?;
                let view = scalar.view().ok()?;
                let is_big = scalar.dtype.byte_order() == ByteOrder::Big;
                let text = match scalar.dtype.kind() {
                    Kind::Int => signed(view.bytes(), is_big)?.to_string(),
                    Kind::UInt => unsigned(view.bytes(), is_big)?.to_string(),
                    Kind::Float => json::float(match scalar.dtype.itemsize() {
                        4 => f64::from(view.iter::<f32>().ok()?.next()?),
                        _ => view.iter::<f64>().ok()?.next()?,
                    }),
                    Kind::Str => ucs4(view.bytes(), is_big)?,
                    _ => return None,
                };
                (("numpy", class), text)
            }
            _ => return None,
        })
    }

    fn file(&mut self, loader: &'static str, class: &str, id: NodeId) -> Vec<Piece> {
        let head = self.builtin(loader, class, Some(id));
        let member = Member::Bytes(id);
        let file = format!(",\"file\":\"{}\"}}", member.name());
        self.members.push(member);
        vec![head, Piece::Text(file)]
    }

    /// A class or function. Which of the two it is, no file says, and skops loads both alike: what it trusts as one is
    /// written as that.
    fn name(&mut self, id: NodeId, name: &Name) -> Vec<Piece> {
        if name.name.contains('.') {
            return self.refuse(id, "the name of an attribute of a class, which skops cannot look up");
        }
        let loader = if is_trusted("TypeNode", &name.to_string()) { "TypeNode" } else { "FunctionNode" };
        let head = self.head(&Head { loader, module: &name.module, class: &name.name, id: Some(id) });
        vec![head, Piece::text("}")]
    }
}

/// The number by which a node is referred to. skops takes 0 for none.
fn number(id: NodeId) -> usize {
    id.index().saturating_add(1)
}
