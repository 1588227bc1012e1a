//! One pass over a source: its streams from the first byte to the last, as one class of readers reads them.

use super::joblib::Wrapper;
use super::readers::{Arrays, Readers};
use super::reading::Reading;
use super::stream::{StreamReader, inherited, plain};
use crate::error::{Error, ErrorKind};
use crate::limits::{Budget, Limit};
use crate::machine::Machine;
use crate::opcode::{Dialect, Replay, SliceWindow, Source, Window};

/// How a pass reads.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Who reads so.
    pub readers: Readers,
    /// The engine.
    pub dialect: Dialect,
    /// What is expected behind joblib's wrappers.
    pub arrays: Arrays,
    /// Whether bytes that belong to no stream are searched for another one.
    pub search: bool,
}

/// A source as one class of readers reads it.
#[derive(Debug)]
pub struct Pass<W> {
    /// How it was read.
    pub manner: Manner,
    /// The bytes.
    pub window: W,
    /// The streams, in order; nested ones before the one they stand in. Of those of which there is nothing to say, the
    /// first few thousand.
    pub streams: Vec<StreamInfo>,
    /// How many there are, nested ones left out.
    pub stream_count: u64,
    /// The readings of those streams that do or say anything, and always of the first.
    pub readings: Vec<Reading>,
    /// Bytes that no stream explains.
    pub trailing: Vec<Trailing>,
    /// The first place at which array bytes or a nested stream follow.
    pub first_raw: Option<FirstRaw>,
    /// Whether a reader that steps over no padding may do something behind the first array that has one.
    pub acts_unpadded: bool,
    /// Files beside this one that it names.
    pub companions: Vec<Companion>,
    /// Whether reading the source again, with one memo for all streams, may tell something else. That has been done
    /// unless the source is a [file](Window::file), of which bytes were lost.
    pub wants_one_memo: bool,
}

impl<W: Window> Pass<W> {
    fn new(window: W, manner: Manner) -> Self {
        Self {
            manner,
            window,
            streams: Vec::new(),
            stream_count: 0,
            readings: Vec::new(),
            trailing: Vec::new(),
            first_raw: None,
            acts_unpadded: false,
            companions: Vec::new(),
            wants_one_memo: false,
        }
    }

    /// The bytes, as far as they were read.
    pub fn source(&self) -> Source<'_> {
        Source::of(&self.window)
    }

    /// Whether a wrapper of joblib was met.
    pub fn is_joblib(&self) -> bool {
        self.first_raw.is_some() || !self.companions.is_empty()
    }

    /// Whether the engines part anywhere.
    pub fn parts(&self) -> bool {
        self.readings.iter().any(|reading| reading.parted.is_some())
    }

    /// Whether frames are odd anywhere.
    pub fn is_odd(&self) -> bool {
        self.readings.iter().any(|reading| !reading.oddities.is_empty())
    }

    /// Whether CPython 3.14 reads a number as something else.
    pub fn is_decimal(&self) -> bool {
        self.readings.iter().any(|reading| reading.decimal.is_some())
    }

    /// Says who reads so.
    pub fn set_readers(&mut self, readers: Readers) {
        self.manner.readers = readers;
        for reading in &mut self.readings {
            reading.readers = readers;
        }
    }

    /// The reading of the first stream that is not nested: what `load` answers.
    pub fn first(&self) -> Option<&Reading> {
        self.readings.get(self.outer(0)?.reading?)
    }

    /// A stream, counted from 0 without nested ones.
    pub fn outer(&self, number: usize) -> Option<&StreamInfo> {
        self.streams.iter().filter(|stream| !stream.nested).nth(number)
    }
}

/// Where a reader that knows no joblib and one that does part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstRaw {
    /// Offset at which a reader that knows no joblib reads its next opcode.
    pub offset: u64,
    /// Whether it could: an honest file of joblib 1.2 or later has a padding length of 1 to 16 there, which is no
    /// opcode.
    pub opcode: bool,
    /// The effects before it.
    pub effects: usize,
}

/// One stream, in short.
#[derive(Clone, Debug)]
pub struct StreamInfo {
    /// Its number among all of them, nested ones included.
    pub number: u32,
    /// Offset of its first byte.
    pub offset: u64,
    /// Position of its first byte in what the window kept.
    pub position: usize,
    /// How many bytes, up to and including STOP or to where it is refused; array bytes included.
    pub len: u64,
    /// The highest protocol it declares.
    pub protocol: u8,
    /// Opcodes run.
    pub opcodes: u64,
    /// Whether it stands where a joblib array of objects is.
    pub nested: bool,
    /// The BUILD behind which a nested one stands, counted in the effects of the stream around it, which is the next
    /// that is not nested.
    pub behind: Option<usize>,
    /// Whether STOP was reached.
    pub loads: bool,
    /// Its reading, counted in [`Pass::readings`].
    pub reading: Option<usize>,
}

/// Bytes that no stream explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailing {
    /// Offset of the first.
    pub offset: u64,
    /// How many.
    pub len: u64,
    /// Whether they are what writers leave: up to 511 NULs, or one newline.
    pub padding: bool,
}

