//! Values of JSON: those that are the content of a node as text, and those that stand in the schema itself.

use super::json::{Id, Json, Kind};
use super::nodes::Node;
use super::write::Writer;
use super::{FlawKind, ops};
use crate::error::{Error, ErrorKind, Result};

/// The most digits of an int that Python reads.
const DIGITS: usize = 4300;

impl Writer<'_, '_, '_> {
    /// A node whose content is JSON as text.
    pub(super) fn json(&mut self, node: Node) -> Result<()> {
        let content = self.json_field(node, &["content"])?;
        let Some(text) = self.nodes.json.text(content) else {
            return Err(Error::new(ErrorKind::Malformed, "the content of a value is no text"));
        };
        let json =
            Json::parse(&text, self.budget).map_err(|error| Error::new(error.kind(), error.message().to_owned()))?;
        let at = self.nodes.json.at(content);
        if !json.twice.is_empty() {
            self.nodes.flaw(FlawKind::Ambiguous, at, "a key occurs twice in an object of JSON within the schema");
        }
        let root = json.root();
        self.plain(&json, root)
    }

    /// A value of the schema itself.
    pub(super) fn value(&mut self, value: Id) -> Result<()> {
        let json = self.nodes.json;
        self.plain(json, value)
    }

    /// A value of JSON and all that is in it.
    fn plain(&mut self, json: &Json<'_>, value: Id) -> Result<()> {
        enum Step {
            Value(Id),
            Ops(&'static [u8]),
        }
        let mut open = vec![Step::Value(value)];
        while let Some(step) = open.pop() {
            let value = match step {
                Step::Ops(ops) => {
                    self.ops(ops);
                    continue;
                }
                Step::Value(value) => value,
            };
            let first = open.len();
            match json.kind(value) {
                Kind::Null => self.ops(b"N"),
                Kind::True => self.ops(b"\x88"),
                Kind::False => self.ops(b"\x89"),
                Kind::Int => self.digits(json.written(value), json.at(value)),
                Kind::Float => ops::float(&mut self.skops.pickle, json.float(value).unwrap_or(f64::NAN)),
                Kind::Str => self.text(&json.text(value).unwrap_or_default()),
                Kind::Array => {
                    self.ops(b"](");
                    open.extend(json.list(value).map(Step::Value));
                    open.push(Step::Ops(b"e"));
                }
                Kind::Object => {
                    self.ops(b"}(");
                    open.extend(json.entries(value).flat_map(|(key, value)| [Step::Value(key), Step::Value(value)]));
                    open.push(Step::Ops(b"u"));
                }
            }
            if let Some(own) = open.get_mut(first..) {
                own.reverse();
            }
        }
        Ok(())
    }

    /// An int by its digits.
    pub(super) fn digits(&mut self, digits: &[u8], at: u32) {
        let small = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        match small {
            Some(number) => self.int(number),
            None if digits.len() <= DIGITS => ops::big(&mut self.skops.pickle, digits),
            None => {
                self.refuse(at, "an int of more digits than Python reads");
                self.ops(b"N");
            }
        }
    }
}
