//! What is put to the test: depickle's own reading of a file.

use crate::compare::{Load, Verdict, compare, compare_with_one_memo};
use crate::python::Reader;
use crate::recorder::{Asked, symbol};
use depickle::audit::scan;
use depickle::finding::{FileReport, Verdict as Called};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::loader::{self, Manner, Pass, Readers, pass, with_one_memo};
use depickle::opcode::{Access, Engine, FileWindow, FrameOddity, SliceWindow, Window};
use depickle::policy::Policy;
use depickle::resolve::map_name;
use std::collections::BTreeSet;

/// How a file was read by CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct How<'a> {
    pub(crate) reader: Reader,
    pub(crate) encoding: &'a str,
    /// Whether one unpickler, with its memo, read all pickles.
    pub(crate) inherit: bool,
}

/// What depickle says of one file.
pub(crate) trait Answer {
    /// Holds it against what CPython did.
    fn compare(&self, how: How<'_>, loads: &[Load]) -> Verdict;

    /// What of depickle's readings a reader is held against: readers of one number are one to it.
    fn class(&self, reader: Reader) -> usize;

    /// What is special about the file, for the tally.
    fn marks(&self) -> Marks {
        Marks::default()
    }
}

/// What is special about a file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// An argument straddles the end of a frame.
    pub(crate) straddles: bool,
    /// There are several pickles.
    pub(crate) several: bool,
    /// A later one fetches from the memo.
    pub(crate) one_memo: bool,
    /// The engines part.
    pub(crate) parts: bool,
}

/// Reads files as depickle does.
pub(crate) trait Subject: Sync {
    fn read<'a>(&self, bytes: &'a [u8]) -> Box<dyn Answer + 'a>;

    /// Whether it goes on behind persistent ids, buffers and extension codes whatever they are.
    fn hooks(&self) -> bool {
        true
    }
}

/// The loader, as the audit drives it: a pass for all readers, and further ones where something parts them.
pub(crate) struct Loader;

type AnyPass<'a> = Pass<Box<dyn Window + 'a>>;

struct Passes<'a> {
    /// The first as joblib's reader reads; the second of each where one memo says something else of a file.
    passes: Vec<(AnyPass<'a>, Option<AnyPass<'a>>)>,
    /// For each reader the pass that speaks for it.
    of: [usize; Reader::ALL.len()],
}

impl Subject for Loader {
    fn read<'a>(&self, bytes: &'a [u8]) -> Box<dyn Answer + 'a> {
        let first = read(bytes, loader::Reader::Joblib, Access::Memory, true);
        let is_joblib = first.0.is_joblib();
        let parts = first.0.parts() || is_joblib;
        let mut all = Passes { passes: vec![first], of: [0; Reader::ALL.len()] };
        if parts {
            let c = all.add(read(bytes, loader::Reader::Pickle, Access::Memory, !is_joblib));
            all.of = Reader::ALL.map(|reader| if reader.engine() == Engine::C { c } else { 0 });
        }
        if is_joblib {
            all.of[Reader::Python as usize] =
                all.add(read(bytes, loader::Reader::PurePython, Access::Memory, false));
        }
        if all.passes.iter().any(|(pass, _)| pass.is_odd()) {
            for reader in Reader::ALL {
                let (kind, access) = match reader {
                    Reader::CStream | Reader::CRaw => (loader::Reader::Unbuffered, Access::Unbuffered),
                    Reader::CPeek => (loader::Reader::Buffered4K, Access::Buffered(16)),
                    Reader::COpen => (loader::Reader::Buffered4K, Access::Buffered(4096)),
                    Reader::CMemory | Reader::Python => continue,
                };
                // What the buffer holds as a whole is read as from memory.
                if !matches!(access, Access::Buffered(size) if bytes.len() <= size as usize) {
                    all.of[reader as usize] = all.add(read(bytes, kind, access, false));
                }
            }
        }
        Box::new(all)
    }
}

impl<'a> Passes<'a> {
    fn add(&mut self, pass: (AnyPass<'a>, Option<AnyPass<'a>>)) -> usize {
        self.passes.push(pass);
        self.passes.len() - 1
    }
}

