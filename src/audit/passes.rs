//! The readings of one source: one pass for all readers that behave alike.

use super::structure::is_exhaustion;
use crate::ast::{Kind, Value};
use crate::finding::LoaderOutcome;
use crate::limits::Budget;
use crate::loader::{Arrays, Manner, Pass, READERS, Reader, ReaderInfo, Readers, Reading, pass, with_one_memo};
use crate::machine::{Action, Effect};
use crate::opcode::{Access, FileWindow, Opcode, Window};
use std::collections::HashSet;

/// The bytes of a source as any reader gets at them.
pub(super) type AnyWindow<'a> = Box<dyn Window + 'a>;

/// What the readers make of one source.
pub(super) struct Passes<'a, W> {
    /// As `joblib.load` reads it, and every other reader too where nothing parts them.
    pub(super) joblib: Pass<W>,
    /// As `pickle.load` reads it from memory, where that is something else.
    pub(super) pickle: Option<Pass<W>>,
    /// As further readers of the table read it, those that may make something else of it.
    pub(super) further: Vec<Pass<AnyWindow<'a>>>,
}

impl<'a, W: Window + 'a> Passes<'a, W> {
    /// Reads a source with each class of readers. `open` answers the source from its first byte.
    pub(super) fn read(open: impl Fn() -> W, budget: &mut Budget) -> Self {
        Self::read_by(Readers::of(Reader::Pickle), open, budget)
    }

    /// The same for a source that torch reads: by the C engine, with storages. `by` is which class of its readers.
    pub(super) fn read_by_torch(by: Reader, open: impl Fn() -> W, budget: &mut Budget) -> Self {
        Self::read_by(Readers::of(Reader::Pickle).union(Readers::of(by)), open, budget)
    }

    /// `by` is who reads as the C engine does over memory.
    fn read_by(by: Readers, open: impl Fn() -> W, budget: &mut Budget) -> Self {
        let both = Readers::of(Reader::Joblib).union(by);
        let first = Manner { readers: both, search: true, ..manner(Reader::Joblib.info()) };
        let mut joblib = pass(open(), first, budget);
        let parted = joblib.parts() || joblib.first_raw.is_some_and(|raw| raw.opcode);
        if parted || joblib.first_raw.is_some() {
            joblib.set_readers(Readers::of(Reader::Joblib));
        }
        let search = !joblib.is_joblib();
        let pickle =
            parted.then(|| pass(open(), Manner { readers: by, search, ..manner(Reader::Pickle.info()) }, budget));
        let mut passes = Self { joblib, pickle, further: Vec::new() };
        passes.read_further(open, budget);
        passes
    }

    /// Reads with each reader of the table that has reason to make something else of the source.
    fn read_further(&mut self, open: impl Fn() -> W, budget: &mut Budget) {
        let is_odd = self.joblib.is_odd() || self.pickle.as_ref().is_some_and(Pass::is_odd);
        let has_raw_opcodes = self.joblib.first_raw.is_some_and(|raw| raw.opcode);
        let acts_unpadded = self.joblib.acts_unpadded;
        let mut is_decimal = self.joblib.is_decimal() || self.pickle.as_ref().is_some_and(Pass::is_decimal);
        if !(is_odd || has_raw_opcodes || acts_unpadded || is_decimal) {
            return;
        }
        let source = self.own().source();
        let len = source.offset(source.bytes.len());
        let is_read =
            |by| matches!(by, Reader::Joblib | Reader::Pickle | Reader::Torch | Reader::TorchTar | Reader::Skops);
        for info in READERS.iter().filter(|info| !is_read(info.reader)) {
            // What sets a reader apart: how it gets at bytes, its version, that it knows no arrays.
            let by_access = match info.access {
                Access::Memory => false,
                Access::Unbuffered => is_odd,
                Access::Buffered(size) => is_odd && len > u64::from(size),
            };
            let by_version = info.dialect.decimal && is_decimal;
            let by_arrays = match info.arrays {
                Arrays::Unknown => has_raw_opcodes && !info.dialect.is_c(),
                Arrays::Unpadded => acts_unpadded,
                Arrays::Padded => false,
            };
            let wanted = match info.reader {
                Reader::Unbuffered314 => by_access && by_version,
                Reader::PurePython314 => by_arrays && by_version,
                _ => by_access || by_arrays || (by_version && info.access == Access::Memory),
            };
            if !wanted {
                continue;
            }
            let open = || -> AnyWindow<'a> {
                match info.access {
                    Access::Memory => Box::new(open()),
                    access => Box::new(FileWindow::new(open(), access)),
                }
            };
            let in_memory = info.access == Access::Memory;
            let search = in_memory && (info.arrays == Arrays::Padded || !self.joblib.is_joblib());
            let manner = Manner { search, ..manner(info) };
            let pass = pass(open(), manner, budget);
            is_decimal |= pass.is_decimal();
            let again = (pass.wants_one_memo && !in_memory).then(|| with_one_memo(open(), manner, budget));
            self.further.extend([Some(pass), again].into_iter().flatten());
        }
    }

    /// Whether the source is joblib's by its content.
    pub(super) fn is_joblib(&self) -> bool {
        self.joblib.is_joblib()
    }

    /// As the format's own reader reads it.
    pub(super) fn own(&self) -> &Pass<W> {
        match &self.pickle {
            Some(pickle) if !self.is_joblib() => pickle,
            _ => &self.joblib,
        }
    }

    /// As another reader reads it, where that is something else.
    pub(super) fn other(&self) -> Option<&Pass<W>> {
        let pickle = self.pickle.as_ref()?;
        Some(if self.is_joblib() { pickle } else { &self.joblib })
    }

    /// What the own reader of a joblib file does where; `None` where a pass is not a [foreign](Self::is_foreign) one.
    pub(super) fn known<V>(&self, other: &Pass<V>) -> Option<Known> {
        self.is_foreign(other).then(|| Known::of(&self.joblib))
    }

    /// Whether a pass is that of a reader which takes array bytes of a joblib file for opcodes.
    pub(super) fn is_foreign<V>(&self, other: &Pass<V>) -> bool {
        self.is_joblib() && other.manner.arrays != Arrays::Padded
    }

    /// Positions of imports and calls of another format's reader that are none of the own reader's: what makes a file
    /// mean something else to it.
    pub(super) fn beyond<V: Window>(&self, other: &Pass<V>) -> Vec<usize> {
        let Some(known) = self.known(other) else { return Vec::new() };
        let of = |reading| reached_by_foreign(reading).filter(move |effect| acts(reading, &effect.action));
        let effects = other.readings.iter().flat_map(of).map(|effect| effect.at);
        let source = other.source();
        effects.filter(|&at| !known.covers(source.offset(at))).collect()
    }

    /// Whether any reader reaches anything: a stream that loads, or an effect.
    pub(super) fn reach_anything(&self, is_text: impl Fn() -> bool) -> bool {
        let passes = || std::iter::once(&self.joblib).chain(&self.pickle);
        if passes().any(explains) || self.further.iter().any(explains) {
            return true;
        }
        let readings = || {
            let further = self.further.iter().flat_map(|pass| &pass.readings);
            passes().flat_map(|pass| &pass.readings).chain(further)
        };
        let mut effects = readings().filter(|reading| reached(reading).next().is_some()).peekable();
        if effects.peek().is_none() {
            return false;
        }
        // The first lines of a text may read as an import of a name that no module can have.
        !(is_text() && effects.all(only_impossible_imports))
    }

    /// Whether any reader imports anything.
    pub(super) fn import_anything(&self) -> bool {
        let passes = std::iter::once(&self.joblib).chain(&self.pickle).flat_map(|pass| &pass.readings);
        let readings = passes.chain(self.further.iter().flat_map(|pass| &pass.readings));
        let mut effects = readings.flat_map(|reading| &reading.effects);
        effects.any(|effect| matches!(effect.action, Action::Import { .. } | Action::DynamicImport { .. }))
    }

    /// Whether any reader does anything, be it before it is refused. What the headers of other formats may read as
    /// refuses the stream: the import of a module with a NUL in its name, and a persistent id.
    pub(super) fn act(&self) -> bool {
        let passes = std::iter::once(&self.joblib).chain(&self.pickle).flat_map(|pass| &pass.readings);
        let mut readings = passes.chain(self.further.iter().flat_map(|pass| &pass.readings));
        readings.any(|reading| match reading.effects.first().map(|effect| &effect.action) {
            Some(Action::Import { value, .. }) => {
                reading.ast.symbol(*value).is_none_or(|symbol| !symbol.module.contains('\0'))
            }
            Some(Action::Persistent { .. } | Action::Buffer) | None => false,
            Some(_) => true,
        })
    }

    /// Whether a limit ended a pass before it was known what the source is.
    pub(super) fn exhausted(&self) -> bool {
        std::iter::once(&self.joblib).chain(&self.pickle).any(ends_early) || self.further.iter().any(ends_early)
    }

    /// How torch fares with a stream, counted from 0.
    pub(super) fn torch_outcome(&self, stream: usize) -> LoaderOutcome {
        let pass = self.own();
        let reading = pass.outer(stream).and_then(|stream| pass.readings.get(stream.reading?));
        let loads = reading.is_some_and(|reading| reading.root.is_some());
        let offset = reading.filter(|_| !loads).map(|reading| pass.source().offset(reading.end));
        LoaderOutcome { name: Reader::Torch.name(), loads, offset }
    }

    /// How each loader fares with the first stream.
    pub(super) fn outcomes(&self) -> Vec<LoaderOutcome> {
        let joblib = outcome(Reader::Joblib.name(), &self.joblib);
        let pickle = match (&self.pickle, self.joblib.first_raw) {
            (Some(pickle), _) => outcome(Reader::Pickle.name(), pickle),
            (None, Some(raw)) => LoaderOutcome { name: Reader::Pickle.name(), loads: false, offset: Some(raw.offset) },
            (None, None) => LoaderOutcome { name: Reader::Pickle.name(), ..joblib.clone() },
        };
        let mut outcomes = vec![pickle, joblib];
        for pass in self.further.iter().filter(|pass| !pass.streams.is_empty()) {
            for name in pass.manner.readers.names() {
                if outcomes.iter().all(|known| known.name != name) {
                    outcomes.push(outcome(name, pass));
                }
            }
        }
        outcomes
    }
}

