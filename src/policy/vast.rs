//! Ranges, and iterators over them: a few bytes that stand for as many values as their numbers say. Kept they cost
//! nothing; a library that makes an array of one takes all memory.

use super::facts::{Made, Nature};
use super::judging::Judge;
use crate::ast::{Kind, Moment, Value};
use crate::opcode::Literal;

/// How many values ranges may stand for whatever the file's size, and for each byte of it: eight bytes each, should
/// somebody write them out.
const RANGE_FLOOR: u64 = 8 << 20;
const RANGE_FACTOR: u64 = 8;

impl Judge<'_> {
    /// Notes what stands for far more values than the file holds, all ranges taken together.
    pub(super) fn note_vast(&mut self, made: &Made, moment: Moment, args: Value) {
        let entry = made.by.and_then(|id| self.facts.entry_of(id));
        if made.nature == Nature::Unknown || !entry.is_some_and(|entry| entry.lazy) {
            return;
        }
        let given: Vec<Value> = self.ast().items(args, moment).take(4).collect();
        let numbers: Option<Vec<i64>> = given.iter().map(|&value| self.int(value)).collect();
        if !given.is_empty() && given.iter().all(|value| value.kind() == Kind::Int) {
            let len = match numbers.as_deref() {
                Some(&[stop]) => stop.unsigned_abs(),
                Some(&[start, stop]) => stop.abs_diff(start),
                Some(&[start, stop, step]) => stop.abs_diff(start).checked_div(step.unsigned_abs()).unwrap_or(u64::MAX),
                _ => u64::MAX,
            };
            self.facts.ranged = self.facts.ranged.saturating_add(len);
            let len = self.subject.source.bytes.len() as u64;
            if self.facts.ranged <= len.saturating_mul(RANGE_FACTOR).saturating_add(RANGE_FLOOR) {
                return;
            }
        } else if !given.iter().any(|&value| self.facts.is_vast(value)) {
            return;
        }
        self.facts.vast.insert(self.facts.objects.len());
    }

    fn int(&self, value: Value) -> Option<i64> {
        match self.subject.literal(value)? {
            Literal::Int(value) => Some(value),
            _ => None,
        }
    }
}
