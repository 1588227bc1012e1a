//! What is put to the test: depickle's own reading of a file.

use depickle::limits::Limits;
use depickle::loader::{Manner, Reader, Readers, Reading, pass};
use depickle::machine::Action;
use depickle::opcode::{Dialect, SliceWindow};
use std::collections::BTreeSet;

/// A module and a name as written; a lone surrogate stands as `\ud800`.
pub(crate) type Name = [String; 2];

/// What depickle says of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Every name that some reader asks for.
    pub(crate) imports: BTreeSet<Name>,
    /// Whether the first pickle loads, with the C engine over memory and with the Python engine.
    pub(crate) loads: [bool; 2],
    /// Whether something is odd about frames: a finding, and readers of files may ask for other names.
    pub(crate) odd_frames: bool,
    /// Why pickles are refused, for people.
    pub(crate) errors: BTreeSet<String>,
}

/// Reads files as depickle does.
pub(crate) trait Subject: Sync {
    fn read(&self, bytes: &[u8]) -> Answer;
}

/// The loader, as the audit drives it: a pass with the Python engine, and one with the C engine where they part.
pub(crate) struct Loader;

impl Subject for Loader {
    fn read(&self, bytes: &[u8]) -> Answer {
        let mut answer = Answer::default();
        let (python, parts) = read(bytes, Reader::Joblib, &mut answer);
        let c = if parts { read(bytes, Reader::Pickle, &mut answer).0 } else { python };
        answer.loads = [c, python];
        answer
    }
}

/// One pass. Whether the first pickle loads, and whether the engines part anywhere.
fn read(bytes: &[u8], reader: Reader, answer: &mut Answer) -> (bool, bool) {
    let joblib = reader == Reader::Joblib;
    let manner = Manner { readers: Readers::of(reader), dialect: reader.dialect(), joblib };
    let pass = pass(SliceWindow(bytes), manner, &mut Limits::default().budget());
    for reading in &pass.readings {
        answer.imports.extend(imports(reading));
        answer.odd_frames |= !reading.oddities.is_empty();
        let engine = if reading.dialect == Dialect::C { "C" } else { "Python" };
        answer.errors.extend(reading.error.as_ref().map(|error| format!("{engine}: {error}")));
    }
    let loads = pass.first().is_some_and(|reading| reading.root.is_some());
    (loads, pass.parts() || pass.is_joblib())
}

fn imports(reading: &Reading) -> impl Iterator<Item = Name> {
    reading.effects.iter().filter_map(|effect| match effect.action {
        Action::Import { value, .. } => {
            reading.ast.symbol(value).map(|symbol| [symbol.module.to_string(), symbol.name.to_string()])
        }
        _ => None,
    })
}
