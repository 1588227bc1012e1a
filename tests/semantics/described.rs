//! Values as `xtask/python/worker.py` describes them: a leaf, or one line for each thing with items, breadth first.

use super::recorder::{Thing, Things};
use depickle::ast::{Kind, Moment, Value};
use depickle::opcode::Literal;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Items that are described, at most.
const ITEMS: usize = 4000;

/// Describes values of one reading.
pub(crate) struct Describer<'a> {
    things: &'a Things<'a>,
    /// The number of the equal values that a key is one of.
    equal: HashMap<Value, u32>,
    /// What makes values equal, and its number.
    forms: HashMap<Form, u32>,
}

/// What makes two keys equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// By a text: numbers alike of whatever type, texts, names.
    Text(String),
    /// By identity.
    Same(Value),
    Tuple(Vec<u32>),
    /// Sorted, each once.
    Frozen(Vec<u32>),
}

impl<'a> Describer<'a> {
    pub(crate) fn new(things: &'a Things<'a>) -> Self {
        Self { things, equal: HashMap::new(), forms: HashMap::new() }
    }

    /// A value as text; `None` for what cannot be told.
    pub(crate) fn describe(&mut self, root: Value) -> Option<String> {
        let mut met = Met::default();
        let first = self.reference(root, &mut met)?;
        if met.things.is_empty() {
            return Some(first);
        }
        let (mut lines, mut budget, mut next) = (Vec::new(), ITEMS, 0);
        while let Some(&thing) = met.things.get(next) {
            next += 1;
            let kind = thing.kind();
            let mut items = match kind {
                Kind::Dict => self.entries(thing),
                Kind::Set | Kind::FrozenSet => self.distinct(thing),
                Kind::ByteArray => Vec::new(),
                _ => self.things.reading.ast.items(thing, Moment::END).collect(),
            };
            let count = if kind == Kind::Dict { items.len() / 2 } else { items.len() };
            match budget.checked_sub(count + 1) {
                Some(rest) => budget = rest,
                None => {
                    lines.push("...".to_owned());
                    break;
                }
            }
            let mut line = kind.name().to_owned();
            match kind {
                Kind::ByteArray => {
                    let Literal::ByteArray(bytes) = self.literal(thing)? else { return None };
                    let _ = write!(line, " {}", quoted(bytes));
                }
                Kind::Set | Kind::FrozenSet => {
                    if items.iter().any(|item| self.has_items(*item)) {
                        let _ = write!(line, " of {count}");
                        items.clear();
                    }
                    let mut leaves = items.iter().map(|item| self.leaf(*item)).collect::<Option<Vec<_>>>()?;
                    leaves.sort();
                    leaves.iter().for_each(|leaf| line.extend([" ", leaf]));
                }
                _ => {
                    for item in items {
                        line.extend([" ", &self.reference(item, &mut met)?]);
                    }
                }
            }
            lines.push(line);
        }
        Some(lines.join("\n"))
    }

    /// A leaf, or the number of the line of a thing with items.
    fn reference(&self, value: Value, met: &mut Met) -> Option<String> {
        let own_line = matches!(value.kind(), Kind::List | Kind::Dict | Kind::Set | Kind::ByteArray);
        if !own_line && !self.has_items(value) {
            return self.leaf(value);
        }
        let next = met.things.len();
        let number = *met.numbers.entry(value).or_insert(next);
        if number == next {
            met.things.push(value);
        }
        Some(format!("@{number}"))
    }

    fn has_items(&self, value: Value) -> bool {
        matches!(value.kind(), Kind::Tuple | Kind::FrozenSet) && !self.things.reading.ast.is_empty(value)
    }

