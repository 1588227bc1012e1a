//! Trees whose nodes point to each other by number: scipy and scikit-learn follow the numbers without a look at them.
//!
//! The numbers are looked at wherever their bytes stand in the stream. joblib keeps arrays beside the opcodes; there
//! sizes alone are compared.

use super::facts::{Layout, Nature};
use super::matcher::Matcher;
use super::numpy::{Held, Misfit, array, items};
use crate::ast::{Kind, Value};
use crate::dtype::{ByteOrder, DType};
use crate::opcode::Literal;

/// The bytes of a node of `cKDTree` on machines of 64 bits (`ckdtreenode` in scipy's `ckdtree_decl.h`): the dimension
/// it splits, how many points, where it splits, first and last point, two pointers, two numbers of nodes.
const KD_NODE: usize = 72;

/// `(nodes, data, n, m, leafsize, maxes, mins, indices, boxsize, boxsize_data)` (`cKDTree.__setstate__`): the numbers
/// become pointers while loading.
pub(super) fn kd_tree(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = || Misfit::Shape("the state is not that of a cKDTree");
    let all = items(matcher, value).ok_or_else(wrong)?;
    let [nodes, data, n, m, leafsize, maxes, mins, indices, boxsize, boxes] = all;
    let size = |value| matcher.int(value).and_then(|size| u64::try_from(size).ok()).ok_or_else(wrong);
    let (points, dimensions, leaf) = (size(n)?, size(m)?, size(leafsize)?);
    let whole = points.checked_mul(dimensions).ok_or_else(wrong)?;
    let of_eight = |value: Value, count: u64| {
        let array = array(matcher, value).ok_or_else(wrong)?;
        if array.count != count || array.dtype.itemsize() != 8 || array.dtype.has_object() {
            return Err(Misfit::Forged(format!("an array of a tree has {} items, not {count}", array.count)));
        }
        Ok(())
    };
    of_eight(data, whole)?;
    of_eight(indices, points)?;
    for bounds in [maxes, mins] {
        of_eight(bounds, dimensions)?;
    }
    for (boxes, count) in [(boxsize, dimensions), (boxes, dimensions.saturating_mul(2))] {
        // The first of them is kept as it was given, which is not always an array.
        if boxes.kind() != Kind::None && array(matcher, boxes).is_some() {
            of_eight(boxes, count)?;
        }
    }
    let leafy = leaf >= 1 && (boxes.kind() == Kind::None || array(matcher, boxes).is_some());
    if !leafy || matcher.facts.is_callable(boxsize) {
        return Err(wrong());
    }
    let is_foreign = array(matcher, data).is_some_and(|data| is_big_endian(&data.dtype));
    let Some(bytes) = stored(matcher, nodes)?.filter(|_| !is_foreign) else { return Ok(()) };
    let count = (bytes.len() / KD_NODE) as u64;
    if count == 0 || !bytes.len().is_multiple_of(KD_NODE) {
        return Err(Misfit::Shape("the nodes of a tree are not whole"));
    }
    for (at, node) in bytes.chunks_exact(KD_NODE).enumerate() {
        let word = |index: usize| word(node, index);
        let (split, start, end) = (word(0), word(3), word(4));
        let (less, greater) = (word(7), word(8));
        let within = |child: Option<i64>| {
            child.and_then(|child| u64::try_from(child).ok()).is_some_and(|child| child > at as u64 && child < count)
        };
        let spans =
            matches!((start, end), (Some(start @ 0..), Some(end)) if start <= end && end.cast_unsigned() <= points);
        let splits = split.is_some_and(|split| split == -1 || (split >= 0 && split.cast_unsigned() < dimensions));
        if !spans || !splits || (split != Some(-1) && !(within(less) && within(greater))) {
            return Err(Misfit::Forged(format!("node {at} of a tree points outside of it")));
        }
    }
    Ok(())
}

/// The nodes of a scikit-learn tree (`NODE_DTYPE` in `sklearn/tree/_tree.pyx`, 56 bytes, 64 since 1.3): the left and
/// the right child, the feature.
pub(super) fn tree_nodes(matcher: &mut Matcher<'_, '_>, nodes: Value, features: Option<i64>) -> Held {
    let Some(layout) = array(matcher, nodes) else { return Ok(()) };
    let (count, size) = (layout.count, usize::try_from(layout.dtype.itemsize()).unwrap_or(usize::MAX));
    let is_foreign = layout.dtype.fields().unwrap_or_default().iter().any(|field| is_big_endian(&field.dtype));
    // What is not of these sizes `Tree.__setstate__` refuses, or converts with a check of its own.
    if is_foreign || !matches!(size, 56 | 64) {
        return Ok(());
    }
    let Some(bytes) = stored(matcher, nodes)? else { return Ok(()) };
    for (at, node) in bytes.chunks_exact(size).enumerate() {
        let (left, right, feature) = (word(node, 0), word(node, 1), word(node, 2));
        let is_leaf = left == Some(-1) && right == Some(-1);
        let within = |child: Option<i64>| {
            child.and_then(|child| u64::try_from(child).ok()).is_some_and(|child| child > at as u64 && child < count)
        };
        let known = features.is_none_or(|features| feature.is_some_and(|feature| feature >= 0 && feature < features));
        let points_inside = within(left) && within(right) && known;
        if !is_leaf && !points_inside {
            return Err(Misfit::Forged(format!("node {at} of a tree points outside of it")));
        }
    }
    Ok(())
}

/// Whether numbers are written as other machines write them: their nodes are not understood.
fn is_big_endian(dtype: &DType) -> bool {
    dtype.byte_order() == ByteOrder::Big
}

/// A number of eight bytes in a node.
fn word(node: &[u8], index: usize) -> Option<i64> {
    let at = index.checked_mul(8)?;
    let bytes = node.get(at..at.checked_add(8)?)?;
    Some(i64::from_le_bytes(bytes.try_into().ok()?))
}

/// The bytes of an array or of bytes, if they stand in the stream.
fn stored(matcher: &Matcher<'_, '_>, value: Value) -> Held<Option<Vec<u8>>> {
    let data = match matcher.nature(value) {
        Some(Nature::Array(_)) => match array(matcher, value) {
            Some(Layout { data: Some(data), .. }) => *data,
            Some(_) => return Ok(None),
            None => return Err(Misfit::Shape("the array is not complete")),
        },
        _ => value,
    };
    let text = matcher.encoded_text(data);
    let bytes = match matcher.literal(text.unwrap_or(data)) {
        Some(Literal::Bytes(bytes) | Literal::ByteArray(bytes)) => bytes.to_vec(),
        Some(Literal::ByteStr(bytes)) => bytes.into_owned(),
        Some(Literal::Absent(_)) => return Ok(None),
        // Bytes of Python 3 at protocols 0 to 2 are written as text.
        Some(Literal::Str(text)) => {
            let text = String::from_utf8_lossy(&text);
            text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(0)).collect()
        }
        _ => return Err(Misfit::Shape("the nodes of a tree are neither an array nor bytes")),
    };
    if !matcher.trace.walk(bytes.len() as u64 / 16) {
        return Err(Misfit::Shape("the same nodes are used too often"));
    }
    Ok(Some(bytes))
}