impl Answer for Passes<'_> {
    fn compare(&self, how: How<'_>, loads: &[Load]) -> Verdict {
        let (pass, again) = &self.passes[self.of[how.reader as usize]];
        let asked = Asked { engine: how.reader.engine(), encoding: how.encoding, hooks: true };
        if !how.inherit || !pass.wants_one_memo {
            return compare(pass, asked, loads);
        }
        let pass = again.as_ref().unwrap_or(pass);
        match pass.readings.iter().find(|reading| reading.inherits_memo) {
            Some(reading) => compare_with_one_memo(reading, pass.source(), asked, loads),
            None => Verdict::Differs("there is no reading with one memo".to_owned()),
        }
    }

    fn class(&self, reader: Reader) -> usize {
        self.of[reader as usize] << 1 | usize::from(reader.engine() == Engine::C)
    }

    fn marks(&self) -> Marks {
        let first = &self.passes[0].0;
        let mut oddities = self.passes.iter().flat_map(|(pass, _)| &pass.readings).flat_map(|it| &it.oddities);
        Marks {
            straddles: oddities.any(|(oddity, _)| *oddity == FrameOddity::Straddles),
            several: first.stream_count > 1,
            one_memo: first.wants_one_memo,
            parts: first.parts(),
        }
    }
}

/// One pass; and one more where its bytes have to be read again with one memo.
fn read(bytes: &[u8], reader: loader::Reader, access: Access, search: bool) -> (AnyPass<'_>, Option<AnyPass<'_>>) {
    let (joblib, over_memory) = (reader.info().arrays, access == Access::Memory);
    let manner = Manner { readers: Readers::of(reader), dialect: reader.dialect(), joblib, search };
    let open = || -> Box<dyn Window + '_> {
        if over_memory { Box::new(SliceWindow(bytes)) } else { Box::new(FileWindow::new(SliceWindow(bytes), access)) }
    };
    let budget = &mut Limits::default().budget(bytes.len() as u64);
    let pass = pass(open(), manner, budget);
    let again = (pass.wants_one_memo && !over_memory).then(|| with_one_memo(open(), manner, budget));
    (pass, again)
}

/// The front door: what the report of a scan says. It lists each symbol once, as written where it comes first, and only
/// names can be compared.
pub(crate) struct FrontDoor;

impl Subject for FrontDoor {
    fn hooks(&self) -> bool {
        false
    }

    fn read<'a>(&self, bytes: &'a [u8]) -> Box<dyn Answer + 'a> {
        Box::new(Report::new(scan(&Source::from_bytes("stream.pkl", bytes), &Policy::builtin(), &Limits::default())))
    }
}

struct Report {
    report: FileReport,
    names: BTreeSet<String>,
    symbols: BTreeSet<String>,
}

impl Report {
    fn new(report: FileReport) -> Self {
        let names = report.imports.iter().map(|row| symbol(&row.module, &row.name)).collect();
        let symbols = report.imports.iter().map(|row| row.symbol.clone()).collect();
        Self { report, names, symbols }
    }

    /// Whether it tells of a name that a reader asked for.
    fn lists(&self, name: &str) -> bool {
        let (module, attribute) = name.split_once(':').unwrap_or_default();
        // The recorder does not see the protocol in force: any mapping will do.
        let symbol = |protocol| {
            let (module, name) = map_name(module, attribute, protocol);
            format!("{module}.{name}")
        };
        // A text may begin like an import of a name that no module can have.
        let possible = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
        let impossible = self.report.is_not_pickle() && !module.chars().all(possible);
        impossible || self.names.contains(name) || [0, 4].map(symbol).iter().any(|it| self.symbols.contains(it))
    }

    /// Whether a reader may ask for names that are not listed: no file has a buffer as small as the one that is looked
    /// ahead in here, a scan asks no such reader, and the file is not called clean.
    fn may_lose(&self, reader: Reader) -> bool {
        let odd_frames = || self.report.findings.iter().any(|finding| finding.rule == "frame-anomaly");
        reader == Reader::CPeek && odd_frames() && self.report.verdict() != Called::Clean
    }
}

impl Answer for Report {
    fn compare(&self, how: How<'_>, loads: &[Load]) -> Verdict {
        let lines = loads.iter().flat_map(|load| &load.lines);
        let missing = lines.filter_map(|line| line.strip_prefix("import ")).find(|name| !self.lists(name));
        match missing {
            Some(name) if !self.may_lose(how.reader) => Verdict::Differs(format!("the report does not list {name}")),
            _ => Verdict::Same,
        }
    }

    fn class(&self, reader: Reader) -> usize {
        usize::from(self.may_lose(reader))
    }
}
