//! The state of a pickled data type, computed again field by field.
//!
//! numpy's `dtype.__setstate__` (`arraydescr_setstate` in `descriptor.c`) stores flags, sizes and offsets as it is told: an
//! object type whose flags deny it makes array bytes into pointers, a field beyond its element reads beyond the
//! buffer. So a state is accepted only if it is what numpy itself would have written (numpy 1.13 to 2.4).

use std::borrow::Cow;
use std::collections::HashMap;

use super::spec::unit_name;
use super::{ALIGNED_STRUCT, ByteOrder, DType, Field, INHERITED_FLAGS, Kind, NEEDS_INIT, NEEDS_PYAPI, Unit};
use crate::error::{Error, ErrorKind, Result};

/// The most dimensions an array has (numpy 2; 32 before).
const MAX_DIMENSIONS: usize = 64;

/// The first argument of a pickled `numpy.dtype(spec, align, copy)`. The other two have to be `False, True` (or
/// `0, 1`) before any state counts: without a copy numpy would ignore the state of a builtin type.
#[derive(Clone, Copy, Debug)]
pub enum Spec<'a> {
    /// A string: `f8`, `V16`.
    Text(&'a [u8]),
    /// The class `numpy.record`.
    Record,
}

/// A value of the state, made by the caller from its own tree. Data types in it are recomputed already, so the depth
/// of this tree is a small constant; what is deeper or of another kind is [`StateValue::Other`].
#[derive(Clone, Debug)]
pub enum StateValue<'a> {
    /// `None`
    None,
    /// An integer, not a bool.
    Int(i64),
    /// `str`, as UTF-8 with lone surrogates as three bytes.
    Str(Cow<'a, [u8]>),
    /// `bytes`, or the `str` of a pickle from Python 2.
    Bytes(Cow<'a, [u8]>),
    /// An exact tuple.
    Tuple(Vec<StateValue<'a>>),
    /// An exact dict, items in the order of the stream.
    Dict(Vec<(StateValue<'a>, StateValue<'a>)>),
    /// A data type that is recomputed and complete.
    DType(DType),
    /// Anything else. Allowed only where it cannot matter: inside user metadata.
    Other,
}

impl<'a> StateValue<'a> {
    /// The bytes of a `str` or `bytes`.
    fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) | Self::Bytes(text) => Some(text),
            _ => None,
        }
    }

    fn size(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    fn tuple(&self) -> Option<&[StateValue<'a>]> {
        match self {
            Self::Tuple(items) => Some(items),
            _ => None,
        }
    }
}

/// The items of a state tuple, by numpy's names for them.
struct State<'s, 'a> {
    order: ByteOrder,
    subdtype: &'s StateValue<'a>,
    names: &'s StateValue<'a>,
    fields: &'s StateValue<'a>,
    elsize: i64,
    alignment: i64,
    flags: u8,
    metadata: Option<&'s StateValue<'a>>,
}

impl DType {
    /// The data type that `numpy.dtype(spec, False, True)` and then `BUILD` with `state` make.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if numpy would not have written this state: it is forged (or broken), and the message
    /// says which field. [`ErrorKind::Unsupported`] for honest rarities that are not understood,
    /// [`ErrorKind::Limit`] for absurd nesting.
    pub fn from_state(spec: Spec<'_>, state: &StateValue<'_>) -> Result<DType> {
        let state = State::read(state)?;
        let base = match spec {
            Spec::Text(text) => Self::from_spec(text)?,
            Spec::Record => {
                let size = u64::try_from(state.elsize).map_err(|_| forged("elsize", "a size", state.elsize))?;
                Self::simple(Kind::Void, ByteOrder::None, size)
            }
        };
        if base.kind() == Kind::Void && matches!(state.subdtype, StateValue::Tuple(_)) {
            if matches!(spec, Spec::Record) {
                return Err(wrong("subdtype", "numpy writes no record that is a subarray"));
            }
            return state.subarray(&base);
        }
        if !matches!(state.subdtype, StateValue::None) {
            return Err(wrong("subdtype", "it is neither None nor the subarray of a void type"));
        }
        let dtype = match (state.names, state.fields) {
            (StateValue::None, StateValue::None) => state.simple(&base)?,
            (StateValue::Tuple(names), StateValue::Dict(fields)) if base.kind() == Kind::Void => {
                state.structure(&base, names, fields)?
            }
            (StateValue::Tuple(_), StateValue::Dict(_)) => {
                return Err(Error::new(ErrorKind::Unsupported, "a number with fields is not supported"));
            }
            _ => return Err(wrong("names", "names and fields do not go together")),
        };
        Ok(if matches!(spec, Spec::Record) { dtype.into_record() } else { dtype })
    }
}