    /// A value without items.
    pub(crate) fn leaf(&self, value: Value) -> Option<String> {
        match self.things.thing(value) {
            Thing::Class(name) => return Some(name),
            Thing::Instance(number) => return Some(format!("#{number}")),
            Thing::Buffer(number) => return Some(format!("~{number}")),
            Thing::View => {
                let inner = self.things.reading.ast.viewed(value)?;
                let inner = match (self.things.thing(inner), self.literal(inner)) {
                    (Thing::Buffer(number), _) => format!("~{number}"),
                    (_, Some(Literal::ByteArray(bytes))) => quoted(bytes),
                    _ => return None,
                };
                return Some(format!("view {inner}"));
            }
            Thing::Plain => {}
        }
        match value.kind() {
            Kind::Tuple | Kind::FrozenSet if !self.has_items(value) => {
                return Some(format!("{}()", value.kind().name()));
            }
            kind if kind.is_container() => return None,
            _ => {}
        }
        Some(match self.literal(value)? {
            Literal::None => "None".to_owned(),
            Literal::Bool(true) => "True".to_owned(),
            Literal::Bool(false) => "False".to_owned(),
            Literal::Int(value) => value.to_string(),
            Literal::BigInt(bytes) => big_binary(bytes),
            Literal::BigText(text) => big_text(text)?,
            Literal::Float(value) => hex_float(value),
            Literal::Str(text) => quoted(&text),
            Literal::ByteStr(bytes) => match self.things.encoding {
                "bytes" => format!("b{}", quoted(&bytes)),
                "latin1" => quoted(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().as_bytes()),
                _ => quoted(&bytes),
            },
            Literal::Bytes(bytes) => format!("b{}", quoted(bytes)),
            Literal::ByteArray(_) | Literal::Absent(_) => return None,
        })
    }

    fn literal(&self, value: Value) -> Option<Literal<'a>> {
        let Things { reading, source, .. } = self.things;
        reading.ast.literal(value, *source, reading.dialect)
    }

    /// Keys and values in turn; of equal keys the first one, and the last value.
    fn entries(&mut self, dict: Value) -> Vec<Value> {
        let (mut places, mut entries) = (HashMap::new(), Vec::new());
        for (key, value) in self.things.reading.ast.entries(dict, Moment::END) {
            let place = *places.entry(self.number(key)).or_insert(entries.len());
            if place == entries.len() {
                entries.extend([key, value]);
            } else {
                entries[place + 1] = value;
            }
        }
        entries
    }

    /// The elements of a set; of equal ones the first.
    fn distinct(&mut self, set: Value) -> Vec<Value> {
        let mut items: Vec<_> = self.things.reading.ast.items(set, Moment::END).collect();
        let mut seen = std::collections::HashSet::new();
        items.retain(|item| seen.insert(self.number(*item)));
        items
    }

    /// The number that a key shares with those equal to it. Tuples hold no cycles: what they hold is older.
    fn number(&mut self, key: Value) -> u32 {
        let mut open = vec![key];
        while let Some(&value) = open.last() {
            if self.equal.contains_key(&value) {
                open.pop();
                continue;
            }
            let form = match value.kind() {
                Kind::Tuple | Kind::FrozenSet => {
                    let items: Vec<_> = self.things.reading.ast.items(value, Moment::END).collect();
                    let unknown: Vec<_> = items.iter().filter(|item| !self.equal.contains_key(item)).copied().collect();
                    if !unknown.is_empty() {
                        open.extend(unknown);
                        continue;
                    }
                    let mut numbers: Vec<_> = items.iter().map(|item| self.equal[item]).collect();
                    if value.kind() == Kind::Tuple {
                        Form::Tuple(numbers)
                    } else {
                        numbers.sort_unstable();
                        numbers.dedup();
                        Form::Frozen(numbers)
                    }
                }
                _ => self.form(value),
            };
            open.pop();
            let next = u32::try_from(self.forms.len()).unwrap_or(u32::MAX);
            let number = *self.forms.entry(form).or_insert(next);
            self.equal.insert(value, number);
        }
        self.equal.get(&key).copied().unwrap_or(u32::MAX)
    }

    /// What makes a value without items equal to another.
    fn form(&self, value: Value) -> Form {
        let literal = if self.things.thing(value) == Thing::Plain { self.literal(value) } else { None };
        match literal {
            Some(Literal::Float(float)) if float.is_nan() => Form::Same(value),
            Some(Literal::Float(float)) => Form::Text(integral(float).unwrap_or_else(|| hex_float(float))),
            Some(Literal::Bool(value)) => Form::Text(i32::from(value).to_string()),
            _ => self.leaf(value).map_or(Form::Same(value), Form::Text),
        }
    }
}

