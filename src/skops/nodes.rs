//! The tree of loaders that skops' `get_tree` makes of a schema (`skops/io/_audit.py`): an object that was met before is
//! that object again, by its `__id__`, whatever else stands there.

use super::json::{Id, Json, Kind};
use super::loaders::{Loader, OBJECTS, Place, loader};
use super::trust::is_trusted;
use super::{Flaw, FlawKind, Named};
use crate::error::Result;
use crate::limits::{Budget, Limit};
use std::collections::{BTreeSet, HashMap};

/// The number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(u32);

/// What is put together of one object of the schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// `None` where it is not known what skops makes of it.
    pub(super) loader: Option<Loader>,
    pub(super) json: Id,
    /// How often it stands in others.
    pub(super) uses: u32,
    start: u32,
    len: u32,
}

/// The number at the head of the schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Protocol {
    /// As it stands there.
    pub(super) said: String,
    /// As a key of skops' table of loaders: `False` and `0.0` are 0 there.
    pub(super) number: u8,
}

/// The bit generators that skops takes as they are.
const BIT_GENERATORS: [&str; 5] = [
    "numpy.random.MT19937",
    "numpy.random.PCG64",
    "numpy.random.PCG64DXSM",
    "numpy.random.Philox",
    "numpy.random.SFC64",
];

/// The newest protocol, since skops 0.9.
const NEWEST: u8 = 2;

/// All nodes of a schema.
pub(super) struct Nodes<'j, 'a> {
    pub(super) json: &'j Json<'a>,
    pub(super) protocol: Protocol,
    pub(super) flaws: Vec<Flaw>,
    nodes: Vec<Node>,
    /// The parts of nodes; what could not be put together is none.
    parts: Vec<Option<NodeId>>,
    /// Objects that were met before.
    again: Vec<Id>,
}

/// What a node costs in memory, with its slot and what waits for it.
const COST: u64 = (size_of::<Node>() + 2 * size_of::<Waiting>()) as u64;

struct Waiting {
    json: Id,
    /// The slot that it will stand in.
    slot: usize,
}

