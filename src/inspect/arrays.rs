//! numpy's values: arrays in every form that a stream has for them, scalars, data types; and their elements as text.
//!
//! Forms: `numpy.core.multiarray._reconstruct` and a BUILD (protocols 0 to 4), `_frombuffer` (protocol 5),
//! joblib's `NumpyArrayWrapper` with bytes or a pickle behind it, `.npy` files beside it before joblib 0.10.

use super::text;
use crate::ast::{Kind, Value};
use crate::dtype::{ByteOrder, DType, Kind as Element};
use crate::error::Result;
use crate::loader::View;
use crate::loader::joblib::{Wrapper, wrapper_named};
use crate::loader::numpy::{DTypes, encoded, entry, shape};
use crate::machine::Action;
use crate::opcode::Literal;

/// An array as the stream describes it.
pub(super) struct Array {
    /// Its class, `numpy.ndarray` for most.
    pub(super) class: String,
    /// What its elements are.
    pub(super) dtype: Result<DType>,
    /// Its shape, if it has a usable one.
    pub(super) shape: Option<Vec<u64>>,
    /// Whether the first index moves fastest.
    pub(super) fortran: bool,
    /// Where its elements stand.
    pub(super) data: Data,
}

/// Where the elements of an array stand.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Data {
    /// In a value: bytes, or for objects a list.
    Value(Value),
    /// In bytes between opcodes, or in a pickle nested there: behind this effect.
    Behind(usize),
    /// In the file of this name.
    File(String),
}

impl Array {
    /// How many bytes its elements take, where that is known.
    pub(super) fn nbytes(&self) -> Option<u64> {
        let dtype = self.dtype.as_ref().ok().filter(|dtype| !dtype.has_object())?;
        dtype.nbytes(self.shape.as_deref()?)
    }
}

/// Module and name without the part that numpy 2 changed.
fn numpy_name<'n>(module: &str, name: &'n str) -> Option<&'n str> {
    matches!(
        module,
        "numpy.core.multiarray" | "numpy._core.multiarray" | "numpy.core.numeric" | "numpy._core.numeric" | "numpy"
    )
    .then_some(name)
}

/// The call that made an object, with what was called and its arguments.
fn made_by<'v>(view: View<'v>, value: Value) -> Option<(&'v str, &'v str, Vec<Value>)> {
    let effect = view.effects.get(view.ast.object_of(value)?.made_by as usize)?;
    let Action::Call { callee, args, .. } = effect.action else { return None };
    let symbol = view.ast.symbol(callee)?;
    // No call that is of interest here has more.
    let args = view.ast.items(args, effect.moment).take(5).collect();
    Some((&symbol.module, &symbol.name, args))
}

/// The BUILD of an object: its number and the state.
fn state_of(view: View<'_>, value: Value) -> Option<(usize, Value, crate::ast::Moment)> {
    let build = view.ast.object_of(value)?.build? as usize;
    let effect = view.effects.get(build)?;
    let Action::Build { state, .. } = effect.action else { return None };
    Some((build, state, effect.moment))
}

/// The array that an object is.
pub(super) fn array(view: View<'_>, dtypes: &mut DTypes, value: Value) -> Option<Array> {
    let (module, name, args) = made_by(view, value)?;
    let class_of = |value: Option<&Value>| {
        let symbol = value.and_then(|&value| view.ast.symbol(value));
        symbol.map_or_else(|| "array".to_owned(), |symbol| format!("{}.{}", symbol.module, symbol.name))
    };
    let reconstructed = args.first().and_then(|&class| view.ast.symbol(class)).filter(|_| name == "_reconstructor");
    let (wrapper_module, wrapper_name) = reconstructed.map_or((module, name), |class| (&*class.module, &*class.name));
    if let Some(wrapper) = wrapper_named(wrapper_module, wrapper_name) {
        let (build, state, moment) = state_of(view, value)?;
        let attribute = |name: &str| entry(view, state, moment, name);
        let class = class_of(attribute("subclass").as_ref());
        if wrapper != Wrapper::InStream {
            let file = match attribute("filename").and_then(|name| view.literal(name)) {
                Some(Literal::Str(name) | Literal::ByteStr(name)) => text::text(&name, 200),
                _ => "no name".to_owned(),
            };
            let dtype = Err(crate::error::Error::new(crate::error::ErrorKind::Unsupported, "stands in another file"));
            let shape = attribute("shape").and_then(|value| shape(view, value, moment));
            return Some(Array { class, dtype, shape, fortran: false, data: Data::File(file) });
        }
        let dtype = dtypes.of(view, attribute("dtype")?);
        let shape = attribute("shape").and_then(|value| shape(view, value, moment));
        let fortran = attribute("order").is_some_and(|order| is_text(view, order, b"F"));
        return Some(Array { class, dtype, shape, fortran, data: Data::Behind(build) });
    }
    match numpy_name(module, name)? {
        "_reconstruct" => {
            let (_, state, moment) = state_of(view, value)?;
            let state: Vec<Value> = view.ast.items(state, moment).take(6).collect();
            // numpy before 1.0 wrote no version in front.
            let [.., shape_of, dtype, fortran, data] = state.as_slice() else { return None };
            let dtype = dtypes.of(view, *dtype);
            let fortran = matches!(view.literal(*fortran), Some(Literal::Bool(true) | Literal::Int(1)));
            let shape = shape(view, *shape_of, moment);
            Some(Array { class: class_of(args.first()), dtype, shape, fortran, data: Data::Value(*data) })
        }
        "_frombuffer" => {
            let [data, dtype, shape_of, order, ..] = args.as_slice() else { return None };
            let moment = crate::ast::Moment::END;
            let fortran = is_text(view, *order, b"F");
            let shape = shape(view, *shape_of, moment);
            let dtype = dtypes.of(view, *dtype);
            Some(Array { class: "numpy.ndarray".to_owned(), dtype, shape, fortran, data: Data::Value(*data) })
        }
        _ => None,
    }
}