/// Whether a limit, not the bytes, ended a pass or one of its readings.
fn ends_early<W: Window>(pass: &Pass<W>) -> bool {
    let errors = pass.readings.iter().filter_map(|reading| reading.error.as_ref());
    errors.chain(pass.window.failure()).any(is_exhaustion)
}

/// How a class of readers reads.
fn manner(info: &ReaderInfo) -> Manner {
    Manner { readers: Readers::of(info.reader), dialect: info.dialect, arrays: info.arrays, search: false }
}

/// How a pass fares with the first stream.
fn outcome<W: Window>(name: &'static str, pass: &Pass<W>) -> LoaderOutcome {
    let first = pass.first();
    let loads = first.is_some_and(|reading| reading.root.is_some() && !asks_a_hook(reading));
    let offset = first.filter(|_| !loads).map(|reading| pass.source().offset(reading.end));
    LoaderOutcome { name, loads, offset }
}

/// Whether what a pass finds is a pickle without doubt: a stream that loads and nothing else, or PROTO and an effect,
/// be it a hook's. No other format begins so.
fn explains<W: Window>(pass: &Pass<W>) -> bool {
    let loads = pass.streams.iter().any(|stream| stream.loads);
    let declared = pass.first().is_some_and(|first| first.protocol >= 2 && !first.effects.is_empty());
    declared || (loads && pass.trailing.iter().all(|trailing| trailing.padding))
}