/// A file that a joblib file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// The reading that names it, counted in [`Pass::readings`].
    pub reading: usize,
    /// The effect that names it.
    pub effect: usize,
    /// Its name, as given.
    pub name: String,
    /// By which wrapper.
    pub wrapper: Wrapper,
}

/// The most NULs that count as padding.
const PADDING: usize = 511;

/// How many bytes behind the last stream are searched for another one.
const SEARCHED: usize = 64 << 20;

/// How many streams are listed of which there is nothing to say.
const LISTED: usize = 1 << 12;

/// Reads `window` from its first byte to its last. Whatever goes wrong ends the pass, and the last reading says why.
pub fn pass<W: Window>(window: W, manner: Manner, budget: &mut Budget) -> Pass<W> {
    let (pass, machine) = (Pass::new(window, manner), Machine::default());
    let mut driver = Driver { pass, machine, budget, looked: 0, tried: 0, met: 0, silent: 0 };
    driver.streams();
    driver.pass
}

/// Reads all streams of `window` with one memo, as an unpickler does whose `load()` is called again: one reading.
pub fn with_one_memo<W: Window>(window: W, manner: Manner, budget: &mut Budget) -> Pass<W> {
    let mut pass = Pass::new(window, manner);
    let reading = inherited(&mut pass.window, manner, budget);
    pass.readings.push(reading);
    pass
}

struct Driver<'b, W> {
    pass: Pass<W>,
    /// Runs one stream after another.
    machine: Machine,
    budget: &'b mut Budget,
    /// The furthest position that a reading has looked at.
    looked: usize,
    /// Opcodes run in search of streams in bytes that nothing explains.
    tried: u64,
    /// Streams met, nested ones included.
    met: u32,
    /// Streams listed of which there is nothing to say.
    silent: usize,
}

