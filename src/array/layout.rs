//! Where each element of an array stands among its bytes.

use super::turn;
use crate::dtype::DType;
use crate::error::Result;
use std::borrow::Cow;

/// The order in which the elements of an array are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last index moves fastest.
    C,
    /// The first index moves fastest.
    F,
    /// Axis `i` of the array is axis `axes[i]` of the bytes, which are in C order: `numpy.ndarray.transpose(axes)`.
    Axes(Vec<usize>),
    /// The next element along axis `i` stands this many elements further on. Elements may share bytes, and there may be
    /// bytes between them: a tensor of torch.
    Strides(Vec<u64>),
}

impl Order {
    /// numpy's letter for it.
    pub const fn letter(&self) -> &'static str {
        match self {
            Self::C => "C",
            Self::F => "F",
            Self::Axes(_) | Self::Strides(_) => "K",
        }
    }
}

/// Shape and strides, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Vec<u64>,
    strides: Vec<u64>,
    itemsize: u64,
    nbytes: u64,
    extent: u64,
}

impl Layout {
    /// The layout of `shape` elements of `dtype`; `None` where their size is beyond any memory or the axes are none.
    pub fn new(dtype: &DType, shape: &[u64], order: &Order) -> Option<Self> {
        let nbytes = dtype.nbytes(shape)?;
        let itemsize = dtype.itemsize();
        if let Order::Strides(strides) = order {
            return Self::strided(shape, strides, itemsize, nbytes);
        }
        let mut strides = vec![0; shape.len()];
        // Beside a dimension of 0 the others may be absurd, and no stride is ever used.
        if nbytes > 0 {
            let mut step = itemsize;
            for axis in slowest_first(shape.len(), order)?.into_iter().rev() {
                *strides.get_mut(axis)? = step;
                step = step.checked_mul(*shape.get(axis)?)?;
            }
        } else {
            slowest_first(shape.len(), order)?;
        }
        Some(Self { shape: shape.to_vec(), strides, itemsize, nbytes, extent: nbytes })
    }

    /// The layout of elements that stand wherever `strides`, in elements, lead.
    fn strided(shape: &[u64], strides: &[u64], itemsize: u64, nbytes: u64) -> Option<Self> {
        if shape.len() != strides.len() {
            return None;
        }
        let (mut extent, mut in_bytes) = (nbytes.min(itemsize), vec![0; shape.len()]);
        // Of an empty array no stride is ever used.
        if nbytes > 0 {
            for (place, (length, stride)) in in_bytes.iter_mut().zip(shape.iter().zip(strides)) {
                *place = stride.checked_mul(itemsize)?;
                extent = extent.checked_add(place.checked_mul(length.saturating_sub(1))?)?;
            }
        }
        Some(Self { shape: shape.to_vec(), strides: in_bytes, itemsize, nbytes, extent })
    }

    /// Bytes of all elements.
    pub fn nbytes(&self) -> u64 {
        self.nbytes
    }

    /// Bytes of an element.
    pub(super) fn itemsize(&self) -> u64 {
        self.itemsize
    }

    /// How many elements there are; elements without a size are none.
    pub(super) fn count(&self) -> u64 {
        self.nbytes.checked_div(self.itemsize).unwrap_or(0)
    }

    /// Bytes from the first element to the end of the last: as many as [`nbytes`](Self::nbytes) unless elements share
    /// bytes or there are others between them.
    pub fn extent(&self) -> u64 {
        self.extent
    }

    /// How many bytes further on the next element along each axis stands. Of an empty array, and along an axis of one
    /// element, that may be anything.
    pub fn strides(&self) -> &[u64] {
        &self.strides
    }

    /// Whether each byte belongs to one element.
    pub fn is_dense(&self) -> bool {
        let mut axes: Vec<_> =
            self.strides.iter().zip(&self.shape).map(|(stride, length)| (*stride, *length)).collect();
        axes.sort_unstable();
        is_dense(axes.iter().map(|(stride, length)| (length, stride)), self.itemsize) || self.nbytes == 0
    }

    /// Whether the bytes are in C order.
    pub fn is_c(&self) -> bool {
        is_dense(self.shape.iter().zip(&self.strides).rev(), self.itemsize) || self.nbytes == 0
    }

    /// Whether the bytes are in Fortran order.
    pub fn is_f(&self) -> bool {
        is_dense(self.shape.iter().zip(&self.strides), self.itemsize) || self.nbytes == 0
    }

