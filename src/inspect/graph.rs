//! An outline as a graph: every node once, for programs (JSON) and for Graphviz (DOT).
//!
//! The JSON is flat: a node refers to others by `{"$ref": id}`, so that sharing and cycles are what they are and no
//! depth of a file becomes a depth of the report.

use super::elements::{dtype_name, elements};
use super::open::Contents;
use super::outline::{Child, Label, Node, Outline, Root};
use super::text;
use crate::ast::Kind;
use crate::escape::{self, Uint, escape};
use crate::opcode::Literal;
use crate::opcode::text::{is_text, printable};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};

/// Literals of more bytes are nodes, and are cut unless all is asked for.
const LONG: usize = 1 << 10;

/// How many calls that are no part of the object are shown.
const ASIDE: usize = 100;

/// Bytes of a literal that is cut, and elements of an array.
const BYTES: usize = 64;
const ELEMENTS: usize = 16;

/// Every node below some, numbered in the order in which they are met, breadth first.
struct Numbers {
    ids: HashMap<Node, usize>,
    queue: VecDeque<(usize, Node)>,
}

impl Numbers {
    fn new() -> Self {
        Self { ids: HashMap::new(), queue: VecDeque::new() }
    }

    fn of(&mut self, node: Node) -> usize {
        let next = self.ids.len();
        let queue = &mut self.queue;
        *self.ids.entry(node).or_insert_with(|| {
            queue.push_back((next, node));
            next
        })
    }
}

/// One part of a file: a stream, and what is shown of it.
pub struct Part<'o> {
    /// The stream.
    pub root: &'o Root,
    /// The path of what is shown.
    pub path: String,
    /// What stands there; `None` where the stream is refused.
    pub node: Option<Node>,
    /// Calls whose answers are no part of what the stream builds.
    pub aside: Vec<Node>,
}

/// Prints parts of a file as one object, `depickle.show/1`; `all` cuts nothing.
///
/// # Errors
/// Those of `out`.
pub fn json(
    out: &mut dyn Write,
    name: &str,
    outline: &Outline<'_, '_>,
    parts: &[Part<'_>],
    all: bool,
) -> io::Result<()> {
    start(out, name, outline.contents())?;
    let mut numbers = Numbers::new();
    let writer = Json { outline, all };
    let most = if all { usize::MAX } else { ASIDE };
    for (index, part) in parts.iter().enumerate() {
        let value = part.node.map(|node| writer.value(&mut numbers, node));
        let aside: Vec<Value> = part.aside.iter().take(most).map(|&node| writer.value(&mut numbers, node)).collect();
        let error = part.root.error.as_ref().map(|error| escape(&error.to_string()).into_owned());
        let stream = json!({
            "stream": part.root.stream,
            "offset": Uint(part.root.offset),
            "object_path": part.path,
            "value": value,
            "aside": aside,
            "aside_count": part.aside.len(),
            "error": error,
        });
        out.write_all(if index > 0 { b",\n" } else { b"\n" })?;
        escape::json(out, &stream)?;
    }
    out.write_all(b"\n],\"nodes\":[")?;
    let mut first = true;
    while let Some((id, node)) = numbers.queue.pop_front() {
        out.write_all(if first { b"\n" } else { b",\n" })?;
        first = false;
        writer.node(out, &mut numbers, id, node)?;
    }
    out.write_all(b"\n]}\n")
}

/// Prints the first part of what an archive of several members is as one object, `depickle.show/1`; each member follows as
/// an object of its own, and `]}`.
///
/// # Errors
/// Those of `out`.
pub fn members_start(out: &mut dyn Write, name: &str, format: &str, problems: &[String]) -> io::Result<()> {
    out.write_all(b"{\"schema\":\"depickle.show/1\",\"path\":")?;
    escape::json(out, &name)?;
    out.write_all(b",\"member\":null,\"format\":")?;
    escape::json(out, &format)?;
    out.write_all(b",\"errors\":")?;
    escape::json(out, &problems)?;
    out.write_all(b",\"streams\":[],\"nodes\":[],\"members\":[")
}

fn start(out: &mut dyn Write, name: &str, contents: &Contents<'_>) -> io::Result<()> {
    json_start(out, "depickle.show/1", name, contents)?;
    out.write_all(b",\"streams\":[")
}

/// The first members of each JSON object of this room: what it is, and of what.
pub(super) fn json_start(out: &mut dyn Write, schema: &str, name: &str, contents: &Contents<'_>) -> io::Result<()> {
    write!(out, "{{\"schema\":\"{schema}\",\"path\":")?;
    escape::json(out, &name)?;
    out.write_all(b",\"member\":")?;
    escape::json(out, &Some(&contents.name).filter(|name| !name.is_empty()))?;
    out.write_all(b",\"format\":")?;
    escape::json(out, &contents.format)
}

/// Prints the array of numbers that a `.npy` file is as one object, `depickle.show/1`; nothing where it is none.
///
/// # Errors
/// Those of `out`.
pub fn npy_json(out: &mut dyn Write, name: &str, contents: &Contents<'_>) -> io::Result<()> {
    let Some((header, data)) = contents.npy.as_ref().filter(|(header, _)| !header.has_object()) else {
        return Ok(());
    };
    start(out, name, contents)?;
    let all = header.shape.iter().fold(1_u64, |all, &one| all.saturating_mul(one));
    let most = usize::try_from(all).unwrap_or(usize::MAX).min(ELEMENTS);
    let node = json!({
        "id": 0,
        "kind": "array",
        "class": "numpy.ndarray",
        "dtype": dtype_name(&header.dtype),
        "shape": header.shape.iter().copied().map(Uint).collect::<Vec<_>>(),
        "order": if header.fortran_order { "F" } else { "C" },
        "nbytes": header.nbytes().map(Uint),
        "offset": header.data_offset,
        "values": elements(&header.dtype, data, most),
    });
    let error = contents.broken.as_deref();
    let value = json!({"$ref": 0});
    let stream = json!({"stream": 0, "offset": 0, "object_path": "root", "value": value, "aside": [], "aside_count": 0,
        "error": error});
    out.write_all(b"\n")?;
    escape::json(out, &stream)?;
    out.write_all(b"\n],\"nodes\":[\n")?;
    escape::json(out, &node)?;
    out.write_all(b"\n]}\n")
}

/// The greatest integer that every reader of JSON takes exactly.
const EXACT: u64 = 1 << 53;

struct Json<'j, 'c, 'a> {
    outline: &'j Outline<'c, 'a>,
    all: bool,
}

