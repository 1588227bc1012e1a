//! Rules for tensors of torch that are put together from others (`torch/_utils.py`): their sizes agree. What their
//! indices have to be is noted for whoever has the bytes.

use super::matcher::Matcher;
use super::numpy::{Held, Misfit, items, sizes};
use crate::ast::{Kind, Value};
use crate::loader::indices::{Demand, Ints};
use crate::loader::torch::Storage;
use crate::opcode::Literal;

/// A tensor that `_rebuild_tensor_v2` or `_rebuild_tensor_v3` made: it lies within its storage.
struct Tensor {
    storage: Storage,
    offset: u64,
    size: Vec<u64>,
    stride: Vec<u64>,
}

impl Tensor {
    fn of(matcher: &mut Matcher<'_, '_>, value: Value) -> Held<Self> {
        let wrong = Misfit::Shape("a part is not a plain tensor");
        let is_plain = ["torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3"]
            .into_iter()
            .any(|by| matcher.is_made(value, by));
        let mut given = matcher.arguments(value);
        let (Some(storage), Some(offset), Some(size), Some(stride), true) =
            (given.next(), given.next(), given.next(), given.next(), is_plain)
        else {
            return Err(wrong);
        };
        let storage = matcher.facts.storage(storage).cloned();
        let offset = matcher.int(offset).and_then(|offset| u64::try_from(offset).ok());
        let (size, stride) = (sizes(matcher, size)?, sizes(matcher, stride)?);
        let (storage, offset) = storage.zip(offset).ok_or(wrong)?;
        Ok(Self { storage, offset, size, stride })
    }

    /// Whole numbers, of so many dimensions; none stands for several.
    fn ints(matcher: &mut Matcher<'_, '_>, value: Value) -> Held<Ints> {
        let Self { storage, offset, size, stride } = Self::of(matcher, value)?;
        let is_wide = match storage.dtype {
            "int64" => true,
            "int32" => false,
            _ => return Err(Misfit::Shape("the indices of a tensor are not whole numbers")),
        };
        let ints = Ints { key: storage.key, is_wide, offset, size, stride };
        if ints.count() > storage.count {
            return Err(Misfit::Shape("the indices of a tensor repeat the same numbers"));
        }
        Ok(ints)
    }
}

/// The shape of a whole tensor: a tuple, or `torch.Size` of one.
fn shape(matcher: &mut Matcher<'_, '_>, value: Value) -> Held<Vec<u64>> {
    let is_size = value.kind() == Kind::Object && matcher.is_made(value, "torch.Size");
    let tuple = if is_size { matcher.arguments(value).next() } else { Some(value) };
    sizes(matcher, tuple.ok_or(Misfit::Shape("the shape is not a tuple of sizes"))?)
}

fn disagree() -> Misfit {
    Misfit::Forged("the sizes of the parts of a sparse tensor do not agree".to_owned())
}

/// `(layout, (indices, values, size[, is_coalesced]))`, or `(layout, (starts, columns, values, size))`.
pub(super) fn sparse(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = || Misfit::Shape("these are not the arguments that make a sparse tensor");
    let [layout, parts] = items(matcher, value).ok_or_else(wrong)?;
    if !matcher.is_made(layout, "torch.serialization._get_layout") {
        return Err(wrong());
    }
    let name = matcher.arguments(layout).next().ok_or_else(wrong)?;
    let layout = matcher.dotted_text(name).ok_or_else(wrong)?;
    let demand = match layout.as_str() {
        "torch.sparse_coo" => {
            let (indices, values, size) = match items(matcher, parts) {
                Some([indices, values, size]) => (indices, values, size),
                None => {
                    let [indices, values, size, coalesced] = items(matcher, parts).ok_or_else(wrong)?;
                    if !matches!(matcher.literal(coalesced), Some(Literal::Bool(_))) {
                        return Err(wrong());
                    }
                    (indices, values, size)
                }
            };
            coordinates(matcher, indices, values, size)?
        }
        "torch.sparse_csr" => runs(matcher, parts, false, false)?,
        "torch.sparse_csc" => runs(matcher, parts, true, false)?,
        "torch.sparse_bsr" => runs(matcher, parts, false, true)?,
        "torch.sparse_bsc" => runs(matcher, parts, true, true)?,
        _ => return Err(wrong()),
    };
    matcher.trace.demand(demand);
    Ok(())
}