    /// The offset of each element in bytes, in C order. Elements without a size are none.
    pub fn offsets(&self) -> Offsets<'_> {
        Offsets::new(Cow::Borrowed(self))
    }

    /// The same of a layout that is nobody else's.
    pub fn into_offsets(self) -> Offsets<'static> {
        Offsets::new(Cow::Owned(self))
    }

    /// Hands the elements to `sink` in C order, in pieces of whole elements. `stored` are all the bytes.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn c_order(&self, stored: &[u8], sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.is_c() {
            return sink(run(stored, 0, self.nbytes));
        }
        let copy = |offset, into: &mut [u8]| {
            let from = run(stored, offset, into.len() as u64);
            into.get_mut(..from.len()).unwrap_or_default().copy_from_slice(from);
            Ok(())
        };
        self.turn(copy, sink)
    }

    /// The same of bytes that `stored` copies from an offset on, no more than some MiB of them at a time.
    ///
    /// # Errors
    /// Those of `stored` and of `sink`.
    pub fn turn(
        &self,
        mut stored: impl FnMut(u64, &mut [u8]) -> Result<()>,
        sink: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        turn::turn(self, &mut stored, sink)
    }

    /// The same as runs of bytes that are in C order, each as long as can be.
    pub(super) fn runs(&self) -> Self {
        let (mut length, mut inner) = (self.itemsize, 0_usize);
        for (axis, stride) in self.shape.iter().zip(&self.strides).rev() {
            if *axis != 1 && *stride != length {
                break;
            }
            length = length.saturating_mul(*axis);
            inner = inner.saturating_add(1);
        }
        let outer = self.shape.len().saturating_sub(inner);
        Self { itemsize: length, ..self.axes(0..outer, length) }
    }

    /// The axis along which elements lie closest to each other.
    pub(super) fn fastest(&self) -> Option<usize> {
        let axes = self.strides.iter().zip(&self.shape).enumerate();
        let moving = axes.filter(|(_, (stride, length))| **length > 1 && **stride > 0);
        moving.min_by_key(|(_, (stride, _))| **stride).map(|(axis, _)| axis)
    }

    /// What comes before an axis, its length and stride, and what comes behind it.
    pub(super) fn split(&self, axis: usize) -> Option<(Self, (u64, u64), Self)> {
        let of = (*self.shape.get(axis)?, *self.strides.get(axis)?);
        let behind = axis.saturating_add(1)..self.shape.len();
        Some((self.axes(0..axis, self.itemsize), of, self.axes(behind, self.itemsize)))
    }

    /// Some of the axes, of items of this size.
    fn axes(&self, axes: std::ops::Range<usize>, itemsize: u64) -> Self {
        let of = |numbers: &[u64]| numbers.get(axes.clone()).unwrap_or_default().to_vec();
        let shape = of(&self.shape);
        let nbytes = shape.iter().fold(itemsize, |nbytes, length| nbytes.saturating_mul(*length));
        Self { strides: of(&self.strides), shape, itemsize, nbytes, extent: self.extent }
    }
}

/// The axes of an array from the one that moves slowest to the one that moves fastest.
fn slowest_first(dimensions: usize, order: &Order) -> Option<Vec<usize>> {
    match order {
        Order::C => Some((0..dimensions).collect()),
        Order::F => Some((0..dimensions).rev().collect()),
        Order::Axes(axes) => {
            let mut of = vec![None; dimensions];
            for (axis, &stored) in axes.iter().enumerate() {
                of.get_mut(stored)?.replace(axis);
            }
            (axes.len() == dimensions).then(|| of.into_iter().collect())?
        }
        Order::Strides(_) => None,
    }
}

/// Whether strides are those of elements one after the other, the fastest axis first. The stride of a single item does
/// not matter.
pub(super) fn is_dense<'s>(axes: impl Iterator<Item = (&'s u64, &'s u64)>, itemsize: u64) -> bool {
    let mut step = itemsize;
    for (&length, &stride) in axes {
        if length != 1 && stride != step {
            return false;
        }
        step = step.saturating_mul(length);
    }
    true
}

pub(super) fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A run of bytes, cut where they end.
pub(super) fn run(bytes: &[u8], offset: u64, len: u64) -> &[u8] {
    let rest = bytes.get(index(offset)..).unwrap_or_default();
    rest.get(..index(len)).unwrap_or(rest)
}

/// The offsets of elements in C order.
#[derive(Clone, Debug)]
pub struct Offsets<'l> {
    layout: Cow<'l, Layout>,
    index: Vec<u64>,
    offset: u64,
    left: u64,
}

