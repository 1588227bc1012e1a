//! Where bytes come from: the file itself, a member of an archive, something inflated, a companion, a literal.

use crate::finding::Location;

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
        Self { name, base: None, evidence: true, guess: false, depth: self.depth.saturating_add(1) }
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

    /// A place in it.
    pub(super) fn at(&self, offset: Option<u64>) -> Location {
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
