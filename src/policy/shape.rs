//! Shapes: what arguments and states may look like.
//!
//! | written | means |
//! |---|---|
//! | `never` | nothing: a key that must not be there |
//! | `any` | an allowed value that is no callable |
//! | `data` | the same, and symbols flagged `harmless` or `plain`, on their own or in plain containers |
//! | `harmless` | a symbol flagged `harmless`, or an object that wraps one |
//! | `listed` | a symbol that has an entry |
//! | `newable` | a class whose entry allows `new`, or names a `base` |
//! | `keyable` | what may be a key of a dict |
//! | `None` `True` `False` `bool` `int` `float` `str` `bytes` `bytearray` `tuple` `list` `dict` `set` | a value of this kind; a string of Python 2 is both `str` and `bytes` |
//! | `flag` | a bool, or 0 or 1 |
//! | `buffer` | bytes, a bytearray or an out-of-band buffer, as the stream itself gives them |
//! | `array` `dtype` `scalar` | a complete array, a recomputed dtype, a numpy scalar |
//! | `number-dtype` | the same of at most 32 bytes: whatever is converted to it grows little |
//! | `storage` | a storage of tensors, which torch finds beside the stream |
//! | `short-int` | an int of at most 1,024 bytes or digits |
//! | `3` `0..7` `0..` | an int in a range |
//! | `bits(96)` | a non-negative int with no other bits than these |
//! | `'C'` `b'b'` | this text, these bytes |
//! | `<name>` | text of a grammar, see `text.rs` |
//! | `pkg.mod.attr` | this symbol |
//! | `@pkg.mod.attr` | what this symbol made |
//! | `(a, b, c*)` `[a*]` | a tuple, a list; `*` any number of these |
//! | `{a: x, b?: y, *: z}` | a dict with these keys, `?` optional, `*` any other text key but dunders and hooks |
//! | `map(k, v)` | a dict of any keys `k` and values `v` |
//! | `!name` | a rule in code, see `numpy.rs` and `torch.rs` |
//! | `a-name` | a shape of `tables/shapes.txt` |
//! | `x | y` | either |

use super::table::SHAPES;
use super::text::Grammar;
use crate::ast::{Kind, KindSet};

