//! Entries: what one symbol may be used for.
//!
//! A paragraph of a table: the symbol, then clauses in any order.
//!
//! | clause | allows |
//! |---|---|
//! | `= pkg.mod.attr` | what that entry allows: the symbol is another name for it |
//! | `reference` | to be imported, and to stand where a shape names it; every entry does |
//! | `new ARGS [KWARGS] [-> ANSWER]` | `__new__` with these arguments |
//! | `init ARGS [-> ANSWER]` | a full call of a class; fresh unless said otherwise |
//! | `refuses ARGS` | nothing: `__new__` with these arguments always raises |
//! | `call ARGS -> ANSWER` | a call of a function |
//! | `base PKG.CLASS SHAPE` | `copyreg._reconstructor(C, PKG.CLASS, SHAPE)` |
//! | `build SHAPE` | this state |
//! | `slots SHAPE` | this second half of a state |
//! | `setitem KEY: VALUE`, `append SHAPE`, `add SHAPE` | such items to be put into an object of it |
//! | `key` | objects of it to be keys of dicts and elements of sets |
//! | `harmless` | to be called by others with any data, and to stand in plain data |
//! | `plain` | to stand in plain data, though not to be called |
//! | `native` | nothing more: the state, or what a call without one is given, goes to a native parser, which is worth a note |
//! | `constant` | to stand wherever data may: it cannot be called |
//! | `wraps` | nothing more: objects of it call what they were given, so they are callables themselves |
//! | `lazy` | nothing more: what it makes stands for as many values as its arguments say, or stand for |
//! | `recursive` | an object of it to be referred to before its BUILD |

use super::shape::{Parsed, Parser, Shape};
use super::table::{self, Paragraph};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What a call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A new object, which the stream may go on to build.
    Fresh,
    /// An object that others may hold, too.
    Shared,
    /// A value that nothing can change.
    Scalar,
    /// Bytes, as many as the text of the first argument has characters.
    Bytes,
    /// A bytearray.
    ByteArray,
    /// A dtype.
    DType,
    /// numpy 2's dtype of text of any width, complete.
    StringDType,
    /// An array that waits for its state; of the class that is the first argument.
    Array,
    /// An array that is complete.
    FullArray,
    /// A new object of the class that is the first argument, which gets no arguments.
    Instance,
    /// The symbol that attribute access leads to.
    Attribute,
    /// A ufunc, by name.
    Ufunc,
    /// What `copyreg._reconstructor` answers.
    Reconstructed,
    /// What `copyreg.__newobj__` answers.
    NewObj,
}

const ANSWERS: [(&str, Answer); 14] = [
    ("fresh", Answer::Fresh),
    ("shared", Answer::Shared),
    ("scalar", Answer::Scalar),
    ("bytes", Answer::Bytes),
    ("bytearray", Answer::ByteArray),
    ("dtype", Answer::DType),
    ("string-dtype", Answer::StringDType),
    ("array", Answer::Array),
    ("full-array", Answer::FullArray),
    ("instance", Answer::Instance),
    ("attribute", Answer::Attribute),
    ("ufunc", Answer::Ufunc),
    ("reconstructed", Answer::Reconstructed),
    ("newobj", Answer::NewObj),
];

/// Arguments that are allowed, and what they lead to.
#[derive(Clone, Debug)]
pub(super) struct Signature<'t> {
    pub(super) args: Shape<'t>,
    pub(super) kwargs: Option<Shape<'t>>,
    pub(super) answer: Answer,
}

/// What one symbol may be used for.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry<'t> {
    pub(super) symbol: &'t str,
    pub(super) new: Option<Signature<'t>>,
    pub(super) init: Option<Signature<'t>>,
    pub(super) call: Option<Signature<'t>>,
    pub(super) refuses: Option<Shape<'t>>,
    pub(super) bases: Vec<(&'t str, Shape<'t>)>,
    pub(super) build: Option<Shape<'t>>,
    pub(super) slots: Option<Shape<'t>>,
    pub(super) setitem: Option<(Shape<'t>, Shape<'t>)>,
    pub(super) append: Option<Shape<'t>>,
    pub(super) add: Option<Shape<'t>>,
    pub(super) key: bool,
    pub(super) harmless: bool,
    pub(super) plain: bool,
    pub(super) native: bool,
    pub(super) constant: bool,
    pub(super) wraps: bool,
    pub(super) lazy: bool,
    pub(super) recursive: bool,
    /// The item of the user's policy that it is, by its number; none is built in.
    pub(super) item: Option<u32>,
}

