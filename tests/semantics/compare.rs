//! What CPython did with a file, held against what depickle says: lines, outcomes, positions and values.

use super::recorder::{Asked, Foretold, LOST, MEMORY, NAME_UTF8, Numbers, doubt_of_strings, foretell};
use depickle::limits::Limits;
use depickle::loader::{Manner, Pass, Reader, Readers, Reading, pass, reread, with_one_memo};
use depickle::opcode::{Access, Engine, FileWindow, SliceWindow, Source, Window};

/// One pickle, read by one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// The exception's class; empty if it loads.
    pub(crate) failure: String,
    /// Where the file stands after it.
    pub(crate) end: u64,
    /// The value as text, if asked for.
    pub(crate) value: String,
    /// What happened, in order.
    pub(crate) lines: Vec<String>,
}

impl Load {
    pub(crate) fn loads(&self) -> bool {
        self.failure.is_empty()
    }
}

/// How the two compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Alike.
    Same,
    /// Not alike, as a row of [`DIFFERENCES`](super::recorder::DIFFERENCES) has it.
    Known(&'static str),
    /// Not alike: what CPython does, and what depickle says.
    Differs(String),
}

type AnyPass<'a> = Pass<Box<dyn Window + 'a>>;

/// A file as one class of readers reads it.
pub(crate) struct Read<'a> {
    /// Each stream with a memo of its own.
    pub(crate) pass: AnyPass<'a>,
    /// All with one, where that has to be read again.
    again: Option<AnyPass<'a>>,
}

impl<'a> Read<'a> {
    /// Reads a file. `search` as in [`Manner`].
    pub(crate) fn new(bytes: &'a [u8], reader: Reader, access: Access, search: bool) -> Self {
        let over_memory = access == Access::Memory;
        let (arrays, dialect) = (reader.info().arrays, reader.dialect());
        let manner = Manner { readers: Readers::of(reader), dialect, arrays, search };
        let open = || -> Box<dyn Window + 'a> {
            if over_memory {
                Box::new(SliceWindow::new(bytes))
            } else {
                Box::new(FileWindow::new(SliceWindow::new(bytes), access))
            }
        };
        let budget = &mut Limits::default().budget(bytes.len() as u64);
        let pass = pass(open(), manner, budget);
        let again = (pass.wants_one_memo && !over_memory).then(|| with_one_memo(open(), manner, budget));
        Self { pass, again }
    }

    /// Compares it with what CPython did; `inherit`: with one unpickler for all its pickles.
    pub(crate) fn compare(&self, asked: Asked<'_>, inherit: bool, loads: &[Load]) -> Verdict {
        if !inherit || !self.pass.wants_one_memo {
            return match compare(&self.pass, asked, loads) {
                // Up to joblib 1.5 pickles within the pickle are read by the C engine.
                Verdict::Differs(_) if self.pass.is_joblib() => {
                    compare(&self.pass, Asked { nested: Engine::C, ..asked }, loads)
                }
                verdict => verdict,
            };
        }
        let pass = self.again.as_ref().unwrap_or(&self.pass);
        match pass.readings.iter().find(|reading| reading.inherits_memo) {
            Some(reading) => compare_with_one_memo(reading, pass.source(), asked, loads),
            None => Verdict::Differs("there is no reading with one memo".to_owned()),
        }
    }
}

/// Compares a file that is read with a new unpickler for each pickle, or where that is told to be the same.
fn compare<W: Window>(pass: &Pass<W>, asked: Asked<'_>, loads: &[Load]) -> Verdict {
    let source = pass.source();
    let (mut numbers, mut offset, mut verdict) = (Numbers::default(), 0, Verdict::Same);
    for load in loads {
        let place = pass.streams.iter().position(|stream| !stream.nested && stream.offset == offset);
        let stream = place.and_then(|place| pass.streams.get(place));
        let again;
        let reading = match stream.map(|stream| (stream.position, stream.reading)) {
            // What is neither a stream nor does anything is not listed.
            None => None,
            Some((_, Some(reading))) => pass.readings.get(reading),
            Some((position, None)) => {
                again = reread(source, position, pass.manner, &mut Limits::default().budget(u64::MAX >> 1));
                Some(&again)
            }
        };
        let nothing = Foretold::default();
        let nested = nested(pass, place, asked.nested);
        let mut foretold = reading.map_or(nothing, |reading| foretell(reading, &nested, source, asked, &mut numbers));
        // In an array joblib stands elsewhere.
        foretold.end = foretold.end.filter(|_| !pass.is_joblib());
        match one(&foretold, reading.map(|reading| (reading, source)), asked, load) {
            Verdict::Same => {}
            Verdict::Known(why) => verdict = Verdict::Known(why),
            differs => return differs,
        }
        let next = reading.map_or(offset, |reading| source.offset(reading.next));
        if load.loads() && next != load.end {
            return Verdict::Differs(format!("the next pickle begins at {}, and depickle says {next}", load.end));
        }
        offset = load.end;
    }
    verdict
}

