//! Values that were seen in one place, and the least shape that they all fit.

use std::collections::{BTreeMap, BTreeSet};

/// How many different texts of arguments, keys of a state and kinds of objects make a list of alternatives.
const MAX_TEXTS: usize = 16;
const MAX_KEYS: usize = 64;
const MAX_WORDS: usize = 24;
/// How many items of a tuple are told apart.
const MAX_PLACES: usize = 16;

/// Values that were seen in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Shapes of one word: `int`, `array`, `@pkg.mod.Class`, `pkg.mod.function`.
    words: BTreeSet<String>,
    /// Texts that have to be exactly these.
    texts: BTreeSet<String>,
    /// Ints that have to be within these.
    range: Option<(i64, i64)>,
    tuple: Option<Places>,
    list: Option<Box<Seen>>,
    state: Option<State>,
    map: Option<Box<(Seen, Seen)>>,
    /// Something that no shape is learned for.
    strange: bool,
}

/// Tuples: each place on its own while all are of one length.
#[derive(Clone, Debug)]
enum Places {
    Each(Vec<Seen>),
    Any(Box<Seen>),
}

/// Dicts with text keys that mean something: attributes, keywords.
#[derive(Clone, Debug, Default)]
struct State {
    count: u64,
    keys: BTreeMap<String, (u64, Seen)>,
}

impl Seen {
    pub(super) fn word(&mut self, word: impl Into<String>) {
        self.words.insert(word.into());
    }

    /// A text that has to be this one.
    pub(super) fn text(&mut self, text: &str) {
        match is_quotable(text) {
            true => drop(self.texts.insert(text.to_owned())),
            false => self.strange = true,
        }
    }

    /// An int that has to be no larger and no smaller than those seen.
    pub(super) fn int(&mut self, value: i64) {
        let (low, high) = self.range.unwrap_or((value, value));
        self.range = Some((low.min(value), high.max(value)));
    }

    /// What no shape is learned for.
    pub(super) fn strange(&mut self) {
        self.strange = true;
    }

