//! What `construct` of skops' loaders does, as a pickle.

use super::files::Files;
use super::json::{Id, Json, Kind};
use super::loaders::Loader;
use super::nodes::{Node, NodeId, Nodes};
use super::{FlawKind, Skops, ops};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Budget, Limit};
use std::collections::{HashMap, HashSet};

/// Writes the pickle of a schema.
///
/// # Errors
/// [`ErrorKind::Limit`].
pub(super) fn write<'a>(
    nodes: Nodes<'_, 'a>,
    files: &mut Files<'a>,
    skops: &mut Skops,
    budget: &mut Budget,
) -> Result<()> {
    let states = vec![State::New; nodes.len()];
    let mut writer = Writer {
        nodes,
        files,
        skops,
        budget,
        states,
        open: Vec::new(),
        names: HashMap::new(),
        dtypes: Vec::new(),
        storages: HashSet::new(),
        memo: 0,
        counted: 0,
    };
    writer.ops(b"\x80\x04");
    writer.walk()?;
    writer.ops(b".");
    let named = std::mem::take(&mut writer.files.named);
    // skops writes an object again that it has written, and reads it once.
    let again = writer.nodes.files();
    writer.skops.named = again.chain(named).collect();
    writer.skops.flaws = writer.nodes.flaws;
    Ok(())
}

#[derive(Clone, Copy)]
enum State {
    New,
    Open,
    /// With its number in the memo, where it stands in others again.
    Done(Option<u32>),
}

/// What is still to be written.
pub(super) enum Piece {
    /// These opcodes.
    Ops(&'static [u8]),
    /// The same.
    Made(Vec<u8>),
    /// A node, or `None` where it could not be put together.
    Node(Option<NodeId>),
    /// A value of JSON.
    Value(Id),
    /// The key of a dict, and the type that it is given to.
    Key(Id, KeyType),
    /// The end of a node.
    End(NodeId),
}

/// What a key of JSON becomes.
#[derive(Clone, Copy)]
pub(super) enum KeyType {
    Str,
    Int,
    Float,
    Bool,
    /// What this type makes of the text.
    Other(NodeId),
}

pub(super) struct Writer<'w, 'j, 'a> {
    pub(super) nodes: Nodes<'j, 'a>,
    pub(super) files: &'w mut Files<'a>,
    pub(super) skops: &'w mut Skops,
    pub(super) budget: &'w mut Budget,
    states: Vec<State>,
    /// Where the nodes around it begin in the schema.
    open: Vec<u32>,
    /// Numbers in the memo of imports, by module, name, and whether the file says them.
    names: HashMap<(String, String, bool), u32>,
    pub(super) dtypes: Vec<(DType, u32)>,
    /// Keys of storages that are noted.
    pub(super) storages: HashSet<String>,
    memo: u32,
    /// How much of the pickle is paid for.
    counted: usize,
}

/// The most digits of an int that Python reads.
const DIGITS: usize = 4300;

