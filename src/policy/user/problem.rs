//! What is wrong with a policy file, and where.

use std::ops::Range;

/// One thing that is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub help: String,
}

/// All that is wrong with one file.
#[derive(Debug)]
pub(super) struct Problems<'t> {
    text: &'t str,
    found: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// The line of a byte, and its column in characters, both from 1.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count().saturating_add(1);
        let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
        (line, before.get(start..).unwrap_or("").chars().count().saturating_add(1))
    }

    /// Notes what is wrong at a place.
    pub(super) fn say(&mut self, at: &Range<usize>, what: impl Into<String>, help: impl Into<String>) {
        let (line, column) = self.position(at.start);
        self.found.push(Problem { line, column, what: what.into(), help: help.into() });
    }

    /// Where a text that stands at `at` has its byte `offset`, if it stands there letter by letter.
    pub(super) fn within(&self, at: &Range<usize>, value: &str, offset: usize) -> Range<usize> {
        let written = self.text.get(at.clone()).unwrap_or("");
        match written.find(value) {
            Some(begin) => at.start.saturating_add(begin).saturating_add(offset)..at.end,
            None => at.clone(),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// Everything found, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| (problem.line, problem.column));
        self.found.dedup();
        self.found
    }
}
