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
use std::collections::HashMap;
use std::ops::Range;

/// What stands beside the object, by the key that its persistent ids name.
#[derive(Debug, Default)]
pub struct Known {
    /// Storages, and views of them.
    pub storages: HashMap<u64, Stored>,
    /// Tensors.
    pub tensors: HashMap<u64, Strided>,
}

/// A storage, or a view of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// How many elements it has.
    pub count: u64,
    /// What torch calls them.
    pub dtype: &'static str,
    /// Bytes of each; `None` where several share a byte.
    pub itemsize: Option<u64>,
    /// Where they stand in the member `storages`.
    pub place: Range<usize>,
}

/// A tensor, which is a view of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strided {
    /// The key of the storage.
    pub storage: u64,
    /// Its shape.
    pub shape: Vec<u64>,
    /// From an element to the next one along each axis, in elements.
    pub strides: Vec<u64>,
    /// Elements of the storage before its first.
    pub offset: u64,
}

impl Known {
    /// Whether there is a storage or a tensor of that key.
    pub fn has(&self, key: u64) -> bool {
        self.storages.contains_key(&key) || self.tensors.contains_key(&key)
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
    let mut cursor = Cursor { window: SliceWindow::new(bytes), at: 0, parts: Vec::new(), manner, budget };
    let loads = cursor.storages(known).is_some();
    Parts { parts: cursor.parts, loads }
}

/// Reads the member `tensors`: how many there are, for each `(key, key of the storage, class)`, then the number of its
/// dimensions in eight bytes, sizes, strides and offset.
pub fn tensors(bytes: &[u8], manner: Manner, known: &mut Known, budget: &mut Budget) -> Parts {
    let mut cursor = Cursor { window: SliceWindow::new(bytes), at: 0, parts: Vec::new(), manner, budget };
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
            let (key, (dtype, itemsize)) = self.pickle(|view, root| {
                let [key, _, class] = items(view, root)?;
                Some((number(view, key)?, elements(view.ast.symbol(class)?)?))
            })??;
            let count = self.word()?;
            let start = self.at;
            self.raw(count.checked_mul(itemsize.unwrap_or(1))?)?;
            known.storages.insert(key, Stored { count, dtype, itemsize, place: start..self.at });
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
            let view = known.storages.get(&root).and_then(|stored| part(stored, offset, count));
            self.reaches_beyond(view.is_none());
            // What torch knows of it is its length, whether or not there is so much.
            let nowhere = Stored { count, dtype: "uint8", itemsize: Some(1), place: 0..0 };
            known.storages.insert(target, view.unwrap_or(nowhere));
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
            let there = known.storages.get(&storage)?.count;
            let (shape, strides) = (words(sizes), words(strides));
            let strided = shape.zip(strides).map(|(shape, strides)| Strided { storage, shape, strides, offset });
            let end = strided.as_ref().and_then(Strided::end);
            self.reaches_beyond(end.is_none_or(|end| end > there));
            // One without a shape is there, and nowhere.
            let nowhere = Strided { storage, shape: Vec::new(), strides: Vec::new(), offset: u64::MAX };
            known.tensors.insert(key, strided.unwrap_or(nowhere));
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
        let bytes = self.window.get().get(self.at..end)?;
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

impl Strided {
    /// The first element of a storage that it does not reach. `None` where that is no number.
    fn end(&self) -> Option<u64> {
        // Without dimensions it was an empty one once, and is a number now.
        if self.shape.is_empty() || self.shape.contains(&0) {
            return Some(if self.shape.is_empty() { self.offset } else { 0 });
        }
        let mut rows = self.shape.iter().zip(&self.strides);
        let reach = |at: u64, (size, stride): (&u64, &u64)| at.checked_add(size.checked_sub(1)?.checked_mul(*stride)?);
        rows.try_fold(self.offset, reach)?.checked_add(1)
    }
}

/// Numbers of eight bytes, none of which is below zero.
fn words(bytes: &[u8]) -> Option<Vec<u64>> {
    let word = |word: &[u8]| u64::try_from(i64::from_le_bytes(*word.first_chunk()?)).ok();
    bytes.chunks(8).map(word).collect()
}

/// A view of a storage: so many elements behind so many. `None` where it reaches beyond.
fn part(of: &Stored, offset: u64, count: u64) -> Option<Stored> {
    let end = offset.checked_add(count).filter(|&end| end <= of.count)?;
    let at = |elements: u64| {
        let bytes = usize::try_from(elements.checked_mul(of.itemsize.unwrap_or(1))?).ok()?;
        of.place.start.checked_add(bytes)
    };
    Some(Stored { count, place: at(offset)?..at(end)?, ..of.clone() })
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
        for (sizes, strides, offset, reaches) in [
            (&[2, 3][..], &[3, 1][..], 0, Some(6)),
            (&[2, 3], &[3, 1], 4, Some(10)),
            (&[], &[], 7, Some(7)),
            (&[0, 9], &[9, 1], 9, Some(0)),
            (&[2], &[i64::MAX], 1 << 63, None),
            (&[2], &[-1], 0, None),
        ] {
            let of = |of: &[i64]| words(&of.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
            let strided =
                of(sizes).zip(of(strides)).map(|(shape, strides)| Strided { storage: 0, shape, strides, offset });
            assert_eq!(strided.and_then(|it| it.end()), reaches, "{sizes:?} {strides:?} {offset}");
        }
    }
}