impl<'s, 'a> State<'s, 'a> {
    fn read(state: &'s StateValue<'a>) -> Result<Self> {
        let items = state.tuple().ok_or_else(|| wrong("state", "it is not a tuple"))?;
        let (version, order, subdtype, names, fields, elsize, alignment, flags, metadata) = match items {
            [StateValue::Int(v @ 3), a, b, c, d, e, f, g] => (v, a, b, c, d, e, f, g, None),
            [StateValue::Int(v @ 4), a, b, c, d, e, f, g, h] => (v, a, b, c, d, e, f, g, Some(h)),
            [StateValue::Int(0..=2), ..] => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "a data type state of numpy before 1.7 is not supported",
                ));
            }
            _ => return Err(wrong("version", "numpy writes 3 with 8 items or 4 with 9")),
        };
        debug_assert!((3..=4).contains(version));
        let order = match order.text() {
            Some(b"<") => ByteOrder::Little,
            Some(b">") => ByteOrder::Big,
            Some(b"|") => ByteOrder::None,
            _ => return Err(wrong("byteorder", "numpy writes '<', '>' or '|'")),
        };
        let (StateValue::Int(elsize), StateValue::Int(alignment), StateValue::Int(flags)) = (elsize, alignment, flags)
        else {
            return Err(wrong("elsize", "elsize, alignment and flags have to be integers"));
        };
        // numpy before 2.0 kept the flags in a signed char.
        let flags = match (u8::try_from(*flags), i8::try_from(*flags)) {
            (Ok(flags), _) => flags,
            (_, Ok(flags)) => flags.cast_unsigned(),
            _ => return Err(forged("flags", "a byte", *flags)),
        };
        Ok(Self { order, subdtype, names, fields, elsize: *elsize, alignment: *alignment, flags, metadata })
    }

    fn simple(&self, base: &DType) -> Result<DType> {
        let kind = base.kind();
        let flexible = match kind {
            Kind::Bytes | Kind::Void => Some(1),
            Kind::Str => Some(4),
            _ => None,
        };
        let elsize = if flexible.is_some() { i64::try_from(base.itemsize()).unwrap_or(i64::MAX) } else { -1 };
        expect("elsize", self.elsize, elsize)?;
        expect("alignment", self.alignment, flexible.unwrap_or(-1))?;
        expect("flags", self.flags.into(), base.flags().into())?;
        if (self.order == ByteOrder::None) != (base.byte_order() == ByteOrder::None) {
            let said = self.order.sign();
            return Err(wrong("byteorder", &format!("it is '{said}', which numpy does not write for this type")));
        }
        if !matches!(kind, Kind::DateTime | Kind::TimeDelta) {
            self.user_metadata(self.metadata)?;
            return Ok(if flexible.is_some() && kind != Kind::Str {
                base.clone()
            } else {
                DType::simple(kind, self.order, base.itemsize())
            });
        }
        let metadata = self.metadata.and_then(StateValue::tuple);
        let Some([user, unit]) = metadata else { return Err(wrong("metadata", "a time has a pair with its unit")) };
        self.user_metadata(Some(user))?;
        Ok(DType::with_unit(kind, self.order, read_unit(unit)?))
    }

    /// User metadata changes no layout; numpy takes a dict (`None` for a time without any).
    fn user_metadata(&self, metadata: Option<&StateValue<'_>>) -> Result<()> {
        match metadata {
            None | Some(StateValue::None | StateValue::Dict(_)) => Ok(()),
            Some(_) => Err(wrong("metadata", "it is not a dict")),
        }
    }

    fn subarray(&self, base: &DType) -> Result<DType> {
        let pair = self.subdtype.tuple();
        let Some([StateValue::DType(element), StateValue::Tuple(shape)]) = pair else {
            return Err(wrong("subdtype", "it is not a pair of data type and shape"));
        };
        if !matches!((self.names, self.fields), (StateValue::None, StateValue::None)) {
            return Err(wrong("fields", "a subarray has none"));
        }
        if shape.is_empty() || shape.len() > MAX_DIMENSIONS {
            return Err(wrong("subdtype", "a shape has 1 to 64 dimensions"));
        }
        let shape: Option<Vec<u64>> = shape.iter().map(StateValue::size).collect();
        let shape = shape.ok_or_else(|| wrong("subdtype", "its shape is not a tuple of sizes"))?;
        let dtype = DType::subarray_of(element.clone(), shape)?;
        self.check_void(&dtype, base)?;
        expect("flags", self.flags.into(), dtype.flags().into())?;
        if !fits(self.alignment, &dtype.0.alignment) {
            return Err(forged("alignment", "that of its elements", self.alignment));
        }
        self.user_metadata(self.metadata)?;
        Ok(dtype)
    }

    fn structure(
        &self,
        base: &DType,
        names: &[StateValue<'_>],
        items: &[(StateValue<'_>, StateValue<'_>)],
    ) -> Result<DType> {
        let mut by_name = HashMap::with_capacity(items.len());
        for (key, value) in items {
            let key = key.text().ok_or_else(|| wrong("fields", "a key is not a string"))?;
            if by_name.insert(key, value).is_some() {
                return Err(wrong("fields", "a name occurs twice"));
            }
        }
        let itemsize = base.itemsize();
        let aligned = self.flags & ALIGNED_STRUCT != 0;
        let (mut inherited, mut lowest, mut highest) = (0_u8, 1_u64, 1_u64);
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let name = name.text().ok_or_else(|| wrong("names", "a name is not a string"))?;
            let item = by_name.remove(name).ok_or_else(|| wrong("names", "a name has no field, or occurs twice"))?;
            let field = read_field(name, item)?;
            // A title is a second key for the same field, unless `newbyteorder` has dropped it.
            if let Some(twin) = field.title.as_deref().and_then(|title| by_name.remove(title))
                && read_field(name, twin)? != field
            {
                return Err(wrong("fields", "a title leads to another field than its name"));
            }
            let end = field.offset.checked_add(field.dtype.itemsize());
            if end.is_none_or(|end| end > itemsize) {
                return Err(wrong("fields", "a field ends beyond its element"));
            }
            let alignment = &field.dtype.0.alignment;
            if aligned && field.offset.checked_rem(*alignment.start()) != Some(0) {
                return Err(wrong("fields", "a field of an aligned structure is not aligned"));
            }
            inherited |= field.dtype.flags() & INHERITED_FLAGS;
            lowest = lowest.max(*alignment.start());
            highest = highest.max(*alignment.end());
            fields.push(field);
        }
        if !by_name.is_empty() {
            return Err(wrong("fields", "a field has no name"));
        }
        references_stand_alone(&fields)?;

        // A structure that selects some fields of another keeps the flags of the other, and its size, but not its
        // alignment (`arraydescr_field_subset_view`).
        let from_fields = self.flags & INHERITED_FLAGS;
        let plausible = [NEEDS_PYAPI, NEEDS_PYAPI | NEEDS_INIT, INHERITED_FLAGS].contains(&from_fields);
        if self.flags & !(INHERITED_FLAGS | ALIGNED_STRUCT) != 0 || !plausible || inherited & !from_fields != 0 {
            let expected = inherited | NEEDS_PYAPI | (self.flags & ALIGNED_STRUCT);
            return Err(forged("flags", &format!("{expected}"), self.flags.into()));
        }
        let alignment = match (u64::try_from(self.alignment), aligned) {
            (Ok(1), _) => 1..=1,
            // Of no fields, the greatest alignment is 0.
            (Ok(0), true) if fields.is_empty() => 1..=1,
            (Ok(stated), true) if fits(self.alignment, &(lowest..=highest)) => stated..=stated,
            _ => return Err(forged("alignment", "that of its fields", self.alignment)),
        };
        if itemsize.checked_rem(*alignment.end()) != Some(0) {
            return Err(wrong("elsize", "it is no multiple of the alignment"));
        }
        self.user_metadata(self.metadata)?;
        let dtype = DType::structure(fields, itemsize, alignment, self.flags)?;
        self.check_void(&dtype, base)?;
        Ok(dtype)
    }

    /// Size and byte order of a type with parts, against its spec.
    fn check_void(&self, dtype: &DType, base: &DType) -> Result<()> {
        let size = i64::try_from(base.itemsize()).unwrap_or(i64::MAX);
        expect("elsize", self.elsize, size)?;
        if dtype.itemsize() != base.itemsize() {
            return Err(forged("elsize", &dtype.itemsize().to_string(), self.elsize));
        }
        match self.order {
            ByteOrder::None => Ok(()),
            _ => Err(wrong("byteorder", "a type with parts has '|'")),
        }
    }
}

