//! `depickle.content/1`: what `convert` wrote as JSON, read back as the pickle that builds it.
//!
//! As of a `.skops` file, all of it goes through the one machine; what can be done with a pickle can be done with the JSON.
//! Nothing is believed: a body that is not of the scheme is refused, with its place.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod arrays;
mod text;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Budget, Limit};
use crate::skops::json::{Id, Json, Kind};
use crate::skops::{Storage, ops};
use std::collections::HashMap;

/// How such a file begins.
const SCHEMA: &str = "depickle.content/1";

/// What such a file holds.
#[derive(Debug, Default)]
pub struct Content {
    /// A pickle for each stream, one behind the other.
    pub pickles: Vec<u8>,
    /// Where the elements of arrays stand that stand elsewhere.
    pub storages: Vec<Storage>,
}

/// Whether a file may be one.
pub fn is_content(bytes: &[u8]) -> bool {
    bytes.starts_with(b"{\"schema\":\"depickle.content/")
}

/// Reads the content; `tensors` are the places of elements that stand elsewhere, by name.
///
/// Spends [`Limit::Retained`].
///
/// # Errors
/// Where it is no JSON or not of the scheme; [`ErrorKind::Limit`].
pub fn read(text: &[u8], tensors: &HashMap<String, Storage>, budget: &mut Budget) -> Result<Content> {
    let json = Json::parse(text, budget)?;
    let root = json.root();
    if !json.twice.is_empty() {
        return Err(malformed("a key stands twice in an object"));
    }
    let schema = json.get(root, "schema").and_then(|schema| json.string(schema));
    if schema.as_deref() != Some(SCHEMA) {
        return Err(malformed("it is not of the scheme depickle.content/1"));
    }
    let first = json.get(root, "root").ok_or_else(|| malformed("it has no root"))?;
    let more = json.get(root, "more");
    let mut writer = Writer { json: &json, tensors, budget, out: Content::default(), counted: 0 };
    for value in [first].into_iter().chain(more.into_iter().flat_map(|more| json.list(more))) {
        writer.out.pickles.extend(b"\x80\x04");
        writer.walk(value)?;
        writer.out.pickles.push(b'.');
    }
    Ok(writer.out)
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, message.into())
}

/// What is still to be written.
enum Step {
    /// A value; with its number, where others refer to it.
    Value(Id, Option<u32>),
    Ops(&'static [u8]),
    /// The number of what stands on the stack.
    Number(u32),
}

struct Writer<'w, 'j> {
    json: &'w Json<'j>,
    tensors: &'w HashMap<String, Storage>,
    budget: &'w mut Budget,
    out: Content,
    /// How much of the pickles is paid for.
    counted: usize,
}

impl Writer<'_, '_> {
    fn walk(&mut self, value: Id) -> Result<()> {
        let mut open = vec![Step::Value(value, None)];
        while let Some(step) = open.pop() {
            let len = self.out.pickles.len();
            self.budget.spend(Limit::Retained, len.saturating_sub(self.counted) as u64)?;
            self.counted = len;
            match step {
                Step::Ops(ops) => self.ops(ops),
                Step::Number(number) => self.put(Some(number)),
                Step::Value(value, number) => {
                    let first = open.len();
                    self.value(value, number, &mut open)?;
                    if let Some(own) = open.get_mut(first..) {
                        own.reverse();
                    }
                }
            }
        }
        Ok(())
    }

    fn ops(&mut self, ops: &[u8]) {
        self.out.pickles.extend_from_slice(ops);
    }

    /// Gives what stands on the stack its number in the memo.
    fn put(&mut self, number: Option<u32>) {
        if let Some(number) = number {
            self.ops(b"r");
            self.ops(&number.to_le_bytes());
        }
    }

    fn text(&mut self, text: &[u8]) {
        ops::text(&mut self.out.pickles, text);
    }

    /// A global by its name.
    fn name(&mut self, module: &str, name: &str) {
        self.text(module.as_bytes());
        self.text(name.as_bytes());
        self.ops(b"\x93");
    }

