//! `.pkl`: plain data of Python, readable with nothing but Python.
//!
//! Numbers, text and bytes are written by `serde-pickle`, in the protocol that it writes (3); the containers around them
//! here, with a stack of our own: `serde-pickle` recurses, sorts the keys of dicts and writes what is shared once for
//! each place. What is not plain data keeps the whole file from being written: a pickle with holes would look complete.

use super::json::trees;
use super::number::{Number, is_number, number};
use super::{Loss, Lost};
use crate::array::ArrayView;
use crate::dtype::DType;
use crate::error::Error;
use crate::inspect::Outline;
use crate::model::tree::{Node, NodeId, Payloads, Tree};
use num_bigint::BigInt;
use serde::Serialize;
use serde_pickle::{SerOptions, Serializer, Value};
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::slice;

/// What becomes of arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrays {
    /// They are no plain data.
    Refused,
    /// Lists of numbers, in as many levels as they have axes.
    Lists,
}

/// Items that are put into a container at a time, as Python does.
const BATCH: usize = 1000;

/// Writes what the first stream of a file builds.
///
/// # Errors
/// Those of `out`; where the file holds what is no plain data: what it is, is lost.
pub fn write(out: &mut dyn Write, outline: &Outline<'_, '_>, arrays: Arrays, lost: &mut Lost) -> io::Result<()> {
    let trees = trees(outline).map_err(io::Error::other)?;
    let [(_, tree)] = trees.as_slice() else { return Err(unsupported("it holds several objects, a pickle holds one")) };
    if !check(tree, arrays, lost) {
        return Err(unsupported("it holds what is no plain data; .json has a place for everything"));
    }
    out.write_all(b"\x80\x03")?;
    let open = HashSet::new();
    let mut writer = Writer { out, tree, payloads: tree.payloads(), memo: HashMap::new(), open };
    writer.value(tree.root())?;
    writer.out.write_all(b".")
}

fn unsupported(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// What a node is written as.
enum Plain {
    /// What it is.
    Same,
    /// Something else, of the same value.
    As(&'static str),
    /// Nothing: why.
    Not(String),
}

fn plain(tree: &Tree<'_>, id: NodeId, arrays: Arrays) -> Plain {
    match tree.node(id) {
        Node::Str(text) if std::str::from_utf8(text).is_err() => Plain::Not("text with lone surrogates".to_owned()),
        Node::ByteStr(text) if !text.is_ascii() => Plain::Not("a string of Python 2 that is not ASCII".to_owned()),
        Node::None | Node::Bool(_) | Node::Int(_) | Node::BigInt(_) | Node::Float(_) => Plain::Same,
        Node::Str(_) | Node::ByteStr(_) | Node::Bytes(_) => Plain::Same,
        Node::List(_) | Node::Tuple(_) | Node::Set(_) | Node::Frozenset(_) | Node::Dict(_) => Plain::Same,
        Node::Bytearray(_) => Plain::As("a bytearray, written as bytes"),
        Node::Scalar(scalar) if is_number(&scalar.dtype) => Plain::As("a number of numpy, written as one of Python"),
        Node::Array(array) if arrays == Arrays::Lists && array.array.array.dtype.as_ref().is_ok_and(is_number) => {
            Plain::As("an array, written as lists")
        }
        Node::Array(_) if arrays == Arrays::Refused => Plain::Not("an array; --arrays list writes numbers".to_owned()),
        Node::Array(_) | Node::Masked(_) => Plain::Not("an array that is not of numbers".to_owned()),
        Node::Record(record) => {
            let class = tree.name(record.class);
            // A defaultdict is made with its factory; whatever else is given arguments may make items of them.
            let is_plain = match class.filter(|class| &*class.module == "collections").map(|class| &*class.name) {
                Some("OrderedDict") => record.args.is_none(),
                Some("defaultdict") => record.args.is_none_or(|args| tree.items(args).len() <= 1),
                _ => false,
            };
            match class {
                Some(_) if is_plain && record.state.is_none() && record.kwargs.is_none() => {
                    Plain::As("a kind of dict, written as a dict")
                }
                Some(class) => Plain::Not(format!("an object of {class}")),
                None => Plain::Not("an object".to_owned()),
            }
        }
        Node::Scalar(_) => Plain::Not("a scalar of numpy that is no number".to_owned()),
        Node::DType(_) => Plain::Not("a data type of numpy".to_owned()),
        Node::Name(_) => Plain::Not(format!("the name {}", tree.name(id).map(ToString::to_string).unwrap_or_default())),
        Node::Persistent(_) => Plain::Not("a persistent id".to_owned()),
        Node::Unknown => Plain::Not("something that cannot be represented".to_owned()),
    }
}

/// Notes everything that is written as something else or not at all; answers whether all of it can be written.
fn check(tree: &Tree<'_>, arrays: Arrays, lost: &mut Lost) -> bool {
    let mut good = true;
    let mut met = vec![false; tree.len()];
    let mut open = vec![tree.root()];
    for problem in tree.problems() {
        good = false;
        lost.add(|| Loss { path: tree.path(problem.node).to_string(), why: problem.error.message().to_owned() });
    }
    while let Some(id) = open.pop() {
        match met.get_mut(id.index()) {
            Some(met) if !*met => *met = true,
            _ => continue,
        }
        let why = match plain(tree, id, arrays) {
            Plain::Same => None,
            Plain::As(what) => Some(what.to_owned()),
            Plain::Not(what) => {
                good = false;
                lost.add(|| Loss { path: tree.path(id).to_string(), why: what });
                continue;
            }
        };
        if let Some(why) = why {
            lost.add(|| Loss { path: tree.path(id).to_string(), why });
        }
        open.extend(tree.items(id).iter().rev());
    }
    good
}

/// A container that is being filled.
struct Frame<'t> {
    id: NodeId,
    items: slice::Iter<'t, NodeId>,
    /// Items since the last mark.
    count: usize,
    /// What ends a batch of items, and what ends the container.
    ends: (&'static [u8], &'static [u8]),
    /// Whether it stands in the memo from its beginning: what can be filled later.
    early: bool,
}

struct Writer<'w, 't, 'o> {
    out: &'w mut dyn Write,
    tree: &'t Tree<'o>,
    payloads: Payloads<'t, 'o>,
    memo: HashMap<NodeId, u32>,
    /// Containers that are there only once all is there that stands in them.
    open: HashSet<NodeId>,
}

