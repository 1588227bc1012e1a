//! `schema.json`: the nodes of a tree as skops' loaders want them, written without recursion.
//!
//! skops reads an object that it has met by its `__id__`, whatever else stands there: the second time only that is written.
//! So the parts of a node are written in the order in which its loader reads them.

use super::json;
use super::member::Member;
use super::trust::is_trusted;
use crate::array::{descr, signed, unsigned};
use crate::dtype::{ByteOrder, DType, Kind};
use crate::model::tree::{Array, Masked, Name, Node, NodeId, Scalar, Tree};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many objects within each other skops can read: it recurses, some three calls of Python and two levels of JSON for
/// each, of which Python has a thousand.
const DEPTH: usize = 200;

/// A part of what is still to be written.
pub(super) enum Piece {
    /// This text.
    Text(String),
    /// A node.
    Node(NodeId),
    /// The end of a node.
    End(NodeId),
}

impl Piece {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// What the loader of a node is told.
pub(super) struct Head<'n> {
    pub(super) loader: &'static str,
    pub(super) module: &'n str,
    pub(super) class: &'n str,
    /// The node, if it is one that others may refer to.
    pub(super) id: Option<NodeId>,
}

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
        Some(leaf(&text))
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
        Piece::Text(text)
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
        let mut pieces = vec![self.head(&Head { loader, module, class, id }), Piece::text(",\"content\":[")];
        separated(&mut pieces, items.iter().map(|&item| Piece::Node(item)));
        pieces.push(Piece::text("]}"));
        pieces
    }

    /// A dict, whose entries are those of `of`.
    pub(super) fn dict(&mut self, (module, class): (&str, &str), id: Option<NodeId>, of: NodeId) -> Vec<Piece> {
        let head = self.head(&Head { loader: "DictNode", module, class, id });
        let (mut types, mut content) = (Vec::new(), Vec::new());
        let mut texts = HashSet::new();
        for (key, value) in self.tree.entries(of) {
            let Some((key_type, text)) = self.key(key) else {
                return self.refuse(key, "skops has no place for this key: text, ints, floats and True only");
            };
            if !texts.insert(text.clone()) {
                return self.refuse(key, "two keys of the dict are one as text, and skops would lose one of them");
            }
            let (module, class) = key_type;
            types.push(self.head(&Head { loader: "TypeNode", module, class, id: None }));
            content.push(Piece::Text(format!("{}:", json::quoted(text.as_bytes()))));
            content.push(Piece::Node(value));
        }
        let list = self.builtin("ListNode", "list", None);
        let mut pieces = vec![head, Piece::text(",\"key_types\":"), list, Piece::text(",\"content\":[")];
        let mut first = true;
        for key_type in types {
            pieces.extend((!first).then(|| Piece::text(",")));
            pieces.extend([key_type, Piece::text("}")]);
            first = false;
        }
        pieces.push(Piece::text("]},\"content\":{"));
        for (number, piece) in content.into_iter().enumerate() {
            // Each entry is two pieces.
            pieces.extend((number > 0 && number.is_multiple_of(2)).then(|| Piece::text(",")));
            pieces.push(piece);
        }
        pieces.push(Piece::text("}}"));
        pieces
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

    fn array(&mut self, id: NodeId, array: &Array) -> Vec<Piece> {
        let class = &array.array.array.class;
        let (module, class) = match class.as_str() {
            // joblib gives a memory map back as an array.
            "numpy.memmap" => ("numpy", "ndarray"),
            "numpy.ndarray" | "numpy.matrix" | "numpy.matrixlib.defmatrix.matrix" => {
                class.rsplit_once('.').unwrap_or_default()
            }
            _ => {
                let why = format!("an array of the class {class}, which skops does not give back");
                return self.refuse(id, why);
            }
        };
        let head = self.head(&Head { loader: "NdArrayNode", module, class, id: Some(id) });
        self.array_parts(id, array, head, Member::Array(id))
    }

    /// What follows the head of an array: its file, or its elements where they are objects.
    fn array_parts(&mut self, id: NodeId, array: &Array, head: Piece, member: Member) -> Vec<Piece> {
        let about = &array.array.array;
        match (&about.dtype, array.elements) {
            (Ok(dtype), Some(_)) if dtype.kind() == Kind::Object => {
                let shape = about.shape.clone().unwrap_or_default();
                self.objects(id, &shape, head)
            }
            (Ok(dtype), None) if dtype.has_object() || dtype.kind() == Kind::StringDType => {
                self.refuse(id, "an array of objects that are not plain ones, for which numpy has no file")
            }
            (Ok(dtype), None) => match descr(dtype) {
                Ok(_) => self.npy(head, member),
                Err(error) => self.refuse(id, error.message().to_owned()),
            },
            (Err(error), _) => self.refuse(id, error.message().to_owned()),
            (Ok(_), Some(_)) => self.refuse(id, "a structure with objects, for which numpy has no file"),
        }
    }

    fn npy(&mut self, head: Piece, member: Member) -> Vec<Piece> {
        let file = format!(",\"type\":\"numpy\",\"file\":\"{}\"}}", member.name());
        self.members.push(member);
        vec![head, Piece::Text(file)]
    }

    /// An array of objects: lists within lists, as `ndarray.tolist` gives them.
    fn objects(&mut self, id: NodeId, shape: &[u64], head: Piece) -> Vec<Piece> {
        let items = self.tree.items(id);
        if shape.len() != 1 {
            let sequence = items.iter().find(|&&item| self.may_be_sequence(item));
            if shape.is_empty() || shape.contains(&0) || sequence.is_some() {
                return self.refuse(id, "an array of objects whose shape skops would not find again");
            }
        }
        let mut pieces = vec![head, Piece::text(",\"type\":\"json\",\"content\":[")];
        // How many elements a list of each level holds, the innermost first.
        let mut rows = Vec::new();
        let mut row = 1_usize;
        for &length in shape.iter().skip(1).rev() {
            row = row.saturating_mul(usize::try_from(length).unwrap_or(usize::MAX));
            rows.push(row);
        }
        for (number, &item) in items.iter().enumerate() {
            let first = |row: &&usize| number.is_multiple_of((**row).max(1));
            pieces.extend((number > 0).then(|| Piece::text(",")));
            for _ in rows.iter().filter(first) {
                pieces.extend([self.builtin("ListNode", "list", None), Piece::text(",\"content\":[")]);
            }
            pieces.push(Piece::Node(item));
            let last = |row: &&usize| number.saturating_add(1).is_multiple_of((**row).max(1));
            pieces.extend(rows.iter().filter(last).map(|_| Piece::text("]}")));
        }
        pieces.push(Piece::text("],\"shape\":"));
        pieces.extend(self.shape(shape));
        pieces.push(Piece::text("}"));
        pieces
    }

    /// Whether `numpy.array([item], dtype=object)` may take an item apart.
    fn may_be_sequence(&self, item: NodeId) -> bool {
        match self.tree.node(item) {
            Node::List(_) | Node::Tuple(_) | Node::Array(_) | Node::Masked(_) => true,
            // Ensembles of scikit-learn are sequences of estimators, as is a pipeline.
            Node::Record(record) => {
                let class = self.tree.class(item);
                let is_sequence = |name: &Name| {
                    name.module.starts_with("sklearn.ensemble") || name.module.starts_with("sklearn.pipeline")
                };
                record.items.is_some() || class.is_none_or(is_sequence)
            }
            _ => false,
        }
    }

    fn shape(&mut self, shape: &[u64]) -> Vec<Piece> {
        let mut pieces = vec![self.builtin("TupleNode", "tuple", None), Piece::text(",\"content\":[")];
        separated(&mut pieces, shape.iter().map(|length| Piece::Text(leaf(&length.to_string()))));
        pieces.push(Piece::text("]}"));
        pieces
    }

    fn masked(&mut self, id: NodeId, masked: &Masked) -> Vec<Piece> {
        let (module, class) = masked.data.array.array.class.rsplit_once('.').unwrap_or_default();
        if class != "MaskedArray" {
            return self.refuse(id, "a masked array of a class that skops does not give back");
        }
        if !matches!(self.tree.node(masked.fill), Node::None) {
            self.lost.push((id, "the fill value of a masked array".to_owned()));
        }
        let head = self.head(&Head { loader: "MaskedArrayNode", module, class, id: Some(id) });
        let mut pieces = vec![head, Piece::text(",\"content\":{\"data\":")];
        let data = self.head(&Head { loader: "NdArrayNode", module: "numpy", class: "ndarray", id: None });
        pieces.extend(self.array_parts(id, &masked.data, data, Member::Array(id)));
        pieces.push(Piece::text(",\"mask\":"));
        let mask = self.head(&Head { loader: "NdArrayNode", module: "numpy", class: "ndarray", id: None });
        pieces.extend(self.npy(mask, Member::Mask(id)));
        pieces.push(Piece::text("}}"));
        pieces
    }

    fn scalar(&mut self, id: NodeId, scalar: &Scalar<'_>) -> Vec<Piece> {
        let Some(class) = scalar_class(scalar) else {
            return self.refuse(id, "a scalar of numpy that skops does not give back");
        };
        let head = self.head(&Head { loader: "NdArrayNode", module: "numpy", class, id: Some(id) });
        self.npy(head, Member::Scalar(id))
    }

    fn dtype(&mut self, id: NodeId, dtype: &DType) -> Vec<Piece> {
        let head = self.head(&Head { loader: "DTypeNode", module: "numpy", class: "dtype", id: Some(id) });
        let inner = self.head(&Head { loader: "NdArrayNode", module: "numpy", class: "ndarray", id: None });
        let mut pieces = vec![head, Piece::text(",\"content\":")];
        if dtype.kind() == Kind::Object {
            pieces.extend([inner, Piece::text(",\"type\":\"json\",\"content\":[],\"shape\":")]);
            pieces.extend(self.shape(&[0]));
            pieces.push(Piece::text("}"));
        } else if dtype.has_object() || descr(dtype).is_err() {
            return self.refuse(id, "a data type for which numpy has no file");
        } else {
            pieces.extend(self.npy(inner, Member::DType(id)));
        }
        pieces.push(Piece::text("}"));
        pieces
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

/// A `JsonNode` of this JSON.
pub(super) fn leaf(json: &str) -> String {
    let content = json::quoted(json.as_bytes());
    format!(
        "{{\"__class__\":\"str\",\"__module__\":\"builtins\",\"__loader__\":\"JsonNode\",\"content\":{content},\"is_json\":true}}"
    )
}

/// Puts commas between pieces.
pub(super) fn separated(pieces: &mut Vec<Piece>, items: impl Iterator<Item = Piece>) {
    for (number, item) in items.enumerate() {
        pieces.extend((number > 0).then(|| Piece::text(",")));
        pieces.push(item);
    }
}

/// Text of four bytes for each character, padded with NUL.
fn ucs4(bytes: &[u8], is_big: bool) -> Option<String> {
    let char = |unit: &[u8]| char::from_u32(u32::try_from(unsigned(unit, is_big)?).ok()?);
    let text: String = bytes.chunks_exact(4).map(char).collect::<Option<_>>()?;
    Some(text.trim_end_matches('\0').to_owned())
}

/// The name of the type of a scalar, as the numpy that wrote it has it; `None` for structures.
fn scalar_class(scalar: &Scalar<'_>) -> Option<&'static str> {
    Some(match (scalar.dtype.kind(), scalar.dtype.itemsize()) {
        (Kind::Bool, _) if scalar.before_numpy_2 => "bool_",
        (Kind::Bool, _) => "bool",
        (Kind::Int, 1) => "int8",
        (Kind::Int, 2) => "int16",
        (Kind::Int, 4) => "int32",
        (Kind::Int, 8) => "int64",
        (Kind::UInt, 1) => "uint8",
        (Kind::UInt, 2) => "uint16",
        (Kind::UInt, 4) => "uint32",
        (Kind::UInt, 8) => "uint64",
        (Kind::Float, 2) => "float16",
        (Kind::Float, 4) => "float32",
        (Kind::Float, 8) => "float64",
        (Kind::Float, _) => "longdouble",
        (Kind::Complex, 8) => "complex64",
        (Kind::Complex, 16) => "complex128",
        (Kind::Complex, _) => "clongdouble",
        (Kind::DateTime, _) => "datetime64",
        (Kind::TimeDelta, _) => "timedelta64",
        (Kind::Bytes, _) => "bytes_",
        (Kind::Str, _) => "str_",
        _ => return None,
    })
}