    fn value(&mut self, value: Id, number: Option<u32>, rest: &mut Vec<Step>) -> Result<()> {
        let json = self.json;
        match json.kind(value) {
            Kind::Null => self.ops(b"N"),
            Kind::True => self.ops(b"\x88"),
            Kind::False => self.ops(b"\x89"),
            Kind::Int => {
                let digits = json.written(value);
                self.int(std::str::from_utf8(digits).unwrap_or_default())?;
            }
            Kind::Float => ops::float(&mut self.out.pickles, json.float(value).unwrap_or(f64::NAN)),
            Kind::Str => self.text(&json.text(value).unwrap_or_default()),
            Kind::Array => return self.sequence(value, number, (b"]", b"e"), rest),
            Kind::Object => match json.entries(value).next() {
                Some((tag, body)) if json.text(tag).is_some_and(|tag| tag.starts_with(b"$")) => {
                    let tag = json.string(tag).unwrap_or_default();
                    return self.tagged(&tag, (value, body), number, rest);
                }
                _ => {
                    self.ops(b"}");
                    self.put(number);
                    self.ops(b"(");
                    rest.extend(json.entries(value).flat_map(|(key, value)| [key, value]).map(plain));
                    rest.push(Step::Ops(b"u"));
                    return Ok(());
                }
            },
        }
        self.put(number);
        Ok(())
    }

    /// A container that is made empty, or from what stands behind a mark.
    fn sequence(
        &mut self,
        items: Id,
        number: Option<u32>,
        (open, close): (&'static [u8], &'static [u8]),
        rest: &mut Vec<Step>,
    ) -> Result<()> {
        self.ops(open);
        let is_late = open.is_empty();
        if !is_late {
            self.put(number);
        }
        self.ops(b"(");
        rest.extend(self.json.list(items).map(plain));
        rest.push(Step::Ops(close));
        rest.extend(number.filter(|_| is_late).map(Step::Number));
        Ok(())
    }

    fn tagged(&mut self, tag: &str, (whole, body): (Id, Id), number: Option<u32>, rest: &mut Vec<Step>) -> Result<()> {
        let json = self.json;
        let unsigned = |id| {
            let text = std::str::from_utf8(json.written(id)).ok();
            text.and_then(|text| text.parse::<u32>().ok()).ok_or_else(|| malformed("a number of a value is none"))
        };
        match tag {
            "$id" => {
                let value = json.get(whole, "$value").ok_or_else(|| malformed("a numbered value is not there"))?;
                rest.push(Step::Value(value, Some(unsigned(body)?)));
                return Ok(());
            }
            "$ref" => {
                let number = unsigned(body)?;
                self.ops(b"j");
                self.ops(&number.to_le_bytes());
                return Ok(());
            }
            "$tuple" => return self.sequence(body, number, (b"", b"t"), rest),
            "$frozenset" => return self.sequence(body, number, (b"", b"\x91"), rest),
            "$set" => return self.sequence(body, number, (b"\x8f", b"\x90"), rest),
            "$dict" => {
                self.ops(b"}");
                self.put(number);
                self.ops(b"(");
                for pair in json.list(body) {
                    let pair: Vec<Id> = json.list(pair).take(3).collect();
                    let [key, value] = pair.as_slice() else { return Err(malformed("an item of a dict is no pair")) };
                    rest.extend([plain(*key), plain(*value)]);
                }
                rest.push(Step::Ops(b"u"));
                return Ok(());
            }
            "$object" => return self.object(body, number, rest),
            "$array" => return self.array(body, "numpy.ndarray", number, rest),
            "$tensor" => return self.array(body, "torch.Tensor", number, rest),
            "$masked" => return self.masked(body, number, rest),
            "$persistent" => {
                let asked = json.list(body).next().unwrap_or(body);
                rest.extend([plain(asked), Step::Ops(b"Q")]);
                rest.extend(number.map(Step::Number));
                return Ok(());
            }
            "$int" => self.int(&self.string(body)?)?,
            "$float" => {
                let bits = json.get(whole, "bits").map(|bits| self.string(bits)).transpose()?;
                let float = text::float(&self.string(body)?, bits.as_deref());
                ops::float(&mut self.out.pickles, float.ok_or_else(|| malformed("a float is none"))?);
            }
            "$surrogates" => self.text(&self.bytes(body)?),
            "$bytes" | "$bytearray" => {
                let bytes = self.bytes(body)?;
                let write = if tag == "$bytes" { ops::bytes } else { ops::bytearray };
                write(&mut self.out.pickles, &bytes);
            }
            "$bytestr" => {
                let bytes = self.bytes(body)?;
                let len = i32::try_from(bytes.len()).map_err(|_| malformed("a string is too long"))?;
                self.ops(b"T");
                self.ops(&len.to_le_bytes());
                self.ops(&bytes);
            }
            "$scalar" => self.scalar(body)?,
            "$dtype" => {
                let dtype = self.dtype_of(body)?;
                self.dtype(&dtype)?;
            }
            "$name" => {
                let name = self.string(body)?;
                let (module, name) = name.split_once(':').ok_or_else(|| malformed("a name has no module"))?;
                self.name(module, name);
            }
            "$lost" => self.lost(),
            _ => return Err(malformed(format!("there is no tag {}", tag.escape_debug()))),
        }
        self.put(number);
        Ok(())
    }

