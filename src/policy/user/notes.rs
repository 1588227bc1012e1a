//! What a person should know of a policy that is in force: items that do nothing.

use super::{Day, Item, User, What};
use crate::policy::entry;
use std::collections::BTreeSet;

/// Why an item does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Its last day is over.
    Expired,
    /// The built-in tables know the symbol, and theirs is the entry that holds.
    Shadowed,
    /// No file that was scanned had anything to do with it.
    Unmatched,
}

impl NoteKind {
    /// The kind as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Shadowed => "shadowed",
            Self::Unmatched => "unmatched",
        }
    }
}

/// One item that does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line in which the item begins, from 1.
    pub line: usize,
    /// Why it does nothing.
    pub kind: NoteKind,
    /// The same in words.
    pub message: String,
}

/// Items that do nothing; those that no file matched only where it is known what did.
pub(in crate::policy) fn notes(user: &User, matched: Option<&BTreeSet<u32>>) -> Vec<Note> {
    let note = |(number, item): (u32, &Item)| {
        let title = title(&item.what);
        let (kind, message) = if item.expired {
            let day = item.expires.as_ref().map(Day::to_string).unwrap_or_default();
            (NoteKind::Expired, format!("{title} expired on {day} and no longer applies: renew it or remove it"))
        } else if let Some(canonical) = shadow(&item.what) {
            (NoteKind::Shadowed, format!("{title} does nothing: the built-in entry {canonical} holds"))
        } else if matched.is_some_and(|matched| !matched.contains(&number)) {
            (NoteKind::Unmatched, format!("{title} matched nothing in this scan"))
        } else {
            return None;
        };
        Some(Note { line: item.line, kind, message })
    };
    (0..).zip(&user.items).filter_map(note).collect()
}

/// The built-in entry that holds in the place of an item.
fn shadow(what: &What) -> Option<&'static str> {
    match what {
        What::Allow(allow) => entry::canonical(&allow.symbol),
        _ => None,
    }
}

fn title(what: &What) -> String {
    match what {
        What::Allow(allow) => format!("allow of {}", allow.symbol),
        What::Deny(symbol) => format!("deny of {symbol}"),
        What::Accept(accept) => match &accept.symbol {
            Some(symbol) => format!("accept of {} for {symbol}", accept.rule),
            None => format!("accept of {}", accept.rule),
        },
        What::Path(_) => "path".to_owned(),
    }
}
