//! Rules for numpy: sizes that have to agree, because numpy or joblib takes them at their word.

use super::Objection;
use super::dtypes;
use super::entry;
use super::facts::{Layout, Nature};
use super::matcher::{Learned, Matcher};
use super::nodes;
use super::shape::{Rule, Shape};
use crate::ast::{Kind, Value};
use crate::dtype::DType;
use crate::opcode::Literal;

/// The most dimensions an array has (numpy 2; 32 before).
const MAX_DIMENSIONS: usize = 64;

/// The most elements of an array whose elements have no size.
const MAX_SIZELESS: u64 = 1 << 20;

/// Whether a value fits a rule.
pub(super) fn holds(matcher: &mut Matcher<'_, '_>, rule: Rule, value: Value) -> bool {
    let found = match rule {
        Rule::NdArray => ndarray(matcher, value),
        Rule::Pairs => pairs(matcher, value),
        Rule::Masked => masked(matcher, value),
        Rule::DTypeState => dtypes::state(matcher, value),
        Rule::FromBuffer => from_buffer(matcher, value),
        Rule::ScalarArgs => scalar(matcher, value),
        Rule::JoblibArray => joblib_array(matcher, value),
        Rule::Ufunc => ufunc(matcher, value),
        Rule::TreeArgs => tree(matcher, value),
        Rule::TreeState => tree_state(matcher, value),
        Rule::KdTree => nodes::kd_tree(matcher, value),
        _ => Err(Misfit::Shape("a rule of another library")),
    };
    match found {
        Ok(()) => true,
        Err(Misfit::Shape(reason)) => {
            matcher.trace.reason.get_or_insert_with(|| reason.to_owned());
            false
        }
        Err(Misfit::Forged(reason)) => {
            matcher.trace.forged = Some(Objection::NumpyLayout);
            matcher.trace.reason = Some(reason);
            false
        }
    }
}

/// Why a rule does not hold.
pub(super) enum Misfit {
    /// Something is not of the kind that numpy writes.
    Shape(&'static str),
    /// Sizes contradict each other.
    Forged(String),
}

pub(super) type Held<T = ()> = Result<T, Misfit>;

/// The items of a tuple of exactly this length.
pub(super) fn items<const N: usize>(matcher: &mut Matcher<'_, '_>, value: Value) -> Option<[Value; N]> {
    if value.kind() != Kind::Tuple || !matcher.trace.walk(N as u64) {
        return None;
    }
    let mut items = matcher.ast().items(value, matcher.moment);
    let mut all = [value; N];
    for slot in &mut all {
        *slot = items.next()?;
    }
    if items.next().is_some() {
        return None;
    }
    matcher.trace.claim(value);
    Some(all)
}

/// A list of pairs, each a tuple or a list: the first is hashed, the second kept.
fn pairs(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the items are not a list of pairs of a key and a value");
    if value.kind() != Kind::List {
        return Err(wrong);
    }
    let (ast, moment) = (matcher.ast(), matcher.moment);
    matcher.trace.changed |= ast.changed_after(value, moment);
    matcher.trace.pairs.push(value);
    for pair in ast.items(value, moment) {
        if !matches!(pair.kind(), Kind::Tuple | Kind::List) || !matcher.trace.walk(4) {
            return Err(wrong);
        }
        matcher.trace.changed |= ast.changed_after(pair, moment);
        let mut parts = ast.items(pair, moment);
        let (Some(key), Some(_), None) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong) };
        if !matcher.fits(&Shape::Keyable, key) {
            return Err(Misfit::Shape("a key is not known to be one"));
        }
    }
    Ok(())
}

/// Refuses more elements of no size than a file has room to name: numpy gives each a byte, or walks over them.
fn sized(dtype: &DType, count: u64) -> Held {
    if dtype.itemsize() == 0 && count > MAX_SIZELESS {
        return Err(Misfit::Forged(format!("{count} elements that have no size")));
    }
    Ok(())
}

pub(super) fn sizes(matcher: &mut Matcher<'_, '_>, value: Value) -> Held<Vec<u64>> {
    let wrong = || Misfit::Shape("the shape is not a tuple of sizes");
    if value.kind() != Kind::Tuple {
        return Err(wrong());
    }
    let mut sizes = Vec::new();
    for item in matcher.ast().items(value, matcher.moment) {
        let size = matcher.int(item).and_then(|size| u64::try_from(size).ok()).ok_or_else(wrong)?;
        if sizes.len() >= MAX_DIMENSIONS || !matcher.trace.walk(1) {
            return Err(Misfit::Forged("the shape has more dimensions than numpy allows".to_owned()));
        }
        sizes.push(size);
    }
    Ok(sizes)
}

