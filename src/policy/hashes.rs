//! Keys that collide. The hash of a text or of bytes is salted, that of an int can be computed by anybody, and so can
//! tuples of one hash that differ in nothing but ints; n keys of one hash cost n² comparisons. No honest writer comes
//! upon more than a few.

use super::judging::Judge;
use super::{Objection, show};
use crate::ast::{Kind, Moment, Value};
use crate::finding::Level;
use crate::opcode::Literal;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// So many keys of one hash in one container take no noticeable time.
const MAX_ALIKE: usize = 1000;
/// The most values of a tuple, and of those in it, that are looked at.
const MAX_LANES: usize = 64;

/// The prime that CPython reduces numbers by (`_PyHASH_MODULUS`, on machines of 64 bits).
const MODULUS: u64 = (1 << 61) - 1;

/// Objects to containers whose keys are made to collide.
pub(super) fn judge(judge: &mut Judge<'_>) {
    let reading = judge.subject.reading;
    let many = |count: u64| count > MAX_ALIKE as u64;
    if !many(reading.wide_ints) && !many(judge.ast().noted_keys().len() as u64) && !many(judge.trace.keys.len() as u64)
    {
        return;
    }
    let ast = judge.ast();
    // Which containers are hashed is not looked at: no list holds so many different values of one hash, either.
    let big: Vec<Value> = ast.containers().filter(|container| many(ast.len(*container) as u64)).collect();
    for container in big {
        alike(judge, ast.items(container, Moment::END));
    }
    for list in std::mem::take(&mut judge.trace.pairs) {
        let key = |pair| ast.items(pair, Moment::END).next();
        alike(judge, ast.items(list, Moment::END).filter_map(key));
    }
}

/// Counts different values by their hash.
fn alike(judge: &mut Judge<'_>, keys: impl Iterator<Item = Value>) {
    let mut by_hash: HashMap<u64, HashSet<u64>> = HashMap::new();
    let mut salted = HashMap::new();
    let mut worst = 0;
    for key in keys {
        if !judge.trace.walk(1) {
            break;
        }
        let mut sum = Sum { value: DefaultHasher::new(), wide: false, salted: &mut salted };
        let Some(hash) = sum.of(judge, key) else { continue };
        // A small int is its own hash, and no other value that is written so has it.
        if !sum.wide && key.kind() != Kind::Tuple {
            continue;
        }
        let alike = by_hash.entry(hash).or_default();
        alike.insert(sum.value.finish());
        worst = worst.max(alike.len());
    }
    if worst > MAX_ALIKE {
        judge.object(0, Objection::LoadCost, Level::Suspicious, None, |_| {
            show::plain(&format!("{worst} values of one hash: as keys, each is compared with all before it"))
        });
    }
}

/// A number for a text and the like: the same for equal ones.
fn stand_in(judge: &Judge<'_>, value: Value) -> Option<u64> {
    let mut hash = DefaultHasher::new();
    match judge.subject.literal(value)? {
        Literal::Str(text) if judge.trace.walk(text.len() as u64 / 8) => text.hash(&mut hash),
        Literal::Bytes(bytes) if judge.trace.walk(bytes.len() as u64 / 8) => bytes.hash(&mut hash),
        Literal::Float(value) => value.to_bits().hash(&mut hash),
        Literal::None => {}
        _ => return None,
    }
    Some(hash.finish())
}

/// The hash of a key as it is computed, and what tells values of one hash apart.
struct Sum<'s> {
    value: DefaultHasher,
    /// Whether an int is wider than its hash.
    wide: bool,
    /// What stands for the hash of each text and the like that was met: a long one may stand in many keys.
    salted: &'s mut HashMap<Value, u64>,
}

