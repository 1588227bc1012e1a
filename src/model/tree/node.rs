//! What stands in the arena.

use super::BigInt;
use crate::array::ArrayView;
use crate::dtype::DType;
use crate::error::Result;
use crate::inspect::{self, ArrayRef};
use std::borrow::Cow;
use std::fmt;

/// The number of a node. Two places with the same number hold the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// As an index into tables with a row for each node.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Some of the edges of a tree: see [`Tree::items`](super::Tree::items).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Run {
    /// How many nodes it has; a dict has two for each item.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether it has none.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// One node: a plain value, or something made of others.
#[derive(Clone, Debug)]
pub enum Node<'o> {
    /// `None`.
    None,
    /// A boolean.
    Bool(bool),
    /// An int of 64 bits.
    Int(i64),
    /// An int beyond that.
    BigInt(BigInt<'o>),
    /// A float.
    Float(f64),
    /// Text, in UTF-8 in which a lone surrogate stands as three bytes: [`Tree::text`](super::Tree::text).
    Str(Cow<'o, [u8]>),
    /// A string of Python 2: text or bytes, by the encoding that a reader is given.
    ByteStr(Cow<'o, [u8]>),
    /// Bytes.
    Bytes(Blob<'o>),
    /// A bytearray.
    Bytearray(Blob<'o>),
    /// A list.
    List(Run),
    /// A tuple.
    Tuple(Run),
    /// A set.
    Set(Run),
    /// A frozenset.
    Frozenset(Run),
    /// A dict: keys and values in turn.
    Dict(Run),
    /// An array of numpy.
    Array(Box<Array>),
    /// A masked array of numpy.
    Masked(Box<Masked>),
    /// A scalar of numpy.
    Scalar(Box<Scalar<'o>>),
    /// A data type of numpy.
    DType(Box<DType>),
    /// An object: a class, how it was made, its state.
    Record(Box<Record>),
    /// A class, function or other global that stands as a value: only its name, see [`Tree::name`](super::Tree::name).
    Name(u32),
    /// What a persistent id stands for; the node is the id. (A storage of torch, in `.pt` files.)
    Persistent(NodeId),
    /// Something that cannot be represented. There is a [`Problem`](super::Problem) for it.
    Unknown,
}

/// Bytes, here or in compressed data.
#[derive(Clone, Debug)]
pub enum Blob<'o> {
    /// These.
    Here(Cow<'o, [u8]>),
    /// Bytes that were stepped over while inflating: [`Payloads::bytes`](super::Payloads::bytes) inflates them again.
    Inflated(Box<ArrayRef>),
}

impl Blob<'_> {
    /// How many bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Here(bytes) => bytes.len() as u64,
            Self::Inflated(array) => array.array.nbytes().unwrap_or(0),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Offset and length in the stream, where they have to be inflated again.
    pub fn place(&self) -> Option<(u64, u64)> {
        match self {
            Self::Here(_) => None,
            Self::Inflated(array) => array.place,
        }
    }
}

/// An array.
#[derive(Clone, Debug)]
pub struct Array {
    /// Class, type, shape, order and place of the elements; and what is wrong with it.
    pub array: ArrayRef,
    /// The elements, where they are objects: [`Tree::items`](super::Tree::items). They are in C order, whatever the order
    /// of the array: numpy pickles them so.
    pub elements: Option<Run>,
}

/// A masked array (`numpy.ma.MaskedArray`).
#[derive(Clone, Debug)]
pub struct Masked {
    /// The values.
    pub data: Array,
    /// A byte for each: whether it is masked.
    pub mask: ArrayRef,
    /// What stands for masked values.
    pub fill: NodeId,
}

/// A scalar of numpy.
#[derive(Clone, Debug)]
pub struct Scalar<'o> {
    /// Its type.
    pub dtype: DType,
    /// Its bytes.
    pub bytes: Cow<'o, [u8]>,
    /// Whether numpy before 2.0 wrote it: modules had other names then, and a few types.
    pub before_numpy_2: bool,
}

impl Scalar<'_> {
    /// The scalar as an array without dimensions.
    ///
    /// # Errors
    /// Where the bytes are not as many as the type has.
    pub fn view(&self) -> Result<ArrayView<'_>> {
        ArrayView::new(self.dtype.clone(), Vec::new(), crate::array::Order::C, Cow::Borrowed(&self.bytes))
    }
}

/// An object. Its class is only named, and what its class would make of these parts is not known.
#[derive(Clone, Debug)]
pub struct Record {
    /// The class, or what was called: a [`Node::Name`], or a record where the file computes it.
    pub class: NodeId,
    /// How it was made.
    pub made: Made,
    /// The arguments, a tuple; `None` where there are none.
    pub args: Option<NodeId>,
    /// The keyword arguments, a dict.
    pub kwargs: Option<NodeId>,
    /// What `__setstate__` is given, or what `__dict__` (and slots) are updated with.
    pub state: Option<NodeId>,
    /// What was put into it: a list, set or dict.
    pub items: Option<NodeId>,
}

/// How a record was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// `cls.__new__(cls, *args, **kwargs)`.
    New,
    /// A call, of a class or function.
    Call,
}

/// The name of a class, function or other global, as a reader of Python 3 resolves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The module.
    pub module: Box<str>,
    /// The name in it, dots included.
    pub name: Box<str>,
}

impl Name {
    /// Whether it is `module.name`.
    pub fn is(&self, module: &str, name: &str) -> bool {
        (&*self.module, &*self.name) == (module, name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// How a node stands in the one in which it is met first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// It is the root.
    Root,
    /// The n-th item of a list, tuple, set or array.
    Item(u32),
    /// The n-th key of a dict.
    Key(u32),
    /// The n-th value of a dict.
    Value(u32),
    /// The class of a record.
    Class,
    /// Its arguments.
    Args,
    /// Its keyword arguments.
    Kwargs,
    /// Its state.
    State,
    /// What was put into it.
    Items,
    /// The fill value of a masked array.
    Fill,
    /// The persistent id.
    Id,
}

/// What is kept of a node beside itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta {
    pub(super) parent: NodeId,
    pub(super) via: Via,
    pub(super) shared: bool,
    pub(super) origin: Option<inspect::Node>,
}