fn dtype(matcher: &Matcher<'_, '_>, value: Value) -> Held<DType> {
    match matcher.nature(value) {
        Some(Nature::DType(Some(id))) => matcher.facts.dtypes.get(id as usize).cloned(),
        _ => None,
    }
    .ok_or(Misfit::Shape("the dtype is not one that was built here and checked"))
}

/// Whether a value is a data type of at most 32 bytes.
pub(super) fn is_number(matcher: &Matcher<'_, '_>, value: Value) -> bool {
    dtype(matcher, value).is_ok_and(|dtype| dtype.itemsize() <= 32)
}

pub(super) fn is_flag(matcher: &Matcher<'_, '_>, value: Value) -> bool {
    value.kind() == Kind::Bool || matches!(matcher.literal(value), Some(Literal::Int(0 | 1)))
}

/// Type, shape and data of an array: as many bytes, or as many items of a list, as the shape says.
fn layout(matcher: &mut Matcher<'_, '_>, shape: Value, of: Value, data: Value) -> Held<Layout> {
    let dtype = dtype(matcher, of)?;
    let sizes = sizes(matcher, shape)?;
    let too_big = || Misfit::Forged("the array is larger than memory can be".to_owned());
    let bytes = dtype.nbytes(&sizes).ok_or_else(too_big)?;
    let count = if sizes.contains(&0) {
        0
    } else {
        sizes.iter().try_fold(1_u64, |count, &size| count.checked_mul(size)).ok_or_else(too_big)?
    };
    sized(&dtype, count)?;
    if dtype.has_object() {
        if data.kind() != Kind::List {
            return Err(Misfit::Shape("the data of an array of objects is not a list"));
        }
        matcher.trace.changed |= matcher.ast().changed_after(data, matcher.moment);
        let there = if matcher.ast().changed_after(data, matcher.moment) {
            let there = matcher.ast().items(data, matcher.moment).count();
            if !matcher.trace.walk(there as u64) {
                return Err(Misfit::Shape("the list of objects is shared too often"));
            }
            there
        } else {
            matcher.ast().len(data)
        } as u64;
        if there != count {
            return Err(Misfit::Forged(format!("the shape says {count} objects, the list has {there}")));
        }
        matcher.trace.open.push(data);
    } else {
        let there = matcher.bytes_len(data).ok_or(Misfit::Shape("the data of an array is not bytes"))?;
        if there != bytes {
            return Err(Misfit::Forged(format!("the shape says {bytes} bytes, the data has {there}")));
        }
    }
    let data = (!dtype.has_object() && data.kind() != Kind::Persistent).then_some(data);
    Ok(Layout { dtype, count, data })
}

/// `(1, shape, dtype, is_fortran, data)` (`array_setstate` in numpy's `methods.c`).
fn ndarray(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the state is not (1, shape, dtype, is_fortran, data)");
    let Some([version, shape, of, fortran, data]) = items(matcher, value) else { return Err(wrong) };
    if !matches!(matcher.int(version), Some(0 | 1)) || !is_flag(matcher, fortran) {
        return Err(wrong);
    }
    let layout = layout(matcher, shape, of, data)?;
    matcher.trace.learned = Some(Learned::Array(layout));
    Ok(())
}

/// The same, a mask of bools and a fill value (`MaskedArray.__setstate__` in `numpy/ma/core.py`).
fn masked(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the state is not (1, shape, dtype, is_fortran, data, mask, fill_value)");
    let Some([version, shape, of, fortran, data, mask, fill]) = items(matcher, value) else { return Err(wrong) };
    let plain = matches!(matcher.int(version), Some(0 | 1)) && is_flag(matcher, fortran);
    if !plain || matcher.bytes_len(mask).is_none() || !matcher.fits(&Shape::Any, fill) {
        return Err(wrong);
    }
    let layout = layout(matcher, shape, of, data)?;
    // The fill value becomes an element, which then is all that there is.
    if layout.count == 0 && layout.dtype.itemsize() > MAX_SIZELESS {
        return Err(Misfit::Shape("the fill value takes far more room than the array"));
    }
    matcher.trace.learned = Some(Learned::Array(layout));
    Ok(())
}