impl<'t> Writer<'_, 't, '_> {
    fn value(&mut self, root: NodeId) -> io::Result<()> {
        let mut frames: Vec<Frame<'t>> = Vec::new();
        frames.extend(self.begin(root)?);
        while let Some(frame) = frames.last_mut() {
            let (batch, end) = frame.ends;
            match frame.items.next() {
                Some(&item) => {
                    if frame.count >= BATCH && !batch.is_empty() && frame.count.is_multiple_of(2) {
                        self.out.write_all(batch)?;
                        self.out.write_all(b"(")?;
                        frame.count = 0;
                    }
                    frame.count = frame.count.saturating_add(1);
                    frames.extend(self.begin(item)?);
                }
                None => {
                    let (id, early) = (frame.id, frame.early);
                    frames.pop();
                    self.out.write_all(batch)?;
                    self.out.write_all(end)?;
                    if !early {
                        self.open.remove(&id);
                        self.remember(id)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts what was just written into the memo, if it stands in several places.
    fn remember(&mut self, id: NodeId) -> io::Result<()> {
        if !self.tree.is_shared(id) {
            return Ok(());
        }
        let index = u32::try_from(self.memo.len()).map_err(|_| unsupported("it holds too many values"))?;
        self.memo.insert(id, index);
        self.out.write_all(b"r")?;
        self.out.write_all(&index.to_le_bytes())
    }

    /// Writes a value, or the beginning of a container.
    fn begin(&mut self, id: NodeId) -> io::Result<Option<Frame<'t>>> {
        if let Some(index) = self.memo.get(&id) {
            self.out.write_all(b"j")?;
            return self.out.write_all(&index.to_le_bytes()).map(|()| None);
        }
        if self.open.contains(&id) {
            let path = self.tree.path(id);
            return Err(unsupported(&format!("{path}: a tuple or set that stands within itself")));
        }
        let (begin, ends, early): (&[u8], (&[u8], &[u8]), bool) = match self.tree.node(id) {
            Node::List(_) => (b"]", (b"e", b""), true),
            Node::Dict(_) | Node::Record(_) => (b"}", (b"u", b""), true),
            Node::Tuple(items) if items.is_empty() => return self.out.write_all(b")").map(|()| None),
            Node::Tuple(_) => (b"", (b"", b"t"), false),
            Node::Set(_) => (b"cbuiltins\nset\n]", (b"e", b"\x85R"), false),
            Node::Frozenset(_) => (b"cbuiltins\nfrozenset\n]", (b"e", b"\x85R"), false),
            _ => {
                self.leaf(id)?;
                return self.remember(id).map(|()| None);
            }
        };
        self.out.write_all(begin)?;
        if early {
            self.remember(id)?;
        } else {
            self.open.insert(id);
        }
        self.out.write_all(b"(")?;
        Ok(Some(Frame { id, items: self.tree.items(id).iter(), count: 0, ends, early }))
    }

    fn leaf(&mut self, id: NodeId) -> io::Result<()> {
        match self.tree.node(id) {
            Node::Bool(value) => self.serde(value),
            Node::Int(number) => self.serde(number),
            Node::BigInt(number) => self.big_int(BigInt::from_signed_bytes_le(number.le_bytes())),
            Node::Float(number) => self.serde(number),
            Node::Str(text) | Node::ByteStr(text) => {
                check_len(text.len())?;
                self.serde(&std::str::from_utf8(text).unwrap_or_default())
            }
            Node::Bytes(_) | Node::Bytearray(_) => {
                let bytes = self.payloads.bytes(id).map_err(io::Error::other)?;
                check_len(bytes.len())?;
                self.serde(&Bytes(&bytes))
            }
            Node::Scalar(scalar) => element(&scalar.dtype, &scalar.bytes, &mut self.serializer()),
            Node::Array(_) => {
                let view = self.payloads.array(id).map_err(io::Error::other)?;
                self.lists(&view)
            }
            _ => self.serde(&()),
        }
    }

    fn serializer(&mut self) -> Serializer<&mut dyn Write> {
        Serializer::new(&mut *self.out, SerOptions::new())
    }

    fn serde(&mut self, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
        value.serialize(&mut self.serializer()).map_err(of_serde)
    }

    /// An int beyond 64 bits. What `serde-pickle` writes of a value stands between a PROTO and a STOP.
    fn big_int(&mut self, number: BigInt) -> io::Result<()> {
        let pickle = serde_pickle::value_to_vec(&Value::Int(number), SerOptions::new()).map_err(of_serde)?;
        let inner = pickle.get(2..pickle.len().saturating_sub(1));
        self.out.write_all(inner.ok_or_else(|| unsupported("an int could not be written"))?)
    }

    /// An array as lists, a level for each axis.
    fn lists(&mut self, view: &ArrayView<'_>) -> io::Result<()> {
        let mut offsets = view.layout().offsets();
        let size = usize::try_from(view.dtype().itemsize()).unwrap_or(usize::MAX);
        // How many items each of the lists that are open still takes, and how many it has since its last mark.
        let mut open: Vec<(u64, usize)> = Vec::new();
        loop {
            match view.shape().get(open.len()) {
                Some(&length) => {
                    self.out.write_all(b"](")?;
                    open.push((length, 0));
                }
                None => {
                    let start = offsets.next().and_then(|offset| usize::try_from(offset).ok());
                    let bytes = start.and_then(|start| view.bytes().get(start..start.checked_add(size)?));
                    element(view.dtype(), bytes.unwrap_or_default(), &mut self.serializer())?;
                }
            }
            // Down to a list that takes one more.
            loop {
                let Some((left, count)) = open.last_mut() else { return Ok(()) };
                if let Some(rest) = left.checked_sub(1) {
                    *left = rest;
                    if *count >= BATCH {
                        self.out.write_all(b"e(")?;
                        *count = 0;
                    }
                    *count = count.saturating_add(1);
                    break;
                }
                self.out.write_all(b"e")?;
                open.pop();
            }
        }
    }
}

/// `serde-pickle` writes lengths in 32 bits.
fn check_len(len: usize) -> io::Result<()> {
    u32::try_from(len).map(drop).map_err(|_| unsupported("text or bytes of 4 GiB or more"))
}

fn of_serde(error: serde_pickle::Error) -> io::Error {
    match error {
        serde_pickle::Error::Io(error) => error,
        other => io::Error::other(Error::new(crate::error::ErrorKind::Unsupported, other.to_string())),
    }
}

/// Bytes, which serde takes for a list of numbers otherwise.
struct Bytes<'b>(&'b [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

fn element(dtype: &DType, bytes: &[u8], serializer: &mut Serializer<&mut dyn Write>) -> io::Result<()> {
    let written = match number(dtype, bytes) {
        Number::Bool(value) => value.serialize(serializer),
        Number::Int(number) => number.serialize(serializer),
        Number::UInt(number) => number.serialize(serializer),
        Number::Single(number) => f64::from(number).serialize(serializer),
        Number::Double(number) => number.serialize(serializer),
    };
    written.map_err(of_serde)
}
