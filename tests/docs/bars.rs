//! The tables of performance: what `cargo xtask bench --keep` kept last of a full run, or else of a small one.

use crate::page::root;
use std::path::PathBuf;

/// What was kept: the file, and the rows of its last table, one for each bar.
struct Kept {
    machine: String,
    rows: Vec<[String; 5]>,
}

impl Kept {
    /// `None` where nothing was.
    fn last() -> Option<Self> {
        let file = kept("-full.md").or_else(|| kept("-small.md"))?;
        let text = std::fs::read_to_string(file).unwrap();
        let (_, table) = text.rsplit_once("| # | what | is | at most | |\n|---|---|---|---|---|\n").unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let cells =
            |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        Some(Self {
            machine: text.lines().next().unwrap().to_owned(),
            rows: rows.map(|row| cells(row).try_into().unwrap()).collect(),
        })
    }

    fn table(kept: Option<Self>, row: impl Fn([String; 5]) -> String) -> String {
        let Some(Self { machine, rows }) = kept else { return "No run is kept.\n".to_owned() };
        let head = format!("Measured on {machine}.\n\n| # | what | is | at most | |\n|---|---|---|---|---|\n");
        rows.into_iter().fold(head, |table, cells| table + &row(cells))
    }
}

/// The file of this ending, of several the first by name.
fn kept(ending: &str) -> Option<PathBuf> {
    let files = std::fs::read_dir(root().join("benches/results")).ok()?;
    let paths = files.map(|file| file.unwrap().path());
    paths.filter(|path| path.to_str().is_some_and(|path| path.ends_with(ending))).min()
}

/// Every bar with the figures of its cases.
pub(crate) fn long() -> String {
    Kept::table(Kept::last(), |cells| format!("| {} |\n", cells.join(" | ")))
}

/// Every bar with the worst of its figures.
pub(crate) fn short() -> String {
    Kept::table(Kept::last(), |[number, what, is, at_most, word]| {
        let figures = is.split(", ").filter_map(|case| case.rsplit(' ').next()?.parse::<f64>().ok());
        let worst = figures.fold(f64::NEG_INFINITY, f64::max);
        let word = if word.starts_with("MISSED") { "missed" } else { "" };
        format!("| {number} | {what} | {worst:.2} | {at_most} | {word} |\n")
    })
}
