//! What a stream says of an array: class, type, shape, order, and where its elements stand.
//!
//! Forms: `numpy.core.multiarray._reconstruct` and a BUILD (protocols 0 to 4), `numpy.core.numeric._frombuffer`
//! (protocol 5), `numpy.ma.core._mareconstruct`, joblib's `NumpyArrayWrapper` with bytes or a pickle behind it, and
//! `.npy` files beside it before joblib 0.10; dill's `_create_array`.

use super::layout::Order;
use crate::ast::{Kind, Moment, Value};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::loader::View;
use crate::loader::joblib::{Wrapper, wrapper_named};
use crate::loader::numpy::{DTypes, encoded, entry, latin1, shape};
use crate::loader::skops;
use crate::machine::Action;
use crate::opcode::Literal;
use crate::opcode::text::printable;
use std::borrow::Cow;

/// An array as the stream describes it.
#[derive(Clone, Debug)]
pub struct Array {
    /// Its class, `numpy.ndarray` for most, as the file names it: escape before printing.
    pub class: String,
    /// What its elements are.
    pub dtype: Result<DType>,
    /// Its shape, if it has a usable one.
    pub shape: Option<Vec<u64>>,
    /// How they are stored.
    pub order: Order,
    /// Where they stand.
    pub data: Data,
}

/// Where the elements of an array stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// In a value: bytes, or for objects a list.
    Value(Value),
    /// In bytes between opcodes, or in a pickle nested there: behind this effect.
    Behind(usize),
    /// In the file of this name, which is not escaped.
    File(String),
    /// In the file itself, which is one array.
    Whole,
    /// In a storage of torch, or a member of a `.skops` file.
    Storage {
        /// Its name among the storages of the file.
        key: String,
        /// Bytes of it before the first element.
        offset: u64,
    },
}

impl Array {
    /// How many bytes its elements take, where that is known.
    pub fn nbytes(&self) -> Option<u64> {
        let dtype = self.dtype.as_ref().ok().filter(|dtype| !dtype.has_object())?;
        dtype.nbytes(self.shape.as_deref()?)
    }

    /// How many elements its shape promises, saturating.
    pub fn count(&self) -> Option<u64> {
        let shape = self.shape.as_ref()?;
        // Beside a 0 the others may be anything.
        let some = !shape.contains(&0);
        Some(if some { shape.iter().fold(1_u64, |all, &one| all.saturating_mul(one)) } else { 0 })
    }
}

/// A name without the part of its module that numpy 2 changed.
fn numpy_name<'n>(module: &str, name: &'n str) -> Option<&'n str> {
    matches!(
        module,
        "numpy.core.multiarray" | "numpy._core.multiarray" | "numpy.core.numeric" | "numpy._core.numeric" | "numpy"
    )
    .then_some(name)
}

/// The call that made an object, with what was called and its arguments.
pub(super) fn made_by<'v>(view: View<'v>, value: Value) -> Option<(&'v str, &'v str, Vec<Value>)> {
    let effect = view.effects.get(view.ast.object_of(value)?.made_by as usize)?;
    let Action::Call { callee, args, .. } = effect.action else { return None };
    let symbol = view.ast.symbol(callee)?;
    // No call that is of interest here has more.
    let args = view.ast.items(args, effect.moment).take(6).collect();
    Some((&symbol.module, &symbol.name, args))
}

/// The BUILD of an object: its number and the state.
pub(super) fn state_of(view: View<'_>, value: Value) -> Option<(usize, Value, Moment)> {
    let build = view.ast.object_of(value)?.build? as usize;
    let effect = view.effects.get(build)?;
    let Action::Build { state, .. } = effect.action else { return None };
    Some((build, state, effect.moment))
}

pub(super) fn class_of(view: View<'_>, value: Option<&Value>) -> String {
    let symbol = value.and_then(|&value| view.ast.symbol(value));
    symbol.map_or_else(|| "array".to_owned(), |symbol| format!("{}.{}", symbol.module, symbol.name))
}

