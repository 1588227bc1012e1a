//! Arrays, scalars and data types of the scheme.

use super::{Step, Writer, malformed, plain, text};
use crate::array::{Number, half};
use crate::container::safetensors::Type;
use crate::dtype::literal::Literal;
use crate::dtype::{ByteOrder, DType, Kind, MAX_DEPTH, StateValue};
use crate::error::Result;
use crate::skops::json::{Id, Json, Kind as Of};
use crate::skops::ops;

impl Writer<'_, '_> {
    /// The data type that a value says.
    pub(super) fn dtype_of(&self, id: Id) -> Result<DType> {
        let literal = literal(self.json, id, MAX_DEPTH)?;
        match literal {
            Literal::Str(name) if name == "StringDType()" => Ok(DType::string_dtype()),
            literal => DType::from_descr(&literal),
        }
    }

    /// A data type as numpy pickles it; what it has no pickle for is lost.
    pub(super) fn dtype(&mut self, dtype: &DType) -> Result<()> {
        let Some((spec, state)) = dtype.pickled() else {
            if dtype.kind() == Kind::StringDType {
                // What makes one of it is whether other things are taken for text, which they are.
                self.name("numpy._core._internal", "_convert_to_stringdtype_kwargs");
                self.ops(b"\x88\x85R");
            } else {
                self.lost();
            }
            return Ok(());
        };
        self.name("numpy", "dtype");
        self.text(spec.as_bytes());
        self.ops(b"\x89\x88\x87R");
        self.state(&state)?;
        self.ops(b"b");
        Ok(())
    }

    /// A part of the state of a data type, which nests only as deep as data types do.
    fn state(&mut self, value: &StateValue<'_>) -> Result<()> {
        match value {
            StateValue::None | StateValue::Other => self.ops(b"N"),
            StateValue::Int(number) => ops::int(&mut self.out.pickles, *number),
            StateValue::Str(text) => self.text(text),
            StateValue::Bytes(bytes) => ops::bytes(&mut self.out.pickles, bytes),
            StateValue::DType(dtype) => self.dtype(dtype)?,
            StateValue::Tuple(items) => {
                self.ops(b"(");
                items.iter().try_for_each(|item| self.state(item))?;
                self.ops(b"t");
            }
            StateValue::Dict(items) => {
                self.ops(b"}(");
                items.iter().try_for_each(|(key, item)| self.state(key).and_then(|()| self.state(item)))?;
                self.ops(b"u");
            }
        }
        Ok(())
    }

    /// `$array` and `$tensor`.
    pub(super) fn array(&mut self, body: Id, class: &str, number: Option<u32>, rest: &mut Vec<Step>) -> Result<()> {
        let Ok(dtype) = self.dtype_of(self.field(body, "dtype")?) else {
            // A type of torch that numpy lacks.
            self.lost();
            self.put(number);
            return Ok(());
        };
        self.made(("numpy._core.multiarray", "_reconstruct"), body, class)?;
        self.put(number);
        let objects = self.state_of(body, &dtype)?;
        rest.extend(objects.into_iter().flatten());
        rest.push(Step::Ops(b"tb"));
        Ok(())
    }

    /// `$masked`: two arrays, and what stands for masked elements.
    pub(super) fn masked(&mut self, body: Id, number: Option<u32>, rest: &mut Vec<Step>) -> Result<()> {
        let (mask, data) = (self.field(body, "mask")?, self.field(body, "data")?);
        let (dtype, of_mask) = (self.dtype_of(self.field(data, "dtype")?)?, self.dtype_of(self.field(mask, "dtype")?)?);
        self.made(("numpy.ma.core", "_mareconstruct"), data, "numpy.ma.MaskedArray")?;
        self.put(number);
        let objects = self.state_of(data, &dtype)?;
        if objects.is_some() {
            return Err(malformed("a masked array of objects is not read"));
        }
        self.elements(mask, &of_mask)?;
        rest.extend([plain(self.field(body, "fill")?), Step::Ops(b"tb")]);
        Ok(())
    }

