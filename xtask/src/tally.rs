//! Counts of a run, and how they are printed.

use crate::listing;
use crate::python::{Loads, Reader};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Per interpreter and reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) files: u64,
    pub(crate) loads: u64,
    pub(crate) killed: u64,
    /// Names asked for.
    pub(crate) names: u64,
    /// Names asked for that depickle does not list.
    pub(crate) missing: u64,
    /// The same, of a reader that we do not model where the file is not called clean.
    pub(crate) cut: u64,
    /// We say it loads, it refuses; and the reverse.
    pub(crate) only_we_load: u64,
    pub(crate) only_it_loads: u64,
    pub(crate) failures: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rows: BTreeMap<(String, &'static str), Row>,
    pub(crate) streams: u64,
    /// Streams that some reader of some interpreter loads.
    pub(crate) loaded: u64,
    /// Names that depickle lists and no reader asked for, and the streams that have them.
    pub(crate) extra: u64,
    pub(crate) with_extra: u64,
    /// Streams whose readers do not all ask for the same names.
    pub(crate) parted: u64,
    /// The first streams that the C engine loads from memory and we say are refused: `stream --only` shows them.
    pub(crate) refused: BTreeSet<u64>,
    /// How many opcodes ran, per stream that loads: length -> streams.
    pub(crate) lengths: BTreeMap<usize, u64>,
    /// How often each opcode ran in streams that load, by its byte.
    pub(crate) hits: BTreeMap<u8, u64>,
}

impl Tally {
    pub(crate) fn row(&mut self, interpreter: &str, reader: Reader) -> &mut Row {
        self.rows.entry((interpreter.to_owned(), reader.name())).or_default()
    }

    /// Counts the opcodes of the first pickle of a stream that loads, up to `end`.
    pub(crate) fn count_opcodes(&mut self, bytes: &[u8], end: u32) {
        let mut length = 0;
        for (_, row, _) in listing::opcodes(&bytes[..bytes.len().min(end as usize)]) {
            length += 1;
            *self.hits.entry(row.opcode as u8).or_default() += 1;
        }
        *self.lengths.entry(length).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (key, row) in other.rows {
            let sum = self.rows.entry(key).or_default();
            sum.files += row.files;
            sum.loads += row.loads;
            sum.killed += row.killed;
            sum.names += row.names;
            sum.missing += row.missing;
            sum.cut += row.cut;
            sum.only_we_load += row.only_we_load;
            sum.only_it_loads += row.only_it_loads;
            add_all(&mut sum.failures, row.failures);
        }
        self.streams += other.streams;
        self.loaded += other.loaded;
        self.extra += other.extra;
        self.with_extra += other.with_extra;
        self.parted += other.parted;
        self.refused.extend(other.refused);
        add_all(&mut self.lengths, other.lengths);
        add_all(&mut self.hits, other.hits);
    }

    fn median(&self) -> usize {
        let half = self.lengths.values().sum::<u64>() / 2;
        let mut seen = 0;
        let at_half = self.lengths.iter().find(|(_, count)| {
            seen += **count;
            seen > half
        });
        at_half.map_or(0, |(length, _)| *length)
    }

    pub(crate) fn print(&self) {
        println!(
            "{:6} {:9} {:>8} {:>8} {:>6} {:>9} {:>8} {:>6} {:>7} {:>7}  failures",
            "python", "reader", "files", "loads", "killed", "names", "missing", "cut", "only-we", "only-it"
        );
        for ((version, reader), row) in &self.rows {
            let mut failures: Vec<_> = row.failures.iter().collect();
            failures.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let failures = failures.iter().take(4).fold(String::new(), |mut text, (name, count)| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{name} {count}, ");
                text
            });
            println!(
                "{version:6} {reader:9} {:8} {:8} {:6} {:9} {:8} {:6} {:7} {:7}  {}",
                row.files,
                row.loads,
                row.killed,
                row.names,
                row.missing,
                row.cut,
                row.only_we_load,
                row.only_it_loads,
                failures.trim_end_matches(", ")
            );
        }
        let share = |count: u64| 100.0 * count as f64 / self.streams.max(1) as f64;
        println!(
            "streams {}, load somewhere {} ({:.1} %), median opcodes run {}",
            self.streams,
            self.loaded,
            share(self.loaded),
            self.median()
        );
        println!(
            "readers part on names in {} ({:.1} %); extra names {} in {} streams",
            self.parted,
            share(self.parted),
            self.extra,
            self.with_extra
        );
        if !self.refused.is_empty() {
            println!(
                "CPython loads from memory and depickle refuses: {:?}",
                self.refused.iter().take(10).collect::<Vec<_>>()
            );
        }
        let mut line = String::from("hits:");
        for row in &depickle::opcode::table::TABLE {
            let _ = write!(line, " {} {},", row.name, self.hits.get(&(row.opcode as u8)).unwrap_or(&0));
        }
        println!("{}", line.trim_end_matches(','));
    }
}

fn add_all<K: Ord>(sum: &mut BTreeMap<K, u64>, counts: BTreeMap<K, u64>) {
    for (key, count) in counts {
        *sum.entry(key).or_default() += count;
    }
}

/// Whether the first pickle loads, and where it ends.
pub(crate) fn first_end(loads: &Loads) -> Option<u32> {
    loads.first().filter(|load| load.failure.is_empty()).map(|load| load.end)
}
