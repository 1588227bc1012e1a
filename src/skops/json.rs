//! JSON as Python's `json.loads` reads it (`Lib/json/decoder.py`, `scanner.py`): with `NaN` and `Infinity`, ints of any
//! length, lone surrogates, and keys that occur twice. Flat, and without recursion.

use super::malformed;
use super::scan::{Parser, unescaped};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Budget, Limit};
use std::borrow::Cow;
use std::collections::HashSet;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    Int,
    Float,
    Str,
    Array,
    Object,
}

/// The number of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(u32);

#[derive(Clone, Copy)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    /// Where it begins.
    pub(crate) at: u32,
    /// Of a scalar its text, of a text without quotes; of others a run of edges.
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// A document.
pub(crate) struct Json<'a> {
    text: &'a [u8],
    items: Vec<Item>,
    /// Items of arrays; keys and values of objects in turn, each key once with its last value, as Python keeps them.
    edges: Vec<u32>,
    /// Where keys stand that occur a second time in an object.
    pub(crate) twice: Vec<u32>,
}

/// What a value takes in memory, with its edge.
const COST: u64 = (size_of::<Item>() + size_of::<u32>()) as u64;

/// What is open.
struct Frame {
    id: u32,
    /// Where its own begin among those that wait.
    waiting: usize,
}

