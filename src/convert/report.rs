//! `depickle.convert/1`: what became of one file, for machines.

use super::{Carried, Loss};
use crate::escape::{Uint, json};
use crate::finding::Verdict;
use crate::report::{Tool, tool_json};
use serde::Serialize;
use std::io::{self, Write};

/// What is said of a conversion.
#[derive(Clone, Debug)]
pub struct Conversion<'a> {
    /// Who converted, under which policy.
    pub tool: &'a Tool,
    /// The file that was read.
    pub input: Written,
    /// Its verdict, once what was allowed is accepted.
    pub verdict: Verdict,
    /// The symbols that were allowed for this conversion.
    pub allowed: &'a [String],
    /// What was written; nothing where it failed.
    pub outputs: Vec<Written>,
    /// What was carried, and what was not.
    pub carried: &'a Carried,
    /// Why nothing was written.
    pub error: Option<&'a str>,
}

/// A file as a report names it.
#[derive(Clone, Debug)]
pub struct Written {
    /// The path as given.
    pub path: String,
    /// What it is: `pickle`, `joblib+zlib`, `npz`, ...
    pub format: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

#[derive(Serialize)]
struct Row<'a, T> {
    schema: &'a str,
    tool: T,
    input: FileRow<'a>,
    verdict: &'a str,
    allowed: &'a [String],
    outputs: Vec<FileRow<'a>>,
    arrays: Vec<ArrayRow<'a>>,
    lost: LostRow<'a>,
    untrusted: Option<&'a [String]>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct FileRow<'a> {
    path: &'a str,
    format: &'a str,
    size: Uint,
    sha256: &'a str,
}

impl<'a> From<&'a Written> for FileRow<'a> {
    fn from(file: &'a Written) -> Self {
        Self { path: &file.path, format: &file.format, size: Uint(file.size), sha256: &file.sha256 }
    }
}

#[derive(Serialize)]
struct ArrayRow<'a> {
    object_path: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct LostRow<'a> {
    count: Uint,
    first: Vec<LossRow<'a>>,
}

#[derive(Serialize)]
struct LossRow<'a> {
    object_path: &'a str,
    why: &'a str,
}

impl<'a> From<&'a Loss> for LossRow<'a> {
    fn from(loss: &'a Loss) -> Self {
        Self { object_path: &loss.path, why: &loss.why }
    }
}

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, conversion: &Conversion<'_>) -> io::Result<()> {
    let carried = conversion.carried;
    let row = Row {
        schema: "depickle.convert/1",
        tool: tool_json(conversion.tool),
        input: FileRow::from(&conversion.input),
        verdict: conversion.verdict.name(),
        allowed: conversion.allowed,
        outputs: conversion.outputs.iter().map(FileRow::from).collect(),
        arrays: carried.arrays.iter().map(|(object_path, name)| ArrayRow { object_path, name }).collect(),
        lost: LostRow {
            count: Uint(carried.lost.count()),
            first: carried.lost.first().iter().map(LossRow::from).collect(),
        },
        untrusted: carried.untrusted.as_deref(),
        error: conversion.error,
    };
    json(out, &row)?;
    out.write_all(b"\n")
}
