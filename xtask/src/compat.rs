//! `cargo xtask compat`: writes `src/resolve/compat.txt` from the tables of every CPython at hand.

use crate::python::Interpreter;
use crate::{Fallible, Outcome};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const HEADER: &str = "\
# Names of Python 2 and what Python 3 asks for instead, below protocol 3 (find_class; PEP 3108).
# Made by `cargo xtask compat` from _compat_pickle.NAME_MAPPING and IMPORT_MAPPING of CPython {versions}; do not edit.
# module, name, new module, new name, separated by tabs, sorted by the bytes of the first two. A name `*` stands for
# every name of the module that has no row of its own, and is kept. A fifth field lists the versions that have the row;
# without one all have it.
";

/// The rows of an interpreter: module, name, new module, new name.
pub(crate) fn table(interpreter: &Interpreter) -> Fallible<Vec<Vec<String>>> {
    let text = interpreter.script("compat.py", "")?;
    Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

/// `cargo xtask compat`.
pub(crate) fn run(_arguments: &[String]) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut interpreters = Interpreter::find(&[]);
    interpreters.retain(|interpreter| interpreter.version[0] == 3);
    let mut rows: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for interpreter in &interpreters {
        for row in table(interpreter)? {
            rows.entry(row).or_default().push(interpreter.name());
        }
    }
    let versions: Vec<_> = interpreters.iter().map(Interpreter::name).collect();
    let mut text = HEADER.replace("{versions}", &versions.join(", "));
    for (row, known) in &rows {
        writeln!(
            text,
            "{}{}",
            row.join("\t"),
            if *known == versions { String::new() } else { format!("\t{}", known.join(" ")) }
        )?;
    }
    let path = root.join("../src/resolve/compat.txt");
    std::fs::write(&path, text)?;
    println!("{} rows of CPython {} in {}", rows.len(), versions.join(", "), path.display());
    Ok(true)
}