impl Json<'_, '_, '_> {
    /// A value where it stands: a short literal as it is, anything else by its number.
    fn value(&self, numbers: &mut Numbers, node: Node) -> Value {
        if !self.outline.is_leaf(node) || self.is_long(node) {
            return json!({"$ref": numbers.of(node)});
        }
        self.leaf(node)
    }

    /// Whether a literal is a node of its own, so that it is printed once wherever it stands.
    fn is_long(&self, node: Node) -> bool {
        let length = match self.outline.literal(node) {
            Some(Literal::Str(text) | Literal::ByteStr(text)) => text.len(),
            Some(Literal::Bytes(bytes) | Literal::ByteArray(bytes) | Literal::BigText(bytes)) => bytes.len(),
            Some(Literal::BigInt(bytes)) => bytes.len(),
            _ => 0,
        };
        length > LONG
    }

    fn leaf(&self, node: Node) -> Value {
        let outline = self.outline;
        let most = if self.all { usize::MAX } else { BYTES };
        match outline.literal(node) {
            Some(Literal::None) => Value::Null,
            Some(Literal::Bool(value)) => Value::from(value),
            Some(Literal::Int(value)) if value.unsigned_abs() <= EXACT => Value::from(value),
            Some(Literal::Int(value)) => json!({"int": value.to_string()}),
            Some(Literal::Float(value)) if value.is_finite() => Value::from(value),
            Some(Literal::Float(value)) => json!({"float": text::float(value)}),
            Some(literal @ (Literal::BigInt(_) | Literal::BigText(_))) => {
                json!({"int": text::literal(&literal, most.saturating_mul(8))})
            }
            Some(Literal::Str(utf8)) => self.text(&utf8),
            Some(Literal::ByteStr(bytes)) => json!({"py2_str": text::bytes(&bytes, most), "length": bytes.len()}),
            Some(Literal::Bytes(bytes)) => json!({"bytes": text::bytes(bytes, most), "length": bytes.len()}),
            Some(Literal::ByteArray(bytes)) => json!({"bytearray": text::bytes(bytes, most), "length": bytes.len()}),
            Some(Literal::Absent(len)) => json!({"bytes": null, "length": Uint(len)}),
            None => {
                let shown = outline.leaf(node, most).unwrap_or_default();
                match node.value.kind() {
                    Kind::Import => json!({"import": shown.trim_matches(['<', '>'])}),
                    Kind::Object => json!({"scalar": shown}),
                    _ => json!({"unknown": shown}),
                }
            }
        }
    }

    /// Text as it is, or with its lone surrogates escaped and marked so.
    fn text(&self, utf8: &[u8]) -> Value {
        let shown = if self.all { utf8 } else { utf8.get(..LONG).unwrap_or(utf8) };
        let cut = shown.len() < utf8.len();
        match std::str::from_utf8(shown) {
            Ok(text) if !cut => Value::from(text),
            Err(_) if !cut && is_text(shown) => json!({"str": printable(shown), "surrogates": true}),
            _ => json!({"str": printable(shown), "length": utf8.len(), "cut": true}),
        }
    }

    /// A node: what it is, then its children, group by group.
    fn node(&self, out: &mut dyn Write, numbers: &mut Numbers, id: usize, node: Node) -> io::Result<()> {
        let outline = self.outline;
        let kind = node.value.kind().name();
        let mut about = json!({"id": id, "kind": kind});
        if let Some(array) = outline.array(node) {
            let place = outline.array_place(node, &array);
            let (values, _) = outline.elements(node, &array, ELEMENTS);
            let shape = array.shape.as_ref().map(|shape| shape.iter().copied().map(Uint).collect::<Vec<_>>());
            about = json!({
                "id": id,
                "kind": "array",
                "class": escape(&array.class),
                "dtype": array.dtype.as_ref().ok().map(dtype_name),
                "shape": shape,
                "order": array.order.letter(),
                "nbytes": array.nbytes().map(Uint),
                "offset": place.map(|(offset, _)| Uint(offset)),
                "values": values,
            });
        } else if outline.is_leaf(node) {
            if let Some(fields) = about.as_object_mut() {
                fields.insert("value".to_owned(), self.leaf(node));
            }
        } else if !node.value.kind().is_container()
            && let Some(fields) = about.as_object_mut()
        {
            fields.insert("text".to_owned(), Value::from(outline.head(node)));
        }
        let mut text = Vec::new();
        escape::json(&mut text, &about)?;
        out.write_all(text.strip_suffix(b"}").unwrap_or(&text))?;
        let mut children = outline.children(node);
        // One group after the other, each in its own order.
        children.sort_by_key(|child| group_of(child.label));
        let mut group = None;
        for child in &children {
            let name = group_of(child.label);
            if group == Some(name) {
                out.write_all(b",")?;
            } else {
                let end = if group.is_some() { "]" } else { "" };
                write!(out, "{end},\"{name}\":[")?;
                group = Some(name);
            }
            let label = self.label(numbers, child);
            let value = self.value(numbers, child.node);
            match label {
                Some(label) => escape::json(out, &[label, value])?,
                None => escape::json(out, &value)?,
            }
        }
        write!(out, "{}}}", if group.is_some() { "]" } else { "" })
    }

    /// What stands beside a value in its group, where its place there does not say it.
    fn label(&self, numbers: &mut Numbers, child: &Child) -> Option<Value> {
        match child.label {
            Label::Attribute(key) | Label::Keyword(key) | Label::Key(key, _) => Some(self.value(numbers, key)),
            Label::Entry(index) | Label::EntryKey(index) | Label::Argument(index) => Some(Value::from(index)),
            Label::Asked(what) => Some(Value::from(what)),
            Label::Index(_) | Label::Member(_) | Label::State | Label::Callee => None,
        }
    }
}

