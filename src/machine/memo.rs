//! The memo: dense for what honest writers do, sparse for hostile indexes.

use crate::ast::Value;
use std::collections::{BTreeMap, HashMap};

/// What PUT stores and GET fetches, by index.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    dense: Vec<Option<Value>>,
    sparse: HashMap<u64, Value>,
    /// Indexes beyond 64 bits, as decimal digits without leading zeros. Only the Python engine knows them.
    vast: BTreeMap<Vec<u8>, Value>,
    occupied: u64,
}

impl Memo {
    /// How many entries there are: the index that MEMOIZE writes to (`_pickle.c` `memo_len`, `len(memo)`).
    pub fn len(&self) -> u64 {
        self.occupied
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.occupied == 0
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        if self.occupied > 0 {
            self.dense.clear();
            self.sparse.clear();
            self.vast.clear();
            self.occupied = 0;
        }
    }

    /// Makes room for so many entries more.
    pub(super) fn make_room(&mut self, entries: usize) {
        self.dense.reserve(entries);
    }

    /// The entry at `index`.
    #[inline]
    pub fn get(&self, index: u64) -> Option<Value> {
        let dense = usize::try_from(index).ok().and_then(|index| self.dense.get(index));
        match dense {
            Some(&Some(value)) => Some(value),
            _ => self.sparse.get(&index).copied(),
        }
    }

    /// Stores `value` at `index`, over what was there.
    #[inline]
    pub fn put(&mut self, index: u64, value: Value) {
        // Honest writers count from 0.
        if index == self.dense.len() as u64 && self.sparse.is_empty() {
            self.dense.push(Some(value));
            self.occupied = self.occupied.saturating_add(1);
        } else {
            self.put_anywhere(index, value);
        }
    }

    fn put_anywhere(&mut self, index: u64, value: Value) {
        let len = self.dense.len();
        let here = usize::try_from(index).ok();
        if let Some(slot) = here.and_then(|here| self.dense.get_mut(here)) {
            if slot.is_none() && self.sparse.remove(&index).is_none() {
                self.occupied = self.occupied.saturating_add(1);
            }
            *slot = Some(value);
            return;
        }
        // A slot costs eight bytes; gaps up to the size of what is there keep the cost in proportion to the stream.
        match here.filter(|&here| here <= len.saturating_mul(2).saturating_add(1024)) {
            Some(here) => {
                self.dense.resize(here, None);
                self.dense.push(Some(value));
                if self.sparse.remove(&index).is_none() {
                    self.occupied = self.occupied.saturating_add(1);
                }
            }
            None => {
                if self.sparse.insert(index, value).is_none() {
                    self.occupied = self.occupied.saturating_add(1);
                }
            }
        }
    }

    /// The entry at an index of any size, given in decimal.
    pub fn get_vast(&self, text: &[u8]) -> Option<Value> {
        self.vast.get(&digits(text)).copied()
    }

    /// Stores at an index of any size, given in decimal.
    pub fn put_vast(&mut self, text: &[u8], value: Value) {
        if self.vast.insert(digits(text), value).is_none() {
            self.occupied = self.occupied.saturating_add(1);
        }
    }
}

fn digits(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(u8::is_ascii_digit).skip_while(|&digit| digit == b'0').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::Kind;

    #[test]
    fn hostile_indexes_cost_nothing_and_count_once() {
        let mut memo = Memo::default();
        let value = |position| Value::new(Kind::Int, position);
        memo.put(u64::from(u32::MAX), value(1));
        memo.put(0, value(2));
        memo.put(0, value(3));
        memo.put(5000, value(4));
        for index in 1..3000 {
            memo.put(index, value(5));
        }
        memo.put(5000, value(6));
        memo.put_vast(b"+0_99999999999999999999", value(7));
        memo.put_vast(b"99999999999999999998", value(8));
        assert_eq!(memo.get_vast(b"99999999999999999999"), Some(value(7)));
        assert_eq!(memo.len(), 3004);
        assert_eq!((memo.get(0), memo.get(5000), memo.get(6000)), (Some(value(3)), Some(value(6)), None));
        assert!(memo.dense.len() < 10_000);
    }
}
