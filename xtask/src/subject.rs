//! What is put to the test: depickle's own reading of a file.

use depickle::audit::scan;
use depickle::finding::Verdict;
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::loader::{Manner, Reader, Readers, Reading, pass, with_one_memo};
use depickle::machine::Action;
use depickle::opcode::{Access, FileWindow, SliceWindow, Window};
use depickle::policy::Policy;
use depickle::resolve::map_name;
use std::collections::BTreeSet;

/// A module and a name as written; a lone surrogate stands as `\ud800`.
pub(crate) type Name = [String; 2];

/// What depickle says of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Every name that some reader asks for, as written.
    pub(crate) imports: BTreeSet<Name>,
    /// The same after mapping, as `module.name`, where that is all that is told.
    pub(crate) symbols: BTreeSet<String>,
    /// Whether the first pickle loads, with the C engine over memory and with the Python engine.
    pub(crate) loads: [bool; 2],
    /// Whether something is odd about frames: a finding, and readers of files may ask for other names.
    pub(crate) odd_frames: bool,
    /// Whether it is joblib's: the Python engine is then modelled as joblib runs it, not as it runs alone.
    pub(crate) joblib: bool,
    /// Whether it is taken for a text.
    pub(crate) text: bool,
    /// Whether it is a scan's report.
    pub(crate) scanned: bool,
    /// Whether it is called clean.
    pub(crate) clean: bool,
    /// Why pickles are refused, for people.
    pub(crate) errors: BTreeSet<String>,
}

impl Answer {
    /// Whether depickle tells of a name that a reader asked for.
    pub(crate) fn lists(&self, name: &Name) -> bool {
        // The recorder does not see the protocol in force: any mapping will do.
        let symbol = |protocol| {
            let (module, name) = map_name(&name[0], &name[1], protocol);
            format!("{module}.{name}")
        };
        // A text may begin like an import of a name that no module can have.
        let possible = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
        let impossible = self.text && !name[0].chars().all(possible);
        impossible
            || self.imports.contains(name)
            || (!self.symbols.is_empty() && [0, 4].map(symbol).iter().any(|it| self.symbols.contains(it)))
    }
}

/// Reads files as depickle does.
pub(crate) trait Subject: Sync {
    fn read(&self, bytes: &[u8]) -> Answer;

    /// Whether it goes on behind persistent ids, buffers and extension codes whatever they are.
    fn hooks(&self) -> bool {
        true
    }
}

/// The loader, as the audit drives it: a pass with the Python engine, and one with the C engine where they part.
pub(crate) struct Loader;

impl Subject for Loader {
    fn read(&self, bytes: &[u8]) -> Answer {
        let mut answer = Answer::default();
        let (python, parts) = read(bytes, Reader::Joblib, Access::Memory, &mut answer);
        let c = if parts { read(bytes, Reader::Pickle, Access::Memory, &mut answer).0 } else { python };
        if answer.odd_frames {
            // The buffer of the file that the interpreters look ahead in.
            for (reader, access) in
                [(Reader::Unbuffered, Access::Unbuffered), (Reader::Buffered4K, Access::Buffered(16))]
            {
                read(bytes, reader, access, &mut answer);
            }
        }
        if answer.joblib {
            read(bytes, Reader::PurePython, Access::Memory, &mut answer);
        }
        answer.loads = [c, python];
        answer
    }
}

/// One pass. Whether the first pickle loads, and whether the engines part anywhere.
fn read(bytes: &[u8], reader: Reader, access: Access, answer: &mut Answer) -> (bool, bool) {
    let (joblib, search) = (reader == Reader::Joblib, access == Access::Memory);
    let manner = Manner { readers: Readers::of(reader), dialect: reader.dialect(), joblib, search };
    let open = || -> Box<dyn Window + '_> {
        if search { Box::new(SliceWindow(bytes)) } else { Box::new(FileWindow::new(SliceWindow(bytes), access)) }
    };
    let budget = &mut Limits::default().budget(bytes.len() as u64);
    let mut pass = pass(open(), manner, budget);
    if pass.wants_one_memo && !search {
        pass.readings.extend(with_one_memo(open(), manner, budget).readings);
    }
    for reading in &pass.readings {
        answer.imports.extend(imports(reading));
        answer.odd_frames |= !reading.oddities.is_empty();
        let engine = if reading.dialect.is_c() { "C" } else { "Python" };
        answer.joblib |= pass.is_joblib();
        answer.errors.extend(reading.error.as_ref().map(|error| format!("{engine}: {error}")));
    }
    let loads = pass.first().is_some_and(|reading| reading.root.is_some());
    (loads, pass.parts() || pass.is_joblib())
}

/// The front door: what the report of a scan says. It lists each symbol once, as written where it comes first.
pub(crate) struct FrontDoor;

impl Subject for FrontDoor {
    fn hooks(&self) -> bool {
        false
    }

    fn read(&self, bytes: &[u8]) -> Answer {
        let report = scan(&Source::from_bytes("stream.pkl", bytes), &Policy::builtin(), &Limits::default());
        let loads = |name| report.loaders.iter().any(|loader| loader.name == name && loader.loads);
        Answer {
            imports: report.imports.iter().map(|row| [row.module.clone(), row.name.clone()]).collect(),
            symbols: report.imports.iter().map(|row| row.symbol.clone()).collect(),
            loads: [loads(Reader::Pickle.name()), loads(Reader::Joblib.name())],
            joblib: report.format.starts_with("joblib"),
            text: report.is_not_pickle(),
            scanned: true,
            clean: report.verdict() == Verdict::Clean,
            odd_frames: report.findings.iter().any(|finding| finding.rule == "frame-anomaly"),
            errors: report.findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message)).collect(),
        }
    }
}

fn imports(reading: &Reading) -> impl Iterator<Item = Name> {
    reading.effects.iter().filter_map(|effect| match effect.action {
        Action::Import { value, .. } => {
            reading.ast.symbol(value).map(|symbol| [symbol.module.to_string(), symbol.name.to_string()])
        }
        _ => None,
    })
}
