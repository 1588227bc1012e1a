//! What holds for all code that hostile bytes reach, as the sources say it: lints against panics, no unsafe code but
//! around the memory map, no number read in the order of the machine, no file opened elsewhere.
#![allow(clippy::unwrap_used, reason = "test helpers outside of test functions")]

use std::path::{Path, PathBuf};

/// Rooms that read bytes of files, or values made of them.
const READERS: [&str; 17] = [
    "array",
    "ast",
    "audit",
    "container",
    "content",
    "convert",
    "diff",
    "dtype",
    "input",
    "inspect",
    "loader",
    "machine",
    "model",
    "opcode",
    "policy",
    "resolve",
    "skops",
];

/// What their code may not do.
const DENIED: [&str; 6] =
    ["indexing_slicing", "arithmetic_side_effects", "cast_possible_truncation", "unwrap_used", "expect_used", "panic"];

/// Rooms that are handed values and bytes only as plain data, or by the user.
const OTHERS: [&str; 13] = [
    "baseline", "cli", "error", "escape", "facts", "finding", "glance", "limits", "output", "report", "rules", "span",
    "word",
];

/// The only files that may hold unsafe code: the memory map, and what happens when its file is cut short.
const UNSAFE: [&str; 2] = ["src/input/shrunk.rs", "src/input/source.rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file of the library, by its path from the root, with its code: without comments and tests.
fn sources() -> Vec<(String, String)> {
    let (mut all, mut open) = (Vec::new(), vec![root().join("src")]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            if !name.contains("/tests") {
                all.push((name, lines.join("\n")));
            }
        }
    }
    all
}

/// The first file of a room.
fn head(room: &str) -> PathBuf {
    let folder = root().join("src").join(room).join("mod.rs");
    if folder.is_file() { folder } else { root().join("src").join(format!("{room}.rs")) }
}

#[test]
fn rooms_that_read_bytes_deny_what_can_panic() {
    for room in READERS {
        let text = std::fs::read_to_string(head(room)).unwrap();
        let denied = text.split("#![deny(").nth(1).and_then(|rest| rest.split(")]").next()).unwrap_or_default();
        let missing: Vec<_> = DENIED.iter().filter(|lint| !denied.contains(&format!("clippy::{lint}"))).collect();
        assert!(missing.is_empty(), "{room} does not deny {missing:?}");
    }
}

#[test]
fn every_room_is_said_to_read_bytes_or_not() {
    for entry in root().join("src").read_dir().unwrap() {
        let path = entry.unwrap().path();
        let room = path.file_stem().unwrap().to_str().unwrap();
        let known = READERS.contains(&room) || OTHERS.contains(&room) || ["lib", "main"].contains(&room);
        assert!(known, "add {room} to a table of this test");
    }
}

/// A lint that is lifted has a reason beside it; nothing lifts one for a whole file.
#[test]
fn denied_lints_are_lifted_with_a_reason_only() {
    for (name, code) in sources() {
        for lifted in code.split("allow(").skip(1).filter_map(|rest| rest.split(")]").next()) {
            if DENIED.iter().any(|lint| lifted.contains(&format!("clippy::{lint}"))) {
                let is_test = code.contains(&format!("cfg_attr(test, allow({lifted}"));
                assert!(is_test || lifted.contains("reason = "), "{name}: {lifted}");
            }
        }
        assert!(!code.contains("#![allow(clippy::"), "{name}: a lint is lifted for a whole file");
    }
}

#[test]
fn unsafe_code_stands_around_the_memory_map_only() {
    let with: Vec<_> = sources()
        .into_iter()
        .filter(|(_, code)| code.contains("unsafe {") || code.contains("unsafe fn") || code.contains("unsafe impl"))
        .map(|(name, _)| name)
        .collect();
    let mut with: Vec<_> = with.iter().map(String::as_str).collect();
    with.sort_unstable();
    assert_eq!(with, UNSAFE);
}

/// A file means the same on every machine.
#[test]
fn no_number_is_read_in_the_order_of_the_machine() {
    for (name, code) in sources() {
        for word in ["_ne_bytes", "transmute", "align_to", "target_endian"] {
            assert!(!code.contains(word), "{name}: {word}");
        }
    }
}

#[test]
fn only_two_rooms_touch_the_file_system() {
    let words = [
        "std::fs",
        "fs::",
        "File::open",
        "File::create",
        "std::net",
        "std::process::Command",
        "TcpStream",
        "Command::new(",
    ];
    for (name, code) in sources() {
        let may = ["src/input/", "src/output/"].iter().any(|room| name.starts_with(room));
        let found: Vec<_> = words.iter().filter(|word| code.contains(**word)).collect();
        assert!(may || found.is_empty(), "{name}: {found:?}");
    }
}