    /// The call that makes an array of a class, with nothing in it yet.
    fn made(&mut self, (module, function): (&str, &str), body: Id, class: &str) -> Result<()> {
        let named = self.json.get(body, "class").map(|class| self.string(class)).transpose()?;
        let class = named.as_deref().unwrap_or(class);
        let (package, name) = class.rsplit_once('.').ok_or_else(|| malformed("a class has no module"))?;
        self.name(module, function);
        self.ops(b"(");
        self.name(package, name);
        if function == "_mareconstruct" {
            self.name("numpy", "ndarray");
        }
        self.ops(b"K\0\x85C\x01btR");
        Ok(())
    }

    /// The state of an array up to its elements; what is to follow where they are objects.
    fn state_of(&mut self, body: Id, dtype: &DType) -> Result<Option<Vec<Step>>> {
        let json = self.json;
        self.ops(b"(K\x01(");
        for length in json.list(self.field(body, "shape")?) {
            let digits =
                json.string(length).unwrap_or_else(|| String::from_utf8_lossy(json.written(length)).into_owned());
            let length: i64 =
                digits.parse().ok().filter(|&length| length >= 0).ok_or_else(|| malformed("a shape is none"))?;
            ops::int(&mut self.out.pickles, length);
        }
        self.ops(b"t");
        let stands_elsewhere = json.get(body, "tensor").is_some() && Type::of(dtype).is_some();
        self.dtype(&if stands_elsewhere { little(dtype)? } else { dtype.clone() })?;
        self.ops(b"\x89");
        if let Some(items) = json.get(body, "items") {
            self.ops(b"](");
            return Ok(Some(json.list(items).map(plain).chain([Step::Ops(b"e")]).collect()));
        }
        self.elements(body, dtype)?;
        Ok(None)
    }

    /// The elements of an array of bytes.
    fn elements(&mut self, body: Id, dtype: &DType) -> Result<()> {
        let json = self.json;
        if let Some(data) = json.get(body, "data") {
            let bytes = self.bytes(data)?;
            ops::bytes(&mut self.out.pickles, &bytes);
        } else if let Some(values) = json.get(body, "values") {
            let mut bytes = Vec::new();
            for value in json.list(values) {
                self.number(dtype, value, &mut bytes)?;
            }
            ops::bytes(&mut self.out.pickles, &bytes);
        } else if let Some(name) = json.get(body, "tensor") {
            let name = self.string(name)?;
            let storage = self.tensors.get(&name).ok_or_else(|| malformed("a tensor that is named is not there"))?;
            let len = i64::try_from(storage.len).map_err(|_| malformed("a tensor is larger than any file"))?;
            self.out.storages.push(storage.clone());
            self.ops(b"(");
            self.text(b"member");
            self.text(name.as_bytes());
            self.ops(b"K\0");
            ops::int(&mut self.out.pickles, len);
            self.ops(b"tQ");
        } else {
            // In an .npz file beside it.
            self.lost();
        }
        Ok(())
    }

    /// `$scalar`.
    pub(super) fn scalar(&mut self, body: Id) -> Result<()> {
        let dtype = self.dtype_of(self.field(body, "dtype")?)?;
        self.name("numpy._core.multiarray", "scalar");
        self.dtype(&dtype)?;
        let mut bytes = Vec::new();
        match self.json.get(body, "value") {
            Some(value) => self.number(&dtype, value, &mut bytes)?,
            None => bytes = self.bytes(self.field(body, "data")?)?,
        }
        ops::bytes(&mut self.out.pickles, &bytes);
        self.ops(b"\x86R");
        Ok(())
    }

    fn field(&self, body: Id, name: &str) -> Result<Id> {
        self.json.get(body, name).ok_or_else(|| malformed(format!("{name} is missing")))
    }

