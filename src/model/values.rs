//! Looks at values of one reading: classes, attributes, plain text, arrays.

use crate::ast::{Kind, Moment, Value};
use crate::dtype::{self, ByteOrder, DType};
use crate::facts::Values;
use crate::loader::joblib::{Wrapper, wrapper_named};
use crate::loader::numpy::{DTypes, encoded, shape};
use crate::loader::{Subject, View};
use crate::machine::{Action, Effect};
use crate::opcode::Literal;
use crate::opcode::text::printable;
use crate::resolve::map_name;

/// The most values that are listed of one array or container.
const LISTED: usize = 100;
/// The most characters of one value.
const LONGEST: usize = 120;
/// The most attributes of one object that are looked at: each question goes through all of them.
const ATTRIBUTES: usize = 1024;
/// The most bytes of array data that are decoded from text.
const ENCODED: u64 = 1 << 16;

/// One reading, and the others of its source.
pub(super) struct Look<'a> {
    /// The reading.
    pub(super) subject: Subject<'a>,
    /// All readings of the source: what joblib nests stands in others.
    pub(super) all: &'a [Subject<'a>],
    dtypes: DTypes,
}

/// A call that made an object.
#[derive(Clone, Copy)]
pub(super) struct Made {
    /// What was called.
    pub(super) callee: Value,
    /// With which arguments.
    pub(super) args: Value,
    /// When.
    pub(super) moment: Moment,
}

/// An array as it stands in the stream.
pub(super) struct Array<'a> {
    pub(super) dtype: Option<DType>,
    pub(super) shape: Vec<u64>,
    elements: Elements<'a>,
}

