//! The bytes of the streams of a file, as they are asked for.

use crate::container::Decoder;
use crate::error::{Error, Result};
use crate::limits::Budget;
use crate::loader::Inflating;
use crate::opcode::{Gap, SliceWindow, Source, StreamWindow, Window};
use std::collections::BTreeMap;

/// How many bytes of what is inflated and stepped over are kept for show.
pub(super) const HEAD: usize = 128;

/// The bytes of a file, inflated as they are asked for where they are compressed.
pub enum Bytes<'a> {
    /// As they stand in the file.
    Plain(SliceWindow<'a>),
    /// Written for a file that is no pickle.
    Made(Vec<u8>),
    /// Out of a decompressor.
    Inflated {
        /// What was inflated and kept.
        window: Box<StreamWindow<Inflating<'a>>>,
        /// The first bytes of each run that was stepped over, by offset.
        heads: BTreeMap<u64, Vec<u8>>,
    },
}

impl<'a> Bytes<'a> {
    /// All that a decoder still gives.
    pub(super) fn inflated(decoder: Decoder<'a>, budget: Budget) -> Self {
        let window = Box::new(StreamWindow::new(Inflating::new(decoder, budget)));
        Self::Inflated { window, heads: BTreeMap::new() }
    }

    pub(super) fn heads(&self) -> Option<&BTreeMap<u64, Vec<u8>>> {
        match self {
            Self::Plain(_) | Self::Made(_) => None,
            Self::Inflated { heads, .. } => Some(heads),
        }
    }
}

impl Window for Bytes<'_> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(window) => window.bytes(),
            Self::Made(bytes) => bytes,
            Self::Inflated { window, .. } => window.bytes(),
        }
    }

    fn fill(&mut self, end: usize) -> Result<()> {
        match self {
            Self::Plain(window) => window.fill(end),
            Self::Made(_) => Ok(()),
            Self::Inflated { window, .. } => window.fill(end),
        }
    }

    fn skip(&mut self, at: usize, count: u64) -> Result<(usize, u64)> {
        match self {
            Self::Plain(window) => window.skip(at, count),
            Self::Made(bytes) => SliceWindow::new(bytes).skip(at, count),
            Self::Inflated { window, heads } => {
                let kept = usize::try_from(count).map_or(HEAD, |count| count.min(HEAD));
                window.fill(at.saturating_add(kept))?;
                let source = Source::of(&**window);
                heads.entry(source.offset(at)).or_insert_with(|| source.slice(at, kept).to_vec());
                window.skip(at, count)
            }
        }
    }

    fn keep_until(&mut self, end: usize) {
        if let Self::Inflated { window, .. } = self {
            window.keep_until(end);
        }
    }

    fn failure(&self) -> Option<&Error> {
        match self {
            Self::Plain(window) => window.failure(),
            Self::Made(_) => None,
            Self::Inflated { window, .. } => window.failure(),
        }
    }

    fn gaps(&self) -> &[Gap] {
        match self {
            Self::Plain(window) => window.gaps(),
            Self::Made(_) => &[],
            Self::Inflated { window, .. } => window.gaps(),
        }
    }
}
