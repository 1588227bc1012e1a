//! numpy values as they stand in a stream: data types, shapes, attributes.

use super::reading::View;
use crate::ast::{Kind, Moment, Value};
use crate::dtype::{DType, Spec, StateValue};
use crate::error::{Error, ErrorKind, Result};
use crate::machine::Action;
use crate::opcode::Literal;
use std::borrow::Cow;
use std::collections::HashMap;

/// Data types of one reading, each computed once. A data type is never believed: what its state says has to be what
/// numpy would have written (`numpy/_core/src/multiarray/descriptor.c`, `arraydescr_setstate`).
#[derive(Debug, Default)]
pub struct DTypes {
    known: HashMap<Value, Result<DType>>,
    /// What the items and texts in the states so far cost.
    spent: usize,
}

/// Data types within data types.
const DEPTH: usize = 32;

/// What an item of a state costs, in so many bytes of text.
const ITEM: usize = 16;
/// What states may cost for each byte of the stream.
const SHARED: usize = 32;

impl DTypes {
    /// The data type that `value` is: what `numpy.dtype(spec, align, copy)` and the BUILD after it make.
    ///
    /// # Errors
    /// `Malformed` where the state is forged, `Unsupported` where the value is no data type that can be computed.
    pub fn of(&mut self, view: View<'_>, value: Value) -> Result<DType> {
        self.at_depth(view, value, DEPTH)
    }

    fn at_depth(&mut self, view: View<'_>, value: Value, depth: usize) -> Result<DType> {
        if let Some(known) = self.known.get(&value) {
            return known.clone();
        }
        let computed = self.compute(view, value, depth);
        self.known.insert(value, computed.clone());
        computed
    }

    fn compute(&mut self, view: View<'_>, value: Value, depth: usize) -> Result<DType> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::new(ErrorKind::Limit, "data types are nested too deeply"));
        };
        let ast = view.ast;
        let unknown = || Error::new(ErrorKind::Unsupported, "not a data type whose size can be computed");
        let object = ast.object_of(value).ok_or_else(unknown)?;
        let made_by = view.effects.get(object.made_by as usize).ok_or_else(unknown)?;
        let Action::Call { callee, args, .. } = made_by.action else { return Err(unknown()) };
        let symbol = ast.symbol(callee).ok_or_else(unknown)?;
        if &*symbol.name == "_convert_to_stringdtype_kwargs" {
            return Ok(DType::string_dtype());
        }
        if !matches!(
            (&*symbol.module, &*symbol.name),
            ("numpy" | "numpy.core.multiarray" | "numpy._core.multiarray", "dtype")
        ) {
            return Err(unknown());
        }
        let first = ast.items(args, made_by.moment).next().ok_or_else(unknown)?;
        let text = match view.literal(first) {
            Some(Literal::Str(text) | Literal::ByteStr(text)) => Some(text),
            _ => None,
        };
        let spec = match (&text, ast.symbol(first)) {
            (Some(text), _) => Spec::Text(text),
            (None, Some(symbol)) if is_record(&symbol.module, &symbol.name) => Spec::Record,
            _ => return Err(unknown()),
        };
        let Some(build) = object.build.and_then(|build| view.effects.get(build as usize)) else {
            return match spec {
                Spec::Text(text) => DType::from_spec(text),
                Spec::Record => Err(unknown()),
            };
        };
        let Action::Build { state, .. } = build.action else { return Err(unknown()) };
        let state = self.state(view, state, build.moment, depth)?;
        DType::from_state(spec, &state)
    }

    /// A state as plain values; data types in it are computed, what is deeper than numpy writes is `Other`.
    fn state<'a>(&mut self, view: View<'a>, value: Value, moment: Moment, depth: usize) -> Result<StateValue<'a>> {
        // The state itself, its tuples and dicts, and the tuples in those: numpy writes no deeper.
        self.state_value(view, value, moment, depth, 4)
    }

    /// Counts what a state holds. Each data type has a state of its own, which names each of its fields twice; names or
    /// fields that many share would be read as often as they are shared.
    fn spend(&mut self, view: View<'_>, count: usize) -> Result<()> {
        self.spent = self.spent.saturating_add(count);
        if self.spent > view.source.bytes.len().saturating_mul(SHARED) {
            return Err(Error::new(ErrorKind::Limit, "data types share more than the stream holds"));
        }
        Ok(())
    }

    fn state_value<'a>(
        &mut self,
        view: View<'a>,
        value: Value,
        moment: Moment,
        depth: usize,
        levels: usize,
    ) -> Result<StateValue<'a>> {
        let Some(levels) = levels.checked_sub(1) else { return Ok(StateValue::Other) };
        let ast = view.ast;
        self.spend(view, ast.len(value).saturating_mul(ITEM))?;
        Ok(match value.kind() {
            Kind::Tuple => {
                let mut items = Vec::new();
                for item in ast.items(value, moment) {
                    items.push(self.state_value(view, item, moment, depth, levels)?);
                }
                StateValue::Tuple(items)
            }
            Kind::Dict => {
                let mut items = Vec::new();
                for (key, item) in ast.entries(value, moment) {
                    let key = self.state_value(view, key, moment, depth, levels)?;
                    items.push((key, self.state_value(view, item, moment, depth, levels)?));
                }
                StateValue::Dict(items)
            }
            Kind::Object => match encoded(view, value) {
                Some(bytes) => StateValue::Bytes(Cow::Owned(bytes)),
                None => StateValue::DType(self.at_depth(view, value, depth)?),
            },
            _ => {
                let literal = view.literal(value);
                if let Some(Literal::Str(text) | Literal::ByteStr(text)) = &literal {
                    self.spend(view, text.len())?;
                }
                match literal {
                    Some(Literal::None) => StateValue::None,
                    Some(Literal::Int(number)) => StateValue::Int(number),
                    Some(Literal::Str(text)) => StateValue::Str(text),
                    Some(Literal::ByteStr(text)) => StateValue::Bytes(text),
                    Some(Literal::Bytes(bytes)) => StateValue::Bytes(Cow::Borrowed(bytes)),
                    _ => StateValue::Other,
                }
            }
        })
    }
}

