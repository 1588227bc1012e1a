//! `.json`: the whole content of a file, in the scheme that docs/convert.md describes and docs/content.schema.json
//! checks.
//!
//! What JSON has is written as that; all else is an object whose first key begins with `$`. What stands in several
//! places is written once, with a number, and referred to by it. Written with a stack of its own, so that no depth is too
//! deep for it, and in pieces, so that no array is too large.

mod base64;
mod frame;
mod leaf;
mod values;

use super::{Loss, Lost, object_of};
use crate::ast::path::Address;
use crate::error::Result;
use crate::escape::json;
use crate::inspect::{ArrayRef, Arrays, Bytes, Outline, Root};
use crate::model::tree::{Made, Node, NodeId, Record, Tree};
use frame::{Frame, Step};
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

/// Where the elements of arrays are written.
#[derive(Clone, Copy, Debug)]
pub enum Elements<'e> {
    /// In place, as base64.
    Base64,
    /// In place, as numbers where they are such; as base64 otherwise.
    Numbers,
    /// Elsewhere, under the names that arrays have there by their object paths.
    Named {
        /// What the field is called that has the name.
        field: &'static str,
        /// The names.
        names: &'e HashMap<String, String>,
    },
}

/// Writes what a file holds: `depickle.content/1`.
///
/// # Errors
/// Those of `out`, and that the budget of the file is spent.
pub fn write(
    out: &mut dyn Write,
    outline: &Outline<'_, '_>,
    elements: Elements<'_>,
    lost: &mut Lost,
) -> io::Result<()> {
    let trees = trees(outline).map_err(io::Error::other)?;
    let arrays = Arrays::new(outline);
    let tensors = tensors(&arrays);
    out.write_all(b"{\"schema\":\"depickle.content/1\",\"format\":")?;
    json(out, &outline.contents().format)?;
    let mut numbers = 0;
    for (place, (stream, tree)) in trees.iter().enumerate() {
        out.write_all(match place {
            0 => b",\n\"root\":",
            1 => b",\n\"more\":[",
            _ => b",\n",
        })?;
        let bytes = Bytes::new(tree.outline());
        let (arrays, tensors) = (&arrays, &tensors);
        let seen = HashMap::new();
        let mut writer = Writer { out, tree, bytes, elements, stream: *stream, seen, numbers, arrays, tensors, lost };
        for problem in tree.problems() {
            let path = writer.path(problem.node);
            writer.lost.add(|| Loss { path: path.to_string(), why: problem.error.message().to_owned() });
        }
        writer.value(tree.root())?;
        numbers = writer.numbers;
    }
    out.write_all(if trees.len() > 1 { b"]}\n" } else { b"}\n" })
}

/// The trees of the streams of a file, in their order, and their numbers where there are several.
pub(crate) fn trees<'o>(outline: &'o Outline<'_, '_>) -> Result<Vec<(Option<u32>, Tree<'o>)>> {
    let roots: Vec<&Root> = outline.roots().iter().filter(|root| !root.nested).collect();
    if roots.is_empty() {
        return Ok(vec![(None, Tree::new(outline)?)]);
    }
    let (several, object) = (roots.len() > 1 || outline.more_streams() > 0, object_of(outline));
    let wanted = roots.into_iter().filter(|root| object.is_none_or(|object| root.stream == object));
    wanted.map(|root| Ok((several.then_some(root.stream), Tree::of(outline, root)?))).collect()
}

/// The tensors among the arrays of a file, by their object paths.
fn tensors(arrays: &Arrays<'_, '_, '_>) -> HashMap<String, usize> {
    let all = (0..arrays.len()).filter_map(|index| Some((index, arrays.get(index)?)));
    all.filter(|(_, array)| array.storage.is_some()).map(|(index, array)| (array.address.to_string(), index)).collect()
}

/// Shared text and bytes up to this length are written again: a reference would not be shorter.
const SHORT: u64 = 32;

struct Writer<'w, 't, 'o> {
    out: &'w mut dyn Write,
    tree: &'t Tree<'o>,
    bytes: Bytes<'o, 'o, 'o>,
    elements: Elements<'w>,
    /// The stream, where there are several.
    stream: Option<u32>,
    /// The numbers of nodes that stand in several places and were written.
    seen: HashMap<NodeId, u64>,
    /// How many such there are.
    numbers: u64,
    arrays: &'w Arrays<'o, 'o, 'o>,
    tensors: &'w HashMap<String, usize>,
    lost: &'w mut Lost,
}