/// After so many flaws no more are kept.
const FLAWS: usize = 1000;

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'j, 'a> Nodes<'j, 'a> {
    /// Puts together the nodes of a schema.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`](crate::error::ErrorKind::Limit).
    pub(super) fn of(json: &'j Json<'a>, budget: &mut Budget) -> Result<Self> {
        let mut nodes = Self {
            json,
            protocol: Protocol::default(),
            flaws: Vec::new(),
            nodes: Vec::new(),
            parts: Vec::new(),
            again: Vec::new(),
        };
        nodes.head();
        for &at in json.twice.iter().take(FLAWS) {
            nodes.flaw(
                FlawKind::Ambiguous,
                at,
                "a key occurs twice in one object: Python takes the last, others the first",
            );
        }
        let mut known: HashMap<Vec<u8>, NodeId> = HashMap::new();
        nodes.parts.push(None);
        let mut waiting = vec![Waiting { json: json.root(), slot: 0 }];
        while let Some(next) = waiting.pop() {
            budget.spend(Limit::Retained, COST)?;
            let made = nodes.node(next.json, &mut known, &mut waiting);
            if let Some(node) = made.and_then(|made| nodes.nodes.get_mut(made.index())) {
                node.uses = node.uses.saturating_add(1);
            }
            if let Some(slot) = nodes.parts.get_mut(next.slot) {
                *slot = made;
            }
        }
        Ok(nodes)
    }

    /// Reads the protocol (`read_schema` in `skops/io/_utils.py`).
    fn head(&mut self) {
        let root = self.json.root();
        let protocol = self.json.get(root, "protocol");
        let kind = protocol.map(|protocol| self.json.kind(protocol));
        let written = protocol.map(|protocol| self.json.written(protocol)).unwrap_or_default();
        let said = String::from_utf8_lossy(written.get(..20).unwrap_or(written)).into_owned();
        let number: Option<f64> = match kind {
            Some(Kind::True) => Some(1.0),
            Some(Kind::False) => Some(0.0),
            _ => said.parse().ok(),
        };
        let known = (0..=NEWEST).find(|&known| number == Some(f64::from(known)));
        if kind != Some(Kind::Int) || known.is_none() {
            let at = protocol.map_or(0, |protocol| self.json.at(protocol));
            self.flaw(FlawKind::Refused, at, format!("the protocol is no number from 0 to {NEWEST}"));
        }
        self.protocol = Protocol { said, number: known.unwrap_or(NEWEST) };
    }

    /// Notes what is wrong.
    pub(super) fn flaw(&mut self, kind: FlawKind, at: u32, message: impl Into<String>) {
        if self.flaws.len() < FLAWS {
            self.flaws.push(Flaw { kind, offset: u64::from(at), message: message.into() });
        }
    }

    /// The node of an object: that which it has already, or a new one.
    fn node(&mut self, json: Id, known: &mut HashMap<Vec<u8>, NodeId>, waiting: &mut Vec<Waiting>) -> Option<NodeId> {
        let at = self.json.at(json);
        if self.json.kind(json) != Kind::Object {
            self.flaw(FlawKind::Refused, at, "a node is no JSON object");
            return None;
        }
        let own = self.identity(json);
        if let Some(&before) = own.as_ref().and_then(|own| known.get(own)) {
            self.agree(before, json);
            self.again.push(json);
            return Some(before);
        }
        let name = self.json.get(json, "__loader__").and_then(|name| self.json.text(name));
        let found = name.as_deref().and_then(loader);
        match (&name, found) {
            (None, _) => self.flaw(FlawKind::Refused, at, "a node without a `__loader__`"),
            (Some(name), None) => {
                let message = format!("the loader `{}` is not known", String::from_utf8_lossy(name));
                self.flaw(FlawKind::Refused, at, message);
            }
            (Some(_), Some((Loader::Cached, _))) => {
                self.flaw(FlawKind::Refused, at, "it stands for an object that was not met before");
            }
            _ => {}
        }
        for field in ["__class__", "__module__"] {
            let names = self.json.get(json, field).filter(|&name| self.json.kind(name) == Kind::Str);
            if names.is_none() {
                self.flaw(FlawKind::Refused, at, format!("a node whose `{field}` is no text"));
            }
        }
        let start = id(self.parts.len());
        let node = NodeId(id(self.nodes.len()));
        let (loader, places) = found.unzip();
        let places = if loader == Some(Loader::NdArray) && self.is(json, "type", "json") {
            OBJECTS
        } else {
            places.unwrap_or_default()
        };
        let first = waiting.len();
        for place in places {
            self.place(json, *place, waiting);
        }
        // Those that stand first are put together first.
        if let Some(own) = waiting.get_mut(first..) {
            own.reverse();
        }
        self.nodes.push(Node { loader, json, uses: 0, start, len: id(self.parts.len()).saturating_sub(start) });
        if let Some(own) = own.filter(|own| !matches!(own.as_slice(), b"0" | b"-0")) {
            known.insert(own, node);
        }
        Some(node)
    }

    /// The `__id__` of an object: an int.
    fn identity(&mut self, json: Id) -> Option<Vec<u8>> {
        let own = self.json.get(json, "__id__")?;
        match self.json.kind(own) {
            Kind::Int => Some(self.json.written(own).to_vec()),
            Kind::Null => None,
            _ => {
                self.flaw(FlawKind::Refused, self.json.at(own), "an `__id__` that is no int");
                None
            }
        }
    }

    /// Notes where an object that was met before is said to be another.
    fn agree(&mut self, before: NodeId, json: Id) {
        let Some(first) = self.nodes.get(before.index()).map(|node| node.json) else { return };
        let differs = |field: &&&str| {
            let of = |json| self.json.get(json, field).and_then(|name| self.json.text(name));
            of(first) != of(json)
        };
        let cached = self.is(json, "__loader__", "CachedNode");
        if let Some(field) = ["__class__", "__module__", "__loader__"].iter().find(differs).filter(|_| !cached) {
            let message = format!("an object that was met before by its `__id__` has another `{field}` here");
            self.flaw(FlawKind::Ambiguous, self.json.at(json), message);
        }
    }

    fn is(&self, json: Id, field: &str, text: &str) -> bool {
        self.json
            .get(json, field)
            .and_then(|found| self.json.text(found))
            .is_some_and(|found| *found == *text.as_bytes())
    }

    /// Makes slots for the parts of a node.
    fn place(&mut self, json: Id, place: Place, waiting: &mut Vec<Waiting>) {
        let mut add = |parts: &mut Vec<Option<NodeId>>, json| {
            waiting.push(Waiting { json, slot: parts.len() });
            parts.push(None);
        };
        let at = self.json.at(json);
        match place {
            Place::One(path) => match self.json.path(json, path) {
                Some(part) => add(&mut self.parts, part),
                None => {
                    self.parts.push(None);
                    self.flaw(FlawKind::Refused, at, format!("a node without its `{}`", path.join(".")));
                }
            },
            Place::Maybe(path) => match self.json.path(json, path).filter(|&part| self.json.kind(part) != Kind::Null) {
                Some(part) => add(&mut self.parts, part),
                None => self.parts.push(None),
            },
            Place::Items(field) => match self.json.get(json, field).filter(|&it| self.json.kind(it) == Kind::Array) {
                Some(list) => self.json.list(list).for_each(|part| add(&mut self.parts, part)),
                None => self.flaw(FlawKind::Refused, at, format!("a node whose `{field}` is no list")),
            },
            Place::Values(field) => match self.json.get(json, field).filter(|&it| self.json.kind(it) == Kind::Object) {
                Some(dict) => self.json.entries(dict).for_each(|(_, part)| add(&mut self.parts, part)),
                None => self.flaw(FlawKind::Refused, at, format!("a node whose `{field}` is no object")),
            },
        }
    }

    /// The whole.
    pub(super) fn root(&self) -> Option<NodeId> {
        self.parts.first().copied().flatten()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node.
    pub(super) fn get(&self, node: NodeId) -> Option<Node> {
        self.nodes.get(node.index()).copied()
    }

    /// Notes that a node stands in one more place.
    pub(super) fn use_again(&mut self, node: NodeId) {
        if let Some(node) = self.nodes.get_mut(node.index()) {
            node.uses = node.uses.saturating_add(1);
        }
    }

    /// The parts of a node, in the order of its loader.
    pub(super) fn parts(&self, node: Node) -> &[Option<NodeId>] {
        let start = node.start as usize;
        self.parts.get(start..start.saturating_add(node.len as usize)).unwrap_or_default()
    }

    /// A text in a node; nothing where there is none.
    pub(super) fn field(&self, node: Node, path: &[&str]) -> Option<String> {
        self.json.path(node.json, path).and_then(|text| self.json.string(text))
    }

    /// Names of members in objects that were met before, which skops writes out again and does not read.
    pub(super) fn files(&self) -> Vec<(String, Named)> {
        let mut open = self.again.clone();
        let mut files = Vec::new();
        while let Some(value) = open.pop() {
            open.extend(self.json.list(value));
            open.extend(self.json.entries(value).map(|(_, value)| value));
            if let Some(name) = self.json.get(value, "file").and_then(|name| self.json.string(name)) {
                let is_plain = ["BytesNode", "BytearrayNode"].iter().any(|loader| self.is(value, "__loader__", loader));
                files.push((name, if is_plain { Named::Unread } else { Named::Array }));
            }
        }
        files
    }

    /// Module and class of a node.
    pub(super) fn class(&self, node: Node) -> (String, String) {
        let of = |field| self.field(node, &[field]).unwrap_or_default();
        (of("__module__"), of("__class__"))
    }

    /// What a function is imported as: protocol 0 kept it elsewhere (`skops/io/old/_general_v0.py`).
    pub(super) fn function(&self, node: Node) -> (String, String) {
        if self.protocol.number > 0 {
            return self.class(node);
        }
        let of = |field| self.field(node, &["content", field]).unwrap_or_default();
        (of("module_path"), of("function"))
    }

    /// The name of the bit generator in the state of a generator: JSON within JSON (`skops/io/_numpy.py`,
    /// `_get_bit_generator_name`).
    pub(super) fn bit_generator(&self, node: Node) -> Option<String> {
        let path = ["content", "bit_generator", "content", "bit_generator", "content"];
        serde_json::from_str(&self.field(node, &path)?).ok()
    }

    /// What `get_unsafe_set` of skops 0.16 answers.
    pub(super) fn untrusted(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for &node in &self.nodes {
            let Some(loader) = node.loader else { continue };
            let (module, class) = match loader {
                Loader::Json | Loader::Slice | Loader::Cached => continue,
                Loader::Function => self.function(node),
                _ => self.class(node),
            };
            let name = format!("{module}.{class}");
            match loader {
                Loader::Method => {
                    all.insert(format!("{name}.{}", self.field(node, &["content", "func"]).unwrap_or_default()));
                }
                Loader::Generator => {
                    let named = self.bit_generator(node).map(|name| format!("numpy.random.{name}"));
                    all.extend(named.filter(|name| !BIT_GENERATORS.contains(&name.as_str())));
                }
                _ => {}
            }
            if !is_trusted(loader.name(), &name) {
                all.insert(name);
            }
        }
        all
    }
}

impl NodeId {
    /// As an index into tables with a row for each node.
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}
