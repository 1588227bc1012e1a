//! The elements of two arrays, taken apart into the numbers and texts that are compared.

use super::number::{apart, distance};
use super::{Elements, Tolerance};
use crate::array::{Number, unsigned};
use crate::dtype::{ByteOrder, DType, Kind};
use crate::inspect::element_text;
use crate::opcode::text::printable;

/// How two types of elements compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Types {
    /// They are one.
    Same,
    /// They differ in the order of bytes.
    Order,
    /// They differ.
    Other,
}

/// Compares two types. As deep as these, which is bounded.
pub(super) fn types(a: &DType, b: &DType) -> Types {
    if a == b {
        return Types::Same;
    }
    let alike = (a.kind(), a.itemsize(), a.unit(), a.is_record()) == (b.kind(), b.itemsize(), b.unit(), b.is_record());
    let parts = match (a.fields(), b.fields(), a.subarray(), b.subarray()) {
        (None, None, None, None) if a.byte_order() == b.byte_order() => Types::Same,
        (None, None, None, None) => Types::Order,
        (Some(one), Some(other), _, _) if one.len() == other.len() => {
            let fields = one.iter().zip(other).map(|(one, other)| {
                let same = (&one.name, &one.title, one.offset) == (&other.name, &other.title, other.offset);
                if same { types(&one.dtype, &other.dtype) } else { Types::Other }
            });
            worst(fields)
        }
        (_, _, Some((one, shape)), Some((other, other_shape))) if shape == other_shape => types(one, other),
        _ => Types::Other,
    };
    if alike { parts } else { Types::Other }
}

fn worst(mut all: impl Iterator<Item = Types>) -> Types {
    let mut order = false;
    let other = all.any(|types| {
        order |= types == Types::Order;
        types == Types::Other
    });
    match (other, order) {
        (true, _) => Types::Other,
        (_, true) => Types::Order,
        _ => Types::Same,
    }
}

/// A number or text in each element of both arrays.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The field, with dots; empty for the element itself.
    pub(super) field: String,
    a: Place,
    b: Place,
    /// How many stand one behind the other: of a subarray.
    repeat: u64,
    how: How,
}

#[derive(Clone, Debug)]
struct Place {
    offset: usize,
    size: usize,
    dtype: DType,
}

/// How two are compared where their bytes differ.
#[derive(Clone, Debug)]
enum How {
    Number,
    /// The type of either part.
    Complex(DType, DType),
    Text,
    /// Bytes, in runs of so many that have an order.
    Bytes(usize),
}

/// The columns that two types have in common; those of structures by the names of their fields.
pub(super) fn columns(a: &DType, b: &DType) -> Vec<Column> {
    let mut found = Vec::new();
    collect((a, 0), (b, 0), String::new(), &mut found);
    found
}

/// As deep as the types, which is bounded.
fn collect((a, at_a): (&DType, usize), (b, at_b): (&DType, usize), field: String, found: &mut Vec<Column>) {
    if let (Some(fields), Some(others)) = (a.fields(), b.fields()) {
        // Stock structures have few fields, and of many the same number stands in the other.
        let is_parallel = fields.len() == others.len() && fields.iter().zip(others).all(|(a, b)| a.name == b.name);
        for (index, one) in fields.iter().enumerate() {
            let named = || others.iter().take(FIELDS).find(|other| other.name == one.name);
            let Some(other) = (if is_parallel { others.get(index) } else { named() }) else { continue };
            let dot = if field.is_empty() { "" } else { "." };
            let inner = |at: usize, offset: u64| usize::try_from(offset).ok().map(|offset| at.saturating_add(offset));
            let (Some(in_a), Some(in_b)) = (inner(at_a, one.offset), inner(at_b, other.offset)) else { continue };
            let field = format!("{field}{dot}{}", printable(&one.name));
            collect((&one.dtype, in_a), (&other.dtype, in_b), field, found);
        }
        return;
    }
    let (one, repeat, other) = match (a.subarray(), b.subarray()) {
        (Some((one, shape)), Some((other, others))) if shape == others => {
            (one, shape.iter().fold(1, |all: u64, &length| all.saturating_mul(length)), other)
        }
        (None, None) => (a, 1, b),
        _ => return,
    };
    let Some(how) = how(one, other) else { return };
    let place = |dtype: &DType, offset| {
        let size = usize::try_from(dtype.itemsize()).ok()?;
        Some(Place { offset, size, dtype: dtype.clone() })
    };
    if let (Some(a), Some(b)) = (place(one, at_a), place(other, at_b)) {
        found.push(Column { field, a, b, repeat, how });
    }
}