/// The array that an object is.
pub fn array(view: View<'_>, dtypes: &mut DTypes, value: Value) -> Option<Array> {
    let (module, name, args) = made_by(view, value)?;
    let reconstructed = args.first().and_then(|&class| view.ast.symbol(class)).filter(|_| name == "_reconstructor");
    let (wrapper_module, wrapper_name) = reconstructed.map_or((module, name), |class| (&*class.module, &*class.name));
    if let Some(wrapper) = wrapper_named(wrapper_module, wrapper_name) {
        return wrapped(view, dtypes, value, wrapper);
    }
    if (module, name) == ("dill._dill", "_create_array") {
        return created(view, dtypes, &args);
    }
    match numpy_name(module, name)? {
        "_reconstruct" => {
            let (_, state, moment) = state_of(view, value)?;
            let state: Vec<Value> = view.ast.items(state, moment).take(6).collect();
            // numpy before 1.0 wrote no version in front.
            let [.., shape_of, dtype, fortran, data] = state.as_slice() else { return None };
            let class = class_of(view, args.first());
            Some(in_state(view, dtypes, moment, class, [*shape_of, *dtype, *fortran, *data]))
        }
        "_frombuffer" => from_buffer(view, dtypes, &args),
        _ => None,
    }
}

/// `_create_array(_reconstruct, arguments, state, attributes)` (`dill/_dill.py`): what numpy does in a call and a BUILD.
fn created(view: View<'_>, dtypes: &mut DTypes, args: &[Value]) -> Option<Array> {
    let [function, args, state, attributes] = args else { return None };
    let symbol = view.ast.symbol(*function)?;
    let has_none = attributes.kind() == Kind::None || attributes.kind() == Kind::Dict && view.ast.is_empty(*attributes);
    if numpy_name(&symbol.module, &symbol.name)? != "_reconstruct" || !has_none {
        return None;
    }
    let class = class_of(view, items(view, *args, Moment::END)?.first());
    let [_, shape, dtype, fortran, data] = items(view, *state, Moment::END)?.try_into().ok()?;
    Some(in_state(view, dtypes, Moment::END, class, [shape, dtype, fortran, data]))
}

/// An array whose state gives shape, type, whether it is in Fortran order, and its elements.
pub(super) fn in_state(view: View<'_>, dtypes: &mut DTypes, moment: Moment, class: String, state: [Value; 4]) -> Array {
    let [shape_of, dtype, fortran, data] = state;
    let fortran = matches!(view.literal(fortran), Some(Literal::Bool(true) | Literal::Int(1)));
    let order = if fortran { Order::F } else { Order::C };
    let shape = shape(view, shape_of, moment);
    Array { class, dtype: dtypes.of(view, dtype), shape, order, data: data_of(view, data) }
}

/// Where the elements stand that a value is.
pub(super) fn data_of(view: View<'_>, value: Value) -> Data {
    match skops::part_of(view, value) {
        Some(part) => Data::Storage { key: part.key, offset: part.offset },
        None => Data::Value(value),
    }
}

/// `_frombuffer(buffer, dtype, shape, order[, axes])` (`numpy/_core/numeric.py`).
fn from_buffer(view: View<'_>, dtypes: &mut DTypes, args: &[Value]) -> Option<Array> {
    let [data, dtype, shape_of, order, rest @ ..] = args else { return None };
    let mut shape_of = shape(view, *shape_of, Moment::END);
    let order = if is_text(view, *order, b"F") {
        Order::F
    } else if let (true, Some(stored), Some(axes)) = (is_text(view, *order, b"K"), &shape_of, rest.first()) {
        // The shape is that of the bytes; its axes are then put in another order.
        let axes = shape(view, *axes, Moment::END)?;
        let axes: Vec<usize> = axes.into_iter().map(|axis| usize::try_from(axis).unwrap_or(usize::MAX)).collect();
        shape_of = axes.iter().map(|&axis| stored.get(axis).copied()).collect();
        Order::Axes(axes)
    } else {
        Order::C
    };
    let class = "numpy.ndarray".to_owned();
    Some(Array { class, dtype: dtypes.of(view, *dtype), shape: shape_of, order, data: Data::Value(*data) })
}