/// The things with items that were met, in order.
#[derive(Default)]
struct Met {
    numbers: HashMap<Value, usize>,
    things: Vec<Value>,
}

/// Bytes between quotes: what is printable as it is, the rest as `\xNN`.
fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("'");
    for &byte in bytes {
        match byte {
            b'\'' | b'\\' | 0..0x20 | 0x7f.. => {
                let _ = write!(text, "\\x{byte:02x}");
            }
            _ => text.push(char::from(byte)),
        }
    }
    text.push('\'');
    text
}

/// `float.hex`.
fn hex_float(value: f64) -> String {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let bits = value.to_bits();
    let (exponent, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    match (exponent, fraction) {
        (0x7ff, 0) => format!("{sign}inf"),
        (0x7ff, _) => "nan".to_owned(),
        (0, 0) => format!("{sign}0x0.0p+0"),
        (0, _) => format!("{sign}0x0.{fraction:013x}p-1022"),
        _ => format!("{sign}0x1.{fraction:013x}p{:+}", exponent.cast_signed() - 1023),
    }
}

/// A float that is a whole number, as an int is written.
fn integral(value: f64) -> Option<String> {
    if value.fract() != 0.0 || !value.is_finite() {
        return None;
    }
    // Exact: a float that is a whole number prints all its digits.
    let text = format!("{value:.0}");
    if text == "-0" { Some("0".to_owned()) } else { big_text(text.as_bytes()) }
}

/// A number too large for 64 bits, in two's complement.
fn big_binary(bytes: &[u8]) -> String {
    let negative = bytes.last().is_some_and(|last| *last >= 0x80);
    let mut carry = negative;
    let magnitude: Vec<u8> = bytes
        .iter()
        .map(|&byte| {
            let byte = if negative { !byte } else { byte };
            let (sum, over) = byte.overflowing_add(u8::from(carry));
            carry = over;
            sum
        })
        .collect();
    number(negative, &magnitude)
}

/// A number in text form, by the prefix that it has. A leading zero means octal only to who refuses it otherwise.
fn big_text(text: &[u8]) -> Option<String> {
    let text = text.split(|byte| *byte == 0).next()?;
    let text: String = std::str::from_utf8(text).ok()?.trim().chars().filter(|letter| *letter != '_').collect();
    let text = text.strip_suffix('L').unwrap_or(&text).trim_end().to_ascii_lowercase();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (base, digits) = match text.get(..2) {
        Some("0x") => (16, &text[2..]),
        Some("0o") => (8, &text[2..]),
        Some("0b") => (2, &text[2..]),
        _ => (10, text),
    };
    let mut magnitude = vec![0_u8; digits.len() + 1];
    for digit in digits.chars() {
        let mut carry = digit.to_digit(base)?;
        for byte in &mut magnitude {
            let value = u32::from(*byte) * base + carry;
            *byte = (value & 0xff) as u8;
            carry = value >> 8;
        }
    }
    Some(number(negative, &magnitude))
}

/// A number of any size: decimal where it fits 64 bits, hexadecimal beyond.
fn number(negative: bool, magnitude: &[u8]) -> String {
    let sign = if negative { "-" } else { "" };
    let len = magnitude.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let mut low = [0; 16];
    if let Some(part) = low.get_mut(..len) {
        part.copy_from_slice(&magnitude[..len]);
        let value = u128::from_le_bytes(low);
        let limit = (1_u128 << 63) - u128::from(!negative);
        if value <= limit {
            return if value == 0 { "0".to_owned() } else { format!("{sign}{value}") };
        }
    }
    let text: String = magnitude[..len].iter().rev().map(|byte| format!("{byte:02x}")).collect();
    format!("{sign}0x{}", text.trim_start_matches('0'))
}
