//! What the recorder of `xtask/python/worker.py` writes down of a stream, foretold from depickle's reading of it.
//!
//! The effects of a reading are what CPython would do whatever the objects are; the recorder's objects are of a known
//! kind. [`foretell`] says what becomes of each effect with them, and where they refuse it: exactly, or, where what
//! decides is not looked at by depickle, as a [`Doubt`].

use super::described::Describer;
use depickle::ast::{Kind, Value};
use depickle::error::{Error, ErrorKind};
use depickle::loader::Reading;
use depickle::machine::{Action, Effect};
use depickle::opcode::{Arg, Engine, Opcode, Reader, SliceWindow, Source, text};
use std::collections::HashMap;

/// Codes that the recorder registers.
const CODES: [i64; 8] = [1, 2, 3, 255, 256, 65535, 65536, 2_147_483_647];

/// How the recorder reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked<'a> {
    /// The engine.
    pub(crate) engine: Engine,
    /// The engine that reads pickles within the pickle.
    pub(crate) nested: Engine,
    /// What it makes of strings of Python 2.
    pub(crate) encoding: &'a str,
    /// Whether persistent ids, buffers and extension codes are answered.
    pub(crate) hooks: bool,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(engine: Engine, encoding: &'a str) -> Self {
        Self { engine, nested: Engine::Python, encoding, hooks: true }
    }
}

/// What the recorder counts through the pickles of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    instances: u64,
    buffers: u64,
    persistent: u64,
    /// Extension codes that were asked for: later they are known.
    extensions: Vec<i64>,
}

/// Where the recorder may refuse what depickle goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// After how many lines, at the earliest.
    pub(crate) lines: usize,
    /// A row of [`DIFFERENCES`].
    pub(crate) why: &'static str,
}

pub(crate) const METHOD: &str = "method";
pub(crate) const VIEW_STATE: &str = "view-state";
pub(crate) const PLAIN_STATE: &str = "plain-state";
pub(crate) const NAME_BYTES: &str = "name-bytes";
pub(crate) const NAME_UTF8: &str = "name-utf8";
pub(crate) const STR_BUFFER: &str = "str-buffer";
pub(crate) const LOST: &str = "lost";
pub(crate) const MEMORY: &str = "memory";

/// Known differences. In all but one CPython refuses the stream somewhere, and depickle reads on, as it does not look at
/// what decides; up to there both are alike.
pub(crate) const DIFFERENCES: &[(&str, &str)] = &[
    (
        METHOD,
        "a method of a bytearray or a list (`extend`, `__setitem__`): whether it takes the value is not looked at",
    ),
    (VIEW_STATE, "a state for a memoryview: whether it is one that changes nothing is not looked at"),
    (
        PLAIN_STATE,
        "a buffer, what something may have emptied, or a tuple with an object, as the state of a plain value: whether it \
         is empty is not looked at",
    ),
    (NAME_BYTES, "a string of Python 2 as a name: with the encoding `bytes` it is none, with others it is"),
    (NAME_UTF8, "a string of Python 2 as a name that is not ASCII: read as latin-1, whatever the encoding"),
    (STR_BUFFER, "a string of Python 2 as a buffer: with the encoding `bytes` it is one, with others it is not"),
    (LOST, "a string of Python 2 behind what was lost of a frame: that UTF-8 does not read it is not looked at"),
    (MEMORY, "a memo index or a length that the interpreter has no memory for"),
];

/// What the recorder writes down of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Foretold {
    /// Its trace.
    pub(crate) lines: Vec<String>,
    /// Whether the stream loads.
    pub(crate) loads: bool,
    /// The value, where it loads and the tree holds what became of it.
    pub(crate) value: Option<String>,
    /// Where it is refused, if not by the recorder's objects: the position behind the last byte that was looked at.
    pub(crate) end: Option<u64>,
    /// Where it may be refused before.
    pub(crate) doubt: Option<Doubt>,
    /// Whether a name is another one to depickle, for the encoding.
    pub(crate) recoded: bool,
}

/// What a value is to the recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    /// A recording class, by its name.
    Class(String),
    /// What comes of calling something.
    Instance(u64),
    /// A buffer with the recording methods.
    Buffer(u64),
    /// A view of one that can be written to, or of a bytearray.
    View,
    /// A plain value.
    Plain,
}