impl<'t> Writer<'_, 't, '_> {
    fn value(&mut self, root: NodeId) -> io::Result<()> {
        let mut open: Vec<Frame<'t>> = Vec::new();
        open.extend(self.begin(root)?);
        while let Some(frame) = open.last_mut() {
            let (comma, step) = frame.next();
            if comma {
                self.out.write_all(b",")?;
            }
            match step {
                Some(Step::Item(node)) => open.extend(self.begin(node)?),
                Some(Step::Pair(pair)) => {
                    self.out.write_all(b"[")?;
                    open.push(Frame::items(pair, "]"));
                }
                Some(Step::Member(key, node)) => {
                    json(self.out, &self.tree.text(key).unwrap_or_default())?;
                    self.out.write_all(b":")?;
                    open.extend(self.begin(node)?);
                }
                Some(Step::Field(name, node)) => {
                    write!(self.out, "\"{name}\":")?;
                    open.extend(self.begin(node)?);
                }
                None => {
                    let (close, then) = open.pop().map(Frame::end).unwrap_or_default();
                    self.out.write_all(close.as_bytes())?;
                    open.extend(then);
                }
            }
        }
        Ok(())
    }

    /// Writes a node up to the first that stands in it, and answers what is to follow.
    fn begin(&mut self, id: NodeId) -> io::Result<Option<Frame<'t>>> {
        if !self.has_identity(id) {
            return self.plain(id);
        }
        if let Some(number) = self.seen.get(&id) {
            write!(self.out, "{{\"$ref\":{number}}}")?;
            return Ok(None);
        }
        self.numbers = self.numbers.saturating_add(1);
        self.seen.insert(id, self.numbers);
        write!(self.out, "{{\"$id\":{},\"$value\":", self.numbers)?;
        match self.plain(id)? {
            Some(frame) => Ok(Some(frame.wrapped())),
            None => self.out.write_all(b"}").map(|()| None),
        }
    }

    /// Whether a node stands in several places, and it matters that it is one.
    fn has_identity(&self, id: NodeId) -> bool {
        self.tree.is_shared(id)
            && match self.tree.node(id) {
                Node::None | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Name(_) | Node::DType(_) => false,
                Node::Str(text) | Node::ByteStr(text) => text.len() as u64 > SHORT,
                Node::Bytes(blob) => blob.len() > SHORT,
                Node::Tuple(items) | Node::Frozenset(items) => !items.is_empty(),
                _ => true,
            }
    }

    fn plain(&mut self, id: NodeId) -> io::Result<Option<Frame<'t>>> {
        let tree = self.tree;
        let open =
            |out: &mut dyn Write, text: &str, frame: Frame<'t>| out.write_all(text.as_bytes()).map(|()| Some(frame));
        let items = tree.items(id);
        match tree.node(id) {
            Node::None => self.out.write_all(b"null")?,
            Node::Bool(value) => json(self.out, value)?,
            Node::Int(number) => leaf::int(self.out, (*number).into())?,
            Node::BigInt(number) => leaf::big_int(self.out, number)?,
            Node::Float(number) => leaf::float(self.out, *number)?,
            Node::Str(text) => leaf::text(self.out, text)?,
            Node::ByteStr(text) if text.is_ascii() => leaf::text(self.out, text)?,
            Node::ByteStr(text) => leaf::tagged(self.out, "$bytestr", text)?,
            Node::Bytes(_) => self.blob("$bytes", id)?,
            Node::Bytearray(_) => self.blob("$bytearray", id)?,
            Node::List(_) => return open(self.out, "[", Frame::items(items, "]")),
            Node::Tuple(_) => return open(self.out, "{\"$tuple\":[", Frame::items(items, "]}")),
            Node::Set(_) => return open(self.out, "{\"$set\":[", Frame::items(items, "]}")),
            Node::Frozenset(_) => return open(self.out, "{\"$frozenset\":[", Frame::items(items, "]}")),
            Node::Dict(_) if is_object(tree, items) => return open(self.out, "{", Frame::members(items, "}")),
            Node::Dict(_) => return open(self.out, "{\"$dict\":[", Frame::pairs(items, "]}")),
            Node::Array(array) => return self.array(id, array, items),
            Node::Masked(masked) => return self.masked(id, masked, items),
            Node::Scalar(scalar) => self.scalar(scalar)?,
            Node::DType(dtype) => {
                self.out.write_all(b"{\"$dtype\":")?;
                leaf::dtype(self.out, dtype)?;
                self.out.write_all(b"}")?;
            }
            Node::Record(record) => return self.record(id, record),
            Node::Name(_) => {
                self.out.write_all(b"{\"$name\":")?;
                self.name(id)?;
                self.out.write_all(b"}")?;
            }
            Node::Persistent(asked) => {
                if let Some(array) = self.tensor_at(id) {
                    return self.tensor(&array, false).map(|()| None);
                }
                return open(self.out, "{\"$persistent\":", Frame::items(std::slice::from_ref(asked), "}"));
            }
            Node::Unknown => self.lost(id)?,
        }
        Ok(None)
    }

    /// A class, function or other global: `module:name`.
    fn name(&mut self, id: NodeId) -> io::Result<()> {
        let text = self.tree.name(id).map(|name| format!("{}:{}", name.module, name.name));
        json(self.out, &text)
    }

    fn record(&mut self, id: NodeId, record: &'t Record) -> io::Result<Option<Frame<'t>>> {
        let tensor = self.tensor_at(id);
        if let (Some(array), Some(requires_grad)) = (&tensor, requires_grad(self.tree, record)) {
            return self.tensor(array, requires_grad).map(|()| None);
        }
        self.out.write_all(b"{\"$object\":{\"made\":")?;
        self.out.write_all(match record.made {
            Made::New => b"\"new\"",
            Made::Call => b"\"call\"",
        })?;
        let mut fields = Vec::new();
        if matches!(self.tree.node(record.class), Node::Name(_)) {
            self.out.write_all(b",\"class\":")?;
            self.name(record.class)?;
        } else {
            fields.push(("class", record.class));
        }
        let parts =
            [("args", record.args), ("kwargs", record.kwargs), ("state", record.state), ("items", record.items)];
        fields.extend(parts.into_iter().filter_map(|(name, part)| Some((name, part?))));
        Ok(Some(Frame::fields(fields, "}}")))
    }

    /// In place of something that cannot be represented: why.
    fn lost(&mut self, id: NodeId) -> io::Result<()> {
        let problems = self.tree.problems();
        let problem = problems.binary_search_by_key(&id, |problem| problem.node).ok().and_then(|at| problems.get(at));
        self.out.write_all(b"{\"$lost\":")?;
        json(self.out, &problem.map_or("", |problem| problem.error.message()))?;
        self.out.write_all(b"}")
    }

    /// The tensor that a call of torch gives, or that a storage is.
    fn tensor_at(&mut self, id: NodeId) -> Option<ArrayRef> {
        if self.tensors.is_empty() {
            return None;
        }
        let path = self.path(id).to_string();
        let array = self.tensors.get(&path).and_then(|&index| self.arrays.get(index))?;
        if let Some(problem) = &array.problem {
            self.lost.add(|| Loss { path, why: problem.message().to_owned() });
            return None;
        }
        Some(array)
    }

    fn path(&self, id: NodeId) -> Address {
        Address { member: String::new(), stream: self.stream, path: self.tree.path(id) }
    }
}

