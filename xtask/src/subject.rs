//! What is put to the test: depickle's own reading of a stream.

use std::collections::BTreeSet;

/// A module and a name as written, in UTF-8 with lone surrogates.
pub(crate) type Name = [Vec<u8>; 2];

/// What depickle says of one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Every name that some reader asks for.
    pub(crate) imports: BTreeSet<Name>,
    /// Whether the first pickle loads: with the C engine over memory, with it over a stream, with the Python engine.
    /// `None` where nothing is claimed.
    pub(crate) loads: [Option<bool>; 3],
}

/// Reads files as depickle does.
pub(crate) trait Subject: Sync {
    fn read(&self, bytes: &[u8]) -> Reading;
}

/// Claims nothing: what the tally shows of the generator does not depend on depickle.
pub(crate) struct Stub;

impl Subject for Stub {
    fn read(&self, _bytes: &[u8]) -> Reading {
        Reading::default()
    }
}
