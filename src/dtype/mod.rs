//! numpy's data types, read and recomputed without numpy.
//!
//! A [`DType`] says how the bytes of an array are laid out. It comes from three texts: the short spec of a pickled
//! `numpy.dtype(spec, ...)` ([`spec`]), the state that a `BUILD` then gives it ([`state`]), and the `descr` of a `.npy`
//! header ([`descr`], a Python literal read by [`literal`]). A pickled state is never believed: every field is
//! computed again and has to agree, because numpy itself trusts it down to the pointer.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod descr;
pub mod literal;
mod pickled;
pub mod spec;
pub mod state;

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

pub use state::{Spec, StateValue};

/// How deep data types may nest. numpy has no bound of its own; real files stay below five.
pub const MAX_DEPTH: u8 = 32;

/// How many data types one may hold when every shared part is counted each time it occurs, so that a walk over a
/// data type is bounded although its parts are shared.
pub const MAX_PARTS: u64 = 1 << 20;

/// The bits of numpy's `flags` that a structure takes from its fields: it holds references (1), is pickled as a list
/// (2), has to be initialised (8), needs the interpreter (16).
pub(crate) const INHERITED_FLAGS: u8 = 0x1b;
/// `NPY_ITEM_REFCOUNT`: some byte of an element is a reference.
pub(crate) const HAS_OBJECT: u8 = 0x01;
/// `NPY_NEEDS_INIT`.
pub(crate) const NEEDS_INIT: u8 = 0x08;
/// `NPY_NEEDS_PYAPI`: set for every structure.
pub(crate) const NEEDS_PYAPI: u8 = 0x10;
/// All the flags of `object`.
pub(crate) const OBJECT_FLAGS: u8 = 0x3f;
/// `NPY_ALIGNED_STRUCT`.
pub(crate) const ALIGNED_STRUCT: u8 = 0x80;

/// What one element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One byte, true or false.
    Bool,
    /// Signed integer.
    Int,
    /// Unsigned integer.
    UInt,
    /// IEEE float of 2, 4 or 8 bytes; 16 bytes are the C `long double` of the writer's machine.
    Float,
    /// Two floats of half the size.
    Complex,
    /// Signed 64-bit count of a [`Unit`] since 1970.
    DateTime,
    /// Signed 64-bit count of a [`Unit`].
    TimeDelta,
    /// A reference to any Python object.
    Object,
    /// Bytes, padded with NUL.
    Bytes,
    /// UCS-4 text, padded with NUL.
    Str,
    /// Raw bytes, a structure or a subarray.
    Void,
    /// numpy 2's text of variable width.
    StringDType,
    /// A number that numpy has no type for, by the name that its library has for it: `bfloat16`.
    Foreign(&'static str),
}

impl Kind {
    /// numpy's one-letter code of the kind.
    pub const fn code(self) -> char {
        match self {
            Self::Bool => 'b',
            Self::Int => 'i',
            Self::UInt => 'u',
            Self::Float => 'f',
            Self::Complex => 'c',
            Self::DateTime => 'M',
            Self::TimeDelta => 'm',
            Self::Object => 'O',
            Self::Bytes => 'S',
            Self::Str => 'U',
            // As numpy takes what it does not know.
            Self::Void | Self::Foreign(_) => 'V',
            Self::StringDType => 'T',
        }
    }
}

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// `<`
    Little,
    /// `>`
    Big,
    /// `|`: it has none.
    None,
}

impl ByteOrder {
    /// numpy's sign for it.
    pub const fn sign(self) -> char {
        match self {
            Self::Little => '<',
            Self::Big => '>',
            Self::None => '|',
        }
    }
}

/// The unit of a datetime or a time delta: `count` times `name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// `Y M W D h m s ms us ns ps fs as` or `generic`.
    pub name: &'static str,
    /// How many of them are one step; at least 1.
    pub count: u32,
}

/// One field of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, UTF-8 (lone surrogates as three bytes), as the file has it: escape before printing.
    pub name: Arc<[u8]>,
    /// Its second name, where it has one.
    pub title: Option<Arc<[u8]>>,
    /// First byte of the field within an element.
    pub offset: u64,
    /// What it holds.
    pub dtype: DType,
}

/// What an element is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Parts {
    /// Nothing smaller.
    Simple,
    /// Fields, in the order of their names. They may overlap, unless they hold references.
    Fields(Vec<Field>),
    /// A fixed number of elements of one type.
    Subarray { base: DType, shape: Vec<u64> },
}

