//! The state of a `numpy.dtype`, computed again from the arguments of its call.
//!
//! Each data type has a state of its own, and a copy of one shares names and fields with it: they are read once as long as
//! nothing else differs. What is read again is paid for at what it costs.

use super::facts::Nature;
use super::matcher::{Learned, Matcher};
use super::numpy::{Held, Misfit};
use crate::ast::{Kind, Moment, Value};
use crate::dtype::{DType, Spec, StateValue};
use crate::error::ErrorKind;
use crate::opcode::Literal;
use std::borrow::Cow;

/// The most bytes of one element whatever the file's size, and for each byte of it: a library that converts a value to
/// the data type takes so much.
const ITEM_FLOOR: u64 = 64 << 20;
const ITEM_FACTOR: u64 = 64;

/// How deep the state of a dtype nests: the state, its fields, a field; its metadata, the unit.
const DEPTH: u8 = 4;

/// Steps for an item of a state, which is copied and, if it is a field, looked up by its name; and how many bytes of text
/// are read in one.
const ITEM: u64 = 8;
const TEXT: u64 = 4;

/// A structure that was computed.
#[derive(Debug)]
pub(super) struct Structure {
    spec: Value,
    state: Value,
    moment: Moment,
    dtype: DType,
}

/// Whether a value is the state of the data type that is built; notes which that is.
pub(super) fn state(matcher: &mut Matcher<'_, '_>, state: Value) -> Held {
    let spec = matcher.target.and_then(|target| matcher.argument(target));
    let spec = spec.ok_or(Misfit::Shape("the dtype has no spec"))?;
    let parts = parts(matcher, state);
    let dtype = match parts.and_then(|parts| known(matcher, parts, spec, state)) {
        Some(dtype) => dtype,
        None => computed(matcher, spec, state)?,
    };
    let len = matcher.subject.source.bytes.len() as u64;
    if dtype.itemsize() > len.saturating_mul(ITEM_FACTOR).saturating_add(ITEM_FLOOR) {
        return Err(Misfit::Shape("one element takes far more room than the file"));
    }
    if let Some(parts) = parts {
        let structure = Structure { spec, state, moment: matcher.moment, dtype: dtype.clone() };
        matcher.trace.structures.entry(parts).or_insert(structure);
    }
    matcher.trace.learned = Some(Learned::DType(dtype));
    Ok(())
}

fn computed(matcher: &mut Matcher<'_, '_>, spec: Value, state: Value) -> Held<DType> {
    let state = state_value(matcher, state, DEPTH);
    if matcher.trace.is_spent() {
        return Err(Misfit::Shape("the state of the dtype is shared too often"));
    }
    let found = if spec.kind() == Kind::Import {
        DType::from_state(Spec::Record, &state)
    } else {
        matcher
            .with_text(spec, |text| Some(DType::from_state(Spec::Text(text), &state)))
            .unwrap_or_else(|| DType::from_spec(b""))
    };
    found.map_err(|error| {
        if error.kind() == ErrorKind::Malformed {
            return Misfit::Forged(error.message().to_owned());
        }
        matcher.trace.reason = Some(error.message().to_owned());
        Misfit::Shape("the dtype is not understood")
    })
}

/// Names and fields of the state of a structure, `(version, order, None, names, fields, ...)`.
fn parts(matcher: &Matcher<'_, '_>, state: Value) -> Option<(Value, Value)> {
    if state.kind() != Kind::Tuple {
        return None;
    }
    let mut items = matcher.ast().items(state, matcher.moment).skip(3);
    let (names, fields) = (items.next()?, items.next()?);
    (names.kind() == Kind::Tuple && fields.kind() == Kind::Dict).then_some((names, fields))
}

/// The structure of these names and fields, if all else is the same and the fields are as they were.
fn known(matcher: &Matcher<'_, '_>, parts: (Value, Value), spec: Value, state: Value) -> Option<DType> {
    let structure = matcher.trace.structures.get(&parts)?;
    let ast = matcher.ast();
    let as_it_was = structure.moment <= matcher.moment && !ast.changed_after(parts.1, structure.moment);
    if !as_it_was || ast.len(state) != ast.len(structure.state) {
        return None;
    }
    let items = ast.items(state, matcher.moment).zip(ast.items(structure.state, structure.moment));
    let mut pairs = std::iter::once((spec, structure.spec)).chain(items);
    let is_part = |value| value == parts.0 || value == parts.1;
    let is_same = |one, other| (one == other && is_part(one)) || is_same(matcher, one, other);
    let is_known = pairs.all(|(one, other)| matcher.trace.walk(1) && is_same(one, other));
    is_known.then(|| structure.dtype.clone())
}

/// Whether two values are the same number, text or import.
fn is_same(matcher: &Matcher<'_, '_>, one: Value, other: Value) -> bool {
    match one.kind() {
        Kind::Import => one == other,
        Kind::None | Kind::Int | Kind::Str | Kind::ByteStr => {
            one.kind() == other.kind() && matcher.literal(one) == matcher.literal(other)
        }
        _ => false,
    }
}

/// A value as the dtype room takes it.
fn state_value<'a>(matcher: &mut Matcher<'_, 'a>, value: Value, depth: u8) -> StateValue<'a> {
    let items = matcher.ast().len(value) as u64;
    if !matcher.trace.walk(items.saturating_mul(ITEM).saturating_add(1)) {
        return StateValue::Other;
    }
    match value.kind() {
        Kind::Tuple | Kind::Dict => {
            let Some(depth) = depth.checked_sub(1) else { return StateValue::Other };
            matcher.trace.changed |= matcher.ast().changed_after(value, matcher.moment);
            let ast = matcher.ast();
            if value.kind() == Kind::Tuple {
                let items = ast.items(value, matcher.moment);
                StateValue::Tuple(items.map(|item| state_value(matcher, item, depth)).collect())
            } else {
                let entries = ast.entries(value, matcher.moment);
                let pair = |(key, item)| (state_value(matcher, key, depth), state_value(matcher, item, depth));
                StateValue::Dict(entries.map(pair).collect())
            }
        }
        Kind::Object => match matcher.nature(value) {
            Some(Nature::DType(Some(id))) => matcher
                .facts
                .dtypes
                .get(id as usize)
                .map_or(StateValue::Other, |dtype| StateValue::DType(dtype.clone())),
            Some(Nature::Bytes(_)) => match matcher.encoded_text(value).and_then(|text| matcher.literal(text)) {
                Some(Literal::Str(text) | Literal::ByteStr(text)) => StateValue::Bytes(text),
                _ => StateValue::Other,
            },
            _ => StateValue::Other,
        },
        _ => match matcher.literal(value) {
            Some(Literal::None) => StateValue::None,
            Some(Literal::Int(value)) => StateValue::Int(value),
            Some(Literal::Str(text) | Literal::ByteStr(text)) if !matcher.trace.walk(text.len() as u64 / TEXT) => {
                StateValue::Other
            }
            Some(Literal::Str(text)) => StateValue::Str(text),
            Some(Literal::ByteStr(text)) => StateValue::Bytes(text),
            Some(Literal::Bytes(bytes)) => StateValue::Bytes(Cow::Borrowed(bytes)),
            _ => StateValue::Other,
        },
    }
}