    /// The places of a tuple of this length.
    pub(super) fn tuple(&mut self, len: usize) -> Tuple<'_> {
        let fresh = || {
            let each = || std::iter::repeat_with(Seen::default).take(len).collect();
            if len <= MAX_PLACES { Places::Each(each()) } else { Places::Any(Box::default()) }
        };
        let places = self.tuple.get_or_insert_with(fresh);
        if let Places::Each(each) = places
            && each.len() != len
        {
            let mut all = Seen::default();
            std::mem::take(each).into_iter().for_each(|one| all.merge(one));
            *places = Places::Any(Box::new(all));
        }
        Tuple(places)
    }

    pub(super) fn list(&mut self) -> &mut Seen {
        self.list.get_or_insert_default()
    }

    /// Keys and values of a dict that is data.
    pub(super) fn map(&mut self) -> &mut (Seen, Seen) {
        self.map.get_or_insert_default()
    }

    /// One more dict of attributes.
    pub(super) fn state(&mut self) {
        let state = self.state.get_or_insert_default();
        state.count = state.count.saturating_add(1);
    }

    /// The value of a key of the dict that [`Seen::state`] announced; `None` where the key is one that is not learned.
    pub(super) fn attribute(&mut self, key: &str) -> Option<&mut Seen> {
        let state = self.state.get_or_insert_default();
        let full = state.keys.len() >= MAX_KEYS && !state.keys.contains_key(key);
        if full || !is_quotable(key) || key.is_empty() || is_special(key) {
            self.strange = true;
            return None;
        }
        let (count, seen) = state.keys.entry(key.to_owned()).or_default();
        *count = count.saturating_add(1);
        Some(seen)
    }

    fn merge(&mut self, other: Self) {
        self.words.extend(other.words);
        self.texts.extend(other.texts);
        for bound in other.range.into_iter().flat_map(|(low, high)| [low, high]) {
            self.int(bound);
        }
        match other.tuple {
            Some(Places::Each(each)) => {
                let mut tuple = self.tuple(each.len());
                for (at, one) in each.into_iter().enumerate() {
                    if let Some(place) = tuple.place(at) {
                        place.merge(one);
                    }
                }
            }
            Some(Places::Any(all)) => {
                // A length that no tuple has been told apart by.
                if let Some(place) = self.tuple(MAX_PLACES.saturating_add(1)).place(0) {
                    place.merge(*all);
                }
            }
            None => {}
        }
        if let Some(list) = other.list {
            self.list().merge(*list);
        }
        if let Some(pair) = other.map {
            let (key, value) = self.map();
            key.merge(pair.0);
            value.merge(pair.1);
        }
        if let Some(state) = other.state {
            let own = self.state.get_or_insert_default();
            own.count = own.count.saturating_add(state.count);
            for (key, (count, seen)) in state.keys {
                let (own_count, own_seen) = own.keys.entry(key).or_default();
                *own_count = own_count.saturating_add(count);
                own_seen.merge(seen);
            }
        }
        self.strange |= other.strange;
    }

    /// The shape, as policies write it; `None` where there is none that is worth having.
    pub(super) fn shape(&self) -> Option<String> {
        if self.strange || self.texts.len() > MAX_TEXTS {
            return None;
        }
        let mut all: Vec<String> = self.words.iter().cloned().collect();
        // A callable among so many is not to be hidden behind `any`, which takes none.
        if all.len() > MAX_WORDS {
            let callable = |word: &String| word.contains('.') && !word.starts_with('@');
            all = std::iter::once("any".to_owned()).chain(all.into_iter().filter(callable)).collect();
        }
        all.extend(self.texts.iter().map(|text| format!("'{text}'")));
        match self.range {
            Some((low, high)) if low == high => all.push(low.to_string()),
            Some((low, high)) => all.push(format!("{low}..{high}")),
            None => {}
        }
        match &self.tuple {
            Some(Places::Each(each)) => {
                let each: Option<Vec<_>> = each.iter().map(Seen::shape).collect();
                all.push(format!("({})", each?.join(", ")));
            }
            Some(Places::Any(item)) => all.push(format!("({}*)", item.shape()?)),
            None => {}
        }
        if let Some(list) = &self.list {
            all.push(format!("[{}*]", list.shape()?));
        }
        if let Some(pair) = &self.map {
            all.push(format!("map({}, {})", pair.0.shape()?, pair.1.shape()?));
        }
        if let Some(state) = &self.state {
            all.push(state.shape()?);
        }
        // Nothing was seen: an empty list, say. Nothing else fits, and `None` harms nobody.
        if all.is_empty() { Some("None".to_owned()) } else { Some(all.join(" | ")) }
    }
}

/// The places of a tuple.
pub(super) struct Tuple<'s>(&'s mut Places);

impl Tuple<'_> {
    pub(super) fn place(&mut self, at: usize) -> Option<&mut Seen> {
        match self.0 {
            Places::Each(each) => each.get_mut(at),
            Places::Any(all) => Some(all),
        }
    }
}

impl State {
    fn shape(&self) -> Option<String> {
        let key = |(key, (count, seen)): (&String, &(u64, Seen))| {
            let optional = if *count < self.count { "?" } else { "" };
            Some(format!("{}{optional}: {}", key_text(key), seen.shape()?))
        };
        let keys: Option<Vec<_>> = self.keys.iter().map(key).collect();
        Some(format!("{{{}}}", keys?.join(", ")))
    }
}

/// A key as shapes write it.
fn key_text(key: &str) -> String {
    let plain = key.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { key.to_owned() } else { format!("'{key}'") }
}

/// Whether a text can stand in a shape.
fn is_quotable(text: &str) -> bool {
    text.len() <= 255 && text.chars().all(|letter| (' '..='~').contains(&letter) && letter != '\'')
}

/// Names that the interpreter or the unpickler look up: a state that has one does more than keep data.
fn is_special(key: &str) -> bool {
    key.starts_with("__") && key.ends_with("__") || ["append", "extend", "add"].contains(&key)
}