/// `(buffer, dtype, shape, order)`, and the axes where the order is 'K' (`numpy._core.numeric._frombuffer`).
fn from_buffer(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the arguments are not (buffer, dtype, shape, order)");
    let (buffer, of, shape) = match items(matcher, value) {
        Some([buffer, of, shape, order]) => {
            if !matcher.is_text(order, b"C") && !matcher.is_text(order, b"F") {
                return Err(wrong);
            }
            (buffer, of, shape)
        }
        None => {
            let Some([buffer, of, shape, order, axes]) = items(matcher, value) else { return Err(wrong) };
            if !matcher.is_text(order, b"K") || sizes(matcher, axes).is_err() {
                return Err(wrong);
            }
            (buffer, of, shape)
        }
    };
    if !is_buffer(matcher, buffer) {
        return Err(Misfit::Shape("the buffer is not bytes that the stream itself holds"));
    }
    let dtype = dtype(matcher, of)?;
    let sizes = sizes(matcher, shape)?;
    if dtype.has_object() {
        return Err(Misfit::Forged("bytes are taken for references to objects".to_owned()));
    }
    let bytes = dtype.nbytes(&sizes).ok_or(Misfit::Shape("the array is larger than memory can be"))?;
    let there = buffer_len(matcher, buffer);
    if there.is_some_and(|there| there != bytes) {
        let there = there.unwrap_or(0);
        return Err(Misfit::Forged(format!("the shape says {bytes} bytes, the buffer has {there}")));
    }
    let count = sizes.iter().fold(1_u64, |count, &size| count.saturating_mul(size));
    sized(&dtype, count)?;
    matcher.trace.learned = Some(Learned::Array(Layout { dtype, count, data: Some(buffer) }));
    Ok(())
}

/// Whether a value is a buffer that nothing else can change: a literal, an out-of-band buffer, a view of one.
pub(super) fn is_buffer(matcher: &Matcher<'_, '_>, value: Value) -> bool {
    match value.kind() {
        Kind::Bytes | Kind::ByteArray | Kind::Buffer => true,
        Kind::View => matcher
            .ast()
            .viewed(value)
            .is_some_and(|inner| matches!(inner.kind(), Kind::Bytes | Kind::ByteArray | Kind::Buffer)),
        _ => false,
    }
}

/// The length of a buffer; `None` where it is out of band.
fn buffer_len(matcher: &Matcher<'_, '_>, value: Value) -> Option<u64> {
    let value = if value.kind() == Kind::View { matcher.ast().viewed(value)? } else { value };
    match matcher.literal(value)? {
        Literal::Bytes(bytes) | Literal::ByteArray(bytes) => Some(bytes.len() as u64),
        Literal::Absent(len) => Some(len),
        _ => None,
    }
}

/// `(dtype, bytes)`; for a structure with references `(dtype, array)` (`array_scalar` in numpy's `multiarraymodule.c`).
fn scalar(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the arguments are not (dtype, bytes)");
    let Some([of, data]) = items(matcher, value) else { return Err(wrong) };
    let dtype = dtype(matcher, of)?;
    if dtype.has_object() {
        let Some(Nature::Array(Some(array))) = matcher.nature(data) else { return Err(wrong) };
        let same =
            matcher.facts.arrays.get(array as usize).is_some_and(|array| array.dtype == dtype && array.count >= 1);
        return if same { Ok(()) } else { Err(Misfit::Forged("bytes are taken for references to objects".to_owned())) };
    }
    let there = matcher.bytes_len(data).ok_or(wrong)?;
    if there != dtype.itemsize() {
        let size = dtype.itemsize();
        return Err(Misfit::Forged(format!("the dtype says {size} bytes, the data has {there}")));
    }
    Ok(())
}

/// The state of joblib's `NumpyArrayWrapper`: closed keys, because joblib calls what it finds (`read`, `read_array`).
fn joblib_array(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the state is not that of a joblib array");
    if value.kind() != Kind::Dict {
        return Err(wrong);
    }
    matcher.trace.changed |= matcher.ast().changed_after(value, matcher.moment);
    let (mut class, mut shape, mut of, mut order, mut mmap) = (None, None, None, None, None);
    for (key, item) in matcher.ast().entries(value, matcher.moment) {
        if !matcher.trace.walk(1) {
            return Err(wrong);
        }
        let slot = matcher.with_text(key, |text| match text {
            b"subclass" => 1,
            b"shape" => 2,
            b"dtype" => 3,
            b"order" => 4,
            b"allow_mmap" => 5,
            b"numpy_array_alignment_bytes" => 6,
            _ => 0,
        });
        match slot {
            1 => class = Some(item),
            2 => shape = Some(item),
            3 => of = Some(item),
            4 => order = Some(item),
            5 => mmap = Some(item),
            6 if item.kind() == Kind::None || matches!(matcher.int(item), Some(1..=255)) => {}
            _ => return Err(Misfit::Shape("the state of a joblib array has a key that joblib does not write")),
        }
    }
    let (Some(class), Some(shape), Some(of), Some(order), Some(mmap)) = (class, shape, of, order, mmap) else {
        return Err(wrong);
    };
    let entry = matcher.facts.symbol_entry(class).and_then(|id| matcher.facts.entry_of(id));
    let is_array = entry.is_some_and(|entry| matches!(entry.build, Some(Shape::Rule(Rule::NdArray))));
    let ordered = matcher.is_text(order, b"C") || matcher.is_text(order, b"F");
    if !is_array || !ordered || !is_flag(matcher, mmap) {
        return Err(wrong);
    }
    let dtype = dtype(matcher, of)?;
    let sizes = sizes(matcher, shape)?;
    if dtype.nbytes(&sizes).is_none() {
        return Err(Misfit::Forged("the array is larger than memory can be".to_owned()));
    }
    let count = sizes.iter().fold(1_u64, |count, &size| count.saturating_mul(size));
    sized(&dtype, count)?;
    matcher.trace.claim(value);
    matcher.trace.learned = Some(Learned::Array(Layout { dtype, count, data: None }));
    Ok(())
}