/// `(dtype, offset)` or `(dtype, offset, title)`.
fn read_field(name: &[u8], item: &StateValue<'_>) -> Result<Field> {
    let (dtype, offset, title) = match item.tuple() {
        Some([StateValue::DType(dtype), offset]) => (dtype, offset, None),
        Some([StateValue::DType(dtype), offset, title]) => match title.text() {
            Some(title) => (dtype, offset, Some(title)),
            None => return Err(Error::new(ErrorKind::Unsupported, "a field title that is no string is not supported")),
        },
        _ => return Err(wrong("fields", "a field is not a data type and an offset")),
    };
    let offset = offset.size().ok_or_else(|| wrong("fields", "an offset is not a size"))?;
    Ok(Field { name: name.into(), title: title.map(Into::into), offset, dtype: dtype.clone() })
}

/// No other field may reach the bytes of a field that holds references: it would forge pointers
/// (`validate_object_field_overlap` in `descriptor.c`).
fn references_stand_alone(fields: &[Field]) -> Result<()> {
    let end = |field: &Field| field.offset.saturating_add(field.dtype.itemsize());
    let mut sorted: Vec<&Field> = fields.iter().filter(|field| field.dtype.itemsize() > 0).collect();
    sorted.sort_unstable_by_key(|field| field.offset);
    let (mut any_end, mut object_end) = (0_u64, 0_u64);
    for field in sorted {
        let object = field.dtype.has_object();
        if field.offset < object_end || (object && field.offset < any_end) {
            return Err(wrong("fields", "a field overlaps another that holds references"));
        }
        any_end = any_end.max(end(field));
        if object {
            object_end = object_end.max(end(field));
        }
    }
    Ok(())
}

