//! Words of depickle itself (names of rules, readers, kinds) as they come back from a report that was written down.

use serde::de::{Deserialize, Deserializer, Error};
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

/// A word that is written out in the code or in a table.
pub type Word = &'static str;

/// More words, or longer ones, are not depickle's.
const MOST: usize = 1 << 12;
const LONGEST: usize = 80;

/// The words that came back so far. They are few, so that what is never given back is little.
static KNOWN: LazyLock<Mutex<HashSet<Word>>> = LazyLock::new(Mutex::default);

/// One word.
///
/// # Errors
/// Where it cannot be one of depickle's.
pub(crate) fn one<'de, D: Deserializer<'de>>(from: D) -> Result<Word, D::Error> {
    known(String::deserialize(from)?)
}

/// A list of words.
///
/// # Errors
/// As [`one`].
pub(crate) fn several<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Word>, D::Error> {
    Vec::<String>::deserialize(from)?.into_iter().map(known).collect()
}

/// A word, or none.
///
/// # Errors
/// As [`one`].
pub(crate) fn perhaps<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Word>, D::Error> {
    Option::<String>::deserialize(from)?.map(known).transpose()
}

fn known<E: Error>(text: String) -> Result<Word, E> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = known.get(text.as_str()) {
        return Ok(word);
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !plain || text.len() > LONGEST || known.len() >= MOST {
        return Err(E::custom("no word of depickle's"));
    }
    let word: Word = Box::leak(text.into_boxed_str());
    known.insert(word);
    Ok(word)
}
