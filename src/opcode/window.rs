//! Where the bytes of a stream come from: a slice, or a decompressor that is read as the stream goes on.

use super::file::File;
use crate::error::{Error, Result};
use std::fmt;
use std::ops::DerefMut;

/// Bytes that may still be on their way. Positions are indexes into [`bytes`](Self::bytes) and never move.
pub trait Window {
    /// What is here so far.
    fn bytes(&self) -> &[u8];

    /// Brings bytes in until `end` of them are here or the source ends.
    ///
    /// # Errors
    /// What the source says, or [`ErrorKind::Limit`](crate::error::ErrorKind::Limit).
    fn fill(&mut self, end: usize) -> Result<()>;

    /// Steps over `count` bytes at position `at`, which are never looked at. Answers the position after them, and how
    /// many of them there were: fewer only where the source ends.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn skip(&mut self, at: usize, count: u64) -> Result<(usize, u64)>;

    /// Has what is stepped over in front of position `end` stay here from now on: a reading has looked so far, whose
    /// positions and literals are in it, or another one is going to.
    fn keep_until(&mut self, _end: usize) {}

    /// What the source said when it could not be read on; nothing follows. Whoever asked for the bytes may not care,
    /// whoever answers for the whole source has to. `None` where all bytes are here.
    fn failure(&self) -> Option<&Error>;

    /// Steps which were not kept: (position, how many bytes), in order of position. Empty for a slice.
    fn gaps(&self) -> &[Gap] {
        &[]
    }

    /// Who hears which bytes were read.
    fn passed(&self) -> Passed<'_> {
        Passed::default()
    }

    /// The file that the C engine reads from, where it is one; `None` where everything is in memory.
    fn file(&mut self) -> Option<&mut File> {
        None
    }

    /// Forgets the bytes from position `from` to position `to`, and all behind them until they are asked for again:
    /// the bytes at `to` then stand at `from`.
    ///
    /// # Errors
    /// Where bytes cannot be forgotten: only a [file](Self::file) can.
    fn lose(&mut self, _from: usize, _to: usize) -> Result<()> {
        Err(Error::unsupported(0, "these bytes are all in memory, and none can be lost"))
    }
}

/// Steps over bytes and keeps them, as [`Window::skip`] answers.
pub(super) fn step_over(window: &mut impl Window, at: usize, count: u64) -> Result<(usize, u64)> {
    let end = usize::try_from(count).map_or(usize::MAX, |count| at.saturating_add(count));
    window.fill(end)?;
    let next = end.min(window.bytes().len()).max(at);
    Ok((next, next.saturating_sub(at) as u64))
}

/// A reference to a window, or a box with one.
impl<P: DerefMut<Target: Window>> Window for P {
    #[inline]
    fn bytes(&self) -> &[u8] {
        (**self).bytes()
    }

    fn fill(&mut self, end: usize) -> Result<()> {
        (**self).fill(end)
    }

    fn skip(&mut self, at: usize, count: u64) -> Result<(usize, u64)> {
        (**self).skip(at, count)
    }

    fn keep_until(&mut self, end: usize) {
        (**self).keep_until(end);
    }

    fn failure(&self) -> Option<&Error> {
        (**self).failure()
    }

    fn gaps(&self) -> &[Gap] {
        (**self).gaps()
    }

    fn passed(&self) -> Passed<'_> {
        (**self).passed()
    }

    fn file(&mut self) -> Option<&mut File> {
        (**self).file()
    }

    fn lose(&mut self, from: usize, to: usize) -> Result<()> {
        (**self).lose(from, to)
    }
}

/// Bytes of the source that were not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The position, in what was kept, at which they stood.
    pub at: usize,
    /// How many bytes were stepped over up to here, those of earlier gaps included.
    pub total: u64,
    /// Whether the reader lost them, rather than stepped over a payload.
    pub lost: bool,
}

/// Who hears of bytes that were read and will hardly be read again: those of a mapped file need not stay in memory. Payloads
/// are what takes the room, so it hears of what stands in front of them.
#[derive(Clone, Copy, Default)]
pub struct Passed<'a>(Option<&'a Hear<'a>>);

/// What is called with the bytes that were read.
pub type Hear<'a> = dyn Fn(&[u8]) + 'a;