/// A numpy data type. Cheap to clone; immutable; never deeper than [`MAX_DEPTH`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DType(Arc<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    order: ByteOrder,
    itemsize: u64,
    /// The alignments that machines have for it: 4 for a double on 32-bit x86, 8 elsewhere.
    alignment: RangeInclusive<u64>,
    flags: u8,
    unit: Option<Unit>,
    record: bool,
    parts: Parts,
    depth: u8,
    count: u64,
}

impl DType {
    /// A type without parts.
    fn simple(kind: Kind, order: ByteOrder, itemsize: u64) -> Self {
        let flags = match kind {
            Kind::Object => OBJECT_FLAGS,
            Kind::Str => NEEDS_INIT,
            // As `numpy.dtypes.StringDType().flags`.
            Kind::StringDType => 0x6b,
            _ => 0,
        };
        let alignment = match kind {
            Kind::Bytes | Kind::Void | Kind::Bool => 1..=1,
            Kind::Str => 4..=4,
            // A part's alignment; older numpy used the whole.
            Kind::Complex => (itemsize / 2).clamp(1, 4)..=itemsize.clamp(1, 32),
            _ => itemsize.clamp(1, 4)..=itemsize.clamp(1, 16),
        };
        let unit = None;
        Self(Arc::new(Inner {
            kind,
            order,
            itemsize,
            alignment,
            flags,
            unit,
            record: false,
            parts: Parts::Simple,
            depth: 0,
            count: 1,
        }))
    }

    /// numpy 2's `StringDType`: 16 bytes an element, but pickled as a list of `str` like objects
    /// (`numpy._core._internal._convert_to_stringdtype_kwargs`).
    pub fn string_dtype() -> Self {
        Self::simple(Kind::StringDType, ByteOrder::None, 16)
    }

    /// A number of `itemsize` bytes that numpy has no type for.
    pub fn foreign(name: &'static str, order: ByteOrder, itemsize: u64) -> Self {
        Self::simple(Kind::Foreign(name), if itemsize > 1 { order } else { ByteOrder::None }, itemsize)
    }

    fn with_unit(kind: Kind, order: ByteOrder, unit: Unit) -> Self {
        let mut inner = Arc::unwrap_or_clone(Self::simple(kind, order, 8).0);
        inner.unit = Some(unit);
        Self(Arc::new(inner))
    }

    fn into_record(self) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        inner.record = true;
        Self(Arc::new(inner))
    }

    /// `shape` elements of `base`.
    fn subarray_of(base: DType, shape: Vec<u64>) -> Result<Self> {
        let itemsize = base.nbytes(&shape).ok_or_else(|| too_big("a subarray"))?;
        let (depth, count) = contain(std::slice::from_ref(&base).iter())?;
        Ok(Self(Arc::new(Inner {
            kind: Kind::Void,
            order: ByteOrder::None,
            itemsize,
            alignment: base.0.alignment.clone(),
            flags: base.0.flags,
            unit: None,
            record: false,
            parts: Parts::Subarray { base, shape },
            depth,
            count,
        })))
    }

    /// A structure of `fields`, checked by the caller, with numpy's `flags`.
    fn structure(fields: Vec<Field>, itemsize: u64, alignment: RangeInclusive<u64>, flags: u8) -> Result<Self> {
        let (depth, count) = contain(fields.iter().map(|field| &field.dtype))?;
        Ok(Self(Arc::new(Inner {
            kind: Kind::Void,
            order: ByteOrder::None,
            itemsize,
            alignment,
            flags,
            unit: None,
            record: false,
            parts: Parts::Fields(fields),
            depth,
            count,
        })))
    }

    /// What one element is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The order of the bytes of a number; [`ByteOrder::None`] for structures, whose fields have their own.
    pub fn byte_order(&self) -> ByteOrder {
        self.0.order
    }

    /// Bytes of one element.
    pub fn itemsize(&self) -> u64 {
        self.0.itemsize
    }

    /// The greatest alignment a machine has for it, in bytes.
    pub fn alignment(&self) -> u64 {
        *self.0.alignment.end()
    }

    /// The unit of a datetime or time delta.
    pub fn unit(&self) -> Option<&Unit> {
        self.0.unit.as_ref()
    }

    /// The fields of a structure, in the order of their names; `None` for anything else.
    pub fn fields(&self) -> Option<&[Field]> {
        match &self.0.parts {
            Parts::Fields(fields) => Some(fields),
            _ => None,
        }
    }

    /// Element type and shape of a subarray; `None` for anything else.
    pub fn subarray(&self) -> Option<(&DType, &[u64])> {
        match &self.0.parts {
            Parts::Subarray { base, shape } => Some((base, shape)),
            _ => None,
        }
    }

    /// Whether elements are `numpy.record` rather than `numpy.void`.
    pub fn is_record(&self) -> bool {
        self.0.record
    }

    /// numpy's `dtype.hasobject`: arrays of it are pickled as lists of objects, not as bytes.
    pub fn has_object(&self) -> bool {
        self.0.flags & HAS_OBJECT != 0
    }

    /// Bytes of an array of this type; `None` where the product does not fit, `Some(0)` if any dimension is 0.
    pub fn nbytes(&self, shape: &[u64]) -> Option<u64> {
        if shape.contains(&0) {
            return Some(0);
        }
        shape.iter().try_fold(self.itemsize(), |bytes, &length| bytes.checked_mul(length))
    }

    /// The flags that numpy has for it, an unsigned byte.
    pub(crate) fn flags(&self) -> u8 {
        self.0.flags
    }

    /// numpy's `dtype.str`: `<f8`, `|S5`, `<M8[ns]`, `|V16` for structures and subarrays; the name of a type that numpy
    /// does not have, behind a `>` where its bytes are in that order.
    pub fn type_string(&self) -> String {
        let (kind, order) = (self.kind(), self.byte_order().sign());
        match (kind, self.unit()) {
            (Kind::Object, _) => "|O".to_owned(),
            (Kind::StringDType, _) => "StringDType()".to_owned(),
            (Kind::Foreign(name), _) if order == '>' => format!(">{name}"),
            (Kind::Foreign(name), _) => name.to_owned(),
            (_, Some(Unit { name: "generic", .. })) => format!("{order}{}8", kind.code()),
            (_, Some(Unit { name, count: 1 })) => format!("{order}{}8[{name}]", kind.code()),
            (_, Some(Unit { name, count })) => format!("{order}{}8[{count}{name}]", kind.code()),
            (Kind::Str, _) => format!("{order}U{}", self.itemsize() / 4),
            _ => format!("{order}{}{}", kind.code(), self.itemsize()),
        }
    }
}