impl<'t> Entry<'t> {
    /// Every symbol that its shapes name.
    pub(super) fn symbols(&self) -> Vec<&'t str> {
        let mut symbols: Vec<&'t str> = self.bases.iter().map(|&(base, _)| base).collect();
        self.each_shape(|shape| {
            if let Shape::Symbol(symbol) | Shape::Made(symbol) = *shape {
                symbols.push(symbol);
            }
        });
        symbols
    }

    /// Looks at every shape, and at those that they are made of.
    pub(super) fn each_shape(&self, mut look: impl FnMut(&Shape<'t>)) {
        let signatures = [&self.new, &self.init, &self.call].into_iter().flatten();
        let mut shapes: Vec<&Shape<'t>> = signatures.flat_map(|one| one.kwargs.iter().chain([&one.args])).collect();
        shapes.extend(self.bases.iter().map(|(_, shape)| shape));
        shapes.extend([&self.build, &self.slots, &self.append, &self.add].into_iter().flatten());
        shapes.extend(self.setitem.iter().flat_map(|(key, value)| [key, value]));
        while let Some(shape) = shapes.pop() {
            look(shape);
            match shape {
                Shape::Tuple(items, many) => shapes.extend(items.iter().chain(many.as_deref())),
                Shape::List(item) => shapes.push(item),
                Shape::Dict(keys, others) => {
                    shapes.extend(keys.iter().map(|key| &key.shape).chain(others.as_deref()));
                }
                Shape::Map(pair) => shapes.extend([&pair.0, &pair.1]),
                Shape::OneOf(all) => shapes.extend(all),
                _ => {}
            }
        }
    }
}

/// How many aliases may lead to each other.
const MAX_ALIASES: usize = 4;

thread_local! {
    /// The entries that were read, by each name that led to them: one file after another needs the same.
    static READ: RefCell<HashMap<&'static str, Rc<Entry<'static>>>> = RefCell::default();
}

/// The entry of a symbol, after aliases. An entry that cannot be read allows nothing: there is none.
pub(super) fn lookup(symbol: &str) -> Option<Rc<Entry<'static>>> {
    let known = READ.with_borrow(|read| read.get(symbol).cloned());
    known.or_else(|| {
        let name = table::entry(symbol)?.key;
        let entry = Rc::new(parse(paragraph(symbol)?).ok()?);
        READ.with_borrow_mut(|read| read.insert(name, Rc::clone(&entry)));
        Some(entry)
    })
}

/// The name of the built-in entry of a symbol: its own, or the one that it is another name for.
pub(super) fn canonical(symbol: &str) -> Option<&'static str> {
    paragraph(symbol).map(|paragraph| paragraph.key)
}

/// What the table says of why the built-in entry of a symbol is safe; empty where that goes without saying.
pub(super) fn comment(symbol: &str) -> String {
    let lines = paragraph(symbol).map_or("", |paragraph| paragraph.body).lines();
    lines.filter_map(|line| line.trim_start().strip_prefix('#')).map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The paragraph of the built-in entry of a symbol, after aliases.
pub(super) fn paragraph(symbol: &str) -> Option<Paragraph<'static>> {
    let mut paragraph = table::entry(symbol)?;
    for _ in 0..MAX_ALIASES {
        match alias(paragraph) {
            Some(target) => paragraph = table::entry(target)?,
            None => return Some(paragraph),
        }
    }
    None
}

/// The entry that a paragraph is another name for.
pub(super) fn alias<'t>(paragraph: Paragraph<'t>) -> Option<&'t str> {
    let mut parser = Parser::new(paragraph.body);
    if parser.take("=") { Some(parser.word()) } else { None }
}

/// Reads the paragraph of an entry that is no alias.
pub(super) fn parse<'t>(paragraph: Paragraph<'t>) -> Parsed<Entry<'t>> {
    let mut entry = Entry { symbol: paragraph.key, ..Entry::default() };
    let mut parser = Parser::new(paragraph.body);
    while !parser.at_end() {
        let clause = parser.word();
        entry.clause(clause, &mut parser).map_err(|error| format!("{}: {error}", paragraph.key))?;
    }
    Ok(entry)
}

impl<'t> Entry<'t> {
    /// Reads what stands behind the word of a clause.
    pub(super) fn clause(&mut self, clause: &str, parser: &mut Parser<'t>) -> Parsed<()> {
        match clause {
            "reference" => {}
            "new" => self.new = Some(signature(parser, Some(Answer::Fresh))?),
            "init" => self.init = Some(signature(parser, Some(Answer::Fresh))?),
            "refuses" => self.refuses = Some(parser.shape()?),
            "call" => self.call = Some(signature(parser, None)?),
            "base" => {
                let base = parser.word();
                self.bases.push((base, parser.shape()?));
            }
            "build" => self.build = Some(parser.shape()?),
            "slots" => self.slots = Some(parser.shape()?),
            "setitem" => {
                let key = parser.shape()?;
                parser.expect(":")?;
                self.setitem = Some((key, parser.shape()?));
            }
            "append" => self.append = Some(parser.shape()?),
            "add" => self.add = Some(parser.shape()?),
            "key" => self.key = true,
            "harmless" => self.harmless = true,
            "plain" => self.plain = true,
            "native" => self.native = true,
            "constant" => self.constant = true,
            "wraps" => self.wraps = true,
            "lazy" => self.lazy = true,
            "recursive" => self.recursive = true,
            _ => return Err(format!("{clause:?} is no clause")),
        }
        Ok(())
    }
}

fn signature<'t>(parser: &mut Parser<'t>, default: Option<Answer>) -> Parsed<Signature<'t>> {
    let args = parser.shape()?;
    let mut ahead = parser.clone();
    let kwargs = if ahead.take("{") { Some(parser.shape()?) } else { None };
    let answer = if parser.take("->") {
        let word = parser.word();
        ANSWERS.iter().find(|(name, _)| *name == word).map(|&(_, answer)| answer)
    } else {
        default
    };
    Ok(Signature { args, kwargs, answer: answer.ok_or("a call says what it answers: -> fresh")? })
}