/// One reading and what the recorder calls its values.
pub(crate) struct Things<'a> {
    pub(crate) reading: &'a Reading,
    pub(crate) source: Source<'a>,
    pub(crate) encoding: &'a str,
    /// The strings of Python 2 that are other texts in UTF-8 than in latin-1, as which depickle reads them; none where the
    /// encoding is another.
    recoded: HashMap<String, String>,
    /// The numbers of the instances.
    instances: Vec<u64>,
    /// The numbers of buffers and persistent ids, by effect.
    by_effect: HashMap<u64, u64>,
}

impl Things<'_> {
    pub(crate) fn thing(&self, value: Value) -> Thing {
        let ast = &self.reading.ast;
        let number = || self.by_effect.get(&value.payload()).copied().unwrap_or(u64::MAX);
        match value.kind() {
            Kind::Import => match ast.symbol(value) {
                Some(symbol) => Thing::Class(self::symbol(self.name(&symbol.module), self.name(&symbol.name))),
                None => Thing::Plain,
            },
            Kind::Object => Thing::Instance(self.instances.get(value.index()).copied().unwrap_or(u64::MAX)),
            Kind::Persistent => Thing::Class(format!("persistent:{}", number())),
            Kind::Extension => match self.reading.effects.get(value.index()).map(|effect| effect.action) {
                Some(Action::Extension { code }) => Thing::Class(format!("extension:{code}")),
                _ => Thing::Plain,
            },
            Kind::Buffer => Thing::Buffer(number()),
            Kind::View => match ast.viewed(value).map(|inner| self.thing(inner)) {
                // A view of what is read-only is not taken: the thing itself stays.
                Some(Thing::Buffer(number)) if number % 2 == 1 => Thing::Buffer(number),
                _ => Thing::View,
            },
            _ => Thing::Plain,
        }
    }

    /// A name as who was told the encoding reads it.
    fn name<'b>(&'b self, name: &'b str) -> &'b str {
        self.recoded.get(name).map_or(name, String::as_str)
    }

    /// The thing as it stands in a trace, if the recorder sees its methods.
    fn recorded(&self, value: Value) -> Option<String> {
        match self.thing(value) {
            Thing::Class(name) => Some(name),
            Thing::Instance(number) => Some(format!("#{number}")),
            Thing::Buffer(number) => Some(format!("~{number}")),
            Thing::View | Thing::Plain => None,
        }
    }
}

/// A name as the recorder writes it.
pub(crate) fn symbol(module: &str, name: &str) -> String {
    format!("{module}:{name}").replace('\n', "\\n")
}

/// The strings of Python 2 of a reading that are other texts in UTF-8 than in latin-1: from the one to the other.
fn recoded(reading: &Reading, source: Source<'_>, encoding: &str) -> HashMap<String, String> {
    if encoding != "utf-8" || reading.first_8bit_string.is_none() {
        return HashMap::new();
    }
    let other = strings(reading, source).filter(|(_, bytes)| !bytes.is_ascii());
    other
        .filter_map(|(_, bytes)| Some((bytes.iter().map(|b| char::from(*b)).collect(), String::from_utf8(bytes).ok()?)))
        .collect()
}

/// What the recorder writes down of a reading. `nested`: the readings of pickles within it, and the effects that they
/// follow.
pub(crate) fn foretell(
    reading: &Reading,
    nested: &[(usize, &Reading)],
    source: Source<'_>,
    asked: Asked<'_>,
    numbers: &mut Numbers,
) -> Foretold {
    let recoded = recoded(reading, source, asked.encoding);
    let things =
        Things { reading, source, encoding: asked.encoding, recoded, instances: Vec::new(), by_effect: HashMap::new() };
    let mut teller = Teller { things, asked, numbers, lines: Vec::new(), doubt: None, changed: false };
    // The first string that the encoding cannot read ends it all.
    let end = undecodable(reading, source, asked);
    let mut went_on = true;
    for (index, effect) in reading.effects.iter().enumerate() {
        if end.is_some_and(|end| end < effect.at) || !teller.effect(index as u64, effect) {
            went_on = false;
            break;
        }
        // A pickle in place of an array of objects: nobody answers it but `find_class`.
        for (_, inner) in nested.iter().filter(|(behind, _)| *behind == index) {
            let plain = Asked { hooks: false, engine: asked.nested, ..asked };
            teller.lines.extend(foretell(inner, &[], source, plain, teller.numbers).lines);
        }
    }
    let root = reading.root.filter(|_| went_on && end.is_none());
    let Teller { things, lines, doubt, changed, .. } = teller;
    let value = root.filter(|_| !changed).and_then(|root| Describer::new(&things).describe(root));
    let mut names = reading.ast.symbols().iter().flat_map(|symbol| [&symbol.module, &symbol.name]);
    let recoded = names.any(|name| things.recoded.contains_key(&**name));
    let stands =
        reading.error.as_ref().filter(|_| went_on && end.is_none()).and_then(|error| stands(error, reading, source));
    Foretold { lines, loads: root.is_some(), value, end: stands, doubt, recoded }
}

