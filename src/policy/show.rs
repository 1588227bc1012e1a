//! Values as one short line of printable ASCII, for the details of judgements.

use super::facts::Facts;
use super::matcher::Step;
use crate::ast::{Kind, Moment, Value};
use crate::loader::Subject;
use crate::opcode::{Literal, text};
use std::fmt::Write as _;

/// How long a value may be in a detail, in characters.
const MAX_LEN: usize = 100;
/// How many items of a container are shown, and how deep.
const MAX_ITEMS: usize = 4;
const MAX_DEPTH: u8 = 3;

/// Shows values of one stream.
#[derive(Clone, Copy)]
pub(super) struct Show<'c, 'a> {
    pub(super) subject: Subject<'a>,
    pub(super) facts: &'c Facts<'a>,
    pub(super) moment: Moment,
}

impl Show<'_, '_> {
    /// A call as it would be written: `os.system('id')`.
    pub(super) fn call(&self, callee: &str, args: Value) -> String {
        let mut out = plain(callee);
        if args.kind() == Kind::Tuple {
            self.items(&mut out, args, MAX_DEPTH, ('(', ')'));
        } else {
            out.push_str("(*");
            self.value(&mut out, args, MAX_DEPTH);
            out.push(')');
        }
        cut(out)
    }

    /// What a value is.
    pub(super) fn one(&self, value: Value) -> String {
        let mut out = String::new();
        self.value(&mut out, value, MAX_DEPTH);
        cut(out)
    }

    /// The way to a value: `state['key'][0]`.
    pub(super) fn path(&self, start: &str, path: &[Step]) -> String {
        let mut out = start.to_owned();
        for step in path.iter().rev() {
            match *step {
                Step::Index(index) => push(&mut out, format_args!("[{index}]")),
                Step::Key(key) => {
                    out.push('[');
                    self.value(&mut out, key, 1);
                    out.push(']');
                }
            }
        }
        cut(out)
    }

    /// Depth is bounded, so this recursion is, too.
    fn value(&self, out: &mut String, value: Value, depth: u8) {
        if out.len() > MAX_LEN.saturating_mul(2) {
            return;
        }
        let brackets = match value.kind() {
            Kind::Tuple => ('(', ')'),
            Kind::List => ('[', ']'),
            Kind::Set | Kind::FrozenSet | Kind::Dict => ('{', '}'),
            Kind::Import => {
                out.push_str(&plain(self.facts.symbol(value).map_or("?", |symbol| &symbol.resolved)));
                return;
            }
            Kind::Object => {
                let made = self.facts.made(value);
                let by = made.and_then(|made| made.symbol).and_then(|id| self.facts.symbols.get(id as usize));
                match by {
                    Some(by) => push(out, format_args!("<{}>", plain(&by.resolved))),
                    None => out.push_str("<result of a call>"),
                }
                return;
            }
            kind => {
                match self.subject.literal(value) {
                    Some(literal) => self.literal(out, &literal),
                    None => push(out, format_args!("<{}>", kind.name())),
                }
                return;
            }
        };
        match depth.checked_sub(1) {
            Some(depth) => self.items(out, value, depth, brackets),
            None => push(out, format_args!("{}...{}", brackets.0, brackets.1)),
        }
    }

    fn items(&self, out: &mut String, container: Value, depth: u8, (open, close): (char, char)) {
        out.push(open);
        let step = if container.kind() == Kind::Dict { 2 } else { 1 };
        let items = self.subject.reading.ast.items(container, self.moment);
        for (index, item) in items.take(MAX_ITEMS.saturating_mul(step).saturating_add(1)).enumerate() {
            if index > 0 {
                out.push_str(if step == 2 && !index.is_multiple_of(2) { ": " } else { ", " });
            }
            if index >= MAX_ITEMS.saturating_mul(step) {
                out.push_str("...");
                break;
            }
            self.value(out, item, depth);
        }
        out.push(close);
    }

    fn literal(&self, out: &mut String, literal: &Literal<'_>) {
        let quoted = |out: &mut String, prefix: &str, bytes: &[u8]| {
            let cut = bytes.get(..MAX_LEN).unwrap_or(bytes);
            let more = if cut.len() < bytes.len() { "..." } else { "" };
            push(out, format_args!("{prefix}'{}{more}'", plain(&text::printable(cut))));
        };
        match literal {
            Literal::None => out.push_str("None"),
            Literal::Bool(true) => out.push_str("True"),
            Literal::Bool(false) => out.push_str("False"),
            Literal::Int(value) => push(out, format_args!("{value}")),
            Literal::BigInt(bytes) => push(out, format_args!("<int of {} bytes>", bytes.len())),
            Literal::BigText(text) => push(out, format_args!("<int of {} digits>", text.len())),
            Literal::Float(value) => push(out, format_args!("{value:?}")),
            Literal::Str(text) | Literal::ByteStr(text) => quoted(out, "", text),
            Literal::Bytes(bytes) => quoted(out, "b", bytes),
            Literal::ByteArray(bytes) => push(out, format_args!("<bytearray of {} bytes>", bytes.len())),
            Literal::Absent(len) => push(out, format_args!("<{len} bytes>")),
        }
    }
}

/// Printable ASCII; anything else as an escape.
pub(super) fn ascii(text: &str) -> String {
    crate::escape::escape(text).into_owned()
}

/// Printable ASCII; anything else as an escape, a quote with a backslash.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\'' => out.push_str("\\'"),
            ' '..='~' => out.push(letter),
            _ => push(&mut out, format_args!("\\u{{{:x}}}", u32::from(letter))),
        }
        if out.len() > MAX_LEN.saturating_mul(2) {
            out.push_str("...");
            break;
        }
    }
    out
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_LEN.saturating_mul(3) {
        // ASCII, so any position is between two characters.
        text.truncate(MAX_LEN.saturating_mul(3));
        text.push_str("...");
    }
    text
}

/// Writing to a string cannot fail.
fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}