/// `(b'ns', 1, 1, 1)`: name, count, and two that are always 1.
fn read_unit(unit: &StateValue<'_>) -> Result<Unit> {
    let Some([name, StateValue::Int(count), StateValue::Int(1), StateValue::Int(1)]) = unit.tuple() else {
        return Err(wrong("metadata", "a unit is (name, count, 1, 1)"));
    };
    let name = name.text().and_then(unit_name).ok_or_else(|| wrong("metadata", "the unit of time is unknown"))?;
    match i32::try_from(*count).ok().and_then(|count| u32::try_from(count).ok()) {
        Some(count) if count > 0 => Ok(Unit { name, count }),
        _ => Err(forged("metadata", "a positive count", *count)),
    }
}

/// Whether `stated` is an alignment that some machine has.
fn fits(stated: i64, range: &std::ops::RangeInclusive<u64>) -> bool {
    u64::try_from(stated).is_ok_and(|stated| stated.is_power_of_two() && range.contains(&stated))
}

fn expect(field: &str, stated: i64, computed: i64) -> Result<()> {
    if stated == computed { Ok(()) } else { Err(forged(field, &computed.to_string(), stated)) }
}

#[cold]
fn forged(field: &str, computed: &str, stated: i64) -> Error {
    wrong(field, &format!("it is {stated}, numpy would have written {computed}"))
}