/// What a value may look like.
#[derive(Clone, Debug)]
pub(super) enum Shape<'t> {
    Any,
    Data,
    Harmless,
    Listed,
    Newable,
    Keyable,
    Kinds(KindSet),
    Flag,
    Bool(bool),
    Bytes,
    ByteArray,
    Buffer,
    Array,
    DType,
    NumberDType,
    Scalar,
    Storage,
    /// An int that is short enough to be computed with.
    ShortInt,
    Int(i64, i64),
    /// An int of no other bits than these.
    Bits(i64),
    Text(&'t str),
    Octets(&'t str),
    Grammar(Grammar),
    Symbol(&'t str),
    Made(&'t str),
    Tuple(Vec<Shape<'t>>, Option<Box<Shape<'t>>>),
    List(Box<Shape<'t>>),
    Dict(Vec<Key<'t>>, Option<Box<Shape<'t>>>),
    Map(Box<(Shape<'t>, Shape<'t>)>),
    Rule(Rule),
    OneOf(Vec<Shape<'t>>),
}

/// A key of a dict.
#[derive(Clone, Debug)]
pub(super) struct Key<'t> {
    pub(super) name: &'t str,
    pub(super) optional: bool,
    pub(super) shape: Shape<'t>,
}

/// Rules that need more than a shape: sizes that have to agree with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The state of an array.
    NdArray,
    /// The items of a dict as its constructor takes them.
    Pairs,
    /// The state of a masked array.
    Masked,
    /// The state of a dtype.
    DTypeState,
    /// The arguments of `_frombuffer`.
    FromBuffer,
    /// The arguments of `scalar`.
    ScalarArgs,
    /// The state of a joblib array.
    JoblibArray,
    /// The name of a ufunc, as (module, name).
    Ufunc,
    /// The arguments of a scikit-learn tree.
    TreeArgs,
    /// The state of a scikit-learn tree.
    TreeState,
    /// The state of a tree of scipy.
    KdTree,
    /// The arguments of `_rebuild_tensor` and `_rebuild_tensor_v2`.
    Tensor,
    /// The arguments of `_rebuild_tensor_v3`.
    TypedTensor,
    /// The arguments of `_rebuild_qtensor`.
    QuantizedTensor,
    /// The arguments of `_rebuild_sparse_tensor` and `_rebuild_sparse_csr_tensor`.
    SparseTensor,
    /// The arguments of `_rebuild_nested_tensor`.
    NestedTensor,
}

impl Rule {
    /// Whether it is about tensors of torch.
    pub(super) const fn is_of_torch(self) -> bool {
        matches!(
            self,
            Self::Tensor | Self::TypedTensor | Self::QuantizedTensor | Self::SparseTensor | Self::NestedTensor
        )
    }
}

const RULES: [(&str, Rule); 16] = [
    ("ndarray", Rule::NdArray),
    ("pairs", Rule::Pairs),
    ("masked", Rule::Masked),
    ("dtype", Rule::DTypeState),
    ("frombuffer", Rule::FromBuffer),
    ("scalar", Rule::ScalarArgs),
    ("joblib-array", Rule::JoblibArray),
    ("ufunc", Rule::Ufunc),
    ("tree", Rule::TreeArgs),
    ("tree-state", Rule::TreeState),
    ("kd-tree", Rule::KdTree),
    ("tensor", Rule::Tensor),
    ("typed-tensor", Rule::TypedTensor),
    ("quantized-tensor", Rule::QuantizedTensor),
    ("sparse-tensor", Rule::SparseTensor),
    ("nested-tensor", Rule::NestedTensor),
];

/// How deep shapes may nest, those of `shapes.txt` opened up.
const MAX_DEPTH: u8 = 24;
/// How many keys a dict may name: matching has a bit for each.
const MAX_KEYS: usize = 64;

/// Reads the text of shapes and entries.
#[derive(Clone, Debug)]
pub(super) struct Parser<'t> {
    rest: &'t str,
    depth: u8,
}

/// Why a text is no shape; said of what a user wrote.
pub(super) type Parsed<T> = Result<T, String>;

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, depth: 0 }
    }

    /// Steps over blanks and comments.
    fn blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, after)| after);
        }
    }

    /// How many bytes are left to read.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.blank();
        self.rest.is_empty()
    }

    /// Whether `mark` comes next; steps over it then.
    pub(super) fn take(&mut self, mark: &str) -> bool {
        self.blank();
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn expect(&mut self, mark: &str) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { Err(self.wrong(mark)) }
    }

    fn wrong(&self, wanted: &str) -> String {
        format!("{wanted} expected before {:?}", self.rest.chars().take(30).collect::<String>())
    }

    fn run(&mut self, of: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|letter| !of(letter)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        run
    }

    /// A word: letters, digits, `_`, `.`, and `-` between them.
    pub(super) fn word(&mut self) -> &'t str {
        self.blank();
        if !self.rest.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') {
            return "";
        }
        let before = self.rest;
        let word = self.run(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter));
        let word = word.trim_end_matches('-');
        self.rest = before.get(word.len()..).unwrap_or("");
        word
    }

    fn quoted(&mut self) -> Option<&'t str> {
        let rest = self.rest.strip_prefix('\'')?;
        let (text, rest) = rest.split_once('\'')?;
        self.rest = rest;
        Some(text)
    }

    fn number(&mut self) -> Option<i64> {
        let negative = self.rest.starts_with('-');
        let digits = self.rest.trim_start_matches('-');
        let len = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        let value: i64 = digits.get(..len)?.parse().ok()?;
        self.rest = digits.get(len..)?;
        Some(if negative { value.saturating_neg() } else { value })
    }

    /// A shape, with all its alternatives.
    pub(super) fn shape(&mut self) -> Parsed<Shape<'t>> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH {
            return Err("shapes nest too deep".to_owned());
        }
        let first = self.single()?;
        let mut all = vec![first];
        while self.take("|") {
            all.push(self.single()?);
        }
        self.depth = self.depth.saturating_sub(1);
        match all.len() {
            1 => all.pop().ok_or_else(String::new),
            _ => Ok(Shape::OneOf(all)),
        }
    }

    fn single(&mut self) -> Parsed<Shape<'t>> {
        self.blank();
        if self.take("b'") {
            let (text, rest) = self.rest.split_once('\'').ok_or_else(|| self.wrong("'"))?;
            self.rest = rest;
            return Ok(Shape::Octets(text));
        }
        if let Some(text) = self.quoted() {
            return Ok(Shape::Text(text));
        }
        if self.rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') {
            let low = self.number().ok_or_else(|| self.wrong("a number"))?;
            let high = if self.take("..") { self.number().unwrap_or(i64::MAX) } else { low };
            return Ok(Shape::Int(low, high));
        }
        if self.take("(") {
            let (items, many) = self.sequence(")")?;
            return Ok(Shape::Tuple(items, many.map(Box::new)));
        }
        if self.take("[") {
            let (items, many) = self.sequence("]")?;
            return match (items.is_empty(), many) {
                (true, Some(item)) => Ok(Shape::List(Box::new(item))),
                _ => Err("a list holds any number of one shape: [x*]".to_owned()),
            };
        }
        if self.take("{") {
            return self.dict();
        }
        if self.take("<") {
            let name = self.word();
            self.expect(">")?;
            return Grammar::named(name).map(Shape::Grammar).ok_or_else(|| format!("no grammar is called {name}"));
        }
        if self.take("!") {
            let name = self.word();
            let rule = RULES.iter().find(|(of, _)| *of == name);
            return rule.map(|&(_, rule)| Shape::Rule(rule)).ok_or_else(|| format!("no rule is called {name}"));
        }
        if self.take("@") {
            return Ok(Shape::Made(self.word()));
        }
        let word = self.word();
        if word == "map" {
            self.expect("(")?;
            let key = self.shape()?;
            self.expect(",")?;
            let value = self.shape()?;
            self.expect(")")?;
            return Ok(Shape::Map(Box::new((key, value))));
        }
        if word == "bits" {
            self.expect("(")?;
            let bits = self.number().ok_or_else(|| self.wrong("a number"))?;
            self.expect(")")?;
            return Ok(Shape::Bits(bits));
        }
        self.named(word)
    }

    fn sequence(&mut self, end: &str) -> Parsed<(Vec<Shape<'t>>, Option<Shape<'t>>)> {
        let mut items = Vec::new();
        loop {
            if self.take(end) {
                return Ok((items, None));
            }
            let item = self.shape()?;
            if self.take("*") {
                self.expect(end)?;
                return Ok((items, Some(item)));
            }
            items.push(item);
            if !self.take(",") {
                self.expect(end)?;
                return Ok((items, None));
            }
        }
    }

    fn dict(&mut self) -> Parsed<Shape<'t>> {
        let (mut keys, mut others) = (Vec::new(), None);
        loop {
            if self.take("}") {
                return Ok(Shape::Dict(keys, others));
            }
            if self.take("*") {
                self.expect(":")?;
                others = Some(Box::new(self.shape()?));
            } else {
                self.blank();
                let name = match self.quoted() {
                    Some(name) => name,
                    None => self.word(),
                };
                if name.is_empty() {
                    return Err(self.wrong("a key"));
                }
                let optional = self.take("?");
                self.expect(":")?;
                keys.push(Key { name, optional, shape: self.shape()? });
                if keys.len() > MAX_KEYS {
                    return Err(format!("a dict names at most {MAX_KEYS} keys; * stands for any other"));
                }
            }
            if !self.take(",") {
                self.expect("}")?;
                return Ok(Shape::Dict(keys, others));
            }
        }
    }

    fn named(&mut self, word: &'t str) -> Parsed<Shape<'t>> {
        let one = |kind| Shape::Kinds(KindSet::of(kind));
        let two = |a, b| Shape::Kinds(KindSet::of(a).union(KindSet::of(b)));
        Ok(match word {
            "" => return Err(self.wrong("a shape")),
            "never" => Shape::Kinds(KindSet::default()),
            "any" => Shape::Any,
            "data" => Shape::Data,
            "harmless" => Shape::Harmless,
            "listed" => Shape::Listed,
            "newable" => Shape::Newable,
            "keyable" => Shape::Keyable,
            "flag" => Shape::Flag,
            "buffer" => Shape::Buffer,
            "array" => Shape::Array,
            "dtype" => Shape::DType,
            "number-dtype" => Shape::NumberDType,
            "scalar" => Shape::Scalar,
            "storage" => Shape::Storage,
            "short-int" => Shape::ShortInt,
            "bytes" => Shape::Bytes,
            "bytearray" => Shape::ByteArray,
            "True" => Shape::Bool(true),
            "False" => Shape::Bool(false),
            "None" => one(Kind::None),
            "bool" => one(Kind::Bool),
            "int" => one(Kind::Int),
            "float" => one(Kind::Float),
            "str" => two(Kind::Str, Kind::ByteStr),
            "tuple" => one(Kind::Tuple),
            "list" => one(Kind::List),
            "dict" => one(Kind::Dict),
            "set" => two(Kind::Set, Kind::FrozenSet),
            _ if word.contains('.') => Shape::Symbol(word),
            _ => {
                let found = SHAPES.find(word).ok_or_else(|| format!("no shape is called {word}"))?;
                let mut inner = Self { rest: found.body, depth: self.depth };
                let shape = inner.shape()?;
                if !inner.at_end() {
                    return Err(inner.wrong("the end of a shape"));
                }
                shape
            }
        })
    }
}
