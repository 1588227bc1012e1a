//! The abuse corpus: streams made only of allowed names, derived from the tables themselves.
//!
//! `examples` makes a clean use of every entry from its shapes; here each part of it is replaced, each state gets
//! keys that it should not have, each object is built twice, each shared object is changed, each container is changed
//! after its use. None may be clean, except where the shape itself says that what stands there now is as good: such a
//! stream has a reason, and reasons are counted.

use super::super::entry::{self, Answer, Entry};
use super::super::shape::Shape;
use super::super::table::ENTRIES;
use super::asm::{Route, assemble};
use super::examples::{Node, Text, examples_of, maker, written};
use super::{judged, worst};
use crate::ast::Kind;
use std::collections::{BTreeMap, HashSet};

/// What stands in the place of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Abuse {
    Callable,
    Wrapped,
    Class,
    Result,
    Mapping,
    FactoryMapping,
    Huge,
    Negative,
    UnbuiltDType,
    ForgedDType,
    CallableInList,
    ClassInDict,
}

const ABUSES: [(Abuse, &str); 12] = [
    (Abuse::Callable, "builtins:len"),
    (Abuse::Wrapped, "functools:partial(builtins:len)"),
    (Abuse::Class, "sklearn.linear_model._base:LinearRegression"),
    (Abuse::Result, "new sklearn.linear_model._base:LinearRegression()"),
    (Abuse::Mapping, "collections:OrderedDict()"),
    (Abuse::FactoryMapping, "collections:defaultdict(builtins:list)"),
    (Abuse::Huge, "4611686018427387904"),
    (Abuse::Negative, "-7"),
    (Abuse::UnbuiltDType, "numpy:dtype('f8', False, True)"),
    (Abuse::ForgedDType, "numpy:dtype('O8', False, True) << (3, '|', None, None, None, -1, -1, 0)"),
    (Abuse::CallableInList, "[builtins:len]"),
    (Abuse::ClassInDict, "{'k': sklearn.linear_model._base:LinearRegression}"),
];