#[cold]
fn wrong(field: &str, why: &str) -> Error {
    Error::new(ErrorKind::Malformed, format!("the state of the data type is forged or broken at `{field}`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(number: i64) -> StateValue<'static> {
        StateValue::Int(number)
    }

    fn state(order: &'static [u8], parts: [StateValue<'static>; 3], sizes: [i64; 3]) -> StateValue<'static> {
        let [subdtype, names, fields] = parts;
        let [elsize, alignment, flags] = sizes.map(int);
        StateValue::Tuple(vec![
            int(3),
            StateValue::Str(order.into()),
            subdtype,
            names,
            fields,
            elsize,
            alignment,
            flags,
        ])
    }

    fn fields(items: &[(&'static [u8], &DType, i64)], size: i64, flags: i64) -> StateValue<'static> {
        let names = items.iter().map(|(name, ..)| StateValue::Str((*name).into())).collect();
        let field = |dtype: &DType, offset| StateValue::Tuple(vec![StateValue::DType(dtype.clone()), int(offset)]);
        let dict = items
            .iter()
            .map(|(name, dtype, offset)| (StateValue::Str((*name).into()), field(dtype, *offset)))
            .collect();
        let parts = [StateValue::None, StateValue::Tuple(names), StateValue::Dict(dict)];
        state(b"|", parts, [size, 1, flags])
    }

    const PLAIN: [StateValue<'static>; 3] = [StateValue::None, StateValue::None, StateValue::None];

    fn forged_at(spec: &[u8], state: &StateValue<'_>, field: &str) {
        let error = DType::from_state(Spec::Text(spec), state).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
        assert!(error.message().contains(&format!("`{field}`")), "{error}");
    }

    #[test]
    fn an_object_that_denies_its_references_is_forged() {
        assert!(DType::from_state(Spec::Text(b"O8"), &state(b"|", PLAIN, [-1, -1, 63])).is_ok());
        forged_at(b"O8", &state(b"|", PLAIN, [-1, -1, 0]), "flags");
    }

    #[test]
    fn a_field_beyond_its_element_is_forged() {
        let int4 = DType::from_spec(b"i4").unwrap();
        assert!(DType::from_state(Spec::Text(b"V8"), &fields(&[(b"a", &int4, 4)], 8, 16)).is_ok());
        forged_at(b"V8", &fields(&[(b"a", &int4, 5)], 8, 16), "fields");
        forged_at(b"V8", &fields(&[(b"a", &int4, i64::MAX)], 8, 16), "fields");
        forged_at(b"V8", &fields(&[(b"a", &int4, -1)], 8, 16), "fields");
        forged_at(b"V8", &fields(&[(b"a", &int4, 4)], 4096, 16), "elsize");
    }

    #[test]
    fn references_overlap_nothing() {
        let (object, int4) = (DType::from_spec(b"O8").unwrap(), DType::from_spec(b"i4").unwrap());
        let overlapping = |offset| fields(&[(b"a", &object, 0), (b"b", &int4, offset)], 16, 27);
        assert!(DType::from_state(Spec::Text(b"V16"), &overlapping(8)).is_ok());
        forged_at(b"V16", &overlapping(4), "fields");
        forged_at(b"V16", &overlapping(0), "fields");
        forged_at(b"V16", &fields(&[(b"a", &object, 2), (b"b", &int4, 0)], 16, 27), "fields");
    }

    #[test]
    fn names_and_fields_agree() {
        let int4 = DType::from_spec(b"i4").unwrap();
        forged_at(b"V8", &fields(&[(b"a", &int4, 0), (b"a", &int4, 4)], 8, 16), "fields");
        let StateValue::Tuple(mut items) = fields(&[(b"a", &int4, 0)], 4, 16) else { panic!() };
        items[3] = StateValue::Tuple(vec![]);
        forged_at(b"V4", &StateValue::Tuple(items.clone()), "fields");
        items[3] = StateValue::Tuple(vec![StateValue::Str(b"a".into()), StateValue::Str(b"a".into())]);
        forged_at(b"V4", &StateValue::Tuple(items), "names");
    }

    #[test]
    fn a_subarray_is_as_large_as_its_elements() {
        let int4 = DType::from_spec(b"i4").unwrap();
        let sub = |lengths: &[i64], size| {
            let shape = StateValue::Tuple(lengths.iter().copied().map(int).collect());
            let pair = StateValue::Tuple(vec![StateValue::DType(int4.clone()), shape]);
            state(b"|", [pair, StateValue::None, StateValue::None], [size, 4, 0])
        };
        assert!(DType::from_state(Spec::Text(b"V24"), &sub(&[2, 3], 24)).is_ok());
        forged_at(b"V24", &sub(&[2, 2], 24), "elsize");
        forged_at(b"V24", &sub(&[-2, -3], 24), "subdtype");
        forged_at(b"V24", &sub(&[], 24), "subdtype");
        assert!(DType::from_state(Spec::Text(b"V24"), &sub(&[i64::MAX, i64::MAX], 24)).is_err());
    }

    #[test]
    fn byte_order_is_one_that_numpy_writes() {
        let order = |spec: &'static [u8], order| DType::from_state(Spec::Text(spec), &state(order, PLAIN, [-1, -1, 0]));
        assert_eq!(order(b"f8", b">").unwrap().byte_order(), ByteOrder::Big);
        assert_eq!(order(b"f8", b"<").unwrap().byte_order(), ByteOrder::Little);
        for (spec, sign) in [(b"f8", &b"|"[..]), (b"f8", b"="), (b"f8", b"x"), (b"i1", b"<"), (b"f8", b"")] {
            assert!(order(spec, sign).is_err(), "{}", sign.escape_ascii());
        }
    }
}
