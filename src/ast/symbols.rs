//! Imported names, each once.

use super::arena::index32;
use crate::error::Result;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

/// An imported name as the stream gives it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Symbol {
    /// The module as written; a lone surrogate stands as `\ud800`.
    pub module: Box<str>,
    /// The name as written, dots included.
    pub name: Box<str>,
    /// The protocol in force at the import: it decides on name mapping and dots.
    pub protocol: u8,
}

/// All of a stream, by number.
///
/// A stream may import little else than names that it never imported before, so a name is kept once, and is hashed once.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    list: Vec<Symbol>,
    /// Made for the first: plain data has none.
    index: Option<Box<Index>>,
}

/// The numbers of symbols by their hashes.
#[derive(Debug, Default)]
struct Index {
    /// The last symbol of each hash.
    last: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    /// For each symbol, the one before it with the same hash.
    before: Vec<Option<u32>>,
    keys: RandomState,
}

impl Symbols {
    /// All, by number.
    pub(super) fn list(&self) -> &[Symbol] {
        &self.list
    }

    /// The number of a symbol, which is a new one unless it was there.
    pub(super) fn number(&mut self, module: &str, name: &str, protocol: u8) -> Result<u32> {
        let index = self.index.get_or_insert_default();
        let hash = index.hash(module, name, protocol);
        let last = index.last.get(&hash).copied();
        let mut next = last;
        while let Some((number, symbol)) = next.and_then(|number| Some((number, self.list.get(number as usize)?))) {
            if *symbol.name == *name && *symbol.module == *module && symbol.protocol == protocol {
                return Ok(number);
            }
            next = index.before.get(number as usize).copied().flatten();
        }
        let number = index32(self.list.len())?;
        index.last.insert(hash, number);
        index.before.push(last);
        self.list.push(Symbol { module: module.into(), name: name.into(), protocol });
        Ok(number)
    }
}

impl Index {
    /// The hash of a symbol: of both texts as one, how long the first is, and the protocol.
    fn hash(&self, module: &str, name: &str, protocol: u8) -> u64 {
        let mut hasher = self.keys.build_hasher();
        hasher.write(module.as_bytes());
        hasher.write(name.as_bytes());
        hasher.write_u64((module.len() as u64) << 8 | u64::from(protocol));
        hasher.finish()
    }
}

/// A number that is a hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_has_one_number_and_the_protocol_is_part_of_it() {
        let mut symbols = Symbols::default();
        let names = [("a", "b", 2), ("a", "b", 4), ("a.b", "", 2), ("", "a.b", 2), ("a", "b", 2), ("", "a.b", 2)];
        let numbers = names.map(|(module, name, protocol)| symbols.number(module, name, protocol).unwrap());
        assert_eq!(numbers, [0, 1, 2, 3, 0, 3]);
        assert_eq!(symbols.list().len(), 4);
    }

    #[test]
    fn symbols_of_one_hash_are_told_apart() {
        let mut symbols = Symbols::default();
        symbols.number("m", "a", 2).unwrap();
        // As if the hash of every name were that of the first.
        let index = symbols.index.as_mut().unwrap();
        let hash = index.hash("m", "b", 2);
        index.last.insert(hash, 0);
        assert_eq!(symbols.number("m", "b", 2).unwrap(), 1);
        assert_eq!(symbols.number("m", "b", 2).unwrap(), 1);
        assert_eq!(symbols.index.unwrap().before, [None, Some(0)]);
    }
}
