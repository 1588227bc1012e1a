//! Bytes of a source, a part of them, or what was inflated from them.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// How many inflated bytes jobs hold in memory.
pub(super) type Ledger = Rc<Cell<u64>>;

/// A run of bytes that jobs share: lent by the caller of the scan, or held for as long as a job needs them.
#[derive(Clone)]
pub(super) enum Bytes<'a> {
    Lent(&'a [u8]),
    Held(Rc<dyn AsRef<[u8]> + 'a>, Range<usize>),
}

impl<'a> Bytes<'a> {
    /// Bytes that nobody else has.
    pub(super) fn held(bytes: impl AsRef<[u8]> + 'a) -> Self {
        let all = 0..bytes.as_ref().len();
        Self::Held(Rc::new(bytes), all)
    }

    /// The same, entered into a ledger for as long as anybody has them.
    pub(super) fn inflated(bytes: Vec<u8>, ledger: &Ledger) -> Self {
        ledger.set(ledger.get().saturating_add(bytes.len() as u64));
        Self::held(Inflated { bytes, ledger: Rc::clone(ledger) })
    }

    /// Whether they are those of the file itself.
    pub(super) fn is_lent(&self) -> bool {
        matches!(self, Self::Lent(_))
    }

    pub(super) fn get(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) => bytes,
            Self::Held(bytes, range) => (**bytes).as_ref().get(range.clone()).unwrap_or_default(),
        }
    }

    /// A part of them; nothing where they do not reach so far.
    pub(super) fn part(&self, part: Range<usize>) -> Self {
        match self {
            Self::Lent(bytes) => Self::Lent(bytes.get(part).unwrap_or_default()),
            Self::Held(bytes, range) => {
                let start = range.start.saturating_add(part.start).min(range.end);
                let end = range.start.saturating_add(part.end).min(range.end);
                Self::Held(Rc::clone(bytes), start..end.max(start))
            }
        }
    }
}

struct Inflated {
    bytes: Vec<u8>,
    ledger: Ledger,
}

impl AsRef<[u8]> for Inflated {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Inflated {
    fn drop(&mut self) {
        self.ledger.set(self.ledger.get().saturating_sub(self.bytes.len() as u64));
    }
}