/// Why a shape takes what was put in a place, if it does.
fn admitted(shape: &Shape<'static>, abuse: Abuse) -> Option<&'static str> {
    use Abuse::{
        Callable, CallableInList, Class, FactoryMapping, Huge, Mapping, Negative, Result, UnbuiltDType, Wrapped,
    };
    let is_value = matches!(abuse, Result | Mapping | FactoryMapping | Huge | Negative | UnbuiltDType);
    match shape {
        Shape::Any if is_value => Some("any allowed value may stand there"),
        Shape::Data if is_value => Some("any data may stand there"),
        Shape::Data if matches!(abuse, Callable | Wrapped | CallableInList) => {
            Some("data may hold callables that anyone may call")
        }
        Shape::Harmless if matches!(abuse, Callable | Wrapped) => Some("a callable that anyone may call belongs there"),
        Shape::Listed if matches!(abuse, Callable | Class) => Some("any listed symbol belongs there"),
        Shape::Newable if abuse == Class => Some("any class that may be made belongs there"),
        Shape::Keyable if matches!(abuse, Huge | Negative) => Some("an int of any size belongs there"),
        Shape::Keyable if abuse == Callable => Some("a callable that anyone may call may be a key"),
        Shape::Kinds(kinds) if kinds.contains(Kind::Int) && matches!(abuse, Huge | Negative) => {
            Some("an int of any size belongs there")
        }
        Shape::ShortInt if matches!(abuse, Huge | Negative) => Some("an int of any size belongs there"),
        Shape::Int(low, high) => {
            let number = match abuse {
                Huge => 1 << 62,
                Negative => -7,
                _ => return None,
            };
            (*low..=*high).contains(&number).then_some("an int of that size belongs there")
        }
        Shape::Made(maker) => {
            let made = match abuse {
                Mapping => "collections.OrderedDict",
                FactoryMapping => "collections.defaultdict",
                _ => return None,
            };
            (*maker == made).then_some("such an object belongs there")
        }
        Shape::List(item) if abuse == CallableInList => admitted(item, Callable),
        Shape::Map(pair) if abuse == Abuse::ClassInDict => admitted(&pair.1, Class),
        Shape::OneOf(all) => all.iter().find_map(|one| admitted(one, abuse)),
        _ => None,
    }
}

/// One stream, and why it may be clean.
struct Stream {
    line: String,
    class: &'static str,
    reason: Option<&'static str>,
}

/// What is put into containers after their use: a class that nothing but a listed place takes.
const LATE: (Abuse, &str) = ABUSES[2];

/// All that can be done to one example: `before` stands in front of its text, `after` behind it.
fn abuse(node: &Node, before: &str, after: &str, streams: &mut Vec<Stream>) {
    let line = |text: &str| format!("{before}{text}{after}");
    for (index, part) in node.parts().into_iter().enumerate() {
        for (abuse, text) in ABUSES {
            // The arguments of a call as a whole are a tuple by the way the opcode is written.
            let reason = admitted(&part.shape, abuse);
            if index > 0 || before.ends_with("<< ") {
                streams.push(Stream { line: line(&node.with(index, text)), class: "a part replaced", reason });
            }
        }
        let Text::Group { open, items, .. } = &part.text else { continue };
        if *open == "{" {
            for (abuse, text) in [ABUSES[0], LATE] {
                let reason = others(&part.shape).and_then(|others| admitted(others, abuse));
                let more = part.with_item("'depickle_key': ", text);
                streams.push(Stream {
                    line: line(&node.with(index, &more)),
                    class: "a callable under a foreign key",
                    reason,
                });
            }
            for key in ["'__setstate__': ", "'__reduce__': ", "'append': ", "'extend': ", "'add': "] {
                let is_map = is_map(&part.shape).then_some("keys of a map are data");
                let more = part.with_item(key, "1");
                streams.push(Stream {
                    line: line(&node.with(index, &more)),
                    class: "a hook in a state",
                    reason: is_map,
                });
            }
        }
        if index == 0 && !before.ends_with("<< ") {
            continue;
        }
        let text = LATE.1;
        let change = match *open {
            "[" => format!("+= [{text}]"),
            "{" => format!("+= {{'depickle_key': {text}}}"),
            _ => continue,
        };
        let inner = if *open == "[" { items.first().map(|(_, item)| &item.shape) } else { others(&part.shape) };
        let reason = inner.and_then(|inner| admitted(inner, LATE.0));
        let named = format!("{} as 9", part.written());
        let late = format!("{}; $9 {change}", line(&node.with(index, &named)));
        streams.push(Stream { line: late, class: "a container changed after its use", reason });
    }
}

fn is_map(shape: &Shape<'static>) -> bool {
    match shape {
        Shape::OneOf(all) => all.iter().any(is_map),
        shape => matches!(shape, Shape::Map(_)),
    }
}

/// What other keys of a dict may hold.
fn others<'s>(shape: &'s Shape<'static>) -> Option<&'s Shape<'static>> {
    match shape {
        Shape::Dict(_, others) => others.as_deref(),
        Shape::Map(pair) => Some(&pair.1),
        _ => None,
    }
}

/// All streams of one entry, and the examples that are no clean use after all.
fn streams_of(entry: &Entry<'static>, bad: &mut Vec<String>) -> Vec<Stream> {
    let mut streams = Vec::new();
    let is_clean = |line: &str| worst(&judged(&assemble(line, 4, Route::StackGlobal))).is_none();
    let name = written(entry.symbol);
    let calls = [("new ", &entry.new), ("", &entry.init), ("", &entry.call)];
    for (how, signature) in calls.into_iter().filter_map(|(how, signature)| Some((how, signature.as_ref()?))) {
        for node in examples_of(entry, &signature.args) {
            let line = format!("{how}{name}{}", node.written());
            if !is_clean(&line) {
                bad.push(line);
                continue;
            }
            abuse(&node, &format!("{how}{name}"), "", &mut streams);
            for kind in &mutations(entry, signature.answer) {
                streams.push(Stream {
                    line: format!("{line} {kind}"),
                    class: "a finished object changed",
                    reason: None,
                });
            }
        }
    }
    let Some(state) = &entry.build else { return streams };
    let Some(maker) = maker(entry) else {
        bad.push(format!("{}: nothing makes it", entry.symbol));
        return streams;
    };
    for node in examples_of(entry, state) {
        let before = format!("{maker} << ");
        let line = format!("{before}{}", node.written());
        if !is_clean(&line) {
            bad.push(line);
            continue;
        }
        abuse(&node, &before, "", &mut streams);
        streams.push(Stream { line: format!("{line} << {}", node.written()), class: "built twice", reason: None });
        let reason = entry.recursive.then_some("the entry says that it may be used before");
        let used = format!("{maker} as 8; [$8]; $8 << {}", node.written());
        streams.push(Stream { line: used, class: "built after its use", reason });
    }
    streams
}