/// The position behind the last byte that was looked at before an error; `None` where what is missing was asked for.
fn stands(error: &Error, reading: &Reading, source: Source<'_>) -> Option<u64> {
    let end = source.offset(reading.end);
    let byte = source.bytes.get(reading.end).is_some_and(|byte| Opcode::from_byte(*byte).is_none());
    // A byte that is no opcode was looked at.
    let opcode = byte && error.offset() == Some(end);
    (error.kind() != ErrorKind::Truncated).then_some(end + u64::from(opcode))
}

/// Where the first string of Python 2 stands that the encoding does not read.
fn undecodable(reading: &Reading, source: Source<'_>, asked: Asked<'_>) -> Option<usize> {
    let first = reading.first_8bit_string?;
    match asked.encoding {
        "ASCII" => Some(first),
        "utf-8" => strings(reading, source).find(|(_, bytes)| std::str::from_utf8(bytes).is_err()).map(|(at, _)| at),
        _ => None,
    }
}

/// The opcodes of a reading with their arguments, as far as they can be read again. Frames are stepped into: what was
/// lost of them is not among the bytes.
fn opcodes(reading: &Reading, source: Source<'_>) -> impl Iterator<Item = (usize, Opcode, Arg)> {
    let mut at = reading.start;
    let op = move || loop {
        if source.bytes.get(at) == Some(&(Opcode::Frame as u8)) {
            at += 9;
            continue;
        }
        let mut reader = Reader::new(SliceWindow::new(source.bytes), at, reading.dialect);
        let op = reader.next_op().ok()?;
        at = reader.position();
        return Some((op.at, op.opcode, op.arg));
    };
    std::iter::from_fn(op).take_while(|(at, ..)| *at < reading.end)
}

/// The strings of Python 2, decoded.
fn strings(reading: &Reading, source: Source<'_>) -> impl Iterator<Item = (usize, Vec<u8>)> {
    opcodes(reading, source).filter_map(move |(at, opcode, arg)| {
        let Arg::Bytes(run) = arg else { return None };
        let bytes = source.bytes.get(run.at..run.at + run.len)?;
        match opcode {
            Opcode::String => Some((at, text::unescape(bytes)?.into_owned())),
            Opcode::BinString | Opcode::ShortBinString => Some((at, bytes.to_vec())),
            _ => None,
        }
    })
}

