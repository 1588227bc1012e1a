//! Limits: a budget that is *spent*, never a threshold compared in twenty places.
//!
//! [`Limits`] is what a user sets; [`Budget`] is what one file spends, over all its members and nested streams
//! together, so that nesting never resets it. A spent budget ends the analysis of the file as `incomplete`, with
//! everything seen so far judged.

use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Opcodes run, over all readers and streams.
    Opcodes,
    /// Values held by containers.
    Edges,
    /// Bytes kept in memory after decompression, at once.
    Retained,
    /// Bytes that come out of decompressors, kept or not.
    Inflated,
    /// Bytes of module and attribute names looked up.
    Names,
    /// Pickle streams in one file.
    Streams,
    /// Members of archives, over all archives in each other.
    Members,
    /// Streams within streams: nested pickles, archives in archives.
    Depth,
}

/// One row of the table of limits.
pub struct LimitInfo {
    /// Which limit.
    pub limit: Limit,
    /// The name on the command line.
    pub name: &'static str,
    /// The default, in the limit's own unit.
    pub default: u64,
    /// What each byte of the file adds.
    pub per_byte: u64,
    /// What it limits, in which unit.
    pub help: &'static str,
}

/// Every limit, its name, its default and what it means. `--limit help` prints this table.
pub const LIMITS: [LimitInfo; 8] = [
    LimitInfo {
        limit: Limit::Opcodes,
        name: "opcodes",
        default: 4_000_000_000,
        per_byte: 0,
        help: "opcodes run, over all streams and readers of a file",
    },
    LimitInfo {
        limit: Limit::Edges,
        name: "edges",
        default: 2_000_000_000,
        per_byte: 0,
        help: "values held by containers, 8 bytes of memory each",
    },
    LimitInfo {
        limit: Limit::Retained,
        name: "retained",
        default: 512 << 20,
        per_byte: 16,
        help: "bytes kept in memory at once after decompression, and 16 more for each byte of the file",
    },
    LimitInfo {
        limit: Limit::Inflated,
        name: "inflated",
        default: 4 << 30,
        per_byte: 64,
        help: "bytes that come out of decompressors, and 64 more for each byte of the file",
    },
    LimitInfo {
        limit: Limit::Names,
        name: "names",
        default: 1 << 20,
        // One text may be the module of many imports, and a report holds it for each of them.
        per_byte: 8,
        help: "bytes of module and attribute names, and 8 more for each byte of the file",
    },
    LimitInfo {
        limit: Limit::Streams,
        name: "streams",
        default: 4_000_000,
        per_byte: 0,
        help: "pickle streams in a file",
    },
    LimitInfo {
        limit: Limit::Members,
        name: "members",
        default: 1 << 16,
        per_byte: 0,
        help: "members of archives, over all archives within each other",
    },
    LimitInfo {
        limit: Limit::Depth,
        name: "depth",
        default: 16,
        per_byte: 0,
        help: "levels of streams and archives within each other",
    },
];

/// Reads an amount such as 1000000, 64K, 512M or 8G; `64K` is 64 times 1024. `None` where it is none.
pub fn amount(text: &str) -> Option<u64> {
    let (digits, shift) = match text.as_bytes().last()? {
        b'K' => (text.strip_suffix('K')?, 10),
        b'M' => (text.strip_suffix('M')?, 20),
        b'G' => (text.strip_suffix('G')?, 30),
        _ => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// The limits of one scan. [`Limits::default`] lets honest files of any size through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    values: [u64; LIMITS.len()],
    deep: bool,
    models: bool,
    facts: bool,
    time: Option<Duration>,
    stop: Option<Stop>,
}

/// Ends the analysis of every file whose [`Limits`] hold it, from any thread. What was read until then is judged, and
/// the file is incomplete.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on, nothing more is read.
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked for.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Two are equal that are asked as one.
impl PartialEq for Stop {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Stop {}

impl Default for Limits {
    fn default() -> Self {
        Self { values: LIMITS.map(|row| row.default), deep: false, models: false, facts: true, time: None, stop: None }
    }
}

impl Limits {
    /// The value of one limit.
    pub fn get(&self, limit: Limit) -> u64 {
        self.values.get(limit as usize).copied().unwrap_or(0)
    }

    /// The same limits with one changed.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: u64) -> Self {
        if let Some(slot) = self.values.get_mut(limit as usize) {
            *slot = value;
        }
        self
    }

    /// The same limits, for a scan that looks into what readers take for plain bytes: members that are stored, bytes of
    /// tensors, and the numbers in models.
    #[must_use]
    pub fn deep(self) -> Self {
        Self { deep: true, ..self }.models()
    }

    /// Whether they are for such a scan.
    pub fn is_deep(&self) -> bool {
        self.deep
    }

    /// The same limits, for a scan that looks at the numbers in models, too: whether the nodes of trees point to nodes, and
    /// shapes agree. What is converted has to pass it.
    #[must_use]
    pub fn models(self) -> Self {
        Self { models: true, ..self }
    }

    /// Whether they are for such a scan.
    pub fn looks_at_models(&self) -> bool {
        self.models
    }

    /// The same limits, for a scan of which nobody asks who wrote a file and what is in it:
    /// [`FileReport::facts`](crate::finding::FileReport::facts) stays empty. No verdict depends on them.
    #[must_use]
    pub fn without_facts(self) -> Self {
        Self { facts: false, ..self }
    }

    /// Whether they are for a scan that gathers facts.
    pub fn gathers_facts(&self) -> bool {
        self.facts
    }

    /// The same limits, and so much time for each file. It is looked at with every spending, so a file ends a little
    /// later; and unlike all other limits it may be reached in one run and not in the next.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time: Some(time), ..self }
    }

    /// The same limits, for an analysis that `stop` can end.
    #[must_use]
    pub fn until(self, stop: &Stop) -> Self {
        Self { stop: Some(stop.clone()), ..self }
    }

    /// A budget with everything still to spend on a file of `len` bytes. Its time begins now.
    pub fn budget(&self, len: u64) -> Budget {
        let mut left = self.values;
        for (left, row) in left.iter_mut().zip(&LIMITS) {
            *left = left.saturating_add(row.per_byte.saturating_mul(len));
        }
        Budget {
            left,
            retained: left.get(Limit::Retained as usize).copied().unwrap_or(0),
            end: self.time.and_then(|time| Instant::now().checked_add(time)),
            stop: self.stop.clone(),
        }
    }
}

