//! What `torch.save` writes into a pickle (`torch/serialization.py`): storages by persistent id.

use super::pass::Pass;
use super::reading::{Subject, View};
use super::stream::reread;
use crate::ast::{Kind, Moment, Symbol, Value};
use crate::dtype::{ByteOrder, DType};
use crate::limits::Budget;
use crate::machine::Action;
use crate::opcode::{Literal, Window};
use std::collections::HashMap;
use std::ops::Range;

/// How a file of torch before 1.6 begins: a pickle of protocol 2 that is one number.
pub const MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";

/// How many pickles such a file has: that number, a version, facts of the system, the object, keys of storages.
pub const STREAMS: usize = 5;

/// Which of them is the object, counted from 0.
pub const OBJECT: usize = 3;

/// Classes of storages, what torch calls their elements, and the bytes of one; none where several share a byte.
const CLASSES: &[(&str, &str, Option<u64>)] = &[
    ("BFloat16Storage", "bfloat16", Some(2)),
    ("BoolStorage", "bool", Some(1)),
    ("ByteStorage", "uint8", Some(1)),
    ("CharStorage", "int8", Some(1)),
    ("ComplexDoubleStorage", "complex128", Some(16)),
    ("ComplexFloatStorage", "complex64", Some(8)),
    ("DoubleStorage", "float64", Some(8)),
    ("FloatStorage", "float32", Some(4)),
    ("HalfStorage", "float16", Some(2)),
    ("IntStorage", "int32", Some(4)),
    ("LongStorage", "int64", Some(8)),
    ("QInt32Storage", "qint32", Some(4)),
    ("QInt8Storage", "qint8", Some(1)),
    ("QUInt2x4Storage", "quint2x4", None),
    ("QUInt4x2Storage", "quint4x2", None),
    ("QUInt8Storage", "quint8", Some(1)),
    ("ShortStorage", "int16", Some(2)),
    ("UntypedStorage", "uint8", Some(1)),
];

/// The bytes behind tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Its name: a number, or what once was a pointer.
    pub key: String,
    /// How many elements.
    pub count: u64,
    /// What torch calls its elements.
    pub dtype: &'static str,
    /// Bytes of an element; `None` where several share a byte.
    pub itemsize: Option<u64>,
}

impl Storage {
    /// How many bytes it takes; one for each element where several share a byte.
    pub fn nbytes(&self) -> Option<u64> {
        self.count.checked_mul(self.itemsize.unwrap_or(1))
    }
}

/// The longest key.
const KEY: usize = 40;

/// What a class of storages has for elements: what torch calls them, and the bytes of one.
pub(super) fn elements(class: &Symbol) -> Option<(&'static str, Option<u64>)> {
    let is_torch = matches!(&*class.module, "torch" | "torch.cuda" | "torch.storage");
    let &(_, dtype, itemsize) = CLASSES.iter().find(|(name, ..)| is_torch && *name == &*class.name)?;
    Some((dtype, itemsize))
}

/// The storage that a persistent id asks for: `('storage', class, key, location, numel)`, and `None` behind it in files
/// before 1.6. Anything else is no storage: views within storages, classes with their source.
pub fn storage(view: View<'_>, id: Value, moment: Moment) -> Option<Storage> {
    if id.kind() != Kind::Tuple {
        return None;
    }
    let mut items = view.ast.items(id, moment);
    let mut next = || items.next();
    let (kind, class, key, location, count) = (next()?, next()?, next()?, next()?, next()?);
    if next().is_some_and(|metadata| metadata.kind() != Kind::None) || next().is_some() {
        return None;
    }
    if text(view, kind)? != "storage" {
        return None;
    }
    let (dtype, itemsize) = elements(view.ast.symbol(class)?)?;
    let is_key = |key: &String| !key.is_empty() && key.len() <= KEY && key.bytes().all(|byte| byte.is_ascii_digit());
    let key = text(view, key).filter(is_key)?;
    let is_location = |text: &String| {
        text.len() <= KEY && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_'))
    };
    text(view, location).filter(is_location)?;
    let Literal::Int(count) = view.literal(count)? else { return None };
    Some(Storage { key, count: u64::try_from(count).ok()?, dtype, itemsize })
}