pub(crate) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'a> Json<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// Where Python refuses it, and where it is longer than 4 GiB; [`ErrorKind::Limit`].
    pub(crate) fn parse(text: &'a [u8], budget: &mut Budget) -> Result<Self> {
        if u32::try_from(text.len()).is_err() {
            return Err(Error::new(ErrorKind::Limit, "the schema is longer than 4 GiB"));
        }
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if let Err(error) = std::str::from_utf8(text) {
            return Err(malformed(position(error.valid_up_to()), "the JSON is not UTF-8"));
        }
        let mut json = Self { text, items: Vec::new(), edges: Vec::new(), twice: Vec::new() };
        let mut parser = Parser { text, at: 0 };
        let mut frames: Vec<Frame> = Vec::new();
        let mut waiting: Vec<u32> = Vec::new();
        loop {
            // A value, or the end of an empty container.
            parser.space();
            let is_first = frames.last().is_some_and(|frame| frame.waiting == waiting.len());
            let kind = frames.last().map(|frame| json.kind(Id(frame.id)));
            let closes = match kind {
                Some(Kind::Array) if is_first => parser.eat(b']'),
                Some(Kind::Object) if is_first => parser.eat(b'}'),
                _ => false,
            };
            if !closes {
                if kind == Some(Kind::Object) {
                    budget.spend(Limit::Retained, COST)?;
                    let key = parser.key()?;
                    waiting.push(json.push(key));
                    parser.space();
                    if !parser.eat(b':') {
                        return Err(parser.expected("a ':'"));
                    }
                    parser.space();
                }
                budget.spend(Limit::Retained, COST)?;
                let item = parser.value()?;
                let id = json.push(item);
                waiting.push(id);
                if matches!(item.kind, Kind::Array | Kind::Object) {
                    frames.push(Frame { id, waiting: waiting.len() });
                    continue;
                }
            }
            // What follows a value: a comma, or the end of what is around it; of that, again.
            let mut closed = closes;
            loop {
                if closed {
                    let Some(frame) = frames.pop() else { break };
                    json.close(&frame, &mut waiting);
                }
                let Some(frame) = frames.last() else { break };
                let end = if json.kind(Id(frame.id)) == Kind::Array { b']' } else { b'}' };
                parser.space();
                if parser.eat(b',') {
                    break;
                }
                if !parser.eat(end) {
                    return Err(parser.expected("a ',' or the end of the list or object"));
                }
                closed = true;
            }
            if frames.is_empty() {
                parser.space();
                return if parser.at == text.len() { Ok(json) } else { Err(parser.expected("the end")) };
            }
            // Behind a comma Python wants a value.
            parser.space();
            if matches!(parser.peek(), Some(b']' | b'}')) && waiting.len() > frames.last().map_or(0, |it| it.waiting) {
                return Err(parser.expected("a value"));
            }
        }
    }

    fn push(&mut self, item: Item) -> u32 {
        self.items.push(item);
        position(self.items.len().saturating_sub(1))
    }

    fn close(&mut self, frame: &Frame, waiting: &mut Vec<u32>) {
        let own: Vec<u32> = waiting.split_off(frame.waiting.min(waiting.len()));
        let start = position(self.edges.len());
        if self.kind(Id(frame.id)) == Kind::Object {
            self.pairs(&own);
        } else {
            self.edges.extend_from_slice(&own);
        }
        let len = position(self.edges.len()).saturating_sub(start);
        if let Some(item) = self.items.get_mut(frame.id as usize) {
            (item.start, item.len) = (start, len);
        }
    }

    /// Keeps keys and values, each key once: at its first place, with its last value.
    fn pairs(&mut self, own: &[u32]) {
        let keys = || own.chunks_exact(2).filter_map(|pair| pair.first());
        let again: Vec<u32> = {
            let mut known = HashSet::new();
            keys().copied().filter(|&key| !known.insert(self.text(Id(key)).unwrap_or_default())).collect()
        };
        if again.is_empty() {
            return self.edges.extend_from_slice(own);
        }
        let again: Vec<u32> = again.into_iter().map(|key| self.at(Id(key))).collect();
        self.twice.extend(again);
        let mut places = std::collections::HashMap::new();
        let mut kept: Vec<u32> = Vec::new();
        for pair in own.chunks_exact(2) {
            let &[key, value] = pair else { continue };
            let place = *places.entry(self.text(Id(key)).unwrap_or_default()).or_insert(kept.len());
            match kept.get_mut(place.saturating_add(1)) {
                Some(slot) => *slot = value,
                None => kept.extend([key, value]),
            }
        }
        self.edges.extend(kept);
    }

    /// The whole document.
    pub(crate) fn root(&self) -> Id {
        Id(0)
    }

    fn item(&self, id: Id) -> Option<Item> {
        self.items.get(id.0 as usize).copied()
    }

    /// What a value is.
    pub(crate) fn kind(&self, id: Id) -> Kind {
        self.item(id).map_or(Kind::Null, |item| item.kind)
    }

    /// Where it begins.
    pub(crate) fn at(&self, id: Id) -> u32 {
        self.item(id).map_or(0, |item| item.at)
    }

    fn run(&self, id: Id, kind: Kind) -> &[u32] {
        match self.item(id) {
            Some(item) if item.kind == kind => {
                let start = item.start as usize;
                self.edges.get(start..start.saturating_add(item.len as usize)).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// The items of an array; nothing of anything else.
    pub(crate) fn list(&self, id: Id) -> impl ExactSizeIterator<Item = Id> + '_ {
        self.run(id, Kind::Array).iter().map(|&item| Id(item))
    }

    /// Keys and values of an object; nothing of anything else.
    pub(crate) fn entries(&self, id: Id) -> impl ExactSizeIterator<Item = (Id, Id)> + '_ {
        let (pairs, _) = self.run(id, Kind::Object).as_chunks::<2>();
        pairs.iter().map(|&[key, value]| (Id(key), Id(value)))
    }

    /// The value of a key.
    pub(crate) fn get(&self, id: Id, name: &str) -> Option<Id> {
        self.entries(id).find(|&(key, _)| self.text(key).is_some_and(|text| *text == *name.as_bytes())).map(|it| it.1)
    }

    /// Follows keys, one in the other.
    pub(crate) fn path(&self, id: Id, names: &[&str]) -> Option<Id> {
        names.iter().try_fold(id, |id, name| self.get(id, name))
    }

    /// A text, in UTF-8 in which a lone surrogate stands as three bytes.
    pub(crate) fn text(&self, id: Id) -> Option<Cow<'a, [u8]>> {
        self.item(id).filter(|item| item.kind == Kind::Str).map(|_| unescaped(self.written(id)))
    }

    /// A text without lone surrogates.
    pub(crate) fn string(&self, id: Id) -> Option<String> {
        String::from_utf8(self.text(id)?.into_owned()).ok()
    }

    /// A scalar as it is written, a text without its quotes.
    pub(crate) fn written(&self, id: Id) -> &'a [u8] {
        let span = self.item(id).filter(|item| !matches!(item.kind, Kind::Array | Kind::Object));
        let span = span.map(|item| item.start as usize..(item.start as usize).saturating_add(item.len as usize));
        span.and_then(|span| self.text.get(span)).unwrap_or_default()
    }

    /// A float, as Python reads it.
    pub(crate) fn float(&self, id: Id) -> Option<f64> {
        let text = std::str::from_utf8(self.written(id)).ok()?;
        match text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => text.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn parse(text: &str) -> Result<Json<'_>> {
        Json::parse(text.as_bytes(), &mut Limits::default().budget(text.len() as u64))
    }

    #[test]
    fn documents_of_python_are_read() {
        let json = parse(" {\"a\": [1, -2.5e3, NaN, -Infinity, true, null, []], \"b\\u00e9\": {}} ").unwrap();
        let items: Vec<Id> = json.list(json.get(json.root(), "a").unwrap()).collect();
        assert_eq!(json.written(items[0]), b"1");
        assert_eq!(json.float(items[1]), Some(-2500.0));
        assert!(json.float(items[2]).unwrap().is_nan());
        assert_eq!(json.float(items[3]), Some(f64::NEG_INFINITY));
        assert_eq!(
            (json.kind(items[4]), json.kind(items[5]), json.kind(items[6])),
            (Kind::True, Kind::Null, Kind::Array)
        );
        assert_eq!(json.kind(json.get(json.root(), "b\u{e9}").unwrap()), Kind::Object);
        assert!(json.twice.is_empty());
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in [
            "",
            " ",
            "[1,]",
            "{\"a\":1,}",
            "[1 2]",
            "{\"a\" 1}",
            "{1: 2}",
            "01",
            "1.",
            "-",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"a",
            "[",
            "{",
            "]",
            "nul",
            "1 2",
            "\"\\u12g4\"",
            "[}",
            "{]",
            "'a'",
            "+1",
            "[,1]",
            "{,}",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(Json::parse(b"\"\xff\"", &mut Limits::default().budget(3)).is_err());
    }

    #[test]
    fn a_key_that_occurs_twice_has_its_last_value_at_its_first_place() {
        let json = parse(r#"{"a": 1, "b": 2, "\u0061": 3}"#).unwrap();
        let values: Vec<&[u8]> = json.entries(json.root()).map(|(_, value)| json.written(value)).collect();
        assert_eq!(values, [b"3", b"2"]);
        assert_eq!(json.twice, [17]);
    }

    #[test]
    fn surrogates_are_pairs_or_stand_alone() {
        let json = parse(r#"["\ud83d\ude00", "\ud800x", "\udc00\ud800"]"#).unwrap();
        let texts: Vec<_> = json.list(json.root()).map(|id| json.text(id).unwrap().into_owned()).collect();
        assert_eq!(texts[0], "\u{1f600}".as_bytes());
        assert_eq!(texts[1], b"\xed\xa0\x80x");
        assert_eq!(texts[2], b"\xed\xb0\x80\xed\xa0\x80");
    }

    #[test]
    fn depth_needs_no_stack() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert!(parse(&deep).is_ok());
        assert!(parse(&"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn a_document_costs_no_more_than_the_budget() {
        let text = format!("[{}1]", "1,".repeat(1000));
        let mut budget = Limits::default().with(Limit::Retained, 0).budget(100);
        assert_eq!(Json::parse(text.as_bytes(), &mut budget).map(|_| ()).unwrap_err().kind(), ErrorKind::Limit);
    }
}