impl Writer<'_, '_, '_> {
    fn walk(&mut self) -> Result<()> {
        let mut pieces = vec![Piece::Node(self.nodes.root())];
        while let Some(piece) = pieces.pop() {
            let len = self.skops.pickle.len();
            self.budget.spend(Limit::Retained, len.saturating_sub(self.counted) as u64)?;
            self.counted = len;
            match piece {
                Piece::Ops(ops) => self.ops(ops),
                Piece::Made(ops) => self.ops(&ops),
                Piece::Node(None) => self.ops(b"N"),
                Piece::Node(Some(id)) => match self.state(id) {
                    State::Done(Some(number)) => self.fetch(number),
                    state @ (State::Open | State::Done(None)) => {
                        let node = self.nodes.get(id);
                        let at = node.map_or(0, |node| self.nodes.json.at(node.json));
                        let is_open = matches!(state, State::Open);
                        let why = if is_open { "within itself" } else { "in several lists that are one array" };
                        self.refuse(at, format!("an object stands {why}: skops cannot load it"));
                        self.ops(b"N");
                    }
                    State::New => self.begin(id, &mut pieces)?,
                },
                Piece::Value(value) => self.value(value)?,
                Piece::Key(key, of) => self.key(key, of)?,
                Piece::End(id) => {
                    let is_shared = self.nodes.get(id).is_some_and(|node| node.uses > 1);
                    let number = is_shared.then(|| self.memoize());
                    if let Some(state) = self.states.get_mut(id.index()) {
                        *state = State::Done(number);
                    }
                    self.open.pop();
                    self.now(true);
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, id: NodeId, pieces: &mut Vec<Piece>) -> Result<()> {
        let Some(node) = self.nodes.get(id) else { return Ok(()) };
        if let Some(state) = self.states.get_mut(id.index()) {
            *state = State::Open;
        }
        self.open.push(self.nodes.json.at(node.json));
        self.now(true);
        pieces.push(Piece::End(id));
        let first = pieces.len();
        let (written, memo) = (self.skops.pickle.len(), self.memo);
        match self.node(node, pieces) {
            // What a limit ends is not known at all.
            Err(error) if error.kind() == ErrorKind::Limit => return Err(error),
            Err(error) => {
                self.refuse(self.nodes.json.at(node.json), error.message().to_owned());
                pieces.truncate(first);
                self.skops.pickle.truncate(written);
                self.memo = memo;
                self.names.retain(|_, number| *number < memo);
                self.dtypes.retain(|(_, number)| *number < memo);
                // The class may be imported before the node is refused.
                let (module, class) = self.nodes.class(node);
                if self.named((&module, &class)).is_ok() {
                    self.ops(b"0");
                }
                self.ops(b"N");
            }
            Ok(()) => {
                if let Some(own) = pieces.get_mut(first..) {
                    own.reverse();
                }
            }
        }
        Ok(())
    }

    fn state(&self, id: NodeId) -> State {
        self.states.get(id.index()).copied().unwrap_or(State::Open)
    }

    /// From here on the pickle comes from the node that is open; `said` as in [`Origin`](super::Origin).
    fn now(&mut self, said: bool) {
        let at = self.open.last().copied().unwrap_or(0);
        self.skops.origin.begin(self.skops.pickle.len() as u64, u64::from(at), said);
    }

    pub(super) fn refuse(&mut self, at: u32, message: impl Into<String>) {
        self.nodes.flaw(FlawKind::Refused, at, message);
    }

    pub(super) fn ops(&mut self, ops: &[u8]) {
        self.skops.pickle.extend_from_slice(ops);
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        ops::text(&mut self.skops.pickle, text);
    }

    pub(super) fn int(&mut self, number: i64) {
        ops::int(&mut self.skops.pickle, number);
    }

    /// Keeps what was written last in the memo.
    pub(super) fn memoize(&mut self) -> u32 {
        self.ops(b"\x94");
        let number = self.memo;
        self.memo = self.memo.saturating_add(1);
        number
    }

    pub(super) fn fetch(&mut self, number: u32) {
        self.ops(b"j");
        self.ops(&number.to_le_bytes());
    }

    /// Imports a name that only the loader knows.
    pub(super) fn known(&mut self, module: &str, name: &str) {
        self.import(module, name, false);
    }

    /// Imports a name that the file gives.
    pub(super) fn named(&mut self, (module, name): (&str, &str)) -> Result<()> {
        if module.is_empty() || name.is_empty() {
            return Err(Error::new(ErrorKind::Malformed, "a module or a name of no letters"));
        }
        self.import(module, name, true);
        Ok(())
    }

    fn import(&mut self, module: &str, name: &str, said: bool) {
        self.now(said);
        let key = (module.to_owned(), name.to_owned(), said);
        if let Some(&number) = self.names.get(&key) {
            self.fetch(number);
        } else {
            self.text(module.as_bytes());
            self.text(name.as_bytes());
            self.ops(b"\x93");
            let number = self.memoize();
            self.names.insert(key, number);
        }
        self.now(true);
    }

    /// Writes what stands for a node; what follows its first parts goes to `rest`.
    fn node(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        let Some(loader) = node.loader else {
            self.ops(b"N");
            return Ok(());
        };
        let (module, class) = self.nodes.class(node);
        let of = (module.as_str(), class.as_str());
        match loader {
            Loader::Json => self.json(node),
            Loader::List | Loader::Set | Loader::Tuple => self.sequence(node, loader, of, rest),
            Loader::Dict => self.dict(node, of, rest),
            Loader::DefaultDict => {
                self.known("collections", "defaultdict");
                rest.push(Piece::Node(self.part(node, 1)));
                rest.push(Piece::Ops(b"\x85R"));
                self.main(node, rest)
            }
            Loader::DeprecatedKeys => {
                self.known("sklearn.covariance._graph_lasso", "_DictWithDeprecatedKeys");
                self.ops(b")R");
                self.main(node, rest)?;
                rest.push(Piece::Ops(b"}\x8c\x19_deprecated_key_to_new_key"));
                rest.extend([Piece::Node(self.part(node, 1)), Piece::Ops(b"sb")]);
                Ok(())
            }
            Loader::Bytes | Loader::Bytearray => self.bytes(node, loader),
            Loader::Slice => {
                self.known("builtins", "slice");
                self.ops(b"(");
                for field in ["start", "stop", "step"] {
                    rest.push(Piece::Value(self.json_field(node, &["content", field])?));
                }
                rest.push(Piece::Ops(b"tR"));
                Ok(())
            }
            Loader::Function => {
                let (module, name) = self.nodes.function(node);
                self.named((&module, &name))
            }
            Loader::Type => self.named(of),
            Loader::Method => {
                let name = self.json_field(node, &["content", "func"])?;
                if self.nodes.json.kind(name) != Kind::Str {
                    return Err(Error::new(ErrorKind::Malformed, "the name of a method is no text"));
                }
                self.known("builtins", "getattr");
                rest.extend([Piece::Node(self.part(node, 0)), Piece::Key(name, KeyType::Str), Piece::Ops(b"\x86R")]);
                self.agrees(node, of);
                Ok(())
            }
            Loader::Partial => {
                self.known("functools", "partial");
                let [func, args, kwds, namespace] = [0, 1, 2, 3].map(|index| Piece::Node(self.part(node, index)));
                // What is called stands in the state, too.
                rest.extend([
                    func,
                    Piece::Ops(b"\x85R("),
                    self.again(node, 0),
                    args,
                    kwds,
                    namespace,
                    Piece::Ops(b"tb"),
                ]);
                Ok(())
            }
            Loader::Constructor => {
                self.named(of)?;
                self.arguments(node, 0, rest);
                rest.push(Piece::Ops(b"R"));
                Ok(())
            }
            Loader::Object => {
                self.named(of)?;
                self.ops(b")\x81");
                if self.part(node, 0).is_some_and(|state| !self.is_json(state, &["null"])) {
                    rest.extend([Piece::Node(self.part(node, 0)), Piece::Ops(b"b")]);
                }
                Ok(())
            }
            Loader::OperatorFunc => {
                if module != "operator" {
                    self.refuse(self.nodes.json.at(node.json), "the module of an operator is not `operator`");
                }
                self.named(("operator", &class))?;
                self.arguments(node, 0, rest);
                rest.push(Piece::Ops(b"R"));
                Ok(())
            }
            Loader::Loss => self.reduced(node, of, rest),
            Loader::Tree => self.reduced(node, ("sklearn.tree._tree", "Tree"), rest),
            Loader::QuantileForest => {
                self.reduced(node, ("quantile_forest._quantile_forest_fast", "QuantileForest"), rest)
            }
            Loader::NdArray => self.ndarray(node, of, rest),
            Loader::Masked => self.masked(node, rest),
            Loader::DType => self.dtype_of(node),
            Loader::RandomState => self.random_state(node, of, rest),
            Loader::Generator => self.generator(node, of, rest),
            Loader::Sparse => self.sparse(node),
            Loader::Cached => {
                self.ops(b"N");
                Ok(())
            }
        }
    }

    pub(super) fn part(&self, node: Node, index: usize) -> Option<NodeId> {
        self.nodes.parts(node).get(index).copied().flatten()
    }

    /// A part of a node that is one of these loaders.
    pub(super) fn part_as(&self, node: Node, index: usize, loader: Loader) -> Option<Node> {
        self.nodes.get(self.part(node, index)?).filter(|part| part.loader == Some(loader))
    }

    /// All parts of a node.
    pub(super) fn all(&self, node: Node) -> impl Iterator<Item = Piece> + use<> {
        self.nodes.parts(node).to_vec().into_iter().map(Piece::Node)
    }

    fn json_field(&self, node: Node, path: &[&str]) -> Result<Id> {
        let missing = || Error::new(ErrorKind::Malformed, format!("a node without its `{}`", path.join(".")));
        self.nodes.json.path(node.json, path).ok_or_else(missing)
    }

    /// Whether a node is a value of JSON that is written like one of these.
    fn is_json(&self, id: NodeId, texts: &[&str]) -> bool {
        let node = self.nodes.get(id).filter(|node| node.loader == Some(Loader::Json));
        let content = node.and_then(|node| self.nodes.field(node, &["content"]));
        content.is_some_and(|content| texts.contains(&content.trim()))
    }

    /// Says where the object of a method is another than the method says (skops 0.13 refuses that, 0.11 does not).
    fn agrees(&mut self, node: Node, of: (&str, &str)) {
        let object = self.part(node, 0).and_then(|object| self.nodes.get(object));
        let class = object.map(|object| self.nodes.class(object));
        if class.is_some_and(|(module, class)| of != (&module, &class)) {
            let at = self.nodes.json.at(node.json);
            self.refuse(at, "the class of a method is not that of its object");
        }
    }

    /// The same part once more.
    fn again(&mut self, node: Node, index: usize) -> Piece {
        let part = self.part(node, index);
        if let Some(part) = part {
            self.nodes.use_again(part);
        }
        Piece::Node(part)
    }

    /// A node whose content is JSON as text.
    fn json(&mut self, node: Node) -> Result<()> {
        let content = self.json_field(node, &["content"])?;
        let Some(text) = self.nodes.json.text(content) else {
            return Err(Error::new(ErrorKind::Malformed, "the content of a value is no text"));
        };
        let json =
            Json::parse(&text, self.budget).map_err(|error| Error::new(error.kind(), error.message().to_owned()))?;
        let at = self.nodes.json.at(content);
        if !json.twice.is_empty() {
            self.nodes.flaw(FlawKind::Ambiguous, at, "a key occurs twice in an object of JSON within the schema");
        }
        let root = json.root();
        self.plain(&json, root)
    }

    /// A value of the schema itself.
    fn value(&mut self, value: Id) -> Result<()> {
        let json = self.nodes.json;
        self.plain(json, value)
    }

    /// A value of JSON and all that is in it.
    fn plain(&mut self, json: &Json<'_>, value: Id) -> Result<()> {
        enum Step {
            Value(Id),
            Ops(&'static [u8]),
        }
        let mut open = vec![Step::Value(value)];
        while let Some(step) = open.pop() {
            let value = match step {
                Step::Ops(ops) => {
                    self.ops(ops);
                    continue;
                }
                Step::Value(value) => value,
            };
            let first = open.len();
            match json.kind(value) {
                Kind::Null => self.ops(b"N"),
                Kind::True => self.ops(b"\x88"),
                Kind::False => self.ops(b"\x89"),
                Kind::Int => self.digits(json.written(value), json.at(value)),
                Kind::Float => ops::float(&mut self.skops.pickle, json.float(value).unwrap_or(f64::NAN)),
                Kind::Str => self.text(&json.text(value).unwrap_or_default()),
                Kind::Array => {
                    self.ops(b"](");
                    open.extend(json.list(value).map(Step::Value));
                    open.push(Step::Ops(b"e"));
                }
                Kind::Object => {
                    self.ops(b"}(");
                    open.extend(json.entries(value).flat_map(|(key, value)| [Step::Value(key), Step::Value(value)]));
                    open.push(Step::Ops(b"u"));
                }
            }
            if let Some(own) = open.get_mut(first..) {
                own.reverse();
            }
        }
        Ok(())
    }

    /// An int by its digits.
    fn digits(&mut self, digits: &[u8], at: u32) {
        let small = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        match small {
            Some(number) => self.int(number),
            None if digits.len() <= DIGITS => ops::big(&mut self.skops.pickle, digits),
            None => {
                self.refuse(at, "an int of more digits than Python reads");
                self.ops(b"N");
            }
        }
    }

    /// The items of a list, set or tuple, and what is made of them.
    fn sequence(&mut self, node: Node, loader: Loader, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        let (begin, end): (&[u8], &'static [u8]) = match (loader, of) {
            (Loader::List, ("builtins", "list")) => (b"](", b"e"),
            (Loader::Set, ("builtins", "set")) => (b"\x8f(", b"\x90"),
            (Loader::Set, ("builtins", "frozenset")) => (b"(", b"\x91"),
            (Loader::Tuple, ("builtins", "tuple")) => (b"(", b"t"),
            // A named tuple; of any other class skops gives back a plain one.
            (Loader::Tuple, _) => (b"(", b"t\x81"),
            _ => (b"](", b"e\x85R"),
        };
        if !matches!(end, b"e" | b"\x90" | b"\x91" | b"t") {
            self.named(of)?;
        }
        self.ops(begin);
        rest.extend(self.all(node));
        rest.push(Piece::Ops(end));
        Ok(())
    }

    fn dict(&mut self, node: Node, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        if of == ("builtins", "dict") {
            self.ops(b"}");
        } else {
            self.named(of)?;
            self.ops(b")R");
        }
        self.items(node, rest)
    }

    /// Puts the items of a dict into what stands on the stack.
    fn items(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        let types = self.key_types(node)?;
        let content = self.json_field(node, &["content"])?;
        let keys: Vec<Id> = self.nodes.json.entries(content).map(|(key, _)| key).collect();
        if types.len() != keys.len() {
            let at = self.nodes.json.at(node.json);
            self.refuse(at, format!("a dict of {} keys and {} types of keys", keys.len(), types.len()));
        }
        if keys.is_empty() {
            return Ok(());
        }
        rest.push(Piece::Ops(b"("));
        let values = self.nodes.parts(node).get(1..).unwrap_or_default();
        let types = types.into_iter().chain(std::iter::repeat(KeyType::Str));
        for ((&key, of), &value) in keys.iter().zip(types).zip(values) {
            rest.extend([Piece::Key(key, of), Piece::Node(value)]);
        }
        rest.push(Piece::Ops(b"u"));
        Ok(())
    }

    /// The types that the keys of a dict are given to.
    fn key_types(&self, node: Node) -> Result<Vec<KeyType>> {
        let unknown = || Error::new(ErrorKind::Malformed, "the types of keys are no list of types");
        let types = self.part_as(node, 0, Loader::List).or_else(|| self.part_as(node, 0, Loader::Tuple));
        let types = types.filter(|&types| self.nodes.class(types).0 == "builtins").ok_or_else(unknown)?;
        let of = |&part: &Option<NodeId>| {
            let id = part?;
            let node =
                self.nodes.get(id).filter(|node| matches!(node.loader, Some(Loader::Type | Loader::Function)))?;
            let (module, class) = self.nodes.class(node);
            Some(match (module.as_str(), class.as_str()) {
                ("builtins", "str") => KeyType::Str,
                ("builtins", "int") => KeyType::Int,
                ("builtins", "float") => KeyType::Float,
                ("builtins", "bool") => KeyType::Bool,
                _ => KeyType::Other(id),
            })
        };
        self.nodes.parts(types).iter().map(of).collect::<Option<_>>().ok_or_else(unknown)
    }

    fn key(&mut self, key: Id, of: KeyType) -> Result<()> {
        let text = self.nodes.json.text(key).unwrap_or_default();
        let plain = std::str::from_utf8(&text).ok().map(str::trim);
        match of {
            KeyType::Int => {
                let digits = plain.map(|text| text.strip_prefix('-').unwrap_or(text)).unwrap_or_default();
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    self.digits(plain.unwrap_or_default().as_bytes(), self.nodes.json.at(key));
                    return Ok(());
                }
            }
            KeyType::Float => {
                if let Some(number) = plain.and_then(|text| text.parse().ok()) {
                    ops::float(&mut self.skops.pickle, number);
                    return Ok(());
                }
            }
            // The word `False` is true.
            KeyType::Bool => {
                self.ops(if text.is_empty() { b"\x89" } else { b"\x88" });
                return Ok(());
            }
            KeyType::Str => {
                self.text(&text);
                return Ok(());
            }
            KeyType::Other(of) => {
                let Some(node) = self.nodes.get(of) else { return Ok(()) };
                if self.scalar_key(&self.nodes.class(node), plain.unwrap_or_default())? {
                    return Ok(());
                }
                let is_function = node.loader == Some(Loader::Function);
                let (module, class) = if is_function { self.nodes.function(node) } else { self.nodes.class(node) };
                if module.is_empty() || class.is_empty() {
                    self.ops(b"N");
                } else {
                    self.named((&module, &class))?;
                    self.text(&text);
                    self.ops(b"\x85R");
                }
                return Ok(());
            }
        }
        self.refuse(self.nodes.json.at(key), "a key that is no number, as its type says");
        self.text(&text);
        Ok(())
    }

    /// The items of the dict that a wrapper of one holds.
    fn main(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        match self.part_as(node, 0, Loader::Dict).filter(|main| main.uses == 1) {
            Some(main) => self.items(main, rest),
            None => Err(Error::new(ErrorKind::Malformed, "what is wrapped is no dict of its own")),
        }
    }

    fn bytes(&mut self, node: Node, loader: Loader) -> Result<()> {
        let name = self.file(node)?;
        let bytes = self.files.plain(&name, self.budget)?;
        self.budget.spend(Limit::Retained, bytes.len() as u64)?;
        match loader {
            Loader::Bytes => ops::bytes(&mut self.skops.pickle, &bytes),
            _ => ops::bytearray(&mut self.skops.pickle, &bytes),
        }
        self.counted = self.skops.pickle.len();
        Ok(())
    }

    /// The name of the member that a node names.
    pub(super) fn file(&self, node: Node) -> Result<String> {
        let missing = || Error::new(ErrorKind::Malformed, "a node without the name of its file");
        self.nodes.field(node, &["file"]).ok_or_else(missing)
    }

    /// Arguments of a call: a tuple, or what `*` makes one of.
    fn arguments(&mut self, node: Node, index: usize, rest: &mut Vec<Piece>) {
        let part = self.part(node, index);
        let tuple = self.part_as(node, index, Loader::Tuple);
        let list = self.part_as(node, index, Loader::List).filter(|list| list.uses == 1);
        if tuple.is_some_and(|tuple| self.nodes.class(tuple) == ("builtins".to_owned(), "tuple".to_owned())) {
            rest.push(Piece::Node(part));
        } else if let Some(list) = list {
            rest.push(Piece::Ops(b"("));
            rest.extend(self.all(list));
            rest.push(Piece::Ops(b"t"));
        } else {
            self.refuse(self.nodes.json.at(node.json), "the arguments of a call are no tuple");
            rest.extend([Piece::Node(part), Piece::Ops(b"\x85")]);
        }
    }

    /// What a constructor makes of arguments, and its state (`ReduceNode` in `skops/io/_sklearn.py`).
    fn reduced(&mut self, node: Node, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        self.named(of)?;
        self.arguments(node, 1, rest);
        rest.push(Piece::Ops(b"R"));
        let Some(state) = self.part(node, 0) else { return Ok(()) };
        let empty = self.nodes.get(state).is_some_and(|state| match state.loader {
            Some(Loader::Dict) => self.nodes.parts(state).len() <= 1,
            Some(Loader::Tuple | Loader::List) => self.nodes.parts(state).is_empty(),
            _ => false,
        });
        if !empty && !self.is_json(state, &["null", "{}", "[]", "\"\"", "0", "false"]) {
            rest.extend([Piece::Node(Some(state)), Piece::Ops(b"b")]);
        }
        Ok(())
    }
}
