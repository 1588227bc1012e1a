//! The files of torch 0.1: a tar archive of `storages`, `tensors` and `pickle`, with raw bytes between the pickles of the
//! first two (`legacy_load` in `torch/serialization.py`; later versions still read it).

use super::pass::Manner;
use super::reading::{Reading, Subject, View};
use super::stream::reread;
use super::torch::{elements, text};
use crate::ast::{Kind, Moment, Value};
use crate::limits::Budget;
use crate::machine::Action;
use crate::opcode::{Literal, SliceWindow, Source};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What stands beside the object, by the key that its persistent ids name.
#[derive(Debug, Default)]
pub struct Known {
    /// How many elements a storage, or a view of one, has.
    storages: HashMap<u64, u64>,
    tensors: HashSet<u64>,
}

impl Known {
    /// Whether there is a storage or a tensor of that key.
    pub fn has(&self, key: u64) -> bool {
        self.storages.contains_key(&key) || self.tensors.contains(&key)
    }
}

/// A pickle, and the raw bytes behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where the pickle stands.
    pub pickle: Range<usize>,
    /// Where the bytes stand that are no opcodes.
    pub raw: Range<usize>,
    /// Whether they describe a tensor or a view that reaches beyond its storage.
    pub reaches_beyond: bool,
}

/// What a member is made of.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// In order, one behind the other from the first byte on.
    pub parts: Vec<Part>,
    /// Whether torch reads all that it wants.
    pub loads: bool,
}

/// Reads the member `storages`: how many there are, for each `(key, location, class)`, the number of its elements in
/// eight bytes, and these; then a list of `(key, key of the storage, offset, numel)`.
pub fn storages(bytes: &[u8], manner: Manner, known: &mut Known, budget: &mut Budget) -> Parts {
    let mut cursor = Cursor { window: SliceWindow(bytes), at: 0, parts: Vec::new(), manner, budget };
    let loads = cursor.storages(known).is_some();
    Parts { parts: cursor.parts, loads }
}

/// Reads the member `tensors`: how many there are, for each `(key, key of the storage, class)`, then the number of its
/// dimensions in eight bytes, sizes, strides and offset.
pub fn tensors(bytes: &[u8], manner: Manner, known: &mut Known, budget: &mut Budget) -> Parts {
    let mut cursor = Cursor { window: SliceWindow(bytes), at: 0, parts: Vec::new(), manner, budget };
    let loads = cursor.tensors(known).is_some();
    Parts { parts: cursor.parts, loads }
}

/// The key that a persistent id of the object is: a number, or one as text.
pub fn key(view: View<'_>, id: Value) -> Option<u64> {
    match view.literal(id)? {
        Literal::Int(key) => u64::try_from(key).ok(),
        _ => {
            let text = text(view, id)?;
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
        }
    }
}

/// The class that a persistent id stands for: `(class, file, source)`.
pub fn class(view: View<'_>, id: Value, moment: Moment) -> Option<Value> {
    if id.kind() != Kind::Tuple {
        return None;
    }
    let mut items = view.ast.items(id, moment);
    let class = items.next()?;
    let texts = items.by_ref().take(2).filter(|text| matches!(text.kind(), Kind::Str | Kind::ByteStr | Kind::None));
    (texts.count() == 2 && items.next().is_none() && class.kind() == Kind::Import).then_some(class)
}

/// The keys that a stream asks for.
pub fn asked(view: View<'_>) -> impl Iterator<Item = u64> {
    view.effects.iter().filter_map(move |effect| match effect.action {
        Action::Persistent { id } => key(view, id),
        _ => None,
    })
}

struct Cursor<'a, 'b> {
    window: SliceWindow<'a>,
    at: usize,
    parts: Vec<Part>,
    manner: Manner,
    budget: &'b mut Budget,
}