impl Passed<'_> {
    /// Says that all in front of position `to` was read.
    #[inline]
    pub fn up_to(self, to: usize, bytes: &[u8]) {
        if let Some(hear) = self.0 {
            hear(bytes.get(..to).unwrap_or(bytes));
        }
    }
}

impl fmt::Debug for Passed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Passed").field(&self.0.is_some()).finish()
    }
}

/// All bytes are here.
#[derive(Clone, Copy, Debug)]
pub struct SliceWindow<'a> {
    bytes: &'a [u8],
    passed: Passed<'a>,
}

impl<'a> SliceWindow<'a> {
    /// A window over `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, passed: Passed::default() }
    }

    /// The same; `passed` hears what was read.
    pub fn passing(bytes: &'a [u8], passed: &'a Hear<'a>) -> Self {
        Self { bytes, passed: Passed(Some(passed)) }
    }

    /// The bytes, for as long as they are lent.
    pub fn get(&self) -> &'a [u8] {
        self.bytes
    }
}

impl Window for SliceWindow<'_> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.bytes
    }

    fn fill(&mut self, _end: usize) -> Result<()> {
        Ok(())
    }

    fn skip(&mut self, at: usize, count: u64) -> Result<(usize, u64)> {
        let there = self.bytes.len().saturating_sub(at);
        let taken = usize::try_from(count).map_or(there, |count| count.min(there));
        let next = at.saturating_add(taken);
        self.passed.up_to(next, self.bytes);
        Ok((next, taken as u64))
    }

    fn failure(&self) -> Option<&Error> {
        None
    }

    fn passed(&self) -> Passed<'_> {
        self.passed
    }
}

/// What a [`StreamWindow`] reads from: a decompressor that spends a budget.
pub trait Feed {
    /// Reads into `out`; 0 at the end. `kept` tells whether the bytes stay in memory.
    ///
    /// # Errors
    /// What the decompressor says, or [`ErrorKind::Limit`](crate::error::ErrorKind::Limit). Nothing follows an error.
    fn read(&mut self, out: &mut [u8], kept: bool) -> Result<usize>;

    /// Hears that so many bytes do not stay in memory after all.
    fn forget(&mut self, _count: u64) {}
}

/// Bytes come from a feed as they are asked for; what is skipped is not kept.
pub struct StreamWindow<F> {
    /// Where the bytes come from.
    pub feed: F,
    kept: Vec<u8>,
    gaps: Vec<Gap>,
    /// In front of this position, what is skipped is kept.
    kept_until: usize,
    ended: bool,
    /// What went wrong where nobody has come to yet.
    pending: Option<Error>,
    failure: Option<Error>,
}

/// How much is read from a feed at once: at first little, since most streams are short, then as much as there is already.
const FIRST_CHUNK: usize = 4 << 10;
const CHUNK: usize = 64 << 10;

impl<F: Feed> StreamWindow<F> {
    /// A window over `feed`.
    pub fn new(feed: F) -> Self {
        Self { feed, kept: Vec::new(), gaps: Vec::new(), kept_until: 0, ended: false, pending: None, failure: None }
    }

    /// The first bytes, `count` of them if there are so many. What keeps more from being read is told to whoever reads on.
    pub fn head(&mut self, count: usize) -> &[u8] {
        while self.kept.len() < count && !self.ended && self.pending.is_none() {
            match self.more() {
                Ok(read) => self.ended = read == 0,
                Err(error) => self.pending = Some(error),
            }
        }
        self.kept.get(..count).unwrap_or(&self.kept)
    }

    /// Keeps what comes next, and says how much that is; 0 at the end.
    fn more(&mut self) -> Result<usize> {
        let here = self.kept.len();
        self.kept.resize(here.saturating_add(here.clamp(FIRST_CHUNK, CHUNK)), 0);
        let count = self.feed.read(self.kept.get_mut(here..).unwrap_or_default(), true);
        self.kept.truncate(here.saturating_add(*count.as_ref().unwrap_or(&0)));
        count
    }

    /// Takes all that is here out of the window, which is of no use to a reader then.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }

    /// Reads once, by `read`; 0 at the end.
    fn read(&mut self, read: impl FnOnce(&mut Self) -> Result<usize>) -> Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let count = match self.pending.take() {
            Some(error) => Err(error),
            None => read(self),
        };
        self.ended = !matches!(count, Ok(1..));
        self.failure = count.as_ref().err().cloned();
        count
    }
}

impl<F: Feed> Window for StreamWindow<F> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.kept
    }

    fn fill(&mut self, end: usize) -> Result<()> {
        while self.kept.len() < end && !self.ended {
            self.read(Self::more)?;
        }
        Ok(())
    }

    fn skip(&mut self, at: usize, count: u64) -> Result<(usize, u64)> {
        let at = at.min(self.kept.len());
        if at < self.kept_until {
            return step_over(self, at, count);
        }
        let buffered = self.kept.len().saturating_sub(at);
        let here = usize::try_from(count).map_or(buffered, |count| count.min(buffered));
        self.kept.drain(at..at.saturating_add(here));
        let mut taken = here as u64;
        self.feed.forget(taken);
        let mut chunk = Vec::new();
        while taken < count && !self.ended {
            let wanted = usize::try_from(count.saturating_sub(taken)).map_or(CHUNK, |left| left.min(CHUNK));
            chunk.resize(wanted, 0);
            let read = self.read(|window| window.feed.read(&mut chunk, false))?;
            taken = taken.saturating_add(read as u64);
        }
        if taken > 0 {
            let before = self.gaps.last().map_or(0, |gap| gap.total);
            self.gaps.push(Gap { at, total: before.saturating_add(taken), lost: false });
        }
        Ok((at, taken))
    }

    fn keep_until(&mut self, end: usize) {
        self.kept_until = end;
    }

    fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

/// The bytes of a source after it was read: what literals are decoded from and positions are translated with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// What is here; positions are indexes into it.
    pub bytes: &'a [u8],
    /// What was stepped over and is not here.
    pub gaps: &'a [Gap],
    /// Who hears what was read of it.
    pub passed: Passed<'a>,
}

impl<'a> Source<'a> {
    /// The source that a window has read so far.
    pub fn of(window: &'a impl Window) -> Self {
        Self { bytes: window.bytes(), gaps: window.gaps(), passed: window.passed() }
    }

    /// The offset in the source, steps included, of a position.
    pub fn offset(&self, position: usize) -> u64 {
        let before = self.gaps.partition_point(|gap| gap.at <= position);
        let skipped = before.checked_sub(1).and_then(|last| self.gaps.get(last)).map_or(0, |gap| gap.total);
        (position as u64).saturating_add(skipped)
    }

    /// The position of an offset, if its byte is here.
    pub fn position(&self, offset: u64) -> Option<usize> {
        let after = self.gaps.partition_point(|gap| (gap.at as u64).saturating_add(gap.total) <= offset);
        let skipped = after.checked_sub(1).and_then(|last| self.gaps.get(last)).map_or(0, |gap| gap.total);
        let position = usize::try_from(offset.checked_sub(skipped)?).ok()?;
        let before_next = self.gaps.get(after).is_none_or(|gap| position < gap.at);
        (before_next && position < self.bytes.len()).then_some(position)
    }

    /// Whether the bytes that begin at `position` were stepped over.
    pub fn is_gap(&self, position: usize) -> bool {
        let from = self.gaps.partition_point(|gap| gap.at < position);
        let here = self.gaps.iter().skip(from).take_while(|gap| gap.at == position);
        here.into_iter().any(|gap| !gap.lost)
    }

    /// `len` bytes at `position`, cut where the source ends.
    pub fn slice(&self, position: usize, len: usize) -> &'a [u8] {
        let rest = self.bytes.get(position..).unwrap_or_default();
        rest.get(..len).unwrap_or(rest)
    }
}

/// A source read again after it was read: what was stepped over then is stepped over now, by as many bytes.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'a> {
    source: Source<'a>,
    /// The next gap, counted in the source's.
    next: usize,
    /// How many gaps were stepped over again.
    met: usize,
}

impl<'a> Replay<'a> {
    /// `source`, to be read from `position` on.
    pub fn new(source: Source<'a>, position: usize) -> Self {
        let next = source.gaps.partition_point(|gap| gap.at <= position);
        Self { source, next, met: 0 }
    }

