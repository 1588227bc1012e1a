//! Lists, sets, tuples and dicts, and what classes make of them.

use super::json::Id;
use super::loaders::Loader;
use super::nodes::{Node, NodeId};
use super::ops;
use super::write::{DICT, KeyType, LIST, Piece, TUPLE, Writer};
use crate::error::{Error, ErrorKind, Result};

impl Writer<'_, '_, '_> {
    /// The items of a list, set or tuple, and what is made of them.
    pub(super) fn sequence(
        &mut self,
        node: Node,
        loader: Loader,
        of: (&str, &str),
        rest: &mut Vec<Piece>,
    ) -> Result<()> {
        let (begin, end): (&[u8], &'static [u8]) = match (loader, of) {
            (Loader::List, LIST) => (b"](", b"e"),
            (Loader::Set, ("builtins", "set")) => (b"\x8f(", b"\x90"),
            (Loader::Set, ("builtins", "frozenset")) => (b"(", b"\x91"),
            (Loader::Tuple, TUPLE) => (b"(", b"t"),
            // A named tuple; of any other class skops gives back a plain one.
            (Loader::Tuple, _) => (b"(", b"t\x81"),
            _ => (b"](", b"e\x85R"),
        };
        if !matches!(end, b"e" | b"\x90" | b"\x91" | b"t") {
            self.named(of)?;
        }
        self.ops(begin);
        rest.extend(self.all(node));
        rest.push(Piece::Ops(end));
        Ok(())
    }

    pub(super) fn dict(&mut self, node: Node, of: (&str, &str), rest: &mut Vec<Piece>) -> Result<()> {
        if of == DICT {
            self.ops(b"}");
        } else {
            self.named(of)?;
            self.ops(b")R");
        }
        self.items(node, rest)
    }

    /// Puts the items of a dict into what stands on the stack.
    fn items(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        let types = self.key_types(node)?;
        let content = self.json_field(node, &["content"])?;
        let keys: Vec<Id> = self.nodes.json.entries(content).map(|(key, _)| key).collect();
        if types.len() != keys.len() {
            let at = self.nodes.json.at(node.json);
            self.refuse(at, format!("a dict of {} keys and {} types of keys", keys.len(), types.len()));
        }
        // A type beyond the last key is imported all the same.
        let beyond = types.get(keys.len()..).unwrap_or_default();
        let beyond = beyond.iter().filter_map(|of| if let KeyType::Other(id) = of { Some(*id) } else { None });
        rest.extend(beyond.flat_map(|id| [Piece::Node(Some(id)), Piece::Ops(b"0")]));
        if keys.is_empty() {
            return Ok(());
        }
        rest.push(Piece::Ops(b"("));
        let values = self.nodes.parts(node).get(1..).unwrap_or_default();
        let types = types.into_iter().chain(std::iter::repeat(KeyType::Str));
        for ((&key, of), &value) in keys.iter().zip(types).zip(values) {
            rest.extend([Piece::Key(key, of), Piece::Node(value)]);
        }
        rest.push(Piece::Ops(b"u"));
        Ok(())
    }

    /// The items of the dict that a wrapper of one holds.
    pub(super) fn main(&mut self, node: Node, rest: &mut Vec<Piece>) -> Result<()> {
        match self.part_as(node, 0, Loader::Dict, DICT).filter(|main| main.uses == 1) {
            Some(main) => self.items(main, rest),
            None => Err(Error::new(ErrorKind::Malformed, "what is wrapped is no dict of its own")),
        }
    }

    /// The types that the keys of a dict are given to.
    fn key_types(&self, node: Node) -> Result<Vec<KeyType>> {
        let unknown = || Error::new(ErrorKind::Malformed, "the types of keys are no list of types");
        let list = self.part_as(node, 0, Loader::List, LIST);
        let types = list.or_else(|| self.part_as(node, 0, Loader::Tuple, TUPLE)).ok_or_else(unknown)?;
        let of = |&part: &Option<NodeId>| {
            let id = part?;
            let node =
                self.nodes.get(id).filter(|node| matches!(node.loader, Some(Loader::Type | Loader::Function)))?;
            let (module, class) = self.nodes.class(node);
            Some(match (module.as_str(), class.as_str()) {
                ("builtins", "str") => KeyType::Str,
                ("builtins", "int") => KeyType::Int,
                ("builtins", "float") => KeyType::Float,
                ("builtins", "bool") => KeyType::Bool,
                _ => KeyType::Other(id),
            })
        };
        self.nodes.parts(types).iter().map(of).collect::<Option<_>>().ok_or_else(unknown)
    }

    pub(super) fn key(&mut self, key: Id, of: KeyType) -> Result<()> {
        let text = self.nodes.json.text(key).unwrap_or_default();
        let plain = std::str::from_utf8(&text).ok().map(str::trim);
        match of {
            KeyType::Int => {
                let digits = plain.map(|text| text.strip_prefix('-').unwrap_or(text)).unwrap_or_default();
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    self.digits(plain.unwrap_or_default().as_bytes(), self.nodes.json.at(key));
                    return Ok(());
                }
            }
            KeyType::Float => {
                if let Some(number) = plain.and_then(|text| text.parse().ok()) {
                    ops::float(&mut self.skops.pickle, number);
                    return Ok(());
                }
            }
            // The word `False` is true.
            KeyType::Bool => {
                self.ops(if text.is_empty() { b"\x89" } else { b"\x88" });
                return Ok(());
            }
            KeyType::Str => {
                self.text(&text);
                return Ok(());
            }
            KeyType::Other(of) => {
                let Some(node) = self.nodes.get(of) else { return Ok(()) };
                if self.scalar_key(&self.nodes.class(node), plain.unwrap_or_default())? {
                    return Ok(());
                }
                let is_function = node.loader == Some(Loader::Function);
                let (module, class) = if is_function { self.nodes.function(node) } else { self.nodes.class(node) };
                if module.is_empty() || class.is_empty() {
                    self.ops(b"N");
                } else {
                    self.named((&module, &class))?;
                    self.text(&text);
                    self.ops(b"\x85R");
                }
                return Ok(());
            }
        }
        self.refuse(self.nodes.json.at(key), "a key that is no number, as its type says");
        self.text(&text);
        Ok(())
    }
}