/// A text of either Python.
pub(super) fn text(view: View<'_>, value: Value) -> Option<String> {
    match view.literal(value)? {
        Literal::Str(text) | Literal::ByteStr(text) => String::from_utf8(text.into_owned()).ok(),
        _ => None,
    }
}

/// The class that a persistent id stands for: `('module', class, file, source)`, in files before 1.6. torch compares the
/// source with that of the class, and warns.
pub fn class(view: View<'_>, id: Value, moment: Moment) -> Option<Value> {
    if id.kind() != Kind::Tuple {
        return None;
    }
    let mut items = view.ast.items(id, moment);
    let (kind, class) = (items.next()?, items.next()?);
    let texts = items.by_ref().take(2).filter(|text| matches!(text.kind(), Kind::Str | Kind::ByteStr | Kind::None));
    let is_module = matches!(view.literal(kind)?, Literal::Str(text) | Literal::ByteStr(text) if *text == *b"module");
    let whole = is_module && texts.count() == 2 && items.next().is_none();
    (whole && class.kind() == Kind::Import).then_some(class)
}

/// Modules with names that `torch.load(weights_only=True)` reads, and these names (`_get_allowed_globals` in
/// `torch/_weights_only_unpickler.py`, torch 2.6). It reads all types of elements and of storages, too.
const SAFE: &[(&str, &[&str])] = &[
    ("__builtin__", &["bytearray", "complex", "set"]),
    ("_codecs", &["encode"]),
    ("builtins", &["bytearray", "complex", "set"]),
    ("collections", &["Counter", "OrderedDict"]),
    ("torch", &["Size", "Tensor", "device"]),
    ("torch._tensor", &["_rebuild_from_type_v2"]),
    (
        "torch._utils",
        &[
            "_rebuild_device_tensor_from_cpu_tensor",
            "_rebuild_device_tensor_from_numpy",
            "_rebuild_meta_tensor_no_storage",
            "_rebuild_nested_tensor",
            "_rebuild_parameter",
            "_rebuild_parameter_with_state",
            "_rebuild_qtensor",
            "_rebuild_sparse_tensor",
            "_rebuild_tensor",
            "_rebuild_tensor_v2",
            "_rebuild_tensor_v3",
            "_rebuild_wrapper_subclass",
        ],
    ),
    ("torch.nn.parameter", &["Parameter"]),
    ("torch.serialization", &["_get_layout"]),
];

/// Whether `torch.load(weights_only=True)` reads a name.
pub fn is_safe(module: &str, name: &str) -> bool {
    let is_class = CLASSES.iter().any(|(class, ..)| *class == name);
    let is_type = module == "torch" && TYPES.iter().any(|(of, ..)| *of == name);
    let listed = SAFE.iter().any(|(of, names)| *of == module && names.contains(&name));
    listed || is_type || (is_class && matches!(module, "torch" | "torch.cuda" | "torch.storage"))
}

/// Types of elements by their name in `torch`, with their bytes, and what numpy calls the same; 0 for quantizers and for
/// types that only stand in storages of their own.
const TYPES: &[(&str, u64, &str)] = &[
    ("bfloat16", 2, ""),
    ("bool", 1, "b1"),
    ("complex128", 16, "c16"),
    ("complex32", 4, ""),
    ("complex64", 8, "c8"),
    ("float16", 2, "f2"),
    ("float32", 4, "f4"),
    ("float4_e2m1fn_x2", 1, ""),
    ("float64", 8, "f8"),
    ("float8_e4m3fn", 1, ""),
    ("float8_e4m3fnuz", 1, ""),
    ("float8_e5m2", 1, ""),
    ("float8_e5m2fnuz", 1, ""),
    ("float8_e8m0fnu", 1, ""),
    ("int16", 2, "i2"),
    ("int32", 4, "i4"),
    ("int64", 8, "i8"),
    ("int8", 1, "i1"),
    ("per_channel_affine", 0, ""),
    ("per_channel_affine_float_qparams", 0, ""),
    ("per_tensor_affine", 0, ""),
    ("qint32", 0, ""),
    ("qint8", 0, ""),
    ("quint2x4", 0, ""),
    ("quint4x2", 0, ""),
    ("quint8", 0, ""),
    ("uint16", 2, "u2"),
    ("uint32", 4, "u4"),
    ("uint64", 8, "u8"),
    ("uint8", 1, "u1"),
];