enum Elements<'a> {
    /// Not here, or not decoded.
    Unknown,
    /// As they stand in memory.
    Bytes(std::borrow::Cow<'a, [u8]>),
    /// A list of objects of a reading.
    Objects(Subject<'a>, Value),
}

impl<'a> Look<'a> {
    pub(super) fn new(subject: Subject<'a>, all: &'a [Subject<'a>]) -> Self {
        Self { subject, all, dtypes: DTypes::default() }
    }

    pub(super) fn view(&self) -> View<'a> {
        self.subject.view()
    }

    /// The call that made an object.
    pub(super) fn made(&self, value: Value) -> Option<Made> {
        made(self.view(), value)
    }

    /// The module and name of an import, as a reader of Python 3 resolves them.
    pub(super) fn named(&self, value: Value) -> Option<(&'a str, &'a str)> {
        let symbol = self.subject.reading.ast.symbol(value)?;
        Some(map_name(&symbol.module, &symbol.name, symbol.protocol))
    }

    /// The class that an object is an instance of, or the function that made it.
    pub(super) fn class(&self, value: Value) -> Option<Value> {
        let made = self.made(value)?;
        match self.named(made.callee)? {
            ("copyreg", "_reconstructor" | "__newobj__" | "__newobj_ex__") => {
                self.view().ast.items(made.args, made.moment).next()
            }
            _ => Some(made.callee),
        }
    }

    /// `pkg.mod.Class` of an object.
    pub(super) fn class_name(&self, value: Value) -> Option<String> {
        let (module, name) = self.named(self.class(value)?)?;
        Some(cut(&format!("{module}.{name}")))
    }

    /// The effect that gave an object its state, and the state.
    pub(super) fn state(&self, value: Value) -> Option<(usize, Value)> {
        let view = self.view();
        let build = view.ast.object_of(value)?.build? as usize;
        match view.effects.get(build)?.action {
            Action::Build { state, .. } => Some((build, state)),
            _ => None,
        }
    }

    /// The dict in the state of an object.
    pub(super) fn attributes(&self, value: Value) -> Option<Value> {
        let (_, state) = self.state(value)?;
        let first = match state.kind() {
            Kind::Tuple => self.view().ast.items(state, Moment::END).next()?,
            _ => state,
        };
        (first.kind() == Kind::Dict).then_some(first)
    }

    /// An attribute of an object, among the first of its state.
    pub(super) fn attribute(&self, value: Value, name: &str) -> Option<Value> {
        let is_name = |key: Value| match self.subject.literal(key) {
            Some(Literal::Str(text) | Literal::ByteStr(text)) => *text == *name.as_bytes(),
            _ => false,
        };
        let entries = self.view().ast.entries(self.attributes(value)?, Moment::END).take(ATTRIBUTES);
        entries.filter(|&(key, _)| is_name(key)).map(|(_, value)| value).last()
    }

    /// The text of a string.
    pub(super) fn text(&self, value: Value) -> Option<String> {
        match self.subject.literal(value)? {
            Literal::Str(text) | Literal::ByteStr(text) => Some(cut(&printable(&text))),
            _ => None,
        }
    }

    /// A plain value as Python prints it: a number, a text, a numpy scalar, a short tuple or list of these.
    pub(super) fn plain(&mut self, value: Value) -> Option<String> {
        match value.kind() {
            Kind::Tuple | Kind::List => {
                let mut items = Vec::new();
                for item in self.view().ast.items(value, Moment::END).take(LISTED) {
                    items.push(self.scalar(item)?);
                }
                let more = self.view().ast.len(value).saturating_sub(items.len());
                let end = if more > 0 { format!(", ... {more} more") } else { String::new() };
                let inner = items.join(", ");
                Some(cut(&match (value.kind(), items.as_slice()) {
                    (Kind::List, _) => format!("[{inner}{end}]"),
                    (_, [one]) => format!("({one},)"),
                    _ => format!("({inner}{end})"),
                }))
            }
            _ => self.scalar(value),
        }
    }

    fn scalar(&mut self, value: Value) -> Option<String> {
        match value.kind() {
            Kind::Object => self.numpy_scalar(value),
            _ => literal(&self.subject.literal(value)?),
        }
    }

    /// `numpy._core.multiarray.scalar(dtype, bytes)`
    fn numpy_scalar(&mut self, value: Value) -> Option<String> {
        let made = self.made(value)?;
        if self.named(made.callee)?.1 != "scalar" {
            return None;
        }
        let view = self.view();
        let mut args = view.ast.items(made.args, made.moment);
        let (dtype, bytes) = (args.next()?, args.next()?);
        let dtype = self.dtypes.of(view, dtype).ok()?;
        let bytes = self.bytes(bytes, dtype.itemsize())?;
        elements(&dtype, &bytes, 1).pop()
    }

    /// Bytes, of which `len` are wanted, in whatever form a protocol gives them.
    fn bytes(&self, value: Value, len: u64) -> Option<std::borrow::Cow<'a, [u8]>> {
        let view = self.view();
        let value = view.ast.viewed(value).unwrap_or(value);
        match self.subject.literal(value) {
            Some(Literal::Bytes(bytes) | Literal::ByteArray(bytes)) => Some(bytes.into()),
            Some(Literal::ByteStr(bytes)) => Some(bytes),
            Some(_) => None,
            None if len > ENCODED => None,
            None => encoded(view, value).map(Into::into),
        }
    }

    /// The bytes in a `bytearray(...)` or in plain bytes.
    pub(super) fn buffer(&self, value: Value) -> Option<std::borrow::Cow<'a, [u8]>> {
        if let Some(made) = self.made(value)
            && self.named(made.callee) == Some(("builtins", "bytearray"))
        {
            let first = self.view().ast.items(made.args, made.moment).next()?;
            return self.bytes(first, 0);
        }
        self.bytes(value, 0)
    }

    /// The array that a value is.
    pub(super) fn array(&mut self, value: Value) -> Option<Array<'a>> {
        let view = self.view();
        let made = self.made(value)?;
        let symbol = view.ast.symbol(self.class(value)?)?;
        if wrapper_named(&symbol.module, &symbol.name) == Some(Wrapper::InStream) {
            return self.wrapped(value);
        }
        let args: Vec<Value> = view.ast.items(made.args, made.moment).take(4).collect();
        match &*symbol.name {
            "_frombuffer" => {
                let dtype = self.dtypes.of(view, *args.get(1)?).ok();
                let shape = shape(view, *args.get(2)?, made.moment)?;
                let elements = self.bytes(*args.first()?, u64::MAX).map_or(Elements::Unknown, Elements::Bytes);
                Some(Array { dtype, shape, elements })
            }
            "_reconstruct" => {
                let (_, state) = self.state(value)?;
                let state: Vec<Value> = view.ast.items(state, Moment::END).take(5).collect();
                let shape = shape(view, *state.get(1)?, Moment::END)?;
                let dtype = self.dtypes.of(view, *state.get(2)?).ok();
                let data = *state.get(4)?;
                let len = dtype.as_ref().and_then(|dtype| dtype.nbytes(&shape)).unwrap_or(u64::MAX);
                let elements = match data.kind() {
                    Kind::List => Elements::Objects(self.subject, data),
                    _ => self.bytes(data, len).map_or(Elements::Unknown, Elements::Bytes),
                };
                Some(Array { dtype, shape, elements })
            }
            _ => None,
        }
    }

    /// The array behind one of joblib's wrappers.
    fn wrapped(&mut self, value: Value) -> Option<Array<'a>> {
        let view = self.view();
        let (build, _) = self.state(value)?;
        let shape = shape(view, self.attribute(value, "shape")?, Moment::END)?;
        let dtype = self.attribute(value, "dtype").and_then(|dtype| self.dtypes.of(view, dtype).ok());
        let reading = self.subject.reading;
        let raw = reading.arrays.iter().find(|raw| raw.effect == build);
        let elements = match raw {
            Some(raw) if view.source.gaps.is_empty() => {
                let (at, len) = (usize::try_from(raw.offset).ok()?, usize::try_from(raw.len).ok()?);
                Elements::Bytes(view.source.slice(at, len).into())
            }
            Some(_) => Elements::Unknown,
            None => {
                let after = view.effects.get(build)?.at;
                let inside =
                    |subject: &&Subject<'a>| subject.reading.start > after && subject.reading.end <= reading.end;
                let nested = self.all.iter().filter(inside).min_by_key(|subject| subject.reading.start)?;
                let mut look = Look::new(*nested, &[]);
                // An array in an array stands in the same reading: this goes one step deeper and no further.
                look.array(nested.reading.root?)?.elements
            }
        };
        Some(Array { dtype, shape, elements })
    }
}