/// The array that one of joblib's wrappers stands for.
fn wrapped(view: View<'_>, dtypes: &mut DTypes, value: Value, wrapper: Wrapper) -> Option<Array> {
    let (build, state, moment) = state_of(view, value)?;
    let attribute = |name: &str| entry(view, state, moment, name);
    let class = class_of(view, attribute("subclass").as_ref());
    let shape = attribute("shape").and_then(|value| shape(view, value, moment));
    if wrapper != Wrapper::InStream {
        let file = match attribute("filename").and_then(|name| view.literal(name)) {
            Some(Literal::Str(name) | Literal::ByteStr(name)) => printable(&name).into_owned(),
            _ => String::new(),
        };
        if let (Wrapper::CompressedFile, Some(state)) = (wrapper, attribute("state")) {
            // What `__reduce__` gives without the elements, and the arguments of the call in front of it.
            let [_, shape_of, dtype, fortran] = items(view, state, moment)?.try_into().ok()?;
            let of = attribute("init_args").and_then(|args| items(view, args, moment)?.first().copied());
            let array = in_state(view, dtypes, moment, class_of(view, of.as_ref()), [shape_of, dtype, fortran, state]);
            return Some(Array { data: Data::File(file), ..array });
        }
        let dtype = Err(Error::new(ErrorKind::Unsupported, "stands in another file"));
        return Some(Array { class, dtype, shape, order: Order::C, data: Data::File(file) });
    }
    let dtype = dtypes.of(view, attribute("dtype")?);
    let fortran = attribute("order").is_some_and(|order| is_text(view, order, b"F"));
    let order = if fortran { Order::F } else { Order::C };
    Some(Array { class, dtype, shape, order, data: Data::Behind(build) })
}

/// The first items of a tuple.
fn items(view: View<'_>, value: Value, moment: Moment) -> Option<Vec<Value>> {
    (value.kind() == Kind::Tuple).then(|| view.ast.items(value, moment).take(6).collect())
}

fn is_text(view: View<'_>, value: Value, text: &[u8]) -> bool {
    matches!(view.literal(value), Some(Literal::Str(of) | Literal::ByteStr(of)) if *of == *text)
}

/// The data type that an object is.
pub fn dtype(view: View<'_>, dtypes: &mut DTypes, value: Value) -> Option<DType> {
    let (module, name, _) = made_by(view, value)?;
    if numpy_name(module, name)? != "dtype" {
        return None;
    }
    dtypes.of(view, value).ok()
}

/// The longest scalar that is read as one, in bytes.
const SCALAR: u64 = 1 << 10;

/// Type and bytes of the numpy scalar that an object is: `numpy.core.multiarray.scalar(dtype, bytes)`.
pub fn scalar<'v>(view: View<'v>, dtypes: &mut DTypes, value: Value) -> Option<(DType, Cow<'v, [u8]>)> {
    let (module, name, args) = made_by(view, value)?;
    let (Some("scalar"), [dtype, data]) = (numpy_name(module, name), args.as_slice()) else { return None };
    // A longer one is no number, and may be what a million calls are given.
    let dtype = dtypes.of(view, *dtype).ok().filter(|dtype| dtype.itemsize() <= SCALAR)?;
    Some((dtype, bytes(view, *data)?))
}

/// The bytes that a value is.
pub fn bytes<'v>(view: View<'v>, value: Value) -> Option<Cow<'v, [u8]>> {
    match value.kind() {
        Kind::Object => encoded(view, value).or_else(|| no_bytes(view, value)).map(Cow::Owned),
        Kind::View => {
            let inner = view.ast.viewed(value).filter(|inner| inner.kind().is_literal())?;
            bytes(view, inner)
        }
        _ => match view.literal(value)? {
            Literal::Bytes(bytes) | Literal::ByteArray(bytes) => Some(Cow::Borrowed(bytes)),
            Literal::ByteStr(bytes) => Some(bytes),
            // numpy takes text as latin-1 (`array_setstate`).
            Literal::Str(_) => latin1(view, value).map(Cow::Owned),
            _ => None,
        },
    }
}

/// `bytes()`: how protocols 0 to 2 write no bytes from Python 3.
fn no_bytes(view: View<'_>, value: Value) -> Option<Vec<u8>> {
    let (module, name, args) = made_by(view, value)?;
    let is_bytes = name == "bytes" && matches!(module, "__builtin__" | "builtins");
    (is_bytes && args.is_empty()).then(Vec::new)
}
