//! The readings of one source: one pass for all readers that behave alike.

use super::structure::is_exhaustion;
use crate::finding::LoaderOutcome;
use crate::limits::Budget;
use crate::loader::{Manner, Pass, Reader, Readers, Reading, pass};
use crate::machine::{Action, Effect};
use crate::opcode::{Dialect, Window};
use std::collections::HashSet;

/// What the readers make of one source.
pub(super) struct Passes<W> {
    /// As `joblib.load` reads it, and `pickle.load` too where nothing parts them.
    pub(super) joblib: Pass<W>,
    /// As `pickle.load` reads it, where that is something else.
    pub(super) pickle: Option<Pass<W>>,
}

impl<W: Window> Passes<W> {
    /// Reads a source with each class of readers. `open` answers the source from its first byte.
    pub(super) fn read(open: impl Fn() -> W, budget: &mut Budget) -> Self {
        let pickle_only = Readers::of(Reader::Pickle);
        let both = Readers::of(Reader::Joblib).union(pickle_only);
        let mut joblib =
            pass(open(), Manner { readers: both, dialect: Dialect::Python, joblib: true, search: true }, budget);
        let parted = joblib.parts() || joblib.first_raw.is_some_and(|raw| raw.opcode);
        if parted || joblib.first_raw.is_some() {
            joblib.set_readers(Readers::of(Reader::Joblib));
        }
        let manner = Manner { readers: pickle_only, dialect: Dialect::C, joblib: false, search: !joblib.is_joblib() };
        let pickle = parted.then(|| pass(open(), manner, budget));
        Self { joblib, pickle }
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

    /// What the own reader of a joblib file does where; `None` where no other format's reader comes into question.
    pub(super) fn known(&self) -> Option<Known> {
        self.other().filter(|_| self.is_joblib())?;
        Some(Known::of(&self.joblib))
    }

    /// Positions of imports and calls of another format's reader that are none of the own reader's: what makes a file
    /// mean something else to it.
    pub(super) fn beyond(&self) -> Vec<usize> {
        let (Some(known), Some(other)) = (self.known(), self.other()) else { return Vec::new() };
        let acts = |effect: &&Effect| matches!(effect.action, Action::Import { .. } | Action::Call { .. });
        let effects = other.readings.iter().flat_map(reached_by_foreign).filter(acts).map(|effect| effect.at);
        let source = other.source();
        effects.filter(|&at| !known.covers(source.offset(at))).collect()
    }

    /// Whether any reader reaches anything: a stream that loads, or an effect.
    pub(super) fn reach_anything(&self, is_text: impl Fn() -> bool) -> bool {
        let passes = || std::iter::once(&self.joblib).chain(&self.pickle);
        let explained = |pass: &Pass<W>| {
            let loads = pass.streams.iter().any(|stream| stream.loads);
            loads && pass.trailing.iter().all(|trailing| trailing.padding)
        };
        // PROTO and an effect, be it a hook's: no other format begins so.
        let declared =
            |pass: &Pass<W>| pass.first().is_some_and(|first| first.protocol >= 2 && !first.effects.is_empty());
        if passes().any(explained) || passes().any(declared) {
            return true;
        }
        let mut effects =
            passes().flat_map(|pass| &pass.readings).filter(|reading| reached(reading).next().is_some()).peekable();
        if effects.peek().is_none() {
            return false;
        }
        // The first lines of a text may read as an import of a name that no module can have.
        !(is_text() && effects.all(only_impossible_imports))
    }

    /// Whether a limit ended a pass before it was known what the source is.
    pub(super) fn exhausted(&self) -> bool {
        let passes = std::iter::once(&self.joblib).chain(&self.pickle);
        let mut errors = passes.flat_map(|pass| {
            pass.readings.iter().filter_map(|reading| reading.error.as_ref()).chain(pass.window.failure())
        });
        errors.any(is_exhaustion)
    }

    /// How each loader fares with the first stream.
    pub(super) fn outcomes(&self) -> Vec<LoaderOutcome> {
        let outcome = |reader: Reader, pass: &Pass<W>| {
            let first = pass.first();
            let loads = first.is_some_and(|reading| reading.root.is_some() && !asks_a_hook(reading));
            let offset = first.filter(|_| !loads).map(|reading| pass.source().offset(reading.end));
            LoaderOutcome { name: reader.name(), loads, offset }
        };
        let joblib = outcome(Reader::Joblib, &self.joblib);
        let pickle = match (&self.pickle, self.joblib.first_raw) {
            (Some(pickle), _) => outcome(Reader::Pickle, pickle),
            (None, Some(raw)) => LoaderOutcome { name: Reader::Pickle.name(), loads: false, offset: Some(raw.offset) },
            (None, None) => LoaderOutcome { name: Reader::Pickle.name(), ..joblib.clone() },
        };
        vec![pickle, joblib]
    }
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
    reached(reading).take_while(|effect| !matches!(effect.action, Action::DynamicImport { .. }))
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