    /// Something that no reader can represent either: a code of the extension registry.
    fn lost(&mut self) {
        self.ops(b"\x82\x01");
    }

    /// An object: class, arguments, keyword arguments, state, items.
    fn object(&mut self, body: Id, number: Option<u32>, rest: &mut Vec<Step>) -> Result<()> {
        let json = self.json;
        let made = json.get(body, "made").and_then(|made| json.string(made));
        let class = json.get(body, "class").ok_or_else(|| malformed("an object has no class"))?;
        match json.string(class) {
            Some(name) => {
                let (module, name) = name.split_once(':').ok_or_else(|| malformed("a class has no module"))?;
                self.name(module, name);
            }
            None => rest.push(plain(class)),
        }
        rest.push(json.get(body, "args").map_or(Step::Ops(b")"), plain));
        match (made.as_deref(), json.get(body, "kwargs")) {
            (Some("new"), Some(kwargs)) => rest.extend([plain(kwargs), Step::Ops(b"\x92")]),
            (Some("new"), None) => rest.push(Step::Ops(b"\x81")),
            (Some("call"), None) => rest.push(Step::Ops(b"R")),
            _ => return Err(malformed("an object is made in a way that there is not")),
        }
        rest.extend(number.map(Step::Number));
        if let Some(state) = json.get(body, "state") {
            rest.extend([plain(state), Step::Ops(b"b")]);
        }
        let Some(items) = json.get(body, "items") else { return Ok(()) };
        rest.push(Step::Ops(b"("));
        let tagged =
            json.entries(items).next().filter(|(tag, _)| json.text(*tag).is_some_and(|tag| tag.starts_with(b"$")));
        match (json.kind(items), tagged.and_then(|(tag, body)| Some((json.string(tag)?, body)))) {
            (Kind::Array, _) => {
                rest.extend(json.list(items).map(plain));
                rest.push(Step::Ops(b"e"));
            }
            (_, Some((tag, body))) if tag == "$set" => {
                rest.extend(json.list(body).map(plain));
                rest.push(Step::Ops(b"\x90"));
            }
            (_, Some((tag, body))) if tag == "$dict" => {
                rest.extend(json.list(body).flat_map(|pair| json.list(pair)).map(plain));
                rest.push(Step::Ops(b"u"));
            }
            (Kind::Object, None) => {
                rest.extend(json.entries(items).flat_map(|(key, value)| [key, value]).map(plain));
                rest.push(Step::Ops(b"u"));
            }
            _ => return Err(malformed("the items of an object are none")),
        }
        Ok(())
    }

    fn string(&self, id: Id) -> Result<String> {
        self.json.string(id).ok_or_else(|| malformed("here should be a text"))
    }

    /// Bytes that stand as base64.
    fn bytes(&self, id: Id) -> Result<Vec<u8>> {
        text::base64(self.json.written(id)).ok_or_else(|| malformed("here should be bytes as base64"))
    }

    /// An int by its digits.
    fn int(&mut self, digits: &str) -> Result<()> {
        let none = || malformed("an int is none");
        let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("-0x"));
        match (digits.parse::<i64>(), hexadecimal) {
            (Ok(number), _) => ops::int(&mut self.out.pickles, number),
            (_, Some(hexadecimal)) => {
                let bytes = text::from_hexadecimal(hexadecimal, digits.starts_with('-')).ok_or_else(none)?;
                let len = u32::try_from(bytes.len()).map_err(|_| none())?;
                self.ops(b"\x8b");
                self.ops(&len.to_le_bytes());
                self.ops(&bytes);
            }
            _ => {
                let plain = digits.strip_prefix('-').unwrap_or(digits);
                if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(none());
                }
                ops::big(&mut self.out.pickles, digits.as_bytes());
            }
        }
        Ok(())
    }
}

/// A value that nobody refers to.
fn plain(id: Id) -> Step {
    Step::Value(id, None)
}