/// Whether gradients are wanted of a tensor whose call says nothing besides; nothing where it does (`torch/_utils.py`).
fn requires_grad(tree: &Tree<'_>, record: &Record) -> Option<bool> {
    let class = tree.name(record.class).filter(|class| &*class.module == "torch._utils")?;
    if record.state.is_some() || record.items.is_some() || record.kwargs.is_some() {
        return None;
    }
    let (flag, hooks) = match (&*class.name, tree.items(record.args?)) {
        ("_rebuild_tensor", [_, _, _, _]) => return Some(false),
        ("_rebuild_tensor_v2", [_, _, _, _, flag, hooks]) | ("_rebuild_parameter", [_, flag, hooks]) => (flag, hooks),
        ("_rebuild_tensor_v3", [_, _, _, _, flag, hooks, _]) => (flag, hooks),
        _ => return None,
    };
    let no_hooks = matches!(tree.node(*hooks), Node::Record(hooks) if hooks.items.is_none() && hooks.state.is_none());
    match tree.node(*flag) {
        Node::Bool(flag) if no_hooks => Some(*flag),
        _ => None,
    }
}

/// Whether a dict can stand as an object of JSON: its keys are text, none twice, none that looks like one of ours.
fn is_object(tree: &Tree<'_>, items: &[NodeId]) -> bool {
    let mut keys = HashSet::new();
    items.iter().step_by(2).all(|&key| {
        let text = tree.text(key).filter(|text| !text.starts_with('$'));
        text.is_some_and(|text| keys.insert(text))
    })
}
