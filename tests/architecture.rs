//! Who may use whom: this table is the documentation of the arrows between rooms, and they point one way.
//!
//! A room may name what stands in its row, and what those may name. To add an arrow, change the table, and ask first
//! whether the thing belongs where you are.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

#[path = "rooms/mod.rs"]
mod rooms;

use std::collections::BTreeSet;

/// Each room with what it is built on. A room stands below those that it uses.
const ARROWS: &[(&str, &[&str])] = &[
    ("span", &[]),
    ("error", &[]),
    ("escape", &[]),
    ("limits", &["error"]),
    ("word", &[]),
    ("facts", &["word"]),
    ("glance", &[]),
    // The report of a file that cannot be read carries the kind of the error.
    ("finding", &["span", "error", "facts", "glance", "word"]),
    ("dtype", &["span", "error"]),
    ("input", &["span", "error", "limits"]),
    ("output", &["span", "error", "limits"]),
    ("opcode", &["span", "error", "limits"]),
    ("ast", &["opcode"]),
    ("machine", &["ast"]),
    ("container", &["input", "dtype"]),
    ("loader", &["machine", "container", "dtype"]),
    // It writes a pickle, and runs none.
    ("skops", &["container", "dtype"]),
    ("array", &["loader", "dtype"]),
    // It reads JSON as the room of `.skops` does, and elements as numbers.
    ("content", &["skops", "container", "dtype", "array"]),
    // Looks inside and judges nothing.
    ("inspect", &["array", "loader", "skops", "content", "finding", "escape"]),
    ("resolve", &["machine"]),
    // It reads names as a loader's reader resolves them; the tree is made of what `inspect` opens.
    ("model", &["resolve", "loader", "dtype", "facts", "inspect"]),
    // It judges what a loader made of a stream: one reading and its bytes.
    ("policy", &["resolve", "loader", "dtype", "finding", "escape"]),
    ("rules", &["policy", "finding"]),
    ("audit", &["loader", "skops", "rules", "model", "escape"]),
    // It shares the days on which things expire.
    ("baseline", &["policy", "finding", "error"]),
    // The texts of rules, for formats that list them.
    ("report", &["rules", "finding", "baseline", "escape"]),
    // It writes what `inspect` finds, and says so in a report of its own.
    ("convert", &["model", "inspect", "output", "report"]),
    // It compares what `convert` makes of files with what it was made from, by the names that it gives.
    ("diff", &["convert", "model", "inspect", "report"]),
    ("cli", &["audit", "convert", "diff", "report", "inspect", "output"]),
];

/// What a room may use: its row, and the rows of those.
fn reach(room: &str) -> BTreeSet<&'static str> {
    let row = |room: &str| ARROWS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, uses)| uses);
    let mut reached = BTreeSet::new();
    let mut open = row(room).to_vec();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(row(next));
        }
    }
    reached
}

#[test]
fn every_room_uses_only_what_its_row_gives() {
    let wrong: Vec<String> = rooms::arrows()
        .into_iter()
        .filter(|(user, used)| user != used && !reach(user).contains(used.as_str()))
        .map(|(user, used)| format!("{user} uses {used}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_has_a_row_below_those_that_it_uses() {
    let mut listed: Vec<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    for (place, (room, uses)) in ARROWS.iter().enumerate() {
        for used in *uses {
            assert!(listed[..place].contains(used), "{room} uses {used}, which stands below it or nowhere");
        }
    }
    listed.sort_unstable();
    assert_eq!(listed, rooms::present());
}
