//! The bars: what we want to hold, as ratios. Printed, never asserted: a shared machine has no seconds.

use super::Row;
use super::case::Case;
use super::measure::Measure;
use super::peers::Peer;
use std::collections::BTreeMap;
use std::fmt;

/// One figure beside what it should be at most.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    number: u8,
    what: &'static str,
    is: f64,
    /// Infinite where it is told, and nothing is held against it.
    at_most: f64,
}

impl Bar {
    fn is_met(&self) -> bool {
        self.is <= self.at_most
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_met() { "" } else { "MISSED" };
        write!(f, "{} | {} | {:.3} | {} | {word} |", self.number, self.what, self.is, most(self.at_most))
    }
}

/// What a figure may be at most, in words.
fn most(at_most: f64) -> String {
    if at_most.is_finite() { at_most.to_string() } else { "no bar".to_owned() }
}

/// The groups of cases that a bar is measured on; none where there is no such bar.
pub(super) fn groups(number: u8) -> &'static [&'static str] {
    match number {
        1 | 2 => &["nested"],
        3 => &["array"],
        4 => &["forest"],
        5 => &["many"],
        6 => &["one"],
        7 => &["compressed"],
        8 => &["convert"],
        9 => &["vocabulary"],
        10 => &["half", "nested", "hostile", "double"],
        11 => &["hostile"],
        _ => &[],
    }
}

/// Cases of which each has a figure of its own; of more, the worst is told.
const TOLD: usize = 8;

/// One row for each bar and what it is about: the figures of all cases, and whether all of them hold.
pub(super) fn summary(all: &[(String, Bar)]) -> Vec<String> {
    let mut kinds: Vec<Bar> = Vec::new();
    for (_, bar) in all {
        let same = |kind: &Bar| (kind.number, kind.what, kind.at_most) == (bar.number, bar.what, bar.at_most);
        if !kinds.iter().any(same) {
            kinds.push(*bar);
        }
    }
    kinds.sort_by_key(|kind| kind.number);
    let row = |kind: &Bar| {
        let same =
            |(_, bar): &&(String, Bar)| (bar.number, bar.what, bar.at_most) == (kind.number, kind.what, kind.at_most);
        let mut cases: Vec<&(String, Bar)> = all.iter().filter(same).collect();
        let missed = cases.iter().filter(|(_, bar)| !bar.is_met()).count();
        let (before, count) = ("the worst of ", cases.len());
        let before = if count > TOLD { format!("{before}{count}: ") } else { String::new() };
        if count > TOLD {
            cases.sort_by(|(_, a), (_, b)| b.is.total_cmp(&a.is));
            cases.truncate(missed.max(1));
        }
        let told: Vec<String> = cases.iter().map(|(case, bar)| format!("{case} {:.2}", bar.is)).collect();
        let word = match missed {
            0 if kind.at_most.is_infinite() => "told".to_owned(),
            0 => "met".to_owned(),
            _ => format!("MISSED by {missed} of {count}"),
        };
        format!("| {} | {} | {before}{} | {} | {word} |", kind.number, kind.what, told.join(", "), most(kind.at_most))
    };
    kinds.iter().map(row).collect()
}

const MIB: f64 = (1 << 20) as f64;

/// The bars of a case. `start` is what a file of nothing costs, `others` the cases before.
pub(super) fn of(case: &Case, row: &Row, start: &Row, others: &BTreeMap<&str, Row>) -> Vec<Bar> {
    let own = row[&Peer::Depickle];
    let half = row.get(&Peer::Half).copied();
    let started = start[&Peer::Depickle];
    let mut bars = Vec::new();
    let mut bar = |number, what, is, at_most| bars.push(Bar { number, what, is, at_most });
    let over = |peer: Peer| row.get(&peer).map(|other: &Measure| own.cpu / other.cpu);
    // Without the start of either: what is compared is the reading.
    let net =
        |peer: Peer| row.get(&peer).map(|other| (own.cpu - started.cpu) / (other.cpu - start[&Peer::PythonStart].cpu));
    let bytes = case.bytes.unwrap_or(0) as f64;
    match case.group.as_str() {
        "nested" => {
            let at_most = if case.name.ends_with("p0") { 0.33 } else { 0.25 };
            if let Some(ratio) = net(Peer::Load) {
                bar(1, "CPU / pickle.load gc off, both without start", ratio, at_most);
            }
            let opcodes = case.opcode_bytes.unwrap_or(0) as f64 / MIB;
            let beyond = own.memory - started.memory - bytes / MIB;
            bar(2, "memory beyond the file map / opcode bytes", beyond / opcodes, 4.0);
        }
        "array" => {
            bar(3, "CPU in ms", own.cpu * 1e3, 5.0);
            bar(3, "MiB", own.memory, 16.0);
            if let Some(half) = half {
                bar(3, "CPU / the same at 16 MiB", own.cpu / half.cpu, 1.5);
            }
        }
        "forest" => {
            // Of joblib's file picklescan reads no more than what stands in front of the first array.
            if let Some(whole) = others.get("forest pickle").unwrap_or(row).get(&Peer::Picklescan) {
                bar(4, "CPU / picklescan on the pickle", own.cpu / whole.cpu, 0.1);
            }
            bar(4, "MiB", own.memory, 32.0);
        }
        "many" => {
            // What cat does not do is no part of the bar.
            let inflates = case.name.ends_with("deflated");
            if let Some(ratio) = over(Peer::Cat) {
                bar(5, "CPU / cat of them all", ratio, if inflates { f64::INFINITY } else { 1.6 });
            }
            if let Some(ratio) = over(Peer::Picklescan) {
                bar(5, "CPU / picklescan", ratio, 0.05);
            }
        }
        "one" => {
            if let Some(ratio) = over(Peer::PythonStart) {
                bar(6, "CPU / python3 -c pass", ratio, 0.2);
            }
        }
        "compressed" => {
            if let Some(ratio) = over(Peer::Decoder) {
                bar(7, "CPU / the bare decoder", ratio, 1.25);
            }
            bar(7, "MiB", own.memory, 32.0);
        }
        "convert" => {
            if let Some(ratio) = over(Peer::Copy) {
                bar(8, "CPU / cat > file", ratio, 1.2);
            }
            bar(8, "MiB", own.memory, 32.0);
        }
        "vocabulary" => {
            if let Some(ratio) = net(Peer::Genops) {
                bar(9, "CPU / pickletools.genops, both without start", ratio, 0.06);
            }
        }
        "hostile" => {
            bar(11, "CPU / (100 ns x N + 10 ms)", own.cpu / (1e-7 * bytes + 0.01), 1.0);
            bar(11, "memory / (64 x N + 16 MiB)", own.memory / (64.0 * bytes / MIB + 16.0), 1.0);
        }
        _ => {}
    }
    if let Some(half) = half.filter(|_| case.group != "array") {
        // A start is paid once, and below it nothing can be told from noise.
        let ratio = |own: f64, half: f64, start: f64| (own - start).max(start) / (half - start).max(start);
        bar(10, "CPU / half the size", ratio(own.cpu, half.cpu, started.cpu), 2.1);
        bar(10, "memory / half the size", ratio(own.memory, half.memory, started.memory), 2.1);
    }
    bars
}