impl<W: Window> Driver<'_, W> {
    fn streams(&mut self) {
        let mut at = 0;
        let over_file = self.pass.window.file().is_some();
        let mut wants_memo = false;
        loop {
            let first = self.pass.streams.is_empty();
            if !first && self.is_padding(at) {
                break;
            }
            let reading = self.read(at);
            let (loads, silent) = (reading.root.is_some(), reading.effects.is_empty());
            let (end, next) = (reading.end, reading.next);
            let over =
                reading.error.as_ref().is_some_and(|error| matches!(error.kind(), ErrorKind::Limit | ErrorKind::Io));
            // What it fetches may be something else where the memo of the streams before is still there.
            wants_memo |= !first && reading.reads_memo;
            // A stream on which the engines part may speak to the other one.
            if first || loads || !silent || over || reading.parted.is_some() || reading.decimal.is_some() {
                self.keep(reading, None, first);
            }
            if over || (first && !loads && silent) {
                break;
            }
            if loads {
                if next != end && over_file {
                    // Who reads on there keeps what the buffer holds of the frame, and the memo.
                    wants_memo = true;
                } else if next != end {
                    self.other_place(end);
                }
                at = next;
                continue;
            }
            let unexplained = if silent { at } else { end };
            match self.search(unexplained) {
                Some(found) => at = found,
                None => break,
            }
        }
        // joblib makes a new unpickler for each load.
        self.pass.wants_one_memo = wants_memo && self.pass.first_raw.is_none();
        if self.pass.wants_one_memo && !over_file {
            let reading = self.again();
            self.pass.readings.push(reading);
        }
    }

    /// Reads what was read once more, with one memo. Payloads that were stepped over may be gone: where one would be looked
    /// at this time, it is not known what this reader finds.
    fn again(&mut self) -> Reading {
        let source = Source::of(&self.pass.window);
        let mut window = Replay::new(source, 0);
        let mut reading = inherited(&mut window, self.pass.manner, self.budget);
        let is_cut = reading.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Truncated);
        if !source.gaps.is_empty() && (is_cut || !window.is_whole(reading.end)) {
            let message = "read again with the memo of the stream before, it needs bytes that were not kept: \
                           decompress the file and scan that";
            reading.error = Some(Error::new(ErrorKind::Limit, message));
        }
        reading
    }

    /// Reads the stream at `at`; streams nested in it are kept.
    fn read(&mut self, at: usize) -> Reading {
        if let Err(error) = self.budget.spend(Limit::Streams, 1) {
            let mut reading = plain(&mut self.pass.window, at, self.pass.manner, self.pass.manner.dialect, self.budget);
            reading.error = Some(error);
            return reading;
        }
        let mut stream = StreamReader {
            window: &mut self.pass.window,
            machine: &mut self.machine,
            manner: self.pass.manner,
            budget: self.budget,
            nested: Vec::new(),
            companions: Vec::new(),
            first_raw: None,
            acts_unpadded: None,
        };
        let reading = stream.read(at);
        self.pass.acts_unpadded |= stream.acts_unpadded == Some(true);
        self.looked = self.looked.max(reading.end);
        let (nested, companions, first_raw) = (stream.nested, stream.companions, stream.first_raw);
        self.pass.first_raw = self.pass.first_raw.or(first_raw);
        self.pass.window.keep_until(self.looked);
        for (effect, inner) in nested {
            self.keep(inner, Some(effect), false);
        }
        let index = self.pass.readings.len();
        self.pass.companions.extend(companions.into_iter().map(|companion| Companion::of(index, companion)));
        reading
    }

    /// Keeps a stream, and its reading if there is anything to say of it; `behind` is where a nested one stands.
    fn keep(&mut self, reading: Reading, behind: Option<usize>, always: bool) {
        let source = self.pass.source();
        let (offset, end) = (source.offset(reading.start), source.offset(reading.end));
        let (kept, nested) = (always || reading.speaks(), behind.is_some());
        let number = self.met;
        self.met = self.met.saturating_add(1);
        self.pass.stream_count = self.pass.stream_count.saturating_add(u64::from(!nested));
        if !kept && !nested {
            if self.silent >= LISTED {
                return;
            }
            self.silent = self.silent.saturating_add(1);
        }
        self.pass.streams.push(StreamInfo {
            number,
            offset,
            position: reading.start,
            len: end.saturating_sub(offset),
            protocol: reading.protocol,
            opcodes: reading.opcodes,
            nested,
            behind,
            loads: reading.root.is_some(),
            reading: kept.then_some(self.pass.readings.len()),
        });
        if kept {
            self.pass.readings.push(Reading { stream: number, ..reading });
        }
    }

    /// Where a frame goes on behind STOP, readers differ on where the next stream begins: this pass goes on at the
    /// end of the frame, and what stands right after STOP is read too.
    fn other_place(&mut self, end: usize) {
        // What it takes for a payload may be the next stream of this pass.
        self.pass.window.keep_until(usize::MAX);
        let reading = self.read(end);
        if reading.root.is_some() || !reading.effects.is_empty() {
            self.keep(reading, None, false);
        }
    }

    /// Whether nothing but padding, or nothing at all, follows `at`; padding is noted.
    fn is_padding(&mut self, at: usize) -> bool {
        if self.pass.window.fill(at.saturating_add(PADDING).saturating_add(1)).is_err() {
            return true;
        }
        let rest = self.pass.window.bytes().get(at..).unwrap_or_default();
        if rest.is_empty() {
            return true;
        }
        let padding = rest.len() <= PADDING && (rest.iter().all(|&byte| byte == 0) || matches!(rest, b"\n" | b"\r\n"));
        if padding {
            let len = rest.len() as u64;
            self.pass.trailing.push(Trailing { offset: self.pass.source().offset(at), len, padding });
        }
        padding
    }

    /// Searches the bytes from `at` on for another stream. Those before it, or all of them, are no one's.
    fn search(&mut self, at: usize) -> Option<usize> {
        let offset = self.pass.source().offset(at);
        // What cannot be read is not there to be found.
        let _ = self.pass.window.fill(at.saturating_add(SEARCHED));
        let len = self.pass.window.bytes().len();
        if at >= len {
            return None;
        }
        if !self.pass.manner.search {
            let len = len.saturating_sub(at) as u64;
            self.pass.trailing.push(Trailing { offset, len, padding: false });
            return None;
        }
        let mut candidate = at.saturating_add(1);
        let allowance = ((len.saturating_sub(at)) as u64).saturating_mul(8).saturating_add(100_000);
        while self.tried < allowance {
            let rest = self.pass.window.bytes().get(candidate..).unwrap_or_default();
            let Some(step) = memchr::memchr3(0x80, b'c', b'(', rest) else { break };
            candidate = candidate.saturating_add(step);
            if may_begin(rest.get(step..).unwrap_or_default()) && self.is_stream(candidate) {
                let len = candidate.saturating_sub(at) as u64;
                self.pass.trailing.push(Trailing { offset, len, padding: false });
                return Some(candidate);
            }
            candidate = candidate.saturating_add(1);
        }
        let beyond = self.pass.window.skip(len, u64::MAX).map_or(0, |(_, count)| count);
        let len = (len.saturating_sub(at) as u64).saturating_add(beyond);
        self.pass.trailing.push(Trailing { offset, len, padding: false });
        None
    }

    /// Whether a stream that does something, or that loads and has a header, begins at `at`, as far as the window shows.
    fn is_stream(&mut self, at: usize) -> bool {
        // A slice: what is stepped over for a length that is none would be gone from a window that moves on.
        let mut shown = SliceWindow::new(self.pass.window.bytes());
        let reading = plain(&mut shown, at, self.pass.manner, self.pass.manner.dialect, self.budget);
        self.tried = self.tried.saturating_add(reading.opcodes).saturating_add(64);
        !reading.effects.is_empty() || (reading.root.is_some() && reading.protocol >= 2)
    }
}

/// Whether bytes may be the beginning of a stream: PROTO, or in a text protocol a mark or a module's name.
fn may_begin(bytes: &[u8]) -> bool {
    match bytes {
        [0x80, 0..=5, ..] => true,
        [b'c', next, ..] => next.is_ascii_alphabetic() || *next == b'_',
        [b'(', next, ..] => crate::opcode::Opcode::from_byte(*next).is_some(),
        _ => false,
    }
}
