//! Rules for torch: a tensor lies within its storage (`torch/_utils.py`).

use super::Objection;
use super::matcher::Matcher;
use super::numpy::{Held, Misfit, is_flag, items, sizes};
use super::shape::{Rule, Shape};
use super::sparse;
use crate::ast::{Kind, KindSet, Value};
use crate::loader::torch::itemsize;

/// Whether a value fits a rule.
pub(super) fn holds(matcher: &mut Matcher<'_, '_>, rule: Rule, value: Value) -> bool {
    let held = match rule {
        Rule::TypedTensor => typed(matcher, value),
        Rule::QuantizedTensor => quantized(matcher, value),
        Rule::SparseTensor => sparse::sparse(matcher, value),
        Rule::NestedTensor => sparse::nested(matcher, value),
        _ => tensor(matcher, value),
    };
    match held {
        Ok(()) => true,
        Err(Misfit::Shape(reason)) => {
            matcher.trace.reason.get_or_insert_with(|| reason.to_owned());
            false
        }
        Err(Misfit::Forged(reason)) => {
            matcher.trace.forged = Some(Objection::TensorLayout);
            matcher.trace.reason = Some(reason);
            false
        }
    }
}

/// `(storage, offset, size, stride)`; behind them in version 2 `requires_grad, hooks` and perhaps metadata.
fn tensor(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    if let Some(place) = items(matcher, value) {
        return within(matcher, place, None);
    }
    if let Some([storage, offset, size, stride, grad, hooks]) = items(matcher, value) {
        tail(matcher, grad, hooks, None)?;
        return within(matcher, [storage, offset, size, stride], None);
    }
    let [storage, offset, size, stride, grad, hooks, metadata] =
        items(matcher, value).ok_or(Misfit::Shape("these are not the arguments that make a tensor"))?;
    tail(matcher, grad, hooks, Some(metadata))?;
    within(matcher, [storage, offset, size, stride], None)
}

/// `(storage, offset, size, stride, requires_grad, hooks, dtype[, metadata])`
fn typed(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let (place, grad, hooks, dtype, metadata) = match items(matcher, value) {
        Some([storage, offset, size, stride, grad, hooks, dtype]) => {
            ([storage, offset, size, stride], grad, hooks, dtype, None)
        }
        None => {
            let [storage, offset, size, stride, grad, hooks, dtype, metadata] =
                items(matcher, value).ok_or(Misfit::Shape("these are not the arguments that make a tensor"))?;
            ([storage, offset, size, stride], grad, hooks, dtype, Some(metadata))
        }
    };
    tail(matcher, grad, hooks, metadata)?;
    let entry = matcher.facts.symbol_entry(dtype).and_then(|id| matcher.facts.entry_of(id));
    let size = entry.and_then(|entry| itemsize(entry.symbol.strip_prefix("torch.")?));
    let size = size.ok_or(Misfit::Shape("the type of its elements is not known"))?;
    within(matcher, place, Some(size))
}

/// `(storage, offset, size, stride, quantizer, requires_grad, hooks)`
fn quantized(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let [storage, offset, size, stride, quantizer, grad, hooks] =
        items(matcher, value).ok_or(Misfit::Shape("these are not the arguments that make a tensor"))?;
    if quantizer.kind() != Kind::Tuple || !matcher.fits(&Shape::Data, quantizer) {
        return Err(Misfit::Shape("the quantizer is not data"));
    }
    matcher.trace.claim(quantizer);
    tail(matcher, grad, hooks, None)?;
    within(matcher, [storage, offset, size, stride], None)
}

/// What stands behind the place of a tensor: a flag, hooks, of which no file has any, and notes on its sign.
fn tail(matcher: &mut Matcher<'_, '_>, grad: Value, hooks: Value, metadata: Option<Value>) -> Held {
    if !is_flag(matcher, grad) {
        return Err(Misfit::Shape("requires_grad is no flag"));
    }
    let items = matcher.ast().object_of(hooks).map(|hooks| hooks.items);
    let is_empty = items.is_some_and(|items| items.is_none_or(|items| matcher.ast().is_empty(items)));
    if !is_empty || !matcher.is_made(hooks, "collections.OrderedDict") {
        return Err(Misfit::Shape("a tensor has hooks, which are called when it is used"));
    }
    let flags = Shape::Map(Box::new((Shape::Kinds(KindSet::of(Kind::Str)), Shape::Kinds(KindSet::of(Kind::Bool)))));
    match metadata {
        Some(metadata) if metadata.kind() != Kind::None && !matcher.fits(&flags, metadata) => {
            Err(Misfit::Shape("the metadata of a tensor is not what torch writes"))
        }
        _ => Ok(()),
    }
}

/// Whether a tensor lies within its storage. `itemsize` is given where the storage is one of bytes.
fn within(matcher: &mut Matcher<'_, '_>, place: [Value; 4], itemsize: Option<u64>) -> Held {
    let [storage, offset, size, stride] = place;
    let storage = matcher.facts.storage(storage).ok_or(Misfit::Shape("a tensor has no storage"))?.clone();
    let offset = matcher.int(offset).ok_or(Misfit::Shape("the offset of a tensor is no number"))?;
    let (size, stride) = (sizes(matcher, size)?, sizes(matcher, stride)?);
    if size.len() != stride.len() {
        return Err(Misfit::Shape("a tensor has more dimensions than strides, or fewer"));
    }
    let itemsize = match (itemsize, storage.itemsize) {
        (Some(given), Some(_)) => given,
        (None, Some(own)) => own,
        (_, None) => return Err(Misfit::Shape("several elements share a byte, which is not read yet")),
    };
    // An empty tensor reaches nothing.
    let last = if size.contains(&0) {
        Some(0)
    } else {
        size.iter()
            .zip(&stride)
            .try_fold(1_u64, |sum, (size, stride)| sum.checked_add(size.saturating_sub(1).checked_mul(*stride)?))
    };
    let end = u64::try_from(offset).ok().and_then(|offset| offset.checked_add(last?)?.checked_mul(itemsize));
    match (end, storage.nbytes()) {
        (Some(end), Some(nbytes)) if end <= nbytes => Ok(()),
        (_, nbytes) => {
            let nbytes = nbytes.map_or_else(|| "no".to_owned(), |nbytes| nbytes.to_string());
            Err(Misfit::Forged(format!("a tensor reaches beyond its storage of {nbytes} bytes")))
        }
    }
}