/// What the own reader of a joblib file does where.
pub(super) struct Known {
    /// Offsets of its effects.
    effects: HashSet<u64>,
    /// Where the pickles of arrays of objects stand that it reads to their end: offset and end of each, in order.
    nested: Vec<(u64, u64)>,
}

impl Known {
    /// What a pass does where, each stream with a memo of its own.
    pub(super) fn of<W: Window>(pass: &Pass<W>) -> Self {
        let source = pass.source();
        let readings = pass.readings.iter().filter(|reading| !reading.inherits_memo);
        let effects = readings.flat_map(|reading| &reading.effects);
        let streams = pass.streams.iter().filter(|stream| stream.nested && stream.loads);
        Self {
            effects: effects.map(|effect| source.offset(effect.at)).collect(),
            nested: streams.map(|stream| (stream.offset, stream.offset.saturating_add(stream.len))).collect(),
        }
    }

    /// Whether the own reader runs the opcode at an offset, too: another one does it with the wrong memo.
    pub(super) fn covers(&self, offset: u64) -> bool {
        let after = self.nested.partition_point(|&(begin, _)| begin <= offset);
        let nested = after.checked_sub(1).and_then(|last| self.nested.get(last));
        self.effects.contains(&offset) || nested.is_some_and(|&(_, end)| offset < end)
    }
}

