//! Counts of a run, and how they are printed.

use crate::hits::{Evidence, Line};
use crate::listing;
use crate::python::Reader;
use crate::recorder::DIFFERENCES;
use crate::subject::Marks;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Per interpreter and reader.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) files: u64,
    pub(crate) loads: u64,
    pub(crate) killed: u64,
    /// Lines of traces: imports, calls, methods.
    pub(crate) effects: u64,
    /// Files on which depickle differs as it is known to.
    pub(crate) known: u64,
    /// Files on which it differs in any other way.
    pub(crate) differ: u64,
    /// How the first pickle fared: the class of the exception, or nothing.
    pub(crate) outcomes: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    rows: BTreeMap<(String, &'static str), Row>,
    pub(crate) streams: u64,
    /// Streams that some reader of some interpreter loads.
    pub(crate) loaded: u64,
    /// Known differences, by their names.
    pub(crate) known: BTreeMap<&'static str, u64>,
    /// Streams that are special.
    marks: BTreeMap<&'static str, u64>,
    /// Streams that show a line of the table of divergences, by its place.
    divergences: BTreeMap<usize, u64>,
    /// How many opcodes ran, per stream that loads: length -> streams.
    lengths: BTreeMap<usize, u64>,
    /// How often each opcode ran in streams that load, by its byte.
    hits: BTreeMap<u8, u64>,
}

impl Tally {
    pub(crate) fn row(&mut self, interpreter: &str, reader: Reader) -> &mut Row {
        self.rows.entry((interpreter.to_owned(), reader.name())).or_default()
    }

    /// Counts what is special about a stream.
    pub(crate) fn mark(&mut self, marks: Marks, inherit: bool) {
        let Marks { straddles, several, one_memo, arrays, parts } = marks;
        let all = [
            ("an argument straddles the end of a frame", straddles),
            ("several pickles", several),
            ("a later pickle fetches from the memo of those before", one_memo && inherit),
            ("arrays of joblib's", arrays),
            ("the engines part", parts),
        ];
        for (what, is) in all {
            *self.marks.entry(what).or_default() += u64::from(is);
        }
    }

    /// Counts the lines of the table of divergences that a stream shows.
    pub(crate) fn show(&mut self, evidence: &Evidence<'_>, lines: &[Line]) {
        for (place, (_, shows)) in lines.iter().enumerate() {
            *self.divergences.entry(place).or_default() += u64::from(shows(evidence));
        }
    }

    /// Counts the opcodes of the first pickle of a stream that loads, up to `end`.
    pub(crate) fn count_opcodes(&mut self, bytes: &[u8], end: u64) {
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
            sum.effects += row.effects;
            sum.known += row.known;
            sum.differ += row.differ;
            add_all(&mut sum.outcomes, row.outcomes);
        }
        self.streams += other.streams;
        self.loaded += other.loaded;
        add_all(&mut self.known, other.known);
        add_all(&mut self.marks, other.marks);
        add_all(&mut self.divergences, other.divergences);
        add_all(&mut self.lengths, other.lengths);
        add_all(&mut self.hits, other.hits);
    }

    /// Whether more than one stream of a hundred ends an interpreter.
    pub(crate) fn killed_too_often(&self) -> bool {
        self.rows.values().any(|row| row.killed > row.files / 100)
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

    /// The whole tally, for people.
    pub(crate) fn text(&self, lines: &[Line]) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, lines);
        text
    }

    fn write(&self, out: &mut String, lines: &[Line]) -> std::fmt::Result {
        writeln!(
            out,
            "{:6} {:8} {:>8} {:>8} {:>10} {:>6} {:>6} {:>6}  refused",
            "python", "reader", "files", "load", "effects", "killed", "known", "differ"
        )?;
        for ((version, reader), row) in &self.rows {
            let mut outcomes: Vec<_> = row.outcomes.iter().filter(|(name, _)| !name.is_empty()).collect();
            outcomes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let outcomes: Vec<_> = outcomes.iter().take(4).map(|(name, count)| format!("{name} {count}")).collect();
            writeln!(
                out,
                "{version:6} {reader:8} {:8} {:8} {:10} {:6} {:6} {:6}  {}",
                row.files,
                row.loads,
                row.effects,
                row.killed,
                row.known,
                row.differ,
                outcomes.join(", ")
            )?;
        }
        let share = 100.0 * self.loaded as f64 / self.streams.max(1) as f64;
        writeln!(out, "\nstreams {}, load somewhere {} ({share:.1} %)", self.streams, self.loaded)?;
        writeln!(out, "opcodes run, median of those that load: {}", self.median())?;
        for (what, count) in &self.marks {
            writeln!(out, "{what}: {count}")?;
        }
        writeln!(out, "\nknown differences, readers and interpreters counted apart:")?;
        for (name, what) in DIFFERENCES {
            writeln!(out, "{:8} {name}: {what}", self.known.get(name).unwrap_or(&0))?;
        }
        if !self.divergences.is_empty() {
            writeln!(out, "\nstreams that show a line of the table of divergences:")?;
            for (place, (line, _)) in lines.iter().enumerate() {
                writeln!(out, "{:8} {line}", self.divergences.get(&place).unwrap_or(&0))?;
            }
        }
        let hits = depickle::opcode::table::TABLE.iter();
        let hits = hits.map(|row| format!("{} {}", row.name, self.hits.get(&(row.opcode as u8)).unwrap_or(&0)));
        writeln!(out, "\nopcodes run in streams that load:\n{}", wrapped(hits))
    }
}

/// Words with commas, in lines of a readable length.
fn wrapped(words: impl Iterator<Item = String>) -> String {
    let mut lines = vec![String::new()];
    for word in words {
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word,
            Some(line) if line.len() + word.len() < 116 => *line += &format!(", {word}"),
            _ => lines.push(word),
        }
    }
    lines.join("\n")
}

fn add_all<K: Ord>(sum: &mut BTreeMap<K, u64>, counts: BTreeMap<K, u64>) {
    for (key, count) in counts {
        *sum.entry(key).or_default() += count;
    }
}
