//! The `descr` of a `.npy` header, as `numpy.lib.format.descr_to_dtype` reads it.

use std::collections::HashSet;

use super::literal::Literal;
use super::{DType, Field, INHERITED_FLAGS, Kind, NEEDS_PYAPI, too_big};
use crate::error::{Error, ErrorKind, Result};

impl DType {
    /// The data type of a `descr`: a string such as `'<f8'`, or a list of fields `(name, descr)`,
    /// `(name, descr, shape)`, `((title, name), descr)`. Fields without a name and without a type are padding.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] for what numpy refuses, [`ErrorKind::Unsupported`] for what it may accept and
    /// depickle does not, [`ErrorKind::Limit`] for absurd nesting.
    pub fn from_descr(descr: &Literal) -> Result<Self> {
        // A literal is bounded in depth, and so is this recursion.
        match descr {
            Literal::Str(text) => Self::from_descr_str(text.as_bytes()),
            Literal::List(fields) => structure(fields),
            Literal::Tuple(pair) => match pair.as_slice() {
                [base, shape] => with_shape(Self::from_descr(base)?, shape),
                _ => Err(malformed("a tuple in descr is not a type and a shape")),
            },
            _ => Err(malformed("descr is neither a string nor a list")),
        }
    }
}

fn structure(items: &[Literal]) -> Result<DType> {
    let (mut fields, mut seen) = (Vec::new(), HashSet::new());
    let (mut offset, mut flags) = (0_u64, NEEDS_PYAPI);
    for item in items {
        let (Literal::Tuple(item) | Literal::List(item)) = item else {
            return Err(malformed("a field in descr is not a tuple"));
        };
        let (name, dtype) = match item.as_slice() {
            [name, descr] => (name, DType::from_descr(descr)?),
            [name, descr, shape] => (name, with_shape(DType::from_descr(descr)?, shape)?),
            _ => return Err(malformed("a field in descr is not a tuple of 2 or 3")),
        };
        let start = offset;
        offset = offset.checked_add(dtype.itemsize()).ok_or_else(|| too_big("an element"))?;
        let (title, name) = match name {
            Literal::Str(name) => (None, name),
            Literal::Tuple(pair) => match pair.as_slice() {
                [Literal::Str(title), Literal::Str(name)] => (Some(title), name),
                _ => return Err(malformed("a field's name in descr is not a string or (title, name)")),
            },
            _ => return Err(malformed("a field's name in descr is not a string or (title, name)")),
        };
        let padding = dtype.kind() == Kind::Void && dtype.fields().is_none();
        if name.is_empty() && title.is_none() && padding {
            continue;
        }
        if name.is_empty() {
            return Err(Error::new(ErrorKind::Unsupported, "a field without a name is not supported"));
        }
        if !seen.insert(name) || title.is_some_and(|title| !seen.insert(title)) {
            return Err(malformed("a field's name in descr occurs twice"));
        }
        flags |= dtype.flags() & INHERITED_FLAGS;
        let title = title.map(|title| title.as_bytes().into());
        fields.push(Field { name: name.as_bytes().into(), title, offset: start, dtype });
    }
    i64::try_from(offset).map_err(|_| too_big("an element"))?;
    DType::structure(fields, offset, 1..=1, flags)
}

/// `numpy.dtype((base, shape))`.
fn with_shape(base: DType, shape: &Literal) -> Result<DType> {
    let dimension = |literal: &Literal| match literal {
        Literal::Int(length) => u64::try_from(*length).map_err(|_| malformed("a shape in descr is negative")),
        _ => Err(malformed("a shape in descr is not a tuple of integers")),
    };
    // numpy reads `('V', 8)` as V8, and refuses any other shape for a type without a size.
    if base.itemsize() == 0 && base.fields().is_none() {
        return Err(Error::new(ErrorKind::Unsupported, "a shape for a type without a size is not supported"));
    }
    let shape = match shape {
        Literal::Tuple(shape) => shape.iter().map(dimension).collect::<Result<Vec<u64>>>()?,
        other => vec![dimension(other)?],
    };
    if shape.len() > 64 {
        return Err(malformed("a shape in descr has more than 64 dimensions"));
    }
    if shape.is_empty() { Ok(base) } else { DType::subarray_of(base, shape) }
}

fn malformed(message: &str) -> Error {
    Error::new(ErrorKind::Malformed, message)
}
