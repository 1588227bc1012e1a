//! What is put to the test: depickle's own reading of a file.

use crate::compare::{Load, Read, Verdict};
use crate::hits::Evidence;
use crate::python::Reader;
use crate::recorder::{Asked, symbol};
use depickle::audit::scan;
use depickle::finding::{Decision, FileReport, Verdict as Called};
use depickle::input::Source;
use depickle::limits::Limits;
use depickle::loader;
use depickle::opcode::{Access, Engine, FrameOddity};
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

    /// What rows of the table of divergences are looked for in.
    fn evidence<'b>(&'b self, _bytes: &'b [u8]) -> Option<Evidence<'b>> {
        None
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
    /// Bytes of an array stand between opcodes, as joblib writes them.
    pub(crate) arrays: bool,
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

struct Reads<'a> {
    /// The first as joblib's reader reads.
    reads: Vec<Read<'a>>,
    /// For each reader the one that speaks for it.
    of: [usize; Reader::ALL.len()],
}

impl Subject for Loader {
    fn read<'a>(&self, bytes: &'a [u8]) -> Box<dyn Answer + 'a> {
        let first = Read::new(bytes, loader::Reader::Joblib, Access::Memory, true);
        let is_joblib = first.pass.is_joblib();
        let parts = first.pass.parts() || is_joblib;
        let mut all = Reads { reads: vec![first], of: [0; Reader::ALL.len()] };
        if parts {
            let c = all.add(Read::new(bytes, loader::Reader::Pickle, Access::Memory, !is_joblib));
            all.of = Reader::ALL.map(|reader| if reader.engine() == Engine::C { c } else { 0 });
        }
        if is_joblib {
            all.of[Reader::Python as usize] =
                all.add(Read::new(bytes, loader::Reader::PurePython, Access::Memory, false));
            all.of[Reader::JoblibUnpadded as usize] =
                all.add(Read::new(bytes, loader::Reader::JoblibUnpadded, Access::Memory, false));
        }
        if all.reads.iter().any(|read| read.pass.is_odd()) {
            for reader in Reader::ALL {
                let (kind, access) = match reader {
                    Reader::CStream | Reader::CRaw => (loader::Reader::Unbuffered, Access::Unbuffered),
                    Reader::CPeek => (loader::Reader::Buffered4K, Access::Buffered(16)),
                    Reader::COpen => (loader::Reader::Buffered4K, Access::Buffered(4096)),
                    Reader::CMemory | Reader::Python | Reader::Joblib | Reader::JoblibUnpadded => continue,
                };
                // What the buffer holds as a whole is read as from memory.
                if !matches!(access, Access::Buffered(size) if bytes.len() <= size as usize) {
                    all.of[reader as usize] = all.add(Read::new(bytes, kind, access, false));
                }
            }
        }
        Box::new(all)
    }
}

impl<'a> Reads<'a> {
    fn add(&mut self, read: Read<'a>) -> usize {
        self.reads.push(read);
        self.reads.len() - 1
    }
}

impl Answer for Reads<'_> {
    fn compare(&self, how: How<'_>, loads: &[Load]) -> Verdict {
        let asked = Asked::new(how.reader.engine(), how.encoding);
        self.reads[self.of[how.reader as usize]].compare(asked, how.inherit, loads)
    }

    fn class(&self, reader: Reader) -> usize {
        self.of[reader as usize] << 1 | usize::from(reader.engine() == Engine::C)
    }

    fn marks(&self) -> Marks {
        let first = &self.reads[0].pass;
        let mut oddities = self.reads.iter().flat_map(|read| &read.pass.readings).flat_map(|it| &it.oddities);
        Marks {
            straddles: oddities.any(|(oddity, _)| *oddity == FrameOddity::Straddles),
            several: first.stream_count > 1,
            one_memo: first.wants_one_memo,
            arrays: first.first_raw.is_some(),
            parts: first.parts(),
        }
    }

    fn evidence<'b>(&'b self, bytes: &'b [u8]) -> Option<Evidence<'b>> {
        let does = |reader: Reader| {
            let pass = &self.reads[self.of[reader as usize]].pass;
            let first = pass.first()?;
            let next = pass.source().offset(first.next);
            Some((first.effects.len(), first.opcodes, first.root.is_some(), next))
        };
        let readings = self.reads.iter().filter_map(|read| read.pass.first()).collect();
        Some(Evidence { bytes, readings, file_differs: does(Reader::CStream) != does(Reader::CMemory) })
    }
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

/// What a report says of names.
pub(crate) struct Report {
    report: FileReport,
    names: BTreeSet<String>,
    symbols: BTreeSet<String>,
}

impl Report {
    pub(crate) fn new(report: FileReport) -> Self {
        let names = report.imports.iter().map(|row| symbol(&row.module, &row.name)).collect();
        let symbols = report.imports.iter().map(|row| row.symbol.clone()).collect();
        Self { report, names, symbols }
    }

    /// Whether it tells of a name that a reader asked for.
    pub(crate) fn lists(&self, name: &str) -> bool {
        self.takes_for_text(name) || self.names_it(name)
    }

    /// A text may begin like an import of a name that no module can have.
    pub(crate) fn takes_for_text(&self, name: &str) -> bool {
        let module = name.split_once(':').unwrap_or_default().0;
        let possible = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.');
        self.report.is_not_pickle() && !module.chars().all(possible)
    }

    fn names_it(&self, name: &str) -> bool {
        let (module, attribute) = name.split_once(':').unwrap_or_default();
        // The recorder does not see the protocol in force: any mapping will do.
        let symbol = |protocol| {
            let (module, name) = map_name(module, attribute, protocol);
            format!("{module}.{name}")
        };
        self.names.contains(name) || [0, 4].map(symbol).iter().any(|it| self.symbols.contains(it))
    }

    /// Whether it tells of a name that a reader asked for, and allows all that it tells of.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.lists(name) && self.report.imports.iter().all(|row| row.decision == Decision::Allowed)
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
