//! A value as the recorder writes it: Python's `repr`, sets sorted, objects by name.

use depickle::ast::{Kind, Moment, Value};
use depickle::loader::Reading;
use depickle::machine::Action;
use depickle::opcode::{Literal, Source};
use std::fmt::Write as _;

/// The text of a value; `None` where the tree does not hold what it became.
pub(crate) fn plain(reading: &Reading, source: Source<'_>, value: Value, encoding: &str) -> Option<String> {
    // Methods of builtin containers that are not of the exact type: the log has them, the tree does not.
    let changed = reading.effects.iter().any(|effect| match effect.action {
        Action::Append { target, .. } | Action::SetItem { target, .. } | Action::Add { target, .. } => {
            target.kind().is_builtin()
        }
        _ => false,
    });
    if changed { None } else { Plain { reading, source, encoding }.text(value) }
}

struct Plain<'a> {
    reading: &'a Reading,
    source: Source<'a>,
    encoding: &'a str,
}

impl Plain<'_> {
    fn text(&self, value: Value) -> Option<String> {
        let ast = &self.reading.ast;
        Some(match value.kind() {
            Kind::Tuple => {
                let items: String = self.items(value)?.iter().map(|item| format!("{item}, ")).collect();
                format!("({})", items.trim_end())
            }
            Kind::List => format!("[{}]", self.items(value)?.join(", ")),
            Kind::Set | Kind::FrozenSet => {
                let mut items = self.items(value)?;
                items.sort();
                format!("{}{{{}}}", value.kind().name(), items.join(", "))
            }
            Kind::Dict => {
                let mut entries: Vec<(String, String)> = Vec::new();
                for (key, item) in ast.entries(value, Moment::END) {
                    let (key, item) = (self.text(key)?, self.text(item)?);
                    match entries.iter_mut().find(|(known, _)| *known == key) {
                        Some(entry) => entry.1 = item,
                        None => entries.push((key, item)),
                    }
                }
                let entries: Vec<_> = entries.iter().map(|(key, item)| format!("{key}: {item}")).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Kind::Import | Kind::Object => format!("<{}>", self.symbol(value)?),
            Kind::Persistent => "<persistent:id>".to_owned(),
            Kind::Buffer => "bytearray(b'buffer')".to_owned(),
            Kind::View => {
                let inner = self.text(ast.viewed(value)?)?;
                let bytes = inner.strip_prefix("bytearray(").and_then(|text| text.strip_suffix(')'))?;
                format!("memoryview({bytes}, readonly=True)")
            }
            Kind::Extension | Kind::Opaque => return None,
            _ => literal(&ast.literal(value, self.source, self.reading.dialect)?, self.encoding)?,
        })
    }

    fn items(&self, value: Value) -> Option<Vec<String>> {
        self.reading.ast.items(value, Moment::END).map(|item| self.text(item)).collect()
    }

    /// `m:n` for an import, `m:n()` for whatever comes of calling it.
    fn symbol(&self, value: Value) -> Option<String> {
        let ast = &self.reading.ast;
        if let Some(symbol) = ast.symbol(value) {
            return Some(format!("{}:{}", symbol.module, symbol.name));
        }
        let effect = self.reading.effects.get(ast.object_of(value)?.made_by as usize)?;
        let Action::Call { callee, .. } = effect.action else { return None };
        Some(format!("{}()", self.symbol(callee)?.trim_end_matches("()")))
    }
}

fn literal(literal: &Literal<'_>, encoding: &str) -> Option<String> {
    Some(match literal {
        Literal::None => "None".to_owned(),
        Literal::Bool(true) => "True".to_owned(),
        Literal::Bool(false) => "False".to_owned(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) if value.is_nan() => "nan".to_owned(),
        Literal::Float(value) if value.is_infinite() => if *value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Str(text) => text_of(&code_points(text)),
        Literal::ByteStr(bytes) => match encoding {
            "bytes" => bytes_of(bytes),
            "latin1" => text_of(&bytes.iter().map(|byte| u32::from(*byte)).collect::<Vec<_>>()),
            _ => text_of(&code_points(bytes)),
        },
        Literal::Bytes(bytes) => bytes_of(bytes),
        Literal::ByteArray(bytes) => format!("bytearray({})", bytes_of(bytes)),
        Literal::BigInt(_) | Literal::BigText(_) | Literal::Absent(_) => return None,
    })
}

/// The code points of UTF-8 in which a lone surrogate stands as three bytes.
fn code_points(bytes: &[u8]) -> Vec<u32> {
    let mut points = Vec::new();
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let (bits, more) = match first {
            0..=0x7f => (first & 0x7f, 0),
            0..=0xdf => (first & 0x1f, 1),
            0..=0xef => (first & 0x0f, 2),
            _ => (first & 0x07, 3),
        };
        let (own, next) = tail.split_at(more);
        points.push(own.iter().fold(u32::from(bits), |point, byte| point << 6 | u32::from(byte & 0x3f)));
        rest = next;
    }
    points
}

fn text_of(points: &[u32]) -> String {
    quoted(points, |text, point| match point {
        0x80..=0xff => write!(text, "\\x{point:02x}"),
        0x100..=0xffff => write!(text, "\\u{point:04x}"),
        _ => write!(text, "\\U{point:08x}"),
    })
}

fn bytes_of(bytes: &[u8]) -> String {
    let points: Vec<_> = bytes.iter().map(|byte| u32::from(*byte)).collect();
    format!("b{}", quoted(&points, |text, point| write!(text, "\\x{point:02x}")))
}

/// Python's choice of quotes and of escapes for ASCII; `beyond` writes what is above.
fn quoted(points: &[u32], beyond: impl Fn(&mut String, u32) -> std::fmt::Result) -> String {
    let has = |quote: char| points.contains(&u32::from(quote));
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    let mut text = String::from(quote);
    for &point in points {
        match char::from_u32(point).filter(char::is_ascii) {
            Some('\n') => text += "\\n",
            Some('\r') => text += "\\r",
            Some('\t') => text += "\\t",
            Some(letter) if letter == quote || letter == '\\' => text.extend(['\\', letter]),
            Some(letter) if letter.is_ascii_control() => write!(text, "\\x{point:02x}").unwrap(),
            Some(letter) => text.push(letter),
            None => beyond(&mut text, point).unwrap(),
        }
    }
    text.push(quote);
    text
}
