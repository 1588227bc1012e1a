//! What is put to the test: depickle's own reading of a file.

use depickle::limits::Limits;
use depickle::machine::{Action, Machine};
use depickle::opcode::{Dialect, Reader, SliceWindow};
use std::collections::BTreeSet;

/// A module and a name as written; a lone surrogate stands as `\ud800`.
pub(crate) type Name = [String; 2];

/// What depickle says of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
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
    fn read(&self, bytes: &[u8]) -> Reading;
}

/// The machine, run as the pickle loader runs it: once, and once more where the engines part; pickle after pickle,
/// each sought right after STOP and at the end of the frame, with a fresh memo and with the inherited one.
pub(crate) struct Machines;

/// Pickles read from one file in one way, at most.
const STREAMS: usize = 16;

impl Subject for Machines {
    fn read(&self, bytes: &[u8]) -> Reading {
        let mut reading = Reading::default();
        let (c, parted) = run(bytes, Dialect::C, &mut reading);
        let python = if parted { run(bytes, Dialect::Python, &mut reading).0 } else { c };
        reading.loads = [c, python];
        reading
    }
}

/// Reads the file with one engine. Whether its first pickle loads, and whether the engines part anywhere.
fn run(bytes: &[u8], dialect: Dialect, reading: &mut Reading) -> (bool, bool) {
    let mut first = None;
    let mut parted = false;
    for (inherit, at_frame_end) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut machine = Machine::default();
        let mut start = 0;
        for _ in 0..STREAMS {
            let mut reader = Reader::new(SliceWindow(bytes), start, dialect);
            let outcome = machine.run(&mut reader, &mut Limits::default().budget(), false);
            first.get_or_insert(outcome.is_ok());
            parted |= reader.parted().is_some();
            reading.odd_frames |= !reader.oddities().is_empty();
            reading.imports.extend(imports(&machine));
            reading.errors.extend(outcome.as_ref().err().map(|error| format!("{dialect:?}: {error}")));
            start = if at_frame_end { reader.file_position() } else { reader.position() };
            if outcome.is_err() || start >= bytes.len() {
                break;
            }
            machine = if inherit {
                // What the memo holds are values of the tree.
                let mut next = Machine::with_memo(machine.memo);
                next.ast = machine.ast;
                next
            } else {
                Machine::default()
            };
        }
    }
    (first == Some(true), parted)
}

fn imports(machine: &Machine) -> impl Iterator<Item = Name> {
    machine.effects.iter().filter_map(|effect| match effect.action {
        Action::Import { value, .. } => {
            machine.ast.symbol(value).map(|symbol| [symbol.module.to_string(), symbol.name.to_string()])
        }
        _ => None,
    })
}
