//! For every entry that may be called, a hostile call that its shape refuses.

use super::super::Objection;
use super::super::entry;
use super::super::table::ENTRIES;
use super::asm::{Route, assemble};
use super::{judged, lines};
use std::collections::BTreeMap;

const REFUSED: &str = include_str!("refused.txt");

/// The calls of `refused.txt`, by the entry of what is called.
fn calls() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut calls: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in lines(REFUSED) {
        let callee = line.split_once('(').unwrap().0.replace(':', ".");
        let entry = entry::lookup(&callee).unwrap_or_else(|| panic!("{callee} has no entry"));
        calls.entry(entry.symbol).or_default().push(line);
    }
    calls
}

#[test]
fn every_entry_with_a_call_has_a_hostile_one() {
    let calls = calls();
    let mut missing = Vec::new();
    for paragraph in ENTRIES.iter().flat_map(|table| table.paragraphs()) {
        let may_be_called = entry::alias(paragraph).is_none() && entry::parse(paragraph).unwrap().call.is_some();
        if may_be_called && !calls.contains_key(paragraph.key) {
            missing.push(paragraph.key);
        }
    }
    assert!(missing.is_empty(), "write a hostile call of these into refused.txt: {missing:#?}");
}

#[test]
fn hostile_calls_are_refused_for_their_arguments() {
    for (entry, line) in calls().into_iter().flat_map(|(entry, lines)| lines.into_iter().map(move |line| (entry, line)))
    {
        let judged = judged(&assemble(line, 4, Route::StackGlobal));
        let refused = judged.judgements.iter().any(|judgement| {
            // What these two are given is told with the class that they would make.
            let about =
                entry.starts_with("copyreg.") || entry::lookup(&judgement.symbol).is_some_and(|of| of.symbol == entry);
            about && matches!(judgement.objection, Objection::ArgumentShape | Objection::NumpyLayout)
        });
        assert!(refused, "{line}\n{:#?}", judged.judgements);
    }
}