/// The group of a child in the JSON of its parent.
fn group_of(label: Label) -> &'static str {
    match label {
        Label::Attribute(_) => "attributes",
        Label::Key(..) => "entries",
        Label::Entry(_) | Label::EntryKey(_) => "entries_by_number",
        Label::Index(_) | Label::Member(_) => "items",
        Label::Argument(_) => "arguments",
        Label::Keyword(_) => "keywords",
        Label::State => "state",
        Label::Callee => "callee",
        Label::Asked(_) => "asked",
    }
}

/// Lines of leaves in a node of a graph, and nodes of a graph that is cut.
const LEAVES: usize = 8;
const NODES: usize = 500;

/// Prints parts of a file as a graph for Graphviz; `all` cuts nothing.
///
/// # Errors
/// Those of `out`.
pub fn dot(out: &mut dyn Write, outline: &Outline<'_, '_>, parts: &[Part<'_>], all: bool) -> io::Result<()> {
    let most = if all { usize::MAX } else { NODES };
    writeln!(out, "digraph contents {{\n  node [shape=box, fontname=monospace];")?;
    let mut numbers = Numbers::new();
    for part in parts {
        if let Some(node) = part.node {
            let id = numbers.of(node);
            writeln!(out, "  \"{}\" -> n{id};", quoted(&format!("#{}:{}", part.root.stream, part.path)))?;
        }
    }
    let mut printed = 0_usize;
    while let Some((id, node)) = numbers.queue.pop_front() {
        if printed >= most {
            writeln!(out, "  // cut after {most} nodes; --all prints every one")?;
            break;
        }
        printed = printed.saturating_add(1);
        let mut label = quoted(&outline.head(node));
        let children = outline.children(node);
        let (leaves, branches): (Vec<Child>, Vec<Child>) =
            children.into_iter().partition(|child| outline.is_leaf(child.node));
        for child in leaves.iter().take(LEAVES) {
            let leaf = outline.leaf(child.node, 40).unwrap_or_default();
            label.push_str(&format!("\\l{}: {}", quoted(&outline.label(child.label)), quoted(&leaf)));
        }
        if leaves.len() > LEAVES {
            label.push_str(&format!("\\l... {} more", leaves.len().saturating_sub(LEAVES)));
        }
        writeln!(out, "  n{id} [label=\"{label}\\l\"];")?;
        for child in branches {
            let to = numbers.of(child.node);
            writeln!(out, "  n{id} -> n{to} [label=\"{}\"];", quoted(&outline.label(child.label)))?;
        }
    }
    writeln!(out, "}}")
}

/// Text between double quotes in DOT.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
