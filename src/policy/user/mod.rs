//! The user's policy: items of a TOML file that add to the built-in tables or take from them.
//!
//! `keys` is the table of what may stand in the file, `read` reads it and finds everything that is wrong with it,
//! `scope` says to which files an item applies, `schema` writes the table for editors. What an `[[allow]]` permits is
//! written in the clauses and shapes of the built-in tables, so that there is one language and one reader of it.

mod day;
mod keys;
mod notes;
mod problem;
mod read;
mod schema;
mod scope;
#[cfg(test)]
mod tests;

pub use day::Day;
pub use keys::{KEYS, Key, Kind, TABLES};
pub use notes::{Note, NoteKind};
pub use problem::Problem;
pub use read::{Context, Section};
pub use schema::schema;

pub(super) use notes::notes;
pub(super) use read::read;

use super::entry::Entry;
use super::shape::{Parsed, Parser};
use crate::finding::Verdict;
use crate::limits::Limit;
use scope::Scope;

/// A commented policy to start from.
pub const TEMPLATE: &str = include_str!("template.toml");

/// A policy file.
#[derive(Debug)]
pub(super) struct User {
    /// The file, as reports name it.
    pub(super) file: String,
    /// Its items, in the order in which they stand.
    pub(super) items: Vec<Item>,
}

impl User {
    /// Where an item stands: `depickle.toml:12`.
    pub(super) fn place(&self, item: u32) -> String {
        self.items.get(item as usize).map_or_else(String::new, |item| format!("{}:{}", self.file, item.line))
    }
}

/// One item.
#[derive(Debug)]
pub(super) struct Item {
    /// The line it begins in, from 1.
    pub(super) line: usize,
    /// Why it is there.
    pub(super) reason: String,
    /// The last day on which it holds.
    pub(super) expires: Option<Day>,
    /// Whether that day is over.
    pub(super) expired: bool,
    /// The files it applies to.
    pub(super) scope: Scope,
    /// What it says.
    pub(super) what: What,
}

/// What an item says.
#[derive(Debug)]
pub(super) enum What {
    Allow(Allow),
    Deny(String),
    Accept(Accept),
    Path(PathRules),
}

/// One symbol, and what may be done with it.
#[derive(Debug)]
pub(super) struct Allow {
    pub(super) symbol: String,
    /// The words of clauses and what stands behind them; nothing behind a flag.
    pub(super) clauses: Vec<(&'static str, String)>,
}

impl Allow {
    /// The entry, as a built-in one would be read.
    pub(super) fn entry(&self) -> Parsed<Entry<'_>> {
        let mut entry = Entry { symbol: &self.symbol, ..Entry::default() };
        for (clause, text) in &self.clauses {
            entry.clause(clause, &mut Parser::new(text))?;
        }
        Ok(entry)
    }
}

/// Findings that are accepted.
#[derive(Debug)]
pub(super) struct Accept {
    pub(super) rule: String,
    pub(super) symbol: Option<String>,
}

/// What is different for files under a path.
#[derive(Debug, Default)]
pub(super) struct PathRules {
    pub(super) fail_on: Option<Verdict>,
    pub(super) limits: Vec<(Limit, u64)>,
}

/// Whether a name is one that a policy can write: a module and a name in it.
pub(super) fn is_symbol(name: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    name.contains('.') && name.split('.').all(is_name)
}