    /// Adds the bytes of an element that is a number.
    fn number(&self, dtype: &DType, value: Id, bytes: &mut Vec<u8>) -> Result<()> {
        let json = self.json;
        let none = || malformed("an element is no number of its type");
        let (kind, size) = (dtype.kind(), usize::try_from(dtype.itemsize()).unwrap_or(usize::MAX));
        let tag = |name: &str| json.get(value, name).and_then(|id| json.string(id));
        let written = || std::str::from_utf8(json.written(value)).unwrap_or_default().to_owned();
        let mut little: Vec<u8> = match (kind, size) {
            (Kind::Bool, 1) => vec![u8::from(json.kind(value) == Of::True)],
            (Kind::Int | Kind::UInt, 1 | 2 | 4 | 8) => {
                let number: i128 = tag("$int").unwrap_or_else(written).parse().map_err(|_| none())?;
                number.to_le_bytes().get(..size).map(<[u8]>::to_vec).ok_or_else(none)?
            }
            (Kind::Float, 8) => {
                let number = match tag("$float") {
                    Some(word) => text::float(&word, tag("bits").as_deref()),
                    None => json.float(value),
                };
                number.ok_or_else(none)?.to_le_bytes().to_vec()
            }
            (Kind::Float, 2 | 4) => {
                let number = match tag("$float") {
                    Some(word) => text::single(&word, tag("bits").as_deref()),
                    None => written().parse().ok(),
                };
                let number: f32 = number.ok_or_else(none)?;
                if size == 4 {
                    number.to_le_bytes().to_vec()
                } else {
                    to_half(number).ok_or_else(none)?.to_le_bytes().to_vec()
                }
            }
            _ => return Err(none()),
        };
        if dtype.byte_order() == ByteOrder::Big {
            little.reverse();
        }
        // What does not fit reads back as something else.
        if matches!(kind, Kind::Int | Kind::UInt) {
            let back = Number::read(dtype, &little);
            let meant = tag("$int").unwrap_or_else(written).parse().ok().map(Number::Int);
            if back != meant {
                return Err(none());
            }
        }
        bytes.extend(little);
        Ok(())
    }
}

/// The bits of half precision that are exactly this number.
fn to_half(number: f32) -> Option<u16> {
    (0..=u16::MAX).find(|&bits| half(bits).to_bits() == number.to_bits())
}

/// The same type with its bytes in little-endian order: as `safetensors` has them.
fn little(dtype: &DType) -> Result<DType> {
    DType::from_descr_str(dtype.type_string().replace('>', "<").as_bytes())
}

/// A `descr` of numpy as JSON: tuples are lists.
fn literal(json: &Json<'_>, id: Id, depth: u8) -> Result<Literal> {
    let none = || malformed("a data type is none");
    let depth = depth.checked_sub(1).ok_or_else(none)?;
    let ints = |id: Id| -> Option<Vec<Literal>> {
        let int = |id| std::str::from_utf8(json.written(id)).ok()?.parse().ok().map(Literal::Int);
        (json.kind(id) == Of::Array).then(|| json.list(id).map(int).collect()).flatten()
    };
    if let Some(text) = json.string(id) {
        return Ok(Literal::Str(text));
    }
    if json.kind(id) != Of::Array {
        return Err(none());
    }
    let parts: Vec<Id> = json.list(id).collect();
    if let [base, shape] = parts.as_slice()
        && let Some(shape) = ints(*shape).filter(|shape| !shape.is_empty())
    {
        return Ok(Literal::Tuple(vec![literal(json, *base, depth)?, Literal::Tuple(shape)]));
    }
    let field = |field: Id| -> Result<Literal> {
        let parts: Vec<Id> = json.list(field).take(4).collect();
        let ([name, of] | [name, of, _]) = parts.as_slice() else { return Err(none()) };
        let name = match json.string(*name) {
            Some(name) => Literal::Str(name),
            None => {
                let both: Option<Vec<Literal>> =
                    json.list(*name).map(|name| json.string(name).map(Literal::Str)).collect();
                Literal::Tuple(both.ok_or_else(none)?)
            }
        };
        let shape = parts.get(2).map(|&shape| ints(shape).map(Literal::Tuple).ok_or_else(none)).transpose()?;
        Ok(Literal::Tuple([name, literal(json, *of, depth)?].into_iter().chain(shape).collect()))
    };
    Ok(Literal::List(parts.into_iter().map(field).collect::<Result<_>>()?))
}