impl Sum<'_> {
    /// The hash of a key; `None` for what no one makes collide.
    fn of(&mut self, judge: &Judge<'_>, key: Value) -> Option<u64> {
        if key.kind() == Kind::Tuple { self.tuple(judge, key) } else { self.int(judge, key) }
    }

    /// The hash of a tuple, whatever tuples it holds.
    fn tuple(&mut self, judge: &Judge<'_>, key: Value) -> Option<u64> {
        let items = |tuple| judge.ast().items(tuple, Moment::END);
        let mut open = vec![(items(key), Vec::new())];
        let mut lanes = 0_usize;
        loop {
            let (left, hashes) = open.last_mut()?;
            let hash = match left.next() {
                Some(item) => {
                    lanes = lanes.saturating_add(1);
                    if lanes > MAX_LANES || !judge.trace.walk(1) {
                        return None;
                    }
                    if item.kind() == Kind::Tuple {
                        // Of one value, no other has the same brackets.
                        self.value.write_u8(b'(');
                        open.push((items(item), Vec::new()));
                        continue;
                    }
                    self.int(judge, item).or_else(|| self.salted(judge, item))?
                }
                None => {
                    self.value.write_u8(b')');
                    let hash = tuple(hashes);
                    open.pop();
                    if open.is_empty() {
                        return Some(hash);
                    }
                    hash
                }
            };
            open.last_mut()?.1.push(hash);
        }
    }

    fn int(&mut self, judge: &Judge<'_>, value: Value) -> Option<u64> {
        match judge.subject.literal(value)? {
            Literal::Bool(value) => {
                value.hash(&mut self.value);
                Some(u64::from(value))
            }
            Literal::Int(value) => {
                value.hash(&mut self.value);
                self.wide |= value.unsigned_abs() >= MODULUS;
                Some(signed(value < 0, value.unsigned_abs() % MODULUS))
            }
            Literal::BigInt(bytes) if judge.trace.walk(bytes.len() as u64 / 8) => {
                bytes.hash(&mut self.value);
                self.wide = true;
                Some(big(bytes))
            }
            _ => None,
        }
    }

    /// What stands for a hash that no one knows before: the same for equal values, and for no others.
    fn salted(&mut self, judge: &Judge<'_>, value: Value) -> Option<u64> {
        let known = self.salted.get(&value).copied();
        let hash = known.or_else(|| stand_in(judge, value))?;
        self.salted.insert(value, hash);
        hash.hash(&mut self.value);
        Some(hash)
    }
}

/// CPython's `long_hash`: what is left modulo the prime, with the sign; -1 means an error and becomes -2.
fn signed(negative: bool, rest: u64) -> u64 {
    let hash = if negative { rest.wrapping_neg() } else { rest };
    if hash == u64::MAX { u64::MAX.wrapping_sub(1) } else { hash }
}

/// The hash of a number in two's complement, little endian.
fn big(bytes: &[u8]) -> u64 {
    let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
    let fold = |rest: u64, byte: u8| {
        let next = (u128::from(rest) << 8 | u128::from(byte)).checked_rem(u128::from(MODULUS));
        next.and_then(|next| u64::try_from(next).ok()).unwrap_or(0)
    };
    if !negative {
        return signed(false, bytes.iter().rev().fold(0, |rest, &byte| fold(rest, byte)));
    }
    // The magnitude of a negative number: all bits turned, and one more.
    let rest = bytes.iter().rev().fold(0, |rest, &byte| fold(rest, !byte));
    signed(true, rest.wrapping_add(1) % MODULUS)
}

/// The hash of a tuple since CPython 3.8, after xxHash (`tuplehash` in `Objects/tupleobject.c`).
fn tuple(lanes: &[u64]) -> u64 {
    const PRIME_1: u64 = 11_400_714_785_074_694_791;
    const PRIME_2: u64 = 14_029_467_366_897_019_727;
    const PRIME_5: u64 = 2_870_177_450_012_600_261;
    let acc = lanes
        .iter()
        .fold(PRIME_5, |acc, lane| acc.wrapping_add(lane.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1));
    let acc = acc.wrapping_add(lanes.len() as u64 ^ (PRIME_5 ^ 3_527_539));
    if acc == u64::MAX { 1_546_275_796 } else { acc }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_cpython() {
        // hash(2**61 - 1), hash(2**61), hash(-1), hash(-2**70), hash(12345678901234567890)
        assert_eq!(big(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]), 0);
        assert_eq!(big(&[0, 0, 0, 0, 0, 0, 0, 0x20]), 1);
        assert_eq!(signed(true, 1).cast_signed(), -2);
        assert_eq!(big(&[0, 0, 0, 0, 0, 0, 0, 0, 0xc0]).cast_signed(), -512);
        assert_eq!(big(&[0xd2, 0x0a, 0x1f, 0xeb, 0x8c, 0xa9, 0x54, 0xab, 0]), 816_463_855_166_098_135);
        assert_eq!(tuple(&[]).cast_signed(), 5_740_354_900_026_072_187);
        assert_eq!(tuple(&[1, 2]).cast_signed(), -3_550_055_125_485_641_917);
    }
}