fn is_text(view: View<'_>, value: Value, text: &[u8]) -> bool {
    matches!(view.literal(value), Some(Literal::Str(of) | Literal::ByteStr(of)) if *of == *text)
}

/// The data type that an object is.
pub(super) fn dtype(view: View<'_>, dtypes: &mut DTypes, value: Value) -> Option<DType> {
    let (module, name, _) = made_by(view, value)?;
    if numpy_name(module, name)? != "dtype" {
        return None;
    }
    dtypes.of(view, value).ok()
}

/// The longest scalar that is shown as one, in bytes.
const SCALAR: u64 = 1 << 10;

/// The numpy scalar that an object is: `np.float64(0.5)`.
pub(super) fn scalar(view: View<'_>, dtypes: &mut DTypes, value: Value) -> Option<(DType, String)> {
    let (module, name, args) = made_by(view, value)?;
    let (Some("scalar"), [dtype, data]) = (numpy_name(module, name), args.as_slice()) else { return None };
    // A longer one is no number, and may be what a million calls are given.
    let dtype = dtypes.of(view, *dtype).ok().filter(|dtype| dtype.itemsize() <= SCALAR)?;
    let bytes = bytes(view, *data)?;
    let text = element(&dtype, &bytes, 2)?;
    Some((dtype, text))
}

/// The bytes that a value is.
pub(super) fn bytes<'v>(view: View<'v>, value: Value) -> Option<std::borrow::Cow<'v, [u8]>> {
    use std::borrow::Cow;
    match value.kind() {
        Kind::Object => encoded(view, value).map(Cow::Owned),
        Kind::View => {
            let inner = view.ast.viewed(value).filter(|inner| inner.kind().is_literal())?;
            bytes(view, inner)
        }
        _ => match view.literal(value)? {
            Literal::Bytes(bytes) | Literal::ByteArray(bytes) => Some(Cow::Borrowed(bytes)),
            Literal::ByteStr(bytes) => Some(bytes),
            // Bytes of protocol 0 to 2 that Python 3 reads as latin-1.
            _ => None,
        },
    }
}

/// numpy's name of a data type.
pub(super) fn dtype_name(dtype: &DType) -> String {
    let bits = dtype.itemsize().saturating_mul(8);
    let swapped = dtype.byte_order() == ByteOrder::Big;
    let name = match dtype.kind() {
        _ if swapped => return dtype.type_string(),
        Element::Bool => return "bool".to_owned(),
        Element::Object => return "object".to_owned(),
        Element::Int => "int",
        Element::UInt => "uint",
        Element::Float => "float",
        Element::Complex => "complex",
        Element::DateTime => return dtype.type_string().replace("<M8", "datetime64"),
        Element::TimeDelta => return dtype.type_string().replace("<m8", "timedelta64"),
        Element::Bytes | Element::Str | Element::StringDType => return dtype.type_string(),
        Element::Void => {
            let Some(fields) = dtype.fields() else { return dtype.type_string() };
            let names = fields.iter().take(8).map(|field| {
                let name = crate::opcode::text::printable(&field.name).into_owned();
                let name = crate::escape::escape(&name).into_owned();
                format!("{name} {}", field.dtype.type_string())
            });
            let more = if fields.len() > 8 { ", ..." } else { "" };
            return format!("{{{}{more}}}", names.collect::<Vec<_>>().join(", "));
        }
    };
    format!("{name}{bits}")
}

/// The first elements of an array of which these are the first bytes, as text, at most `most`.
pub(super) fn elements(dtype: &DType, bytes: &[u8], most: usize) -> Vec<String> {
    let Some(size) = usize::try_from(dtype.itemsize()).ok().filter(|&size| size > 0) else { return Vec::new() };
    bytes.chunks_exact(size).take(most).map_while(|chunk| element(dtype, chunk, 2)).collect()
}