/// Rows of coordinates, one for each of the first dimensions, and a value for each column, which has the others.
fn coordinates(matcher: &mut Matcher<'_, '_>, indices: Value, values: Value, size: Value) -> Held<Demand> {
    let indices = Tensor::ints(matcher, indices)?;
    let values = Tensor::of(matcher, values)?;
    let size = shape(matcher, size)?;
    let (&[rows, count], Some((&valued, dense))) = (indices.size.as_slice(), values.size.split_first()) else {
        return Err(disagree());
    };
    let (limits, rest) =
        usize::try_from(rows).ok().and_then(|rows| size.split_at_checked(rows)).ok_or_else(disagree)?;
    if count != valued || rest != dense || !indices.is_wide {
        return Err(disagree());
    }
    Ok(Demand::Coordinates { limits: limits.to_vec(), indices })
}

/// `(starts, columns, values, size)`: of rows, or of columns where the layout goes by these; of single values or blocks.
fn runs(matcher: &mut Matcher<'_, '_>, parts: Value, by_columns: bool, in_blocks: bool) -> Held<Demand> {
    let parts = items(matcher, parts).ok_or(Misfit::Shape("a compressed sparse tensor has four parts"))?;
    let [starts, columns, values, size] = parts;
    let (starts, columns) = (Tensor::ints(matcher, starts)?, Tensor::ints(matcher, columns)?);
    let values = Tensor::of(matcher, values)?;
    let size = shape(matcher, size)?;
    agree(&starts, &columns, &values.size, &size, by_columns, in_blocks)
        .map(|limit| Demand::Runs { starts, columns, limit })
        .ok_or_else(disagree)
}

/// How many columns, or blocks of them, there are, if the sizes of all parts agree. Before the two dimensions that are
/// sparse stand those of a batch, behind them those of a value.
fn agree(
    starts: &Ints,
    columns: &Ints,
    values: &[u64],
    size: &[u64],
    by_columns: bool,
    in_blocks: bool,
) -> Option<u64> {
    let (&rows_and_one, batch) = starts.size.split_last()?;
    let (&count, batch_of_columns) = columns.size.split_last()?;
    let (batch_of_values, values) = values.split_at_checked(batch.len())?;
    let (batch_of_all, size) = size.split_at_checked(batch.len())?;
    let (&valued, values) = values.split_first()?;
    let (&[rows, columns], dense) = size.split_first_chunk()?;
    let ((block, values), one) = (values.split_at_checked(if in_blocks { 2 } else { 0 })?, 1);
    let (&height, &width) = (block.first().unwrap_or(&one), block.last().unwrap_or(&one));
    let (rows, columns) = (whole(rows, height)?, whole(columns, width)?);
    let (runs, limit) = if by_columns { (columns, rows) } else { (rows, columns) };
    let batches = [batch_of_columns, batch_of_values, batch_of_all].into_iter().all(|of| of == batch);
    (batches && valued == count && values == dense && rows_and_one == runs.checked_add(1)?).then_some(limit)
}

/// How many blocks of a size there are.
fn whole(size: u64, block: u64) -> Option<u64> {
    if size.checked_rem(block)? == 0 { size.checked_div(block) } else { None }
}

/// `(buffer, sizes, strides, offsets)` of the parts of a nested tensor.
pub(super) fn nested(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = || Misfit::Shape("these are not the arguments that make a nested tensor");
    let [buffer, sizes, strides, offsets] = items(matcher, value).ok_or_else(wrong)?;
    let buffer = Tensor::of(matcher, buffer)?;
    let sizes = Tensor::ints(matcher, sizes)?;
    let (strides, offsets) = (Tensor::ints(matcher, strides)?, Tensor::ints(matcher, offsets)?);
    let is_plain = buffer.offset == 0 && buffer.stride.as_slice() == [1];
    let (&[count], &[parts, _]) = (buffer.size.as_slice(), sizes.size.as_slice()) else { return Err(wrong()) };
    if !is_plain || strides.size != sizes.size || offsets.size.as_slice() != [parts] {
        return Err(wrong());
    }
    matcher.trace.demand(Demand::Views { sizes, strides, offsets, count });
    Ok(())
}
