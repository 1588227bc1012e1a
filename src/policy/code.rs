//! Code by value: what a code object in the file is called, which names it uses and which constants it holds, so that
//! a person can judge it without running or decompiling it.

use super::explain;
use super::show::{Show, plain};
use crate::ast::{Kind, Value};
use crate::opcode::Literal;

/// How many arguments of a call are looked at: `types.CodeType` has 18, dill's form a few more.
const MAX_FIELDS: usize = 24;
/// How many names are told.
const MAX_NAMES: usize = 24;
/// How many bytes of marshalled code are looked through.
const MAX_MARSHALLED: usize = 1 << 16;

/// What the arguments of a call say of the code that it makes: those of `types.CodeType`, which cloudpickle and dill
/// write out one by one (`CodeType.__new__` in CPython's `Objects/codeobject.c`), or the bytes of `marshal`.
pub(super) fn describe(show: &Show<'_, '_>, args: Value) -> Option<String> {
    let items: Vec<Value> = show.subject.reading.ast.items(args, show.moment).take(MAX_FIELDS).collect();
    items.windows(6).find_map(|fields| fields_of(show, fields)).or_else(|| marshalled(show, *items.first()?))
}

/// `co_code, co_consts, co_names, co_varnames, co_filename, co_name`, wherever they begin: versions differ in what
/// stands before and behind.
fn fields_of(show: &Show<'_, '_>, fields: &[Value]) -> Option<String> {
    let &[_, consts, names, variables, file, name] = fields else { return None };
    let tuples = [consts, names, variables].iter().all(|value| value.kind() == Kind::Tuple);
    let texts = [file, name].iter().all(|value| matches!(value.kind(), Kind::Str | Kind::ByteStr));
    if !tuples || !texts {
        return None;
    }
    let used: Vec<String> = show
        .subject
        .reading
        .ast
        .items(names, show.moment)
        .take(MAX_NAMES)
        .filter_map(|name| match show.subject.literal(name)? {
            Literal::Str(text) | Literal::ByteStr(text) => Some(plain(&String::from_utf8_lossy(&text))),
            _ => None,
        })
        .collect();
    Some(format!("function {} of {}, constants {}{}", show.one(name), show.one(file), show.one(consts), told(&used)))
}

/// The names in marshalled code, found by the tags of short ASCII texts (`TYPE_SHORT_ASCII`, `TYPE_SHORT_ASCII_INTERNED`
/// in CPython's `Python/marshal.c`). By chance other bytes may look like one.
fn marshalled(show: &Show<'_, '_>, first: Value) -> Option<String> {
    let bytes = match show.subject.literal(first)? {
        Literal::Bytes(bytes) => bytes.to_vec(),
        Literal::ByteStr(bytes) => bytes.into_owned(),
        _ => return None,
    };
    let mut rest = bytes.get(..MAX_MARSHALLED).unwrap_or(&bytes);
    let mut used: Vec<String> = Vec::new();
    while let (Some((&tag, behind)), true) = (rest.split_first(), used.len() < MAX_NAMES) {
        rest = behind;
        let Some((&len, text)) = behind.split_first().filter(|_| matches!(tag & 0x7f, b'z' | b'Z')) else { continue };
        let Some((text, after)) = text.split_at_checked(usize::from(len)) else { continue };
        let readable = text.len() > 1 && text.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        if let (true, Ok(text)) = (readable, std::str::from_utf8(text)) {
            used.push(plain(text));
            rest = after;
        }
    }
    (!used.is_empty()).then(|| format!("marshalled code{}", told(&used)))
}

/// The names that code uses, and those among them that are modules known to do harm.
fn told(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let modules: Vec<&str> = names.iter().map(String::as_str).filter(|name| explain::is_harmful_module(name)).collect();
    let warned = if modules.is_empty() { String::new() } else { format!(" (imports or uses {})", modules.join(", ")) };
    format!(", names {}{warned}", names.join(", "))
}