/// What must not be done to an object that is shared, a plain value, or takes no such items.
fn mutations(entry: &Entry<'static>, answer: Answer) -> Vec<&'static str> {
    let mut all = Vec::new();
    // These make objects of another class, whose own entry counts.
    if matches!(answer, Answer::Instance | Answer::Reconstructed | Answer::NewObj | Answer::Attribute | Answer::Array) {
        return all;
    }
    let fresh = answer == Answer::Fresh;
    if !fresh || entry.build.is_none() {
        all.push("<< {'x': 1}");
    }
    if !fresh || entry.setitem.is_none() {
        all.push("+= {'x': 1}");
    }
    if !fresh || entry.append.is_none() {
        all.push("+= [1]");
    }
    if !fresh || entry.add.is_none() {
        all.push("|= [1]");
    }
    all
}

/// What came of a corpus.
#[derive(Debug, Default)]
struct Outcome {
    refused: BTreeMap<&'static str, usize>,
    admitted: BTreeMap<&'static str, usize>,
    clean: Vec<String>,
    bad: Vec<String>,
}

impl Outcome {
    fn try_all(&mut self, streams: impl IntoIterator<Item = Stream>) {
        for stream in streams {
            if worst(&judged(&assemble(&stream.line, 4, Route::StackGlobal))).is_some() {
                *self.refused.entry(stream.class).or_default() += 1;
            } else if let Some(reason) = stream.reason {
                *self.admitted.entry(reason).or_default() += 1;
            } else {
                self.clean.push(format!("{}: {}", stream.class, stream.line));
            }
        }
    }

    /// None is clean without a reason, and there is enough of each class.
    fn holds(&self, least: usize) {
        assert!(
            self.clean.is_empty(),
            "{} are clean: {:#?}",
            self.clean.len(),
            &self.clean[..self.clean.len().min(60)]
        );
        let refused: usize = self.refused.values().sum();
        assert!(refused >= least, "only {refused} streams: {:?}", self.refused);
        assert_eq!(self.refused.len(), 7, "every class is there: {:?}", self.refused);
    }
}

fn entries() -> impl Iterator<Item = Entry<'static>> {
    let paragraphs = ENTRIES.iter().flat_map(|table| table.paragraphs());
    paragraphs.filter(|&paragraph| entry::alias(paragraph).is_none()).map(|paragraph| entry::parse(paragraph).unwrap())
}

/// One entry of each kind: those that differ in nothing but their name are tried by `cargo xtask abuse`.
#[test]
fn no_abuse_of_an_entry_is_clean() {
    let (mut seen, mut outcome) = (HashSet::new(), Outcome::default());
    for entry in entries() {
        let named = format!("{:?}", (&entry.new, &entry.init, &entry.call, &entry.build, entry.recursive));
        if seen.insert(named.replace(entry.symbol, "")) {
            let streams = streams_of(&entry, &mut outcome.bad);
            // A big entry has many parts that are alike.
            let step = 1 + streams.len() / 30;
            outcome.try_all(streams.into_iter().step_by(step));
        }
    }
    outcome.holds(1000);
    assert!(outcome.bad.len() <= 12, "{} examples are no clean use: {:#?}", outcome.bad.len(), outcome.bad);
}

/// The whole corpus, which takes minutes without optimisation: `cargo xtask abuse`.
#[test]
#[ignore = "takes minutes; cargo xtask abuse runs it"]
#[allow(clippy::print_stdout, reason = "the counts are what the task is run for")]
fn no_abuse_of_any_entry_is_clean() {
    let mut outcome = Outcome::default();
    for entry in entries() {
        let streams = streams_of(&entry, &mut outcome.bad);
        outcome.try_all(streams);
    }
    println!(
        "refused: {:#?}\nclean for a reason: {:#?}\nno example: {:#?}",
        outcome.refused, outcome.admitted, outcome.bad
    );
    outcome.holds(10_000);
}