/// One element as text. `levels` are those of structures that are shown.
fn element(dtype: &DType, bytes: &[u8], levels: u8) -> Option<String> {
    let big = dtype.byte_order() == ByteOrder::Big;
    Some(match (dtype.kind(), bytes.len()) {
        (Element::Bool, 1) => if bytes == [0] { "False" } else { "True" }.to_owned(),
        (Element::Int | Element::DateTime | Element::TimeDelta, 1 | 2 | 4 | 8) => signed(bytes, big)?.to_string(),
        (Element::UInt, 1 | 2 | 4 | 8) => unsigned(bytes, big)?.to_string(),
        (Element::Float, 2 | 4 | 8) => real(bytes, big)?,
        (Element::Complex, 8 | 16) => {
            let (re, im) = bytes.split_at_checked(bytes.len() / 2)?;
            let im = real(im, big)?;
            let sign = if im.starts_with('-') { "" } else { "+" };
            format!("({}{sign}{im}j)", real(re, big)?)
        }
        (Element::Bytes, _) => {
            let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last.saturating_add(1));
            text::bytes(bytes.get(..end)?, 40)
        }
        (Element::Str, _) => {
            let codes = bytes.chunks_exact(4).map_while(|chunk| u32::try_from(unsigned(chunk, big)?).ok());
            let mut utf8 = Vec::new();
            codes.take(64).take_while(|&code| code != 0).for_each(|code| {
                crate::opcode::text::push_code(&mut utf8, code.min(0x0010_ffff));
            });
            text::text(&utf8, 40)
        }
        (Element::Void, _) if levels > 0 => {
            let fields = dtype.fields()?;
            let shown = fields.iter().take(8).map(|field| {
                let start = usize::try_from(field.offset).ok()?;
                let end = start.checked_add(usize::try_from(field.dtype.itemsize()).ok()?)?;
                element(&field.dtype, bytes.get(start..end)?, levels.saturating_sub(1))
            });
            let shown: Option<Vec<String>> = shown.collect();
            format!("({}{})", shown?.join(", "), if fields.len() > 8 { ", ..." } else { "" })
        }
        _ => return None,
    })
}

fn unsigned(bytes: &[u8], big: bool) -> Option<u64> {
    let mut wide = [0; 8];
    if big {
        wide.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
        return Some(u64::from_be_bytes(wide));
    }
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(u64::from_le_bytes(wide))
}

fn signed(bytes: &[u8], big: bool) -> Option<i64> {
    let shift = 64_u32.checked_sub(u32::try_from(bytes.len()).ok()?.checked_mul(8)?)?;
    let wide = unsigned(bytes, big)?.checked_shl(shift)?;
    Some(wide.cast_signed().wrapping_shr(shift))
}

fn real(bytes: &[u8], big: bool) -> Option<String> {
    let bits = unsigned(bytes, big)?;
    Some(match bytes.len() {
        8 => text::float(f64::from_bits(bits)),
        4 => single(f32::from_bits(u32::try_from(bits).ok()?)),
        2 => single(half(u16::try_from(bits).ok()?)),
        _ => return None,
    })
}

/// The shortest digits that are this number at its own precision.
fn single(value: f32) -> String {
    let digits: f64 = value.to_string().parse().unwrap_or(f64::NAN);
    text::float(digits)
}

/// IEEE 754 half precision.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(bits >> 15), u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let single = match exponent {
        0 => {
            // Subnormal: the fraction counts steps of 2^-24.
            let magnitude = f32::from(bits & 0x3ff) * 2_f32.powi(-24);
            return if sign == 1 { -magnitude } else { magnitude };
        }
        0x1f => 0xff,
        exponent => exponent.saturating_add(112),
    };
    f32::from_bits(sign << 31 | single << 23 | fraction << 13)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_read_as_in_numpy() {
        let shown = |spec: &[u8], bytes: &[u8]| elements(&DType::from_descr_str(spec).unwrap(), bytes, 9).join(" ");
        assert_eq!(shown(b"<f8", &0.1_f64.to_le_bytes()), "0.1");
        assert_eq!(shown(b"<f4", &0.1_f32.to_le_bytes()), "0.1");
        assert_eq!(shown(b">i2", &(-2_i16).to_be_bytes()), "-2");
        assert_eq!(shown(b"|u1", &[255, 0]), "255 0");
        assert_eq!(
            shown(b"<f2", &[0, 0x3c, 0, 0xc0, 1, 0]),
            "1.0 -2.0 5.960464477539063e-08".replace("5.960464477539063e-08", "5.9604645e-08")
        );
        assert_eq!(shown(b"|b1", &[1, 0]), "True False");
        assert_eq!(shown(b"<U2", b"a\0\0\0\0\0\0\0"), "'a'");
        assert_eq!(shown(b"|S3", b"ab\0"), "b'ab'");
        assert_eq!(shown(b"<c16", &[1.0_f64.to_le_bytes(), (-2.0_f64).to_le_bytes()].concat()), "(1.0-2.0j)");
    }
}
