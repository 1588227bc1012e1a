//! What `construct` of skops' loaders does, as a pickle.

use super::files::Files;
use super::json::Id;
use super::loaders::Loader;
use super::nodes::{Node, NodeId, Nodes};
use super::{FlawKind, Origin, Skops, ops};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Budget, Limit};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Writes the pickle of a schema.
///
/// # Errors
/// [`ErrorKind::Limit`].
pub(super) fn write<'a>(
    nodes: Nodes<'_, 'a>,
    files: &mut Files<'a>,
    records: bool,
    skops: &mut Skops,
    budget: &mut Budget,
) -> Result<()> {
    let states = vec![State::New; nodes.len()];
    let mut writer = Writer {
        nodes,
        files,
        records,
        skops,
        budget,
        origin: Origin::default(),
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
    writer.skops.named = named;
    for (name, what) in again {
        writer.skops.named.entry(name).or_insert(what);
    }
    writer.skops.origin = Rc::new(writer.origin);
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
    /// Whether structures are put into the pickle.
    pub(super) records: bool,
    pub(super) skops: &'w mut Skops,
    pub(super) budget: &'w mut Budget,
    origin: Origin,
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
    pub(super) counted: usize,
}

/// Module and name of classes whose objects pickles have opcodes for.
pub(super) const LIST: (&str, &str) = ("builtins", "list");
pub(super) const TUPLE: (&str, &str) = ("builtins", "tuple");
pub(super) const DICT: (&str, &str) = ("builtins", "dict");

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
                // Its class may be imported before it is refused, and its parts be made.
                let (module, class) = self.nodes.class(node);
                if self.named((&module, &class)).is_ok() {
                    self.ops(b"0");
                }
                pieces.push(Piece::Ops(b"N"));
                pieces.extend(self.all(node).flat_map(|part| [Piece::Ops(b"0"), part]));
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
        self.origin.begin(self.skops.pickle.len() as u64, u64::from(at), said);
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
    }

    pub(super) fn part(&self, node: Node, index: usize) -> Option<NodeId> {
        self.nodes.parts(node).get(index).copied().flatten()
    }

    /// Whether a node has this loader, and this class.
    pub(super) fn is_of(&self, node: Node, loader: Loader, (module, class): (&str, &str)) -> bool {
        let (own_module, own_class) = self.nodes.class(node);
        node.loader == Some(loader) && (own_module.as_str(), own_class.as_str()) == (module, class)
    }

    /// A part of a node, where it has this loader, and this class.
    pub(super) fn part_as(&self, node: Node, index: usize, loader: Loader, of: (&str, &str)) -> Option<Node> {
        self.nodes.get(self.part(node, index)?).filter(|&part| self.is_of(part, loader, of))
    }

    /// All parts of a node.
    pub(super) fn all(&self, node: Node) -> impl Iterator<Item = Piece> + use<> {
        self.nodes.parts(node).to_vec().into_iter().map(Piece::Node)
    }

    pub(super) fn json_field(&self, node: Node, path: &[&str]) -> Result<Id> {
        let missing = || Error::new(ErrorKind::Malformed, format!("a node without its `{}`", path.join(".")));
        self.nodes.json.path(node.json, path).ok_or_else(missing)
    }

    /// The name of the member that a node names.
    pub(super) fn file(&self, node: Node) -> Result<String> {
        let missing = || Error::new(ErrorKind::Malformed, "a node without the name of its file");
        self.nodes.field(node, &["file"]).ok_or_else(missing)
    }
}
