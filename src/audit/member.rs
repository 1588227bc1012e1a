//! Where bytes come from: the file itself, a member of an archive, something inflated, a companion, a literal.

use crate::finding::Location;
use crate::skops::Origin;
use std::rc::Rc;

/// A run of bytes with an address space of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name in reports, empty for the file itself.
    pub(super) name: String,
    /// Where its first byte stands in the file; `None` where it is inflated or in another file.
    base: Option<u64>,
    /// Whether it is a literal that was opened as evidence: what is wrong with it is worth no word, only what it does.
    pub(super) evidence: bool,
    /// Whether it is read as something that it may not be at all: what it does counts only if it imports something.
    pub(super) guess: bool,
    /// Streams and literals around it.
    pub(super) depth: u64,
    /// Where in it the pickle comes from that was written for it, where it is the schema of a `.skops` file.
    origin: Option<Rc<Origin>>,
}

impl Member {
    /// The file itself.
    pub(super) fn file() -> Self {
        Self { base: Some(0), ..Self::default() }
    }

    /// What is inflated from it.
    pub(super) fn inflated(&self) -> Self {
        Self { base: None, ..self.clone() }
    }

    /// What begins at an offset in it and is numbered on its own.
    pub(super) fn within(&self, offset: u64) -> Self {
        Self { base: self.base.map(|base| base.saturating_add(offset)), ..self.clone() }
    }

    /// Another file.
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// A literal in it.
    pub(super) fn literal(&self, offset: u64) -> Self {
        let separator = if self.name.is_empty() { "" } else { " " };
        let name = format!("{}{separator}<literal at {offset}>", self.name);
        Self { name, evidence: true, depth: self.depth.saturating_add(1), ..Self::default() }
    }

    /// A member of the archive that it is. `start` is where its bytes stand in it.
    pub(super) fn entry(&self, name: &str, start: usize) -> Self {
        let separator = if self.name.is_empty() { "" } else { "!" };
        let name = format!("{}{separator}{name}", self.name);
        Self { name, depth: self.depth.saturating_add(1), ..self.within(start as u64) }
    }

    /// The same, where only what it does is worth a word.
    pub(super) fn hushed(&self) -> Self {
        Self { evidence: true, ..self.clone() }
    }

    /// The same, read as something that it may not be.
    pub(super) fn guessed(&self) -> Self {
        Self { guess: true, ..self.hushed() }
    }

    /// The same, one level deeper.
    pub(super) fn deeper(&self) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self.clone() }
    }

    /// The same, where offsets are those in a pickle that was written for it.
    pub(super) fn written(&self, origin: Rc<Origin>) -> Self {
        Self { origin: Some(origin), ..self.clone() }
    }

    /// Whether the file itself says what stands at an offset, and not its loader alone.
    pub(super) fn is_said(&self, offset: u64) -> bool {
        self.origin.as_ref().is_none_or(|origin| origin.is_said(offset))
    }

    /// A place in it.
    pub(super) fn at(&self, offset: Option<u64>) -> Location {
        let written = self.origin.as_ref().zip(offset).map(|(origin, offset)| origin.offset(offset));
        let offset = written.or(offset);
        Location {
            member: self.name.clone(),
            stream: 0,
            offset,
            file_offset: offset.and_then(|offset| self.base?.checked_add(offset)),
            length: None,
            object_path: None,
        }
    }

    /// A run of bytes in it.
    pub(super) fn run(&self, offset: u64, length: u64) -> Location {
        Location { length: Some(length), ..self.at(Some(offset)) }
    }
}