/// `(module, name)` of a ufunc that has an entry (`numpy.core._ufunc_reconstruct` imports the module).
fn ufunc(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the arguments are not the module and name of a known ufunc");
    let symbol = items(matcher, value).and_then(|names| named_symbol(matcher, names));
    let known = symbol.and_then(|symbol| entry::lookup(&symbol));
    if known.is_some_and(|entry| entry.harmless) { Ok(()) } else { Err(wrong) }
}

/// The symbol that two texts name.
pub(super) fn named_symbol(matcher: &Matcher<'_, '_>, [module, name]: [Value; 2]) -> Option<String> {
    let (module, name) = (matcher.dotted_text(module)?, matcher.short_text(name)?);
    Some(format!("{module}.{name}"))
}

/// What is known of an array that is complete.
pub(super) fn array<'m>(matcher: &'m Matcher<'_, '_>, value: Value) -> Option<&'m Layout> {
    match matcher.nature(value)? {
        Nature::Array(Some(id)) => matcher.facts.arrays.get(id as usize),
        _ => None,
    }
}

/// `(n_features, n_classes, n_outputs)`: scikit-learn reads as many classes as there are outputs, without looking
/// whether the array has them (`Tree.__cinit__`).
fn tree(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the arguments are not (n_features, n_classes, n_outputs)");
    let Some([features, classes, outputs]) = items(matcher, value) else { return Err(wrong) };
    let (Some(0..), Some(outputs @ 0..)) = (matcher.int(features), matcher.int(outputs)) else { return Err(wrong) };
    let Some(array) = array(matcher, classes) else { return Err(wrong) };
    if array.count != outputs.cast_unsigned() {
        return Err(Misfit::Forged(format!("{outputs} outputs, but {} numbers of classes", array.count)));
    }
    Ok(())
}

/// The state of a tree: as many nodes as it says (`Tree.__setstate__` checks the arrays themselves).
fn tree_state(matcher: &mut Matcher<'_, '_>, value: Value) -> Held {
    let wrong = Misfit::Shape("the state is not that of a tree");
    if value.kind() != Kind::Dict {
        return Err(wrong);
    }
    matcher.trace.changed |= matcher.ast().changed_after(value, matcher.moment);
    let (mut count, mut nodes, mut values, mut depth) = (None, None, None, None);
    for (key, item) in matcher.ast().entries(value, matcher.moment) {
        let slot = matcher.with_text(key, |text| match text {
            b"node_count" => Some(&mut count),
            b"nodes" => Some(&mut nodes),
            b"values" => Some(&mut values),
            b"max_depth" => Some(&mut depth),
            _ => None,
        });
        match slot {
            Some(slot) if matcher.trace.walk(1) => *slot = Some(item),
            _ => return Err(wrong),
        }
    }
    let (Some(count), Some(nodes), Some(values), Some(depth)) = (count, nodes, values, depth) else {
        return Err(wrong);
    };
    let (Some(count @ 0..), Some(0..)) = (matcher.int(count), matcher.int(depth)) else { return Err(wrong) };
    let of_nodes = nodes;
    let (Some(nodes), Some(_)) = (array(matcher, nodes), array(matcher, values)) else { return Err(wrong) };
    if nodes.count != count.cast_unsigned() {
        return Err(Misfit::Forged(format!("{count} nodes are stated, the array has {}", nodes.count)));
    }
    let features = matcher.target.and_then(|tree| matcher.argument(tree)).and_then(|features| matcher.int(features));
    nodes::tree_nodes(matcher, of_nodes, features)
}