impl<'l> Offsets<'l> {
    fn new(layout: Cow<'l, Layout>) -> Self {
        Self { index: vec![0; layout.shape.len()], left: layout.count(), layout, offset: 0 }
    }
}

impl Iterator for Offsets<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let now = self.offset;
        let axes = self.index.iter_mut().zip(self.layout.shape.iter().zip(&self.layout.strides)).rev();
        for (index, (&length, &stride)) in axes {
            *index = index.saturating_add(1);
            if *index < length {
                self.offset = self.offset.saturating_add(stride);
                break;
            }
            *index = 0;
            self.offset = self.offset.saturating_sub(stride.saturating_mul(length.saturating_sub(1)));
        }
        Some(now)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, usize::try_from(self.left).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_c_order(shape: &[u64], order: &Order, stored: &[u8]) -> Vec<u8> {
        let layout = Layout::new(&DType::from_spec(b"u1").unwrap(), shape, order).unwrap();
        let mut out = Vec::new();
        layout
            .c_order(stored, &mut |piece| {
                out.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        let one_by_one: Vec<u8> = layout.offsets().map(|offset| stored[usize::try_from(offset).unwrap()]).collect();
        assert_eq!(out, one_by_one);
        out
    }

    #[test]
    fn every_order_comes_out_in_c_order() {
        let stored: Vec<u8> = (0..24).collect();
        assert_eq!(in_c_order(&[2, 3, 4], &Order::C, &stored), stored);
        // [i, j] stands at i + 2 * j.
        assert_eq!(in_c_order(&[2, 3], &Order::F, &stored[..6]), [0, 2, 4, 1, 3, 5]);
        // numpy.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).ravel()[:7]
        let turned = in_c_order(&[4, 2, 3], &Order::Axes(vec![2, 0, 1]), &stored);
        assert_eq!(turned[..7], [0, 4, 8, 12, 16, 20, 1]);
    }

    #[test]
    fn absurd_claims_end_at_once() {
        let none = DType::from_spec(b"V0").unwrap();
        assert_eq!(Layout::new(&none, &[u64::MAX], &Order::F).unwrap().offsets().count(), 0);
        let double = DType::from_spec(b"f8").unwrap();
        assert_eq!(Layout::new(&double, &[u64::MAX, 2, 0], &Order::F).unwrap().offsets().count(), 0);
        assert_eq!(Layout::new(&double, &[1 << 61, 2], &Order::C), None);
        for axes in [vec![0, 0], vec![0], vec![0, 2], vec![0, 1, 2]] {
            assert_eq!(Layout::new(&double, &[2, 2], &Order::Axes(axes)), None);
        }
    }

    #[test]
    fn strides_lead_anywhere_and_are_checked() {
        let stored: Vec<u8> = (0..24).collect();
        let strides = |shape: &[u64], strides: &[u64]| {
            let order = Order::Strides(strides.to_vec());
            let layout = Layout::new(&DType::from_spec(b"u1").unwrap(), shape, &order).unwrap();
            (in_c_order(shape, &order, &stored), layout.extent(), layout.is_dense())
        };
        assert_eq!(strides(&[2, 2], &[0, 3]), (vec![0, 3, 0, 3], 4, false));
        assert_eq!(strides(&[2, 3], &[1, 2]), (vec![0, 2, 4, 1, 3, 5], 6, true));
        assert_eq!(strides(&[2, 2, 1], &[12, 2, 77]), (vec![0, 2, 12, 14], 15, false));
        assert_eq!(strides(&[2, 1, 3], &[12, 5, 1]), (vec![0, 1, 2, 12, 13, 14], 15, false));
        assert_eq!(strides(&[0, 3], &[9, 9]), (vec![], 0, true));
        let double = DType::from_spec(b"f8").unwrap();
        for (shape, steps) in [(vec![2], vec![]), (vec![3], vec![u64::MAX / 8]), (vec![2], vec![u64::MAX])] {
            assert_eq!(Layout::new(&double, &shape, &Order::Strides(steps)), None);
        }
    }

    #[test]
    fn one_dimension_is_both_c_and_fortran() {
        let double = DType::from_spec(b"f8").unwrap();
        let layout = Layout::new(&double, &[1, 5, 1], &Order::F).unwrap();
        assert!(layout.is_c() && layout.is_f());
        assert!(!Layout::new(&double, &[2, 5], &Order::F).unwrap().is_c());
    }
}
