//! Values of eight bytes and the kinds they are of.

use std::fmt;
use std::num::NonZeroU64;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// `None`.
    None,
    /// A boolean.
    Bool,
    /// An int.
    Int,
    /// A float.
    Float,
    /// Text.
    Str,
    /// A string of Python 2: text or bytes, by the encoding that the reader is given.
    ByteStr,
    /// Bytes.
    Bytes,
    /// A bytearray made by BYTEARRAY8.
    ByteArray,
    /// A tuple.
    Tuple,
    /// A list.
    List,
    /// A dict.
    Dict,
    /// A set.
    Set,
    /// A frozenset.
    FrozenSet,
    /// What an import answered.
    Import,
    /// What a call answered.
    Object,
    /// What `persistent_load` answered.
    Persistent,
    /// What the extension registry answered.
    Extension,
    /// An out-of-band buffer.
    Buffer,
    /// A read-only view of another value.
    View,
    /// Something that cannot be known: an import whose name is made at run time.
    Opaque,
}

impl Kind {
    const ALL: [Self; 20] = [
        Self::None,
        Self::Bool,
        Self::Int,
        Self::Float,
        Self::Str,
        Self::ByteStr,
        Self::Bytes,
        Self::ByteArray,
        Self::Tuple,
        Self::List,
        Self::Dict,
        Self::Set,
        Self::FrozenSet,
        Self::Import,
        Self::Object,
        Self::Persistent,
        Self::Extension,
        Self::Buffer,
        Self::View,
        Self::Opaque,
    ];

    /// Whether values of this kind are literals: positions of opcodes.
    pub const fn is_literal(self) -> bool {
        (self as u8) <= Self::ByteArray as u8
    }

    /// Whether values of this kind are containers that the stream itself makes.
    pub const fn is_container(self) -> bool {
        matches!(self, Self::Tuple | Self::List | Self::Dict | Self::Set | Self::FrozenSet)
    }

    /// Whether it is known, without running anything, what values of this kind can do.
    pub const fn is_builtin(self) -> bool {
        (self as u8) <= Self::FrozenSet as u8
    }

    /// The kind as a person names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::ByteStr => "Python 2 str",
            Self::Bytes => "bytes",
            Self::ByteArray => "bytearray",
            Self::Tuple => "tuple",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Set => "set",
            Self::FrozenSet => "frozenset",
            Self::Import => "import",
            Self::Object => "object",
            Self::Persistent => "persistent object",
            Self::Extension => "extension object",
            Self::Buffer => "buffer",
            Self::View => "memoryview",
            Self::Opaque => "unknown value",
        }
    }
}

/// A set of kinds, and whether anything among them cannot be hashed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct KindSet(u32);

impl KindSet {
    /// No kind.
    pub const EMPTY: Self = Self(0);
    /// Set where a value, or something in a tuple of it, cannot be hashed.
    const UNHASHABLE: u32 = 1 << 30;
    /// Kept free for the arena.
    pub(super) const EXTENDED: u32 = 1 << 31;

    /// The set of one kind.
    pub const fn of(kind: Kind) -> Self {
        let unhashable = matches!(kind, Kind::List | Kind::Dict | Kind::Set | Kind::ByteArray);
        Self(1 << kind as u32 | if unhashable { Self::UNHASHABLE } else { 0 })
    }

    /// Everything in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a kind is in it.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u32) != 0
    }

    /// Whether any kind of it is in `other`.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 & !Self::UNHASHABLE != 0
    }

    /// Whether every kind of it is in `other`.
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 & !Self::UNHASHABLE == 0
    }

    /// Whether no kind of it is in `other`.
    pub const fn is_disjoint(self, other: Self) -> bool {
        self.0 & other.0 & !(Self::UNHASHABLE | Self::EXTENDED) == 0
    }

    /// Whether anything in it cannot be hashed.
    pub const fn is_unhashable(self) -> bool {
        self.0 & Self::UNHASHABLE != 0
    }

    /// The same kinds, marked as holding something that cannot be hashed.
    #[must_use]
    pub const fn unhashable(self) -> Self {
        Self(self.0 | Self::UNHASHABLE)
    }

    /// Its kinds.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |&kind| self.contains(kind))
    }

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits & !Self::EXTENDED)
    }
}

impl fmt::Debug for KindSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds()).finish()
    }
}

/// A value: its kind, and the position of its opcode (literals) or an id of the arena (all else).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(NonZeroU64);

const PAYLOAD: u32 = 56;

/// For each topmost byte of a value its kind; no value has one of the others.
const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Opaque; 256];
    let mut tag = 0;
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated while compiling")]
    while tag < Kind::ALL.len() {
        kinds[tag + 1] = Kind::ALL[tag];
        tag += 1;
    }
    kinds
};

/// The same as sets.
const KIND_SETS: [KindSet; 256] = {
    let mut sets = [KindSet::EMPTY; 256];
    let mut tag = 0;
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated while compiling")]
    while tag < sets.len() {
        sets[tag] = KindSet::of(KINDS[tag]);
        tag += 1;
    }
    sets
};

impl Value {
    /// A value of `kind`. `payload` has at most 56 bits; a source longer than that cannot be addressed.
    #[inline]
    #[allow(clippy::arithmetic_side_effects, reason = "constants, and a kind is below 255")]
    pub const fn new(kind: Kind, payload: u64) -> Self {
        // One more than the kind, so that no value is zero and `Option<Value>` takes no more room.
        let word = (kind as u64 + 1) << PAYLOAD | (payload & ((1 << PAYLOAD) - 1));
        Self(match NonZeroU64::new(word) {
            Some(word) => word,
            None => NonZeroU64::MIN,
        })
    }

    /// Its kind.
    #[inline]
    pub fn kind(self) -> Kind {
        let [tag, ..] = self.0.get().to_be_bytes();
        KINDS.get(usize::from(tag)).copied().unwrap_or(Kind::Opaque)
    }

    /// Whether it is of a kind.
    #[inline]
    #[allow(clippy::arithmetic_side_effects, reason = "a kind is below 255")]
    pub const fn is(self, kind: Kind) -> bool {
        self.0.get() >> PAYLOAD == kind as u64 + 1
    }

    /// The set of its kind.
    #[inline]
    pub(super) fn kind_set(self) -> KindSet {
        let [tag, ..] = self.0.get().to_be_bytes();
        KIND_SETS.get(usize::from(tag)).copied().unwrap_or_default()
    }

    /// The position of its opcode, or its id.
    #[inline]
    pub const fn payload(self) -> u64 {
        self.0.get() & ((1 << PAYLOAD) - 1)
    }

    /// The payload as an index.
    #[inline]
    pub fn index(self) -> usize {
        usize::try_from(self.payload()).unwrap_or(usize::MAX)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}#{}", self.kind(), self.payload())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_eight_bytes_and_keeps_kind_and_payload() {
        assert_eq!((size_of::<Value>(), size_of::<Option<Value>>(), size_of::<KindSet>()), (8, 8, 4));
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index);
            let value = Value::new(kind, 0x00ab_cdef_0123_4567);
            assert_eq!((value.kind(), value.payload()), (kind, 0x00ab_cdef_0123_4567));
            assert!(KindSet::of(kind).contains(kind));
        }
    }
}