/// Depth and number of parts of something made of `parts`.
fn contain<'a>(parts: impl Iterator<Item = &'a DType>) -> Result<(u8, u64)> {
    let (mut depth, mut count) = (0_u8, 1_u64);
    for part in parts {
        depth = depth.max(part.0.depth);
        count = count.saturating_add(part.0.count);
    }
    let depth = depth.saturating_add(1);
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::Limit, format!("data types nest deeper than {MAX_DEPTH} levels")));
    }
    if count > MAX_PARTS {
        return Err(Error::new(ErrorKind::Limit, format!("a data type has more than {MAX_PARTS} parts")));
    }
    Ok((depth, count))
}

fn too_big(what: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("{what} is larger than any memory"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nbytes_is_checked() {
        let double = DType::from_spec(b"f8").unwrap();
        assert_eq!(double.nbytes(&[]), Some(8));
        assert_eq!(double.nbytes(&[3, 2]), Some(48));
        assert_eq!(double.nbytes(&[1 << 61, 2]), None);
        assert_eq!(double.nbytes(&[1 << 61, 2, 0]), Some(0), "numpy allows absurd dimensions beside a 0");
    }

    #[test]
    fn nesting_is_bounded() {
        let mut dtype = DType::from_spec(b"f8").unwrap();
        for _ in 0..MAX_DEPTH {
            dtype = DType::subarray_of(dtype, vec![1]).unwrap();
        }
        assert_eq!(DType::subarray_of(dtype, vec![1]).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn sharing_is_counted_expanded() {
        let mut dtype = DType::from_spec(b"V0").unwrap();
        let mut refused = false;
        for _ in 0..21 {
            let field = |name: &[u8]| Field { name: name.into(), title: None, offset: 0, dtype: dtype.clone() };
            match DType::structure(vec![field(b"a"), field(b"b")], 0, 1..=1, NEEDS_PYAPI) {
                Ok(next) => dtype = next,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Limit);
                    refused = true;
                }
            }
        }
        assert!(refused);
    }

    #[test]
    fn type_strings_are_those_of_numpy() {
        for (spec, text) in [("f8", "<f8"), ("b1", "|b1"), ("S5", "|S5"), ("U3", "<U3"), ("O8", "|O"), ("V4", "|V4")] {
            assert_eq!(DType::from_spec(spec.as_bytes()).unwrap().type_string(), text);
        }
        let text = DType::from_descr_str(b">M8[25s]").unwrap().type_string();
        assert_eq!(text, ">M8[25s]");
    }
}