/// Bytes of an element of a type, by its name in `torch`.
pub fn itemsize(name: &str) -> Option<u64> {
    TYPES.iter().find(|&&(of, size, _)| of == name && size > 0).map(|&(_, size, _)| size)
}

/// The type of elements of this name in `torch`, of `itemsize` bytes where it is a type of storages; one of numpy where
/// numpy has it.
pub fn dtype(name: &str, itemsize: Option<u64>, order: ByteOrder) -> Option<DType> {
    let &(name, size, spec) = TYPES.iter().find(|(of, ..)| *of == name)?;
    let sign = if order == ByteOrder::Big { '>' } else { '<' };
    DType::from_descr_str(format!("{sign}{spec}").as_bytes()).ok().filter(|_| !spec.is_empty()).or_else(|| {
        let itemsize = itemsize.unwrap_or(size);
        (itemsize > 0).then(|| DType::foreign(name, order, itemsize))
    })
}

/// Every storage that a stream asks for.
pub fn storages(view: View<'_>) -> Vec<Storage> {
    let asked = |effect: &crate::machine::Effect| match effect.action {
        Action::Persistent { id } => storage(view, id, effect.moment),
        _ => None,
    };
    view.effects.iter().filter_map(asked).collect()
}

/// The keys of storages in the order in which their bytes follow: a list of texts.
pub fn keys(view: View<'_>, list: Value) -> Option<Vec<String>> {
    if list.kind() != Kind::List {
        return None;
    }
    view.ast.items(list, Moment::END).map(|value| text(view, value)).collect()
}

/// Where a pickle of a zip archive of torch stands by its name, and the folder of its tensors.
pub fn pickle_of(name: &str) -> Option<(&str, &'static str)> {
    let (root, name) = name.split_once('/')?;
    match name {
        "data.pkl" => Some((root, "data")),
        "constants.pkl" => Some((root, "constants")),
        _ => None,
    }
}

/// Where the five pickles of a file before 1.6 end, if they are that.
pub fn end<W: Window>(pass: &Pass<W>) -> Option<usize> {
    let last = pass.outer(STREAMS.checked_sub(1)?).filter(|last| last.loads)?;
    last.position.checked_add(usize::try_from(last.len).ok()?)
}

/// The bytes behind five pickles.
#[derive(Clone, Debug, Default)]
pub struct RawStorages {
    /// Key and place of each storage that is there.
    pub places: Vec<(String, Range<usize>)>,
    /// Whether these are all that are asked for and all that the file holds.
    pub explained: bool,
}

/// The bytes behind the five pickles of a file before 1.6, which end at `end`: for each storage a number of elements,
/// and these, in little-endian order whatever the machine was. `None` where the pickles are not those of torch.
pub fn raw_storages<W: Window>(pass: &Pass<W>, bytes: &[u8], end: usize, budget: &mut Budget) -> Option<RawStorages> {
    let source = pass.source();
    let mut read = |number| {
        let position = pass.outer(number)?.position;
        Some(reread(source, position, pass.manner, budget))
    };
    let (object, list) = (read(OBJECT)?, read(OBJECT.checked_add(1)?)?);
    let known = storages(Subject { reading: &object, source }.view());
    let known: HashMap<&str, &Storage> = known.iter().map(|storage| (storage.key.as_str(), storage)).collect();
    let (mut raw, mut at) = (RawStorages::default(), end);
    for key in keys(Subject { reading: &list, source }.view(), list.root?)? {
        let storage = known.get(key.as_str())?;
        let count = bytes.get(at..).and_then(<[u8]>::first_chunk).map(|count| u64::from_le_bytes(*count));
        let start = at.checked_add(8)?;
        let stop = start.checked_add(usize::try_from(storage.nbytes()?).ok()?)?;
        if count != Some(storage.count) || stop > bytes.len() {
            return Some(raw);
        }
        raw.places.push((key, start..stop));
        at = stop;
    }
    raw.explained = at == bytes.len();
    Some(raw)
}
