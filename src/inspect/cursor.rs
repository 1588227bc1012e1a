//! The elements of an array, asked for a few at a time: for who reads two arrays side by side.

use super::arrays::ArrayRef;
use super::stored::{Bytes, turned};
use crate::array::{ArrayView, Offsets};
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;

/// An array being read in C order.
pub struct Cursor<'b, 'o, 'c, 'a> {
    bytes: &'b mut Bytes<'o, 'c, 'a>,
    source: Source<'o>,
}

enum Source<'o> {
    /// They come out of the decoder, in order.
    Inflated(Box<ArrayRef>),
    /// They stand in order; so many bytes were read.
    InOrder(Cow<'o, [u8]>, usize),
    /// They stand in another order.
    Strided(Box<ArrayView<'o>>, Offsets<'static>),
}

impl<'o, 'c: 'o, 'a> Bytes<'o, 'c, 'a> {
    /// Begins to read the elements of an array in C order. Like [`c_order`](Self::c_order), it inflates one whole that is
    /// compressed and in another order, and needs a piece of memory for any other.
    ///
    /// # Errors
    /// As [`stored`](Self::stored).
    pub fn cursor(&mut self, array: &ArrayRef) -> Result<Cursor<'_, 'o, 'c, 'a>> {
        let layout = self.sound(array)?;
        let source = if !layout.is_c() {
            let view = Box::new(self.view(array)?);
            self.spend_shared(&layout)?;
            Source::Strided(view, layout.into_offsets())
        } else if let Some(bytes) = self.at_hand(array)? {
            Source::InOrder(bytes, 0)
        } else {
            self.seek(array)?;
            Source::Inflated(Box::new(array.clone()))
        };
        Ok(Cursor { bytes: self, source })
    }
}

impl<'o, 'c: 'o> Cursor<'_, 'o, 'c, '_> {
    /// The next elements, as many as `out` has room for; it has to be room for whole ones.
    ///
    /// # Errors
    /// Where there are not so many, or they cannot be inflated.
    pub fn fill(&mut self, out: &mut [u8]) -> Result<()> {
        let short = || Error::new(ErrorKind::Truncated, "there are fewer elements than were asked for");
        match &mut self.source {
            Source::Inflated(array) => self.bytes.inflate(out).and_then(|()| turned(array, out)),
            Source::InOrder(bytes, at) => {
                let end = at.saturating_add(out.len());
                out.copy_from_slice(bytes.get(*at..end).ok_or_else(short)?);
                *at = end;
                Ok(())
            }
            Source::Strided(view, offsets) => {
                let size = usize::try_from(view.dtype().itemsize()).unwrap_or(usize::MAX).max(1);
                for place in out.chunks_exact_mut(size) {
                    let at = usize::try_from(offsets.next().ok_or_else(short)?).unwrap_or(usize::MAX);
                    let element = view.bytes().get(at..).and_then(|rest| rest.get(..size));
                    place.copy_from_slice(element.ok_or_else(short)?);
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::inspect::{Arrays, Bytes, Outline, open_all};
    use crate::limits::Limits;
    use std::path::{Path, PathBuf};

    fn files(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn what_is_asked_for_is_what_is_handed_over() {
        let mut paths = Vec::new();
        files(Path::new("tests/data/arrays"), &mut paths);
        files(Path::new("samples/torch"), &mut paths);
        let mut compared = 0;
        for path in paths {
            let bytes = std::fs::read(&path).unwrap();
            let Ok(mut all) = open_all(&bytes, &Limits::default()) else { continue };
            let outlines: Vec<Outline<'_, '_>> = all.contents.iter_mut().map(Outline::new).collect();
            let arrays = Arrays::of_all(&outlines);
            let mut bytes = Bytes::of_all(&outlines);
            for array in arrays.iter().filter(|array| array.layout().is_ok() && array.problem.is_none()) {
                let (mut pushed, mut pulled) = (Vec::new(), Vec::new());
                bytes
                    .c_order(&array, &mut |piece| {
                        pushed.extend_from_slice(piece);
                        Ok(())
                    })
                    .unwrap();
                let size = usize::try_from(array.array.dtype.as_ref().unwrap().itemsize()).unwrap().max(1);
                let mut cursor = bytes.cursor(&array).unwrap();
                while pulled.len() < pushed.len() {
                    let mut piece = vec![0; (7 * size).min(pushed.len() - pulled.len())];
                    cursor.fill(&mut piece).unwrap();
                    pulled.extend(piece);
                }
                assert_eq!(pulled, pushed, "{} {}", path.display(), array.address);
                compared += 1;
            }
        }
        assert!(compared > 50, "{compared}");
    }
}
