//! The bytes of arrays, read where they stand.

use super::arrays::ArrayRef;
use super::open::{Contents, Member};
use super::outline::Outline;
use crate::array::{ArrayView, Data, Layout};
use crate::container::Decoder;
use crate::error::{Error, ErrorKind, Result};
use crate::input::{RUN, Source};
use crate::limits::{Budget, Limit, Limits};
use std::borrow::Cow;

/// Bytes that are inflated at a time.
const PIECE: usize = 64 << 10;

/// Reads the bytes of arrays. What is compressed is inflated again, from the start only where an array stands before the
/// one that was read last: [`Arrays::by_offset`](super::Arrays::by_offset) gives the order in which that never happens.
pub struct Bytes<'o, 'c, 'a> {
    outlines: &'o [Outline<'c, 'a>],
    /// Where the compressed data begins, in which file beside this one if not in it, and what inflates it.
    decoder: Option<(Place, Decoder<'c>)>,
    budget: Budget,
}

type Place = (u64, Option<String>);

impl<'o, 'c: 'o, 'a> Bytes<'o, 'c, 'a> {
    /// Of the arrays of a file.
    pub fn new(outline: &'o Outline<'c, 'a>) -> Self {
        Self::of_all(std::slice::from_ref(outline))
    }

    /// Of the arrays of all members of an archive, as [`Arrays::of_all`](super::Arrays::of_all) gives them.
    pub fn of_all(outlines: &'o [Outline<'c, 'a>]) -> Self {
        Self { outlines, decoder: None, budget: whole(outlines) }
    }

    /// Starts with the whole budget of the file again: for another pass over the same arrays.
    pub fn rewind(&mut self) {
        self.budget = whole(self.outlines);
    }

    /// Hands the elements of an array to `sink` in the order in which they are stored, in pieces of whole elements; in C
    /// order where they share bytes or there are others between them.
    ///
    /// # Errors
    /// What is wrong with the array, that its elements are objects, that the budget is spent; and those of `sink`.
    pub fn stored(&mut self, array: &ArrayRef, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let layout = self.sound(array)?;
        if !layout.is_dense() {
            return self.c_order(array, sink);
        }
        self.as_it_is(array, &layout, sink)
    }

    /// Hands the bytes of an array to `sink`, in pieces of whole elements where it is dense.
    fn as_it_is(&mut self, array: &ArrayRef, layout: &Layout, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let item = array.array.dtype.clone()?.itemsize();
        let item = usize::try_from(item).unwrap_or(usize::MAX).max(1);
        if let Some(bytes) = self.at_hand(array)? {
            let Some(file) = self.file(array) else { return sink(&bytes) };
            let most = RUN.saturating_sub(RUN.checked_rem(item).unwrap_or(0)).max(item);
            return file.in_pieces(&bytes, most, sink);
        }
        let mut rest = layout.extent();
        self.seek(array)?;
        let mut piece = Vec::new();
        while rest > 0 {
            // An element longer than a piece is handed over whole, once it is there.
            let more = usize::try_from(rest).unwrap_or(usize::MAX).min(PIECE);
            let from = piece.len();
            piece.resize(from.saturating_add(more), 0);
            self.inflate(piece.get_mut(from..).unwrap_or_default())?;
            rest = rest.saturating_sub(more as u64);
            let whole = piece.len().saturating_sub(piece.len().checked_rem(item).unwrap_or(0));
            if whole > 0 {
                turned(array, piece.get_mut(..whole).unwrap_or_default())?;
                sink(piece.get(..whole).unwrap_or_default())?;
                piece.drain(..whole);
            } else {
                self.budget.spend(Limit::Retained, more as u64)?;
            }
        }
        Ok(())
    }

    /// Hands the elements of an array to `sink` in C order, in pieces of whole elements. One that is compressed and in
    /// another order is inflated whole.
    ///
    /// # Errors
    /// As [`stored`](Self::stored).
    pub fn c_order(&mut self, array: &ArrayRef, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let layout = self.sound(array)?;
        if layout.is_c() {
            return self.as_it_is(array, &layout, sink);
        }
        let view = self.view(array)?;
        self.spend_shared(&layout)?;
        let Some(file) = self.file(array) else { return layout.c_order(view.bytes(), sink) };
        let read = |offset, into: &mut [u8]| {
            let from = usize::try_from(offset).ok().and_then(|offset| view.bytes().get(offset..));
            file.read(from.unwrap_or_default(), into)
        };
        layout.turn(read, sink)
    }

    /// The file that an array stands in.
    fn file(&self, array: &ArrayRef) -> Option<&'c Source<'c>> {
        self.outlines.get(array.outline).and_then(|outline| outline.contents().ground(&array.array.data).1)
    }

    /// Counts the bytes that elements share: the same bytes may stand for any number of them.
    pub(super) fn spend_shared(&mut self, layout: &Layout) -> Result<()> {
        self.budget.spend(Limit::Inflated, layout.nbytes().saturating_sub(layout.extent()))
    }

    /// Hands an array to `sink` as a `.npy` file, byte for byte as `numpy.save` writes it.
    ///
    /// # Errors
    /// As [`stored`](Self::stored), and where numpy has no such file.
    pub fn npy(&mut self, array: &ArrayRef, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        sink(&array.npy_header()?)?;
        // The header has a word for Fortran order, and for no other.
        if array.layout()?.is_f() { self.stored(array, sink) } else { self.c_order(array, sink) }
    }

    /// An array, typed and checked. Its bytes are borrowed where they stand in the file.
    ///
    /// # Errors
    /// As [`stored`](Self::stored).
    pub fn view(&mut self, array: &ArrayRef) -> Result<ArrayView<'o>> {
        let layout = self.sound(array)?;
        let bytes = match self.at_hand(array)? {
            Some(bytes) => bytes,
            None => {
                self.budget.spend(Limit::Retained, layout.extent())?;
                let mut bytes = Vec::new();
                self.as_it_is(array, &layout, &mut |piece| {
                    bytes.extend_from_slice(piece);
                    Ok(())
                })?;
                Cow::Owned(bytes)
            }
        };
        ArrayView::new(array.array.dtype.clone()?, array.shape()?.to_vec(), array.array.order.clone(), bytes)
    }

    /// The layout of an array that has nothing wrong with it.
    pub(super) fn sound(&self, array: &ArrayRef) -> Result<Layout> {
        let layout = array.layout()?;
        array.problem.clone().map_or(Ok(layout), Err)
    }

    /// The bytes of an array where they need not be inflated. Counted all the same: many arrays may share them.
    pub(super) fn at_hand(&mut self, array: &ArrayRef) -> Result<Option<Cow<'o, [u8]>>> {
        let Some(outline) = self.outlines.get(array.outline) else { return Ok(None) };
        let contents: &'c Contents<'a> = outline.contents();
        let bytes: Option<Cow<'o, [u8]>> = match (array.place, array.value) {
            (Some((offset, len)), _) => {
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                let slice = match array.source.file_offset(array.place).map(usize::try_from) {
                    Some(Ok(at)) => {
                        let (ground, _) = contents.ground(&array.array.data);
                        ground.get(at..).and_then(|rest| rest.get(..len))
                    }
                    Some(Err(_)) => None,
                    // One that is held in memory, or short.
                    None if array.array.data == Data::Whole => {
                        contents.npy.as_ref().and_then(|(_, data)| data.get(..len))
                    }
                    None if array.source == contents.member && !matches!(array.array.data, Data::File(_)) => {
                        let source = contents.source();
                        source.position(offset).map(|at| source.slice(at, len)).filter(|slice| slice.len() == len)
                    }
                    None => None,
                };
                slice.map(Cow::Borrowed)
            }
            (None, Some(value)) => outline.bytes(value),
            (None, None) => None,
        };
        let empty = matches!(array.place, Some((_, 0))).then_some(Cow::Borrowed(&[][..]));
        let bytes = bytes.or(empty);
        if let Some(bytes) = &bytes {
            self.budget.spend(Limit::Inflated, bytes.len() as u64)?;
        }
        let Some((bytes, _)) = bytes.as_ref().zip(array.flip) else { return Ok(bytes) };
        self.budget.spend(Limit::Retained, bytes.len() as u64)?;
        let mut bytes = bytes.to_vec();
        turned(array, &mut bytes)?;
        Ok(Some(Cow::Owned(bytes)))
    }

    /// Brings the decoder to the first byte of an array.
    pub(super) fn seek(&mut self, array: &ArrayRef) -> Result<()> {
        let data = &array.array.data;
        let bytes = self.outlines.get(array.outline).map_or(&[][..], |outline| outline.contents().ground(data).0);
        let missing = || Error::new(ErrorKind::Unsupported, "its elements are not there");
        let (Some((offset, _)), Member::Inflated { codec, start, base }) = (array.place, array.source) else {
            return Err(missing());
        };
        let offset = base.saturating_add(offset);
        let name = if let Data::File(name) = data { Some(name) } else { None };
        let is_before = |((at, of), decoder): &(Place, Decoder<'_>)| {
            *at == start && of.as_ref() == name && decoder.inflated() <= offset
        };
        if !self.decoder.as_ref().is_some_and(is_before) {
            let at = usize::try_from(start).unwrap_or(usize::MAX);
            self.decoder = Some(((start, name.cloned()), Decoder::new(codec, bytes.get(at..).unwrap_or_default())));
        }
        let mut skipped = vec![0; PIECE];
        while let Some((_, decoder)) = &self.decoder
            && let Some(left) = offset.checked_sub(decoder.inflated()).filter(|&left| left > 0)
        {
            let some = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
            self.inflate(skipped.get_mut(..some).unwrap_or_default())?;
        }
        Ok(())
    }

    /// Fills `out` from the decoder.
    pub(super) fn inflate(&mut self, mut out: &mut [u8]) -> Result<()> {
        self.budget.spend(Limit::Inflated, out.len() as u64)?;
        while !out.is_empty() {
            let count = self.decoder.as_mut().map_or(Ok(0), |(_, decoder)| decoder.read(out))?;
            if count == 0 {
                return Err(Error::new(ErrorKind::Truncated, "the compressed data ends inside an array"));
            }
            out = out.get_mut(count..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Does to whole elements what is to be done when they are read.
pub(super) fn turned(array: &ArrayRef, elements: &mut [u8]) -> Result<()> {
    match (array.flip, &array.array.dtype) {
        (Some(flip), Ok(dtype)) => flip.apply(dtype, elements),
        _ => Ok(()),
    }
}

/// What the opening of all members left: each was given what the one before it left.
fn whole(outlines: &[Outline<'_, '_>]) -> Budget {
    outlines.last().map_or_else(|| Limits::default().budget(0), |outline| outline.contents().budget.clone())
}