/// Why the recorder may refuse a stream whose strings of Python 2 are what depickle leaves open; looked for only where
/// it does.
pub(crate) fn doubt_of_strings(reading: &Reading, source: Source<'_>, encoding: &str) -> Option<&'static str> {
    strings(reading, source).next()?;
    let has = |wanted| opcodes(reading, source).any(|(_, opcode, _)| opcode == wanted);
    match encoding {
        "bytes" => has(Opcode::StackGlobal).then_some(NAME_BYTES),
        _ => has(Opcode::ReadonlyBuffer).then_some(STR_BUFFER),
    }
}

struct Teller<'a, 'b> {
    things: Things<'a>,
    asked: Asked<'a>,
    numbers: &'b mut Numbers,
    lines: Vec<String>,
    doubt: Option<Doubt>,
    /// Whether a plain value was changed by a method: the tree does not hold what became of it.
    changed: bool,
}

impl Teller<'_, '_> {
    fn line(&mut self, word: &str, target: &str) -> bool {
        self.lines.push(format!("{word} {target}"));
        true
    }

    fn lines(&mut self, word: &str, target: &str, count: u32) -> bool {
        (0..count).all(|_| self.line(word, target))
    }

    fn may_refuse(&mut self, why: &'static str) -> bool {
        self.doubt.get_or_insert(Doubt { lines: self.lines.len(), why });
        true
    }

    /// A plain value's own method.
    fn method(&mut self) -> bool {
        self.changed = true;
        self.may_refuse(METHOD)
    }

    /// Writes one effect down; whether the recorder goes on.
    fn effect(&mut self, index: u64, effect: &Effect) -> bool {
        let hooks = self.asked.hooks;
        match effect.action {
            Action::Import { value, .. } => match self.things.thing(value) {
                Thing::Class(name) => self.line("import", &name),
                _ => false,
            },
            // Nothing that the recorder answers is a str.
            Action::DynamicImport { .. } => false,
            Action::Call { how, callee, args, kwargs, .. } => self.call(effect, how, callee, args, kwargs),
            Action::Build { target, state } => match (self.things.recorded(target), self.things.thing(target)) {
                (Some(target), _) => self.line("build", &target),
                (None, Thing::View) => self.may_refuse(VIEW_STATE),
                // What the recorder answers is neither `None` nor empty.
                (None, _) if matches!(self.things.thing(state), Thing::Class(_) | Thing::Instance(_)) => false,
                (None, _) => self.may_refuse(PLAIN_STATE),
            },
            Action::Append { target, .. } if target.kind().is_builtin() => self.method(),
            Action::SetItem { target, .. } if target.kind().is_builtin() => self.method(),
            Action::Append { target, .. } => {
                let Some(target) = self.things.recorded(target) else { return false };
                let one = self.things.source.bytes.get(effect.at) == Some(&(Opcode::Append as u8));
                let word = if one && self.asked.engine == Engine::Python { "append" } else { "extend" };
                self.line(word, &target)
            }
            Action::SetItem { target, count } => {
                let Some(target) = self.things.recorded(target) else { return false };
                self.lines("setitem", &target, count / 2)
            }
            Action::Add { target, count } => {
                let Some(target) = self.things.recorded(target) else { return false };
                self.lines("add", &target, count)
            }
            Action::Persistent { id } if hooks => {
                let number = self.numbers.persistent;
                self.numbers.persistent += 1;
                self.things.by_effect.insert(index, number);
                let id = Describer::new(&self.things).leaf(id).unwrap_or_else(|| id.kind().name().to_owned());
                self.line("persid", &id)
            }
            Action::Extension { code } if hooks && CODES.contains(&code) => {
                if !self.numbers.extensions.contains(&code) {
                    self.numbers.extensions.push(code);
                    self.line("import", &format!("extension:{code}"));
                }
                true
            }
            Action::Buffer if hooks => {
                let number = self.numbers.buffers;
                self.numbers.buffers += 1;
                self.things.by_effect.insert(index, number);
                self.line("buffer", &format!("~{number}"))
            }
            Action::Persistent { .. } | Action::Extension { .. } | Action::Buffer => false,
            // Classes and instances are no buffers.
            Action::View { .. } => false,
        }
    }

    fn call(&mut self, effect: &Effect, how: Opcode, callee: Value, args: Value, kwargs: Option<Value>) -> bool {
        let c = self.asked.engine == Engine::C;
        let iterable = args.kind().is_builtin() || matches!(self.things.thing(args), Thing::Buffer(_) | Thing::View);
        if !iterable || (c && args.kind() != Kind::Tuple) {
            return false;
        }
        if !kwargs.is_none_or(|kwargs| self.are_keywords(effect, kwargs)) {
            return false;
        }
        let Some(target) = self.things.recorded(callee) else { return false };
        let is_class = matches!(self.things.thing(callee), Thing::Class(_));
        let word = match how {
            Opcode::NewObj | Opcode::NewObjEx => {
                if !is_class {
                    // C asks for a class. Python finds a `__new__`, and it is that which fails.
                    if !c {
                        self.line("new", &target);
                    }
                    return false;
                }
                "new"
            }
            Opcode::Reduce => "call",
            _ if is_class && self.things.reading.ast.items(args, effect.moment).next().is_none() => "new",
            _ => "call",
        };
        self.things.instances.push(self.numbers.instances);
        self.numbers.instances += 1;
        self.line(word, &target)
    }

    /// Whether a value is a dict whose keys are all str.
    fn are_keywords(&self, effect: &Effect, kwargs: Value) -> bool {
        let is_text = |key: Value| match key.kind() {
            Kind::Str => true,
            Kind::ByteStr => self.asked.encoding != "bytes",
            _ => false,
        };
        kwargs.kind() == Kind::Dict
            && self.things.reading.ast.entries(kwargs, effect.moment).all(|(key, _)| is_text(key))
    }
}