/// The bytes that `_codecs.encode(text, 'latin1')` answers: how protocols 0 to 2 write bytes from Python 3.
pub fn encoded(view: View<'_>, value: Value) -> Option<Vec<u8>> {
    latin1(view, encoded_text(view, value)?)
}

/// The text that a call of `_codecs.encode(text, 'latin1')` is given.
pub fn encoded_text(view: View<'_>, value: Value) -> Option<Value> {
    let made_by = view.effects.get(view.ast.object_of(value)?.made_by as usize)?;
    let Action::Call { callee, args, kwargs: None, .. } = made_by.action else { return None };
    let symbol = view.ast.symbol(callee)?;
    if (&*symbol.module, &*symbol.name) != ("_codecs", "encode") {
        return None;
    }
    let mut args = view.ast.items(args, made_by.moment);
    let (text, encoding) = (args.next()?, view.literal(args.next()?)?);
    let is_latin1 = matches!(encoding, Literal::Str(encoding) if *encoding == *b"latin1");
    (is_latin1 && args.next().is_none() && text.kind() == Kind::Str).then_some(text)
}

/// A text as latin-1, if every character of it is there.
pub fn latin1(view: View<'_>, text: Value) -> Option<Vec<u8>> {
    let Literal::Str(text) = view.literal(text)? else { return None };
    std::str::from_utf8(&text).ok()?.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect()
}

fn is_record(module: &str, name: &str) -> bool {
    name == "record" && matches!(module, "numpy" | "numpy.rec" | "numpy.core.records" | "numpy._core.records")
}

/// The value of a text key in a dict at a moment; of a key that is set twice, the last.
pub fn entry(view: View<'_>, dict: Value, moment: Moment, name: &str) -> Option<Value> {
    let is_name = |key: Value| match view.literal(key) {
        Some(Literal::Str(text) | Literal::ByteStr(text)) => *text == *name.as_bytes(),
        _ => false,
    };
    let entries = view.ast.entries(dict, moment);
    entries.filter(|&(key, _)| is_name(key)).map(|(_, value)| value).last()
}

/// The most dimensions of an array (numpy 2; 32 before).
const MAX_DIMENSIONS: usize = 64;

/// A shape: a tuple of ints that are not negative.
pub fn shape(view: View<'_>, value: Value, moment: Moment) -> Option<Vec<u64>> {
    let ast = view.ast;
    if value.kind() != Kind::Tuple || ast.len(value) > MAX_DIMENSIONS {
        return None;
    }
    let length = |item| match view.literal(item) {
        Some(Literal::Int(number)) => u64::try_from(number).ok(),
        _ => None,
    };
    ast.items(value, moment).map(length).collect()
}