impl<'a> Cursor<'a, '_> {
    fn storages(&mut self, known: &mut Known) -> Option<()> {
        for _ in 0..self.count()? {
            let (key, itemsize) = self.pickle(|view, root| {
                let [key, _, class] = items(view, root)?;
                let (_, itemsize) = elements(view.ast.symbol(class)?)?;
                Some((number(view, key)?, itemsize.unwrap_or(1)))
            })??;
            let count = self.word()?;
            self.raw(count.checked_mul(itemsize)?)?;
            known.storages.insert(key, count);
        }
        let views = self.pickle(|view, root| {
            let rows = (root.kind() == Kind::List).then(|| view.ast.items(root, Moment::END))?;
            let row = |row| {
                let [target, root, offset, count] = items(view, row)?;
                Some([number(view, target)?, number(view, root)?, number(view, offset)?, number(view, count)?])
            };
            rows.map(row).collect::<Option<Vec<_>>>()
        })??;
        for [target, root, offset, count] in views {
            let end = offset.checked_add(count);
            let beyond = end.is_none_or(|end| known.storages.get(&root).is_none_or(|&there| end > there));
            self.reaches_beyond(beyond);
            known.storages.insert(target, count);
        }
        Some(())
    }

    fn tensors(&mut self, known: &mut Known) -> Option<()> {
        for _ in 0..self.count()? {
            let (key, storage) = self.pickle(|view, root| {
                let [key, storage, _] = items(view, root)?;
                Some((number(view, key)?, number(view, storage)?))
            })??;
            let dimensions = self.raw(8)?.first_chunk().map(|count| i32::from_le_bytes(*count))?;
            let dimensions = u64::try_from(dimensions).ok()?.checked_mul(8)?;
            let (sizes, strides) = (self.raw(dimensions)?, self.raw(dimensions)?);
            let offset = self.word()?;
            let there = known.storages.get(&storage).copied()?;
            let end = end(sizes, strides, offset);
            self.reaches_beyond(end.is_none_or(|end| end > there));
            known.tensors.insert(key);
        }
        Some(())
    }

    /// A number that says how much follows.
    fn count(&mut self) -> Option<u64> {
        self.pickle(number)?
    }

    /// Reads a pickle, and makes something of what it answers. `None` where it is refused.
    fn pickle<T>(&mut self, make: impl Fn(View<'_>, Value) -> T) -> Option<T> {
        let source = Source::of(&self.window);
        let reading: Reading = reread(source, self.at, self.manner, self.budget);
        let made = make(Subject { reading: &reading, source }.view(), reading.root?);
        let end = reading.next.max(reading.end);
        self.parts.push(Part { pickle: self.at..end, raw: end..end, reaches_beyond: false });
        self.at = end;
        Some(made)
    }

    /// Takes raw bytes.
    fn raw(&mut self, len: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(len).ok()?)?;
        let bytes = self.window.0.get(self.at..end)?;
        self.at = end;
        self.parts.last_mut()?.raw.end = end;
        Some(bytes)
    }

    /// Takes a number of eight bytes, which is none below zero.
    fn word(&mut self) -> Option<u64> {
        let word = self.raw(8)?.first_chunk().map(|word| i64::from_le_bytes(*word))?;
        u64::try_from(word).ok()
    }

    fn reaches_beyond(&mut self, beyond: bool) {
        if let Some(part) = self.parts.last_mut() {
            part.reaches_beyond |= beyond;
        }
    }
}

/// The first element of a storage that a tensor does not reach. `None` where that is no number.
fn end(sizes: &[u8], strides: &[u8], offset: u64) -> Option<u64> {
    let words = |bytes: &[u8]| -> Option<Vec<u64>> {
        let word = |word: &[u8]| u64::try_from(i64::from_le_bytes(*word.first_chunk()?)).ok();
        bytes.chunks(8).map(word).collect()
    };
    let (sizes, strides) = (words(sizes)?, words(strides)?);
    // Without dimensions it was an empty one once, and is a number now.
    if sizes.is_empty() || sizes.contains(&0) {
        return Some(if sizes.is_empty() { offset } else { 0 });
    }
    let mut rows = sizes.iter().zip(&strides);
    let last = rows.try_fold(offset, |at, (size, stride)| at.checked_add(size.checked_sub(1)?.checked_mul(*stride)?));
    last?.checked_add(1)
}

/// The items of a tuple of so many.
fn items<const N: usize>(view: View<'_>, value: Value) -> Option<[Value; N]> {
    if value.kind() != Kind::Tuple {
        return None;
    }
    view.ast.items(value, Moment::END).take(N.saturating_add(1)).collect::<Vec<_>>().try_into().ok()
}

fn number(view: View<'_>, value: Value) -> Option<u64> {
    match view.literal(value)? {
        Literal::Int(number) => u64::try_from(number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_ends_behind_its_last_element() {
        let words = |words: &[i64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        for (sizes, strides, offset, reaches) in [
            (&[2, 3][..], &[3, 1][..], 0, Some(6)),
            (&[2, 3], &[3, 1], 4, Some(10)),
            (&[], &[], 7, Some(7)),
            (&[0, 9], &[9, 1], 9, Some(0)),
            (&[2], &[i64::MAX], 1 << 63, None),
            (&[2], &[-1], 0, None),
        ] {
            assert_eq!(end(&words(sizes), &words(strides), offset), reaches, "{sizes:?} {strides:?} {offset}");
        }
    }
}