/// Of structures that differ, how many fields are looked for by their names.
const FIELDS: usize = 1000;

fn how(a: &DType, b: &DType) -> Option<How> {
    if Number::are(a) && Number::are(b) {
        return Some(How::Number);
    }
    let part = |dtype: &DType| {
        let spec: &[u8] = match (dtype.itemsize(), dtype.byte_order() == ByteOrder::Big) {
            (8, false) => b"<f4",
            (8, true) => b">f4",
            (16, false) => b"<f8",
            (16, true) => b">f8",
            _ => return None,
        };
        DType::from_descr_str(spec).ok()
    };
    match (a.kind(), b.kind()) {
        (Kind::Complex, Kind::Complex) if part(a).is_some() && part(b).is_some() => {
            Some(How::Complex(part(a)?, part(b)?))
        }
        (Kind::Str, Kind::Str) | (Kind::Bytes, Kind::Bytes) => Some(How::Text),
        (one, other) if one == other && a.itemsize() == b.itemsize() && a.unit() == b.unit() => {
            let same_order = a.byte_order() == b.byte_order();
            let size = usize::try_from(a.itemsize()).ok()?;
            let run = match one {
                _ if same_order => size,
                Kind::Complex => size / 2,
                _ => size,
            };
            // A structure of structures in a subarray has orders of its own.
            let is_whole = a.fields().is_none() && a.subarray().is_none() || types(a, b) == Types::Same;
            (is_whole).then_some(How::Bytes(run))
        }
        _ => None,
    }
}

/// How two numbers or texts compare.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Same,
    Within,
    /// Whether they are numbers, and how far apart.
    Differs(bool, Option<(f64, f64)>),
}

/// How two elements compare: all of their columns.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// Something is not the same, and near enough.
    pub(super) within: bool,
    /// The first that differs: the number of its column, and which of several there.
    pub(super) first: Option<(usize, usize)>,
    /// A number is NaN on one side only.
    nan: bool,
    /// The greatest distances.
    apart: Option<(f64, f64)>,
}

/// Compares two elements.
pub(super) fn row(columns: &[Column], (a, b): (&[u8], &[u8]), tolerance: Tolerance) -> Row {
    let mut row = Row::default();
    for (number, column) in columns.iter().enumerate() {
        // Of what takes no bytes there may be any number.
        let repeat = if column.a.size == 0 && column.b.size == 0 { 0 } else { column.repeat };
        for (index, _) in (0_usize..).zip(0..repeat) {
            let (Some(one), Some(other)) = (column.a.of(a, index), column.b.of(b, index)) else { break };
            match column.one(one, other, tolerance) {
                Verdict::Same => {}
                Verdict::Within => row.within = true,
                Verdict::Differs(is_number, apart) => {
                    row.first.get_or_insert((number, index));
                    row.nan |= is_number && apart.is_none();
                    row.apart = greater(row.apart, apart);
                }
            }
        }
    }
    row
}

/// The greatest of distances.
fn greater(one: Option<(f64, f64)>, other: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (one, other) {
        (Some((abs, rel)), Some((other_abs, other_rel))) => Some((abs.max(other_abs), rel.max(other_rel))),
        (one, other) => one.or(other),
    }
}

/// A type by its name and an element of it, as they are in little-endian order; `None` for structures.
pub(super) fn native(dtype: &DType, bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    if dtype.fields().is_some() || dtype.subarray().is_some() {
        return None;
    }
    let size = usize::try_from(dtype.itemsize()).ok()?;
    let width = match dtype.kind() {
        Kind::Complex => size / 2,
        Kind::Str => 4,
        _ => size,
    };
    let bytes = turned(bytes, width, dtype.byte_order() == ByteOrder::Big).into_owned();
    Some((dtype.type_string().replace('>', "<"), bytes))
}

impl Elements {
    /// Counts what became of one element.
    pub(super) fn add(&mut self, row: Row) {
        self.within = self.within.saturating_add(u64::from(row.within && row.first.is_none()));
        if row.first.is_some() {
            self.differ = self.differ.saturating_add(1);
            self.nan = self.nan.saturating_add(u64::from(row.nan));
            let most = greater(self.max_abs.zip(self.max_rel), row.apart);
            (self.max_abs, self.max_rel) = (most.map(|most| most.0), most.map(|most| most.1));
        }
    }
}