impl Array<'_> {
    /// How many elements it has.
    pub(super) fn len(&self) -> u64 {
        self.shape.iter().fold(1, |len, &dimension| len.saturating_mul(dimension))
    }

    /// Its first elements; empty where they are not here.
    pub(super) fn values(&self) -> Values {
        let items = match (&self.elements, &self.dtype) {
            (Elements::Bytes(bytes), Some(dtype)) => elements(dtype, bytes, LISTED),
            (Elements::Objects(subject, list), _) => {
                let mut look = Look::new(*subject, &[]);
                let items: Vec<Value> = look.view().ast.items(*list, Moment::END).take(LISTED).collect();
                items.into_iter().map(|item| look.plain(item).unwrap_or_else(|| "...".to_owned())).collect()
            }
            _ => Vec::new(),
        };
        Values { items, total: self.len() }
    }
}

/// The call that made an object.
fn made(view: View<'_>, value: Value) -> Option<Made> {
    let &Effect { moment, action, .. } = view.effects.get(view.ast.object_of(value)?.made_by as usize)?;
    match action {
        Action::Call { callee, args, .. } => Some(Made { callee, args, moment }),
        _ => None,
    }
}

/// A literal as Python prints it.
fn literal(literal: &Literal<'_>) -> Option<String> {
    Some(match literal {
        Literal::None => "None".to_owned(),
        Literal::Bool(true) => "True".to_owned(),
        Literal::Bool(false) => "False".to_owned(),
        Literal::Int(number) => number.to_string(),
        Literal::BigInt(bytes) => big(bytes),
        Literal::BigText(digits) => {
            let digits = String::from_utf8_lossy(digits.get(..LONGEST).unwrap_or(digits));
            digits.trim_end_matches('L').to_owned()
        }
        Literal::Float(number) => float(*number),
        Literal::Str(text) | Literal::ByteStr(text) => quoted(text),
        Literal::Bytes(_) | Literal::ByteArray(_) | Literal::Absent(_) => return None,
    })
}

