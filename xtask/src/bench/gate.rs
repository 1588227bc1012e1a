//! `cargo xtask bench --gate`: instructions, counted by valgrind, which are the same on a busy machine.
//!
//! Two things are held: how many instructions a byte of each case may cost, from a table that stands beside the results,
//! and that a case of twice the size costs little more than twice as many.

use super::case::{Case, Scale, corpus};
use super::peers::build;
use crate::{Fallible, Outcome};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What a case may cost: lines of its name, a tab, and instructions for each byte.
const TABLE: &str = include_str!("../../../benches/instructions.txt");

/// The most that twice the size may cost, and what is too little to be compared.
const DOUBLE: f64 = 2.1;
const NOTHING: f64 = 1e6;

/// Counts for each case whose name holds `only`, and compares. All is well where nothing is over.
pub(super) fn run(only: Option<&str>) -> Outcome {
    let (root, depickle) = build("depickle")?;
    let directory = root.join("target/bench");
    std::fs::create_dir_all(&directory)?;
    let cases = corpus(Path::new("python3"), &directory, Scale::Gate)?;
    let smallest = cases.iter().find(|case| case.group == "one").ok_or("the corpus has no small file")?;
    let start = count(&depickle, smallest)?;
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    let mut is_well = true;
    println!("start: {start} instructions\n\n| case | instructions for each byte | at most | of half the size | |");
    println!("|---|---|---|---|---|");
    for case in cases.iter().filter(|case| case.group != "one" && only.is_none_or(|only| case.name.contains(only))) {
        let own = count(&depickle, case)? - start;
        let bytes = case.bytes.map_or_else(|| held(&case.path), Ok)?;
        let each = own / bytes as f64;
        let row = TABLE.lines().filter_map(|line| line.split_once('\t')).find(|(name, _)| *name == case.name);
        let most: Option<f64> = row.map(|(_, most)| most.parse()).transpose()?;
        let half = case.double_of.as_deref().and_then(|name| counts.get(name));
        let ratio = half.map(|half| own.max(NOTHING) / half.max(NOTHING));
        let is_over = most.is_some_and(|most| each > most) || ratio.is_some_and(|ratio| ratio > DOUBLE);
        is_well &= !is_over;
        let shown = |number: Option<f64>| number.map_or_else(String::new, |number| format!("{number:.2}"));
        let word = if is_over { "OVER" } else { "" };
        println!("| {} | {each:.1} | {} | {} | {word} |", case.name, shown(most), shown(ratio));
        counts.insert(&case.name, own);
    }
    Ok(is_well)
}

/// The instructions of one scan.
fn count(depickle: &Path, case: &Case) -> Fallible<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(depickle);
    let output = command.args(["scan", "--no-progress", "--jobs", "1"]).arg(&case.path).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    let (_, number) = line.ok_or_else(|| format!("valgrind says nothing of {}: {said}", case.name))?;
    Ok(number.trim().parse()?)
}

/// The bytes of the files in a directory.
fn held(directory: &Path) -> Fallible<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(directory)? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}