    /// Whether whoever read it from its first byte to position `end` asked for nothing that was stepped over before.
    pub fn is_whole(&self, end: usize) -> bool {
        self.met == self.source.gaps.partition_point(|gap| gap.at < end)
    }
}

impl Window for Replay<'_> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.source.bytes
    }

    fn fill(&mut self, _end: usize) -> Result<()> {
        Ok(())
    }

    fn skip(&mut self, at: usize, count: u64) -> Result<(usize, u64)> {
        // A gap that is not met, because the first reading ended before it, is passed by.
        while self.source.gaps.get(self.next).is_some_and(|gap| gap.at < at) {
            self.next = self.next.saturating_add(1);
        }
        match self.source.gaps.get(self.next) {
            Some(gap) if gap.at == at && count > 0 => {
                let before = self.next.checked_sub(1).and_then(|last| self.source.gaps.get(last));
                self.next = self.next.saturating_add(1);
                self.met = self.met.saturating_add(1);
                Ok((at, gap.total.saturating_sub(before.map_or(0, |gap| gap.total)).min(count)))
            }
            _ => SliceWindow::new(self.source.bytes).skip(at, count),
        }
    }

    fn failure(&self) -> Option<&Error> {
        None
    }

    fn gaps(&self) -> &[Gap] {
        self.source.gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opcode::file::{Access, FileWindow};

    struct Bytes<'a>(&'a [u8]);

    impl Feed for Bytes<'_> {
        fn read(&mut self, out: &mut [u8], _kept: bool) -> Result<usize> {
            Ok(std::io::Read::read(&mut self.0, out)?)
        }
    }

    #[test]
    fn a_skipped_run_is_kept_where_it_is_asked_for() {
        let data: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let stream = StreamWindow::new(Bytes(&data));
        let file = FileWindow::new(StreamWindow::new(Bytes(&data)), Access::Unbuffered);
        for mut window in [Box::new(stream) as Box<dyn Window>, Box::new(file)] {
            window.fill(10).unwrap();
            window.keep_until(usize::MAX);
            assert_eq!(window.skip(4, 200_000).unwrap(), (200_004, 200_000));
            assert_eq!(window.skip(200_004, u64::MAX).unwrap(), (300_000, 99_996));
            assert_eq!((window.bytes(), window.gaps().len()), (data.as_slice(), 0));
            window.keep_until(11);
            assert_eq!(window.skip(10, 100).unwrap(), (110, 100));
            assert_eq!(window.gaps().len(), 0);
            assert_eq!(window.skip(11, 100).unwrap(), (11, 100));
            assert_eq!(window.gaps().len(), 1);
        }
    }

    #[test]
    fn a_skipped_run_is_not_kept_and_moves_offsets() {
        let data: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let mut window = StreamWindow::new(Bytes(&data));
        window.fill(10).unwrap();
        assert_eq!(window.skip(4, 200_000).unwrap(), (4, 200_000));
        window.fill(8).unwrap();
        let source = Source::of(&window);
        assert_eq!(source.bytes.get(4..8), data.get(200_004..200_008));
        assert_eq!(source.offset(3), 3);
        assert_eq!(source.offset(4), 200_004);
        assert!(source.is_gap(4) && !source.is_gap(3));
    }

    #[test]
    fn a_source_reads_again_as_it_was_read() {
        let data: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let mut window = StreamWindow::new(Bytes(&data));
        window.fill(10).unwrap();
        for count in [2, 100_000] {
            window.skip(4, count).unwrap();
        }
        window.fill(8).unwrap();
        let source = Source::of(&window);
        let mut again = Replay::new(source, 0);
        assert_eq!(again.skip(4, 2).unwrap(), (4, 2));
        assert_eq!(again.skip(4, 100_000).unwrap(), (4, 100_000));
        assert_eq!(again.skip(4, 3).unwrap(), (7, 3));
        assert_eq!((source.position(3), source.position(4), source.position(100_006)), (Some(3), None, Some(4)));
    }

    #[test]
    fn a_skip_past_the_end_says_how_much_there_was() {
        assert_eq!(SliceWindow::new(b"abc").skip(1, 9).unwrap(), (3, 2));
        let mut window = StreamWindow::new(Bytes(b"abc"));
        assert_eq!(window.skip(0, 9).unwrap(), (0, 3));
    }
}