impl Place {
    /// The n-th of what stands here in an element.
    fn of<'e>(&self, element: &'e [u8], index: usize) -> Option<&'e [u8]> {
        element.get(self.offset.saturating_add(self.size.saturating_mul(index))..)?.get(..self.size)
    }
}

impl Column {
    /// What stands in the n-th of two elements, as text.
    pub(super) fn shown(&self, (a, b): (&[u8], &[u8]), index: usize) -> (String, String) {
        let text = |place: &Place, element| element_text(&place.dtype, place.of(element, index).unwrap_or_default());
        (text(&self.a, a), text(&self.b, b))
    }

    fn one(&self, a: &[u8], b: &[u8], tolerance: Tolerance) -> Verdict {
        let (one, other) = (&self.a.dtype, &self.b.dtype);
        let same_type = (one.kind(), one.itemsize()) == (other.kind(), other.itemsize());
        let same_order = one.byte_order() == other.byte_order();
        if same_type && same_order && a == b {
            return Verdict::Same;
        }
        match &self.how {
            How::Number => {
                let (Some(x), Some(y)) = (Number::read(one, a), Number::read(other, b)) else {
                    return Verdict::Differs(false, None);
                };
                // Of one type, the bits have to be the same; of two, the numbers.
                let is_same = if same_type { turned(a, a.len(), !same_order) == b } else { equal(x, y) };
                number(is_same, tolerance.admits(x, y), || apart(x, y))
            }
            How::Complex(of_a, of_b) => {
                let parts = |bytes: &[u8], dtype: &DType| {
                    let (re, im) = bytes.split_at_checked(bytes.len() / 2)?;
                    Some([Number::read(dtype, re)?.to_f64(), Number::read(dtype, im)?.to_f64()])
                };
                let (Some([re, im]), Some([x, y])) = (parts(a, of_a), parts(b, of_b)) else {
                    return Verdict::Differs(false, None);
                };
                let is_same = if same_type {
                    turned(a, a.len() / 2, !same_order) == b
                } else {
                    equal(Number::Float(re), Number::Float(x)) && equal(Number::Float(im), Number::Float(y))
                };
                let (abs, greater) = ((re - x).hypot(im - y), re.hypot(im).max(x.hypot(y)));
                let is_near = abs.is_finite() && (abs <= tolerance.abs || abs <= tolerance.rel * greater);
                number(is_same, !tolerance.is_exact() && is_near, || distance(abs, greater))
            }
            How::Text if text(a, one) == text(b, other) => Verdict::Same,
            How::Bytes(run) if turned(a, *run, !same_order) == b => Verdict::Same,
            How::Text | How::Bytes(_) => Verdict::Differs(false, None),
        }
    }
}

/// Text without the padding behind it: bytes, or code points.
fn text(bytes: &[u8], dtype: &DType) -> Vec<u32> {
    let big = dtype.byte_order() == ByteOrder::Big;
    let width = if dtype.kind() == Kind::Str { 4 } else { 1 };
    let codes = bytes.chunks_exact(width).map(|chunk| unsigned(chunk, big));
    let mut codes: Vec<u32> = codes.map(|code| u32::try_from(code.unwrap_or(0)).unwrap_or(0)).collect();
    codes.truncate(codes.iter().rposition(|&code| code != 0).map_or(0, |last| last.saturating_add(1)));
    codes
}

fn number(is_same: bool, is_near: bool, apart: impl FnOnce() -> Option<(f64, f64)>) -> Verdict {
    match (is_same, is_near) {
        (true, _) => Verdict::Same,
        (_, true) => Verdict::Within,
        _ => Verdict::Differs(true, apart()),
    }
}

/// Whether numbers of two types are one: floats by their bits, NaN and NaN alike.
fn equal(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a == b,
        (Number::Float(a), Number::Float(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Number::Int(int), Number::Float(float)) | (Number::Float(float), Number::Int(int)) => exactly(int, float),
    }
}

/// Whether a float is this integer, with no rounding between them.
#[allow(clippy::cast_possible_truncation, reason = "beyond the bound, the float is no such integer")]
fn exactly(int: i128, float: f64) -> bool {
    float.fract() == 0.0 && float.abs() < 1e30 && float as i128 == int && !(int == 0 && float.is_sign_negative())
}

/// Bytes, each run of `size` turned around where they are to be.
fn turned(bytes: &[u8], size: usize, turn: bool) -> std::borrow::Cow<'_, [u8]> {
    if !turn {
        return bytes.into();
    }
    let mut turned = bytes.to_vec();
    turned.chunks_exact_mut(size.max(1)).for_each(<[u8]>::reverse);
    turned.into()
}
