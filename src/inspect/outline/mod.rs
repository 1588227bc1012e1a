//! What a stream builds, as nodes and their children: the one place that knows how an object reads.

mod arrays;
mod aside;
mod bytes;
mod children;
mod heads;

pub(super) use heads::array_parts;
pub use heads::npy_text;

use super::open::Contents;
use crate::ast::{Kind, Value};
use crate::error::Error;
use crate::loader::numpy::DTypes;
use crate::loader::{RawArray, Reading, View, reread};
use crate::opcode::Literal;
use arrays::Encoded;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// A value of one of the readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub(crate) reading: u32,
    pub(crate) value: Value,
}

impl Node {
    /// Another value of the same reading.
    pub(crate) const fn at(self, value: Value) -> Self {
        Self { value, ..self }
    }
}

/// How a child stands in its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// An attribute in a state, by its key.
    Attribute(Node),
    /// An item of a dict, by its key, a literal; and its number.
    Key(Node, usize),
    /// The n-th item of a dict whose key is no literal.
    Entry(usize),
    /// That key.
    EntryKey(usize),
    /// An item of a sequence.
    Index(usize),
    /// A member of a set.
    Member(usize),
    /// An argument of the call that made an object.
    Argument(usize),
    /// A keyword argument of it.
    Keyword(Node),
    /// A state that is no dict.
    State,
    /// What is called, where that is no imported name.
    Callee,
    /// What is asked of a hook, or looked up at run time.
    Asked(&'static str),
}

/// A child.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// How it stands in its parent.
    pub label: Label,
    /// What it is.
    pub node: Node,
}

/// A stream of the file.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its number, as in the report of `scan`.
    pub stream: u32,
    /// Offset of its first byte.
    pub offset: u64,
    /// Whether it stands in another one.
    pub nested: bool,
    /// What it builds; `None` where it is refused.
    pub node: Option<Node>,
    /// Why it is refused.
    pub error: Option<Error>,
    reading: Option<u32>,
}

/// The values of a file.
pub struct Outline<'c, 'a> {
    contents: &'c Contents<'a>,
    /// Readings that the pass did not keep, numbered behind those that it did.
    extra: Vec<Reading>,
    roots: Vec<Root>,
    /// What follows a BUILD, by reading and effect.
    raw: HashMap<(u32, usize), RawArray>,
    nested: HashMap<(u32, usize), u32>,
    dtypes: RefCell<HashMap<u32, DTypes>>,
    /// By reading: long containers that several objects take as their state, arguments or elements.
    spread: RefCell<HashMap<u32, HashSet<Value>>>,
    /// What `_codecs.encode` makes of long texts.
    encoded: RefCell<HashMap<(u32, Value), Option<Encoded>>>,
    /// How long long lines are, by reading and position.
    lines: RefCell<HashMap<(u32, usize), u64>>,
}

/// The most streams that are read again, because the pass did not keep what they build.
const STREAMS: usize = 1000;

fn id(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl<'c, 'a> Outline<'c, 'a> {
    /// The values of `contents`. Of streams of nothing but plain data the first thousand are looked at.
    pub fn new(contents: &'c mut Contents<'a>) -> Self {
        let mut extra = Vec::new();
        let mut reading_of: Vec<Option<u32>> = Vec::new();
        let mut budget = contents.budget.clone();
        if let Some(pass) = &contents.pass {
            for stream in &pass.streams {
                let again = stream.reading.is_none() && extra.len() < STREAMS;
                let next = again.then(|| {
                    extra.push(reread(pass.source(), stream.position, pass.manner, &mut budget));
                    pass.readings.len().saturating_add(extra.len()).saturating_sub(1)
                });
                reading_of.push(stream.reading.or(next).map(id));
            }
        }
        contents.budget = budget;
        let contents = &*contents;
        let mut outline = Self {
            contents,
            extra,
            roots: Vec::new(),
            raw: HashMap::new(),
            nested: HashMap::new(),
            dtypes: RefCell::default(),
            spread: RefCell::default(),
            encoded: RefCell::default(),
            lines: RefCell::default(),
        };
        let streams = contents.pass.as_ref().map(|pass| pass.streams.as_slice()).unwrap_or_default();
        let mut waiting: Vec<(usize, u32)> = Vec::new();
        for (stream, &reading) in streams.iter().zip(&reading_of) {
            let Some(reading) = reading else { continue };
            let Some(read) = outline.reading(reading) else { continue };
            let node = read.root.map(|value| Node { reading, value });
            let root = Root {
                stream: stream.number,
                offset: stream.offset,
                nested: stream.nested,
                node,
                error: read.error.clone(),
                reading: Some(reading),
            };
            let arrays: Vec<RawArray> = read.arrays.clone();
            outline.roots.push(root);
            match stream.behind {
                Some(effect) => waiting.push((effect, reading)),
                None => {
                    // Of two readings of one nested stream the first is the own reader's.
                    for (effect, inner) in waiting.drain(..) {
                        outline.nested.entry((reading, effect)).or_insert(inner);
                    }
                    outline.raw.extend(arrays.into_iter().map(|array| ((reading, array.effect), array)));
                }
            }
        }
        outline
    }

    /// What the file holds.
    pub fn contents(&self) -> &'c Contents<'a> {
        self.contents
    }

    /// The streams, in the order of the report of `scan`.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// How many streams are not looked at, nested ones left out.
    pub fn more_streams(&self) -> u64 {
        let all = self.contents.pass.as_ref().map_or(0, |pass| pass.stream_count);
        all.saturating_sub(self.roots.iter().filter(|root| !root.nested).count() as u64)
    }

    fn reading(&self, reading: u32) -> Option<&Reading> {
        let kept = self.contents.pass.as_ref().map(|pass| pass.readings.as_slice()).unwrap_or_default();
        let reading = reading as usize;
        kept.get(reading).or_else(|| self.extra.get(reading.checked_sub(kept.len())?))
    }

    /// What the stream of a node builds and does.
    pub(crate) fn view(&self, node: Node) -> Option<View<'_>> {
        let reading = self.reading(node.reading)?;
        Some(View {
            ast: &reading.ast,
            effects: &reading.effects,
            source: self.contents.source(),
            dialect: reading.dialect,
        })
    }

    /// The literal that a node is.
    pub fn literal(&self, node: Node) -> Option<Literal<'_>> {
        self.view(node)?.literal(node.value)
    }

    /// The offset of the opcode that made a node; `None` for containers and names, which several may make.
    pub(crate) fn offset(&self, node: Node) -> Option<u64> {
        let view = self.view(node)?;
        let effect = |number: usize| view.effects.get(number).map(|effect| effect.at);
        let at = match node.value.kind() {
            kind if kind.is_literal() => node.value.index(),
            Kind::Object => effect(view.ast.object_of(node.value)?.made_by as usize)?,
            Kind::Persistent | Kind::Extension | Kind::Buffer | Kind::Opaque => effect(node.value.index())?,
            _ => return None,
        };
        Some(view.source.offset(at))
    }
}