/// The readings of the pickles within the one at a place, and the effects that they follow. Where engines part in one,
/// there are two readings of it.
fn nested<W: Window>(pass: &Pass<W>, place: Option<usize>, engine: Engine) -> Vec<(usize, &Reading)> {
    let before = pass.streams.get(..place.unwrap_or(0)).unwrap_or_default();
    let streams = before.iter().rev().take_while(|stream| stream.nested);
    let all = streams.filter_map(|stream| Some((stream.behind?, pass.readings.get(stream.reading?)?)));
    let mut all: Vec<_> = all.filter(|(_, it)| it.parted.is_none() || it.dialect.engine == engine).collect();
    all.reverse();
    all
}

/// Compares a file whose pickles are read by one unpickler with one memo: one reading.
fn compare_with_one_memo(reading: &Reading, source: Source<'_>, asked: Asked<'_>, loads: &[Load]) -> Verdict {
    let mut foretold = foretell(reading, &[], source, asked, &mut Numbers::default());
    let Some(last) = loads.last() else { return Verdict::Same };
    let lines: Vec<_> = loads.iter().flat_map(|load| load.lines.iter().cloned()).collect();
    let mut load = Load { lines, ..last.clone() };
    if last.loads() {
        // It was asked no more often.
        foretold.lines.truncate(load.lines.len());
        foretold.loads = true;
        foretold.value = None;
    } else if let (true, "EOFError", [.., value, _]) = (foretold.loads, last.failure.as_str(), loads) {
        // The end of the file, where depickle ends, too.
        load.failure.clear();
        load.value.clone_from(&value.value);
    }
    one(&foretold, Some((reading, source)), asked, &load)
}

fn one(foretold: &Foretold, reading: Option<(&Reading, Source<'_>)>, asked: Asked<'_>, load: &Load) -> Verdict {
    // The Python engine takes no more from a file than it looks at.
    let stops = foretold.end.filter(|_| asked.engine == Engine::Python && !load.loads());
    let place = stops.is_none_or(|end| end == load.end);
    if load.lines == foretold.lines && load.loads() == foretold.loads && place {
        return match &foretold.value {
            Some(value) if !load.value.is_empty() && *value != load.value => {
                Verdict::Differs(format!("the value is\n{}\nand depickle says\n{value}", load.value))
            }
            _ if foretold.recoded => Verdict::Known(NAME_UTF8),
            _ => Verdict::Same,
        };
    }
    if !load.loads() && foretold.lines.starts_with(&load.lines) {
        // The pickles of one reading are walked again as one run of opcodes, which bytes between them are not.
        let is_lost = |(reading, _): (&Reading, _)| reading.inherits_memo && !reading.oddities.is_empty();
        if asked.encoding == "utf-8" && load.failure == "UnicodeDecodeError" && reading.is_some_and(is_lost) {
            return Verdict::Known(LOST);
        }
        let doubt = foretold.doubt.filter(|doubt| doubt.lines <= load.lines.len()).map(|doubt| doubt.why);
        let memory = (load.failure == "MemoryError").then_some(MEMORY);
        let strings = || reading.and_then(|(reading, source)| doubt_of_strings(reading, source, asked.encoding));
        if let Some(why) = doubt.or(memory).or_else(strings) {
            return Verdict::Known(why);
        }
    }
    let shown =
        |loads: bool, lines: &[String]| format!("{} [{}]", if loads { "loads" } else { "refuses" }, lines.join(", "));
    let error = reading.and_then(|(reading, _)| reading.error.as_ref()).map_or(String::new(), ToString::to_string);
    Verdict::Differs(format!(
        "CPython {} {}, at {}\nand depickle {} {error}, at {stops:?}",
        shown(load.loads(), &load.lines),
        load.failure,
        load.end,
        shown(foretold.loads, &foretold.lines),
    ))
}