/// What a plain reader gets to: a persistent id, an extension code or a buffer stops it.
fn reached(reading: &Reading) -> impl Iterator<Item = &Effect> {
    reading.effects.iter().take_while(|effect| !is_hook(&effect.action))
}

/// What a reader of another format gets to. A name that is no literal stops it, too: nothing that the policy lets a
/// stream call answers a plain text, and a file in which something else is called is not clean anyway.
pub(super) fn reached_by_foreign(reading: &Reading) -> impl Iterator<Item = &Effect> {
    let fails =
        |effect: &Effect| matches!(effect.action, Action::DynamicImport { .. }) || fails_on_array(reading, effect);
    reached(reading).take_while(move |effect| !fails(effect))
}

/// Whether an array that joblib has read is called, or given a state that `ndarray.__setstate__` never takes: bytes say
/// so by chance, and are refused.
fn fails_on_array(reading: &Reading, effect: &Effect) -> bool {
    let target = match effect.action {
        Action::Call { callee, .. } => callee,
        Action::Build { target, state } => {
            let is_number = matches!(state.kind(), Kind::None | Kind::Bool | Kind::Int | Kind::Float);
            let is_nothing = state.kind() == Kind::Tuple && reading.ast.is_empty(state);
            if !(is_number || is_nothing) {
                return false;
            }
            target
        }
        _ => return false,
    };
    // The bytes of an array follow the first state of its wrapper. That is this state itself, where it is the first.
    let build = reading.ast.object_of(target).and_then(|object| object.build).and_then(|at| usize::try_from(at).ok());
    let is_array = |build: &usize| reading.arrays.binary_search_by_key(build, |array| array.effect).is_ok();
    build.filter(is_array).and_then(|build| reading.effects.get(build)).is_some_and(|build| build.at < effect.at)
}

/// Whether an effect of a reader that misreads array bytes says anything: imports and calls do.
///
/// Not `__new__` of what a call answered, which bytes may say by chance: that is no class (of what the policy lets a
/// stream call, only `getattr` answers one), so it fails, or makes what its own class makes.
pub(super) fn acts(reading: &Reading, action: &Action) -> bool {
    match *action {
        Action::Import { .. } => true,
        Action::Call { how: Opcode::NewObj | Opcode::NewObjEx, callee, .. } => !is_answer(reading, callee),
        Action::Call { .. } => true,
        _ => false,
    }
}

/// Whether a value is what the call of an imported name answered; but for `getattr`.
fn is_answer(reading: &Reading, value: Value) -> bool {
    let maker = reading.ast.object_of(value).and_then(|object| usize::try_from(object.made_by).ok());
    match maker.and_then(|maker| reading.effects.get(maker)).map(|effect| effect.action) {
        Some(Action::Call { callee, .. }) => {
            reading.ast.symbol(callee).is_some_and(|symbol| !symbol.name.ends_with("getattr"))
        }
        _ => false,
    }
}

fn is_hook(action: &Action) -> bool {
    matches!(action, Action::Persistent { .. } | Action::Extension { .. } | Action::Buffer)
}

fn asks_a_hook(reading: &Reading) -> bool {
    reading.effects.iter().any(|effect| is_hook(&effect.action))
}

/// Whether a reading that is refused does nothing but ask for modules whose names no module can have.
fn only_impossible_imports(reading: &Reading) -> bool {
    let possible = |part: &str| part.chars().all(|char| char.is_alphanumeric() || char == '_');
    let impossible = |action: &Action| match action {
        Action::Import { value, .. } => {
            reading.ast.symbol(*value).is_some_and(|symbol| !symbol.module.split('.').all(possible))
        }
        _ => false,
    };
    reading.root.is_none() && reached(reading).all(|effect| impossible(&effect.action))
}
