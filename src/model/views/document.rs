//! A document of JSON or UBJSON: XGBoost writes the same models in both.

use std::borrow::Cow;

/// The deepest that lists and objects may stand in each other: so that nothing that walks or drops one needs more stack.
pub(super) const DEPTH: usize = 64;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Document<'a> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Another number.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list of numbers; an empty list, too.
    Numbers(Numbers<'a>),
    /// A list of anything else.
    List(Vec<Document<'a>>),
    /// Names and values, in the order of the file. A name may stand twice.
    Object(Vec<(Cow<'a, str>, Document<'a>)>),
}

/// A list of numbers of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers<'a> {
    /// Of UBJSON: the marker of their type, and their bytes, big endian.
    Packed(u8, &'a [u8]),
    /// Integers of JSON.
    Ints(Vec<i64>),
    /// Numbers of JSON, not all of them integers.
    Reals(Vec<f64>),
}

impl Document<'_> {
    /// The value of a name in an object; the last, where it stands several times, as XGBoost reads it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(items) => items.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at the end of a way of names.
    pub fn at(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |at, name| at.get(name))
    }

    /// The items of a list that is not one of numbers.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An integer, or a text that is one: XGBoost writes most of its counts as texts.
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A list of integers; `None` where an item is none.
    pub fn ints(&self) -> Option<Vec<i64>> {
        match self {
            Self::Numbers(numbers) => numbers.ints(),
            _ => None,
        }
    }

    /// A list of numbers.
    pub fn reals(&self) -> Option<Vec<f64>> {
        match self {
            Self::Numbers(numbers) => Some(numbers.reals()),
            _ => None,
        }
    }
}

/// The bytes of a number of UBJSON, by its marker.
pub(super) const fn width(marker: u8) -> Option<usize> {
    match marker {
        b'i' | b'U' => Some(1),
        b'I' | b'u' => Some(2),
        b'l' | b'm' | b'd' => Some(4),
        b'L' | b'M' | b'D' => Some(8),
        _ => None,
    }
}

/// One number of UBJSON from its bytes, big endian.
pub(super) fn scalar(marker: u8, bytes: &[u8]) -> Option<Document<'static>> {
    use crate::array::{Element as _, signed, unsigned};
    Some(match marker {
        b'd' => Document::Real(f64::from(f32::read(bytes, true)?)),
        b'D' => Document::Real(f64::read(bytes, true)?),
        b'U' | b'u' | b'm' | b'M' => Document::Int(i64::try_from(unsigned(bytes, true)?).ok()?),
        _ => Document::Int(signed(bytes, true)?),
    })
}

/// A list that is being read.
#[derive(Default)]
pub(super) struct List<'a> {
    /// As long as all items are integers.
    ints: Vec<i64>,
    /// Once one is another number.
    reals: Vec<f64>,
    /// Once one is no number.
    items: Vec<Document<'a>>,
}

impl<'a> List<'a> {
    #[allow(clippy::cast_precision_loss, reason = "the nearest is what JSON means")]
    pub(super) fn push(&mut self, item: Document<'a>) {
        match item {
            Document::Int(number) if self.items.is_empty() && self.reals.is_empty() => self.ints.push(number),
            Document::Int(number) if self.items.is_empty() => self.reals.push(number as f64),
            Document::Real(number) if self.items.is_empty() => {
                self.reals.extend(std::mem::take(&mut self.ints).into_iter().map(|number| number as f64));
                self.reals.push(number);
            }
            item => {
                self.items.extend(std::mem::take(&mut self.ints).into_iter().map(Document::Int));
                self.items.extend(std::mem::take(&mut self.reals).into_iter().map(Document::Real));
                self.items.push(item);
            }
        }
    }

    pub(super) fn document(self) -> Document<'a> {
        match self {
            Self { items, .. } if !items.is_empty() => Document::List(items),
            Self { reals, .. } if !reals.is_empty() => Document::Numbers(Numbers::Reals(reals)),
            Self { ints, .. } => Document::Numbers(Numbers::Ints(ints)),
        }
    }
}

impl Numbers<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Packed(marker, bytes) => bytes.len().checked_div(width(*marker).unwrap_or(1)).unwrap_or(0),
            Self::Ints(numbers) => numbers.len(),
            Self::Reals(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn ints(&self) -> Option<Vec<i64>> {
        match self {
            Self::Packed(marker, bytes) => {
                let int = |bytes: &[u8]| match scalar(*marker, bytes) {
                    Some(Document::Int(number)) => Some(number),
                    _ => None,
                };
                bytes.chunks_exact(width(*marker)?).map(int).collect()
            }
            Self::Ints(numbers) => Some(numbers.clone()),
            Self::Reals(_) => None,
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "the nearest is asked for")]
    fn reals(&self) -> Vec<f64> {
        match self {
            Self::Packed(marker, bytes) => {
                let real = |bytes: &[u8]| match scalar(*marker, bytes) {
                    Some(Document::Int(number)) => number as f64,
                    Some(Document::Real(number)) => number,
                    _ => f64::NAN,
                };
                bytes.chunks_exact(width(*marker).unwrap_or(1)).map(real).collect()
            }
            Self::Ints(numbers) => numbers.iter().map(|&number| number as f64).collect(),
            Self::Reals(numbers) => numbers.clone(),
        }
    }
}
