//! `cargo xtask names`: what a name stands for, by the stock `find_class` of every CPython at hand and by `resolve`.
//!
//! The oracle's recorder sees names before they are mapped and before dots are walked; here `find_class` is genuine, and
//! what it imports and fetches is recorded (`xtask/python/names.py`). Every row of every version's `_compat_pickle`, at
//! every protocol, with and without `fix_imports`, by both engines.

use crate::compat;
use crate::python::Interpreter;
use crate::{Fallible, Outcome};
use depickle::resolve::{dotted, map_name};
use serde_json::json;
use std::collections::BTreeSet;

/// Names beside those of the tables.
const NAMES: &[(&str, &str)] = &[
    ("os", "system"),
    ("os", "path.join"),
    ("a.b.c", "d.e.f"),
    ("builtins", "str.__new__.__call__"),
    ("__builtin__", "xrange.x"),
    ("__builtin__.x", "xrange"),
    ("copy_reg", "_reconstructor.__globals__"),
    ("itertools", "izip.x"),
    ("m", "f.<locals>.g"),
    ("m", "<locals>"),
    ("m", "<locals>.g"),
    ("m", "f.g.<locals>"),
    ("m", "f.<lambda>"),
    ("m", "f.<locals>g"),
    ("m", ".leading"),
    ("m", "trailing."),
    ("m", "a..b"),
    ("m", "."),
    ("m", ""),
    ("", "n"),
    (".relative", "n"),
    ("with space", "a name"),
    ("caf\u{e9}", "\u{6a21}.\u{578b}"),
    ("Copy_reg", "x"),
    ("copy_reg ", "x"),
    ("UserDict", "UserDict"),
    ("UserDict", "userdict"),
];

/// What an interpreter is asked: protocol, `fix_imports`, module, name.
type Case = (u8, bool, String, String);

/// `cargo xtask names`.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let given: Vec<_> = arguments.iter().filter(|argument| *argument != "--python").map(Into::into).collect();
    let mut interpreters = Interpreter::find(&given);
    interpreters.retain(|interpreter| interpreter.version >= [3, 8, 0]);
    if interpreters.is_empty() {
        return Err("no interpreter found; name one with --python PATH".into());
    }
    let tables = interpreters.iter().map(compat::table).collect::<Fallible<Vec<_>>>()?;
    let cases = cases(&tables);
    let mut differences = 0_usize;
    for (interpreter, table) in interpreters.iter().zip(&tables) {
        let answers = interpreter.script("names.py", &json!(cases).to_string())?;
        let answers: Vec<[Vec<Option<String>>; 2]> = serde_json::from_str(&answers)?;
        if answers.len() != cases.len() {
            return Err(format!("CPython {} answers {} of {}", interpreter.name(), answers.len(), cases.len()).into());
        }
        // A row that a version lacks is not applied there; depickle, that is all versions at once, applies it.
        let lacks = |module: &str| {
            let has = |table: &Vec<Vec<String>>| table.iter().any(|row| row[0] == module);
            !has(table) && tables.iter().any(has)
        };
        let mut lacking = BTreeSet::new();
        for (case, answer) in cases.iter().zip(answers) {
            for (engine, answer) in ["C", "Python"].iter().zip(answer) {
                let foretold = foretell(case, *engine == "C");
                if answer == foretold {
                    continue;
                }
                if lacks(&case.2) && answer == unmapped(case) {
                    lacking.insert(case.2.as_str());
                    continue;
                }
                differences += 1;
                if differences <= 20 {
                    println!("CPython {} {engine} {case:?}: {answer:?}, depickle {foretold:?}", interpreter.name());
                }
            }
        }
        println!(
            "CPython {}: {} rows, {} names by both engines; without a row that others have: {lacking:?}",
            interpreter.name(),
            table.len(),
            cases.len()
        );
    }
    println!("{}", if differences == 0 { "no difference".to_owned() } else { format!("{differences} differences") });
    Ok(differences == 0)
}

/// Every name at every protocol.
fn cases(tables: &[Vec<Vec<String>>]) -> Vec<Case> {
    let mut names: BTreeSet<(String, String)> =
        NAMES.iter().map(|(module, name)| ((*module).to_owned(), (*name).to_owned())).collect();
    for row in tables.iter().flatten() {
        let (module, name) = (row[0].clone(), row[1].clone());
        // What stands for every name of a module; then the new name, which is not mapped again.
        names.insert((module.clone(), if name == "*" { "anything".to_owned() } else { name.clone() }));
        names.insert((module.clone(), format!("{name}.attribute")));
        names.insert((format!("{module}.submodule"), name));
        names.insert((row[2].clone(), row[3].clone()));
    }
    let ways = (0..=5).flat_map(|protocol| [(protocol, true), (protocol, false)]);
    ways.flat_map(|(protocol, fix)| {
        names.iter().map(move |(module, name)| (protocol, fix, module.clone(), name.clone()))
    })
    .collect()
}

/// What is imported and then fetched, by `resolve`.
fn foretell((protocol, fix, module, name): &Case, c: bool) -> Vec<Option<String>> {
    let (module, name) = if *fix { map_name(module, name, *protocol) } else { (module.as_str(), name.as_str()) };
    walked(module, name, *protocol, c)
}

/// The same without a map.
fn unmapped((protocol, _, module, name): &Case) -> Vec<Option<String>> {
    walked(module, name, *protocol, true)
}

fn walked(module: &str, name: &str, protocol: u8, c: bool) -> Vec<Option<String>> {
    let mut steps = vec![Some(module.to_owned())];
    let parts: Vec<_> = dotted(name, protocol).collect();
    // No reader goes through the locals of a function; C looks for that first, Python when it comes to it.
    let local = parts.iter().position(|part| protocol >= 4 && *part == "<locals>");
    let reached = local.map_or(parts.len(), |at| if c { 0 } else { at });
    steps.extend(parts[..reached].iter().map(|part| Some((*part).to_owned())));
    if local.is_some() {
        steps.push(None);
    }
    steps
}