/// An int in two's complement, little endian; what does not fit in 16 bytes is told by its size.
fn big(bytes: &[u8]) -> String {
    let fill = if bytes.last().is_some_and(|&last| last >= 0x80) { 0xff } else { 0 };
    let mut number = [fill; 16];
    match number.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(bytes);
            i128::from_le_bytes(number).to_string()
        }
        None => format!("<int of {} bytes>", bytes.len()),
    }
}

fn float(number: f64) -> String {
    if number.is_nan() { "nan".to_owned() } else { format!("{number:?}") }
}

fn quoted(text: &[u8]) -> String {
    let start = text.get(..LONGEST.saturating_mul(4)).unwrap_or(text);
    let text = cut(&printable(start));
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    format!("{quote}{text}{quote}")
}

/// `text`, cut where it is longer than a line should be.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The first elements of an array's bytes, as Python prints them; empty where its type is no plain one.
fn elements(dtype: &DType, bytes: &[u8], most: usize) -> Vec<String> {
    let Ok(size) = usize::try_from(dtype.itemsize()) else { return Vec::new() };
    if size == 0 || dtype.fields().is_some() || dtype.subarray().is_some() {
        return Vec::new();
    }
    bytes.chunks_exact(size).take(most).map_while(|bytes| element(dtype, bytes)).collect()
}

fn element(dtype: &DType, bytes: &[u8]) -> Option<String> {
    let big = dtype.byte_order() == ByteOrder::Big;
    let mut low = [0; 8];
    if matches!(dtype.kind(), dtype::Kind::Int | dtype::Kind::UInt | dtype::Kind::Float) {
        let take = low.get_mut(..bytes.len())?;
        take.copy_from_slice(bytes);
        if big {
            take.reverse();
        }
    }
    let bits = u64::from_le_bytes(low);
    Some(match (dtype.kind(), bytes.len()) {
        (dtype::Kind::Bool, _) => if bytes.first() == Some(&0) { "False" } else { "True" }.to_owned(),
        (dtype::Kind::UInt, _) => bits.to_string(),
        (dtype::Kind::Int, size) => {
            let unused = 64_usize.checked_sub(size.checked_mul(8)?)?;
            let shifted = bits.checked_shl(u32::try_from(unused).ok()?)?.cast_signed();
            shifted.checked_shr(u32::try_from(unused).ok()?)?.to_string()
        }
        (dtype::Kind::Float, 8) => float(f64::from_bits(bits)),
        (dtype::Kind::Float, 4) => {
            let [a, b, c, d, ..] = low;
            let number = f32::from_le_bytes([a, b, c, d]);
            if number.is_nan() { "nan".to_owned() } else { format!("{number:?}") }
        }
        (dtype::Kind::Bytes, _) => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last.saturating_add(1));
            format!("b{}", quoted(bytes.get(..end)?))
        }
        (dtype::Kind::Str, _) => {
            let mut text = String::new();
            for unit in bytes.chunks_exact(4).take(LONGEST) {
                let unit: [u8; 4] = unit.try_into().ok()?;
                let code = if big { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) };
                text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            quoted(text.trim_end_matches('\0').as_bytes())
        }
        _ => return None,
    })
}