/// What is left to spend for one file.
#[derive(Clone, Debug)]
pub struct Budget {
    left: [u64; LIMITS.len()],
    /// What there was of [`Limit::Retained`], which comes back with the memory.
    retained: u64,
    /// When the time is over.
    end: Option<Instant>,
    stop: Option<Stop>,
}

impl Budget {
    /// Gives back what was spent on memory that is free again: all but `held` bytes.
    pub fn release(&mut self, held: u64) {
        if let Some(left) = self.left.get_mut(Limit::Retained as usize) {
            *left = self.retained.saturating_sub(held);
        }
    }

    /// Gives back `amount` of what was spent on memory.
    pub fn forget(&mut self, amount: u64) {
        if let Some(left) = self.left.get_mut(Limit::Retained as usize) {
            *left = left.saturating_add(amount).min(self.retained);
        }
    }

    /// Takes `amount` from `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when less than `amount` is left, the time is over or a stop was asked for; nothing is left
    /// then.
    #[inline]
    pub fn spend(&mut self, limit: Limit, amount: u64) -> Result<()> {
        if self.end.is_some() || self.stop.is_some() {
            self.go_on()?;
        }
        let Some(left) = self.left.get_mut(limit as usize) else { return Err(exceeded(limit)) };
        match left.checked_sub(amount) {
            Some(rest) => {
                *left = rest;
                Ok(())
            }
            None => {
                *left = 0;
                Err(exceeded(limit))
            }
        }
    }

    /// Whether there is time left, and nobody asked to stop.
    fn go_on(&mut self) -> Result<()> {
        let why = if self.stop.as_ref().is_some_and(Stop::is_asked) {
            "the analysis was stopped"
        } else if self.end.is_some_and(|end| Instant::now() >= end) {
            "the time for a file is over; give it more with --timeout SECONDS"
        } else {
            return Ok(());
        };
        self.left = [0; LIMITS.len()];
        Err(Error::new(ErrorKind::Limit, why))
    }

    /// What is left of `limit`.
    pub fn left(&self, limit: Limit) -> u64 {
        self.left.get(limit as usize).copied().unwrap_or(0)
    }
}

#[cold]
fn exceeded(limit: Limit) -> Error {
    let name = LIMITS.iter().find(|row| row.limit == limit).map_or("", |row| row.name);
    Error::new(ErrorKind::Limit, format!("the limit `{name}` is spent; raise it with --limit {name}=VALUE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, row) in LIMITS.iter().enumerate() {
            assert_eq!(row.limit as usize, index, "{}", row.name);
        }
    }

    #[test]
    fn what_grows_with_the_file_grows_from_the_limit() {
        let budget = Limits::default().with(Limit::Names, 5).budget(10);
        assert_eq!((budget.left(Limit::Names), budget.left(Limit::Depth)), (85, 16));
    }

    #[test]
    fn time_and_a_stop_leave_nothing_to_spend() {
        let stop = Stop::default();
        let limits = Limits::default().within(Duration::from_secs(3600)).until(&stop);
        let (mut going, mut late) = (limits.budget(0), limits.clone().within(Duration::ZERO).budget(0));
        assert!(going.spend(Limit::Opcodes, 1).is_ok());
        assert!(late.spend(Limit::Opcodes, 1).unwrap_err().message().contains("--timeout"));
        assert_eq!(late.left(Limit::Inflated), 0);
        stop.now();
        assert!(going.spend(Limit::Opcodes, 1).unwrap_err().message().contains("stopped"));
        assert!(limits == limits.clone() && limits != Limits::default().until(&Stop::default()));
    }

    #[test]
    fn a_budget_is_spent_and_stays_spent() {
        let mut budget = Limits::default().with(Limit::Streams, 3).budget(1000);
        assert!(budget.spend(Limit::Streams, 2).is_ok());
        assert_eq!(budget.spend(Limit::Streams, 2).unwrap_err().kind(), ErrorKind::Limit);
        assert!(budget.spend(Limit::Streams, 1).is_err());
    }
}
