//! The bytes of an array with type, shape and order that agree with them.

use super::element::Element;
use super::layout::{Layout, Offsets, Order, run};
use super::stats::Number;
use crate::dtype::{ByteOrder, DType};
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::marker::PhantomData;

/// An array, checked: there are as many bytes as its type and shape say.
#[derive(Clone, Debug)]
pub struct ArrayView<'a> {
    dtype: DType,
    shape: Vec<u64>,
    order: Order,
    layout: Layout,
    bytes: Cow<'a, [u8]>,
}

impl<'a> ArrayView<'a> {
    /// The array of `shape` elements of `dtype` that `bytes` are.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the elements are objects; [`ErrorKind::Malformed`] where the bytes are not as
    /// many as type and shape say.
    pub fn new(dtype: DType, shape: Vec<u64>, order: Order, bytes: Cow<'a, [u8]>) -> Result<Self> {
        let layout = layout(&dtype, &shape, &order)?;
        check_len(&layout, bytes.len() as u64)?;
        Ok(Self { dtype, shape, order, layout, bytes })
    }

    /// The type of an element.
    pub fn dtype(&self) -> &DType {
        &self.dtype
    }

    /// How many elements there are along each axis; empty for a single element.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The order of the bytes.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// Where each element stands among the bytes.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The bytes as they are stored.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The elements in C order.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where they are no `T`: nothing is converted.
    pub fn iter<T: Element>(&self) -> Result<Iter<'_, T>> {
        if !T::is(&self.dtype) {
            let message = format!("the elements are {}, not {}", self.dtype.type_string(), std::any::type_name::<T>());
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(Iter { view: self, offsets: self.layout.offsets(), of: PhantomData })
    }

    /// The elements as an array of the crate `ndarray`, copied; in C order, whatever order they are stored in.
    ///
    /// ```
    /// use depickle::array::{ArrayView, Order};
    /// use depickle::dtype::DType;
    ///
    /// let stored = [1.0_f64, 2.0, 3.0, 4.0].map(f64::to_be_bytes).concat();
    /// let view = ArrayView::new(DType::from_descr_str(b">f8")?, vec![2, 2], Order::F, stored.into())?;
    /// let array = view.to_ndarray::<f64>()?;
    /// assert_eq!(array, ndarray::array![[1.0, 3.0], [2.0, 4.0]].into_dyn());
    /// # Ok::<(), depickle::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`iter`](Self::iter); [`ErrorKind::Limit`] where so many elements share their bytes that they take far more
    /// memory than these, or there are more than `ndarray` counts.
    #[cfg(feature = "ndarray")]
    pub fn to_ndarray<T: Element>(&self) -> Result<ndarray::ArrayD<T>> {
        let too_large = || Error::new(ErrorKind::Limit, "its elements take far more memory than their bytes");
        let bound = self.layout.extent().saturating_mul(SPREAD);
        if self.layout.nbytes() > bound {
            return Err(too_large());
        }
        let elements: Vec<T> = self.iter()?.collect();
        let shape: Vec<usize> = self.shape.iter().map_while(|&length| usize::try_from(length).ok()).collect();
        ndarray::ArrayD::from_shape_vec(shape, elements).map_err(|_| too_large())
    }

    /// The elements in C order, booleans, integers and floats of any size and byte order alike.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where they are no real numbers.
    pub fn numbers(&self) -> Result<impl Iterator<Item = Number> + '_> {
        if !Number::are(&self.dtype) {
            let message = format!("the elements are {}, not numbers", self.dtype.type_string());
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let size = self.dtype.itemsize();
        Ok(self.layout.offsets().filter_map(move |at| Number::read(&self.dtype, run(&self.bytes, at, size))))
    }
}

/// How many elements may stand in the same bytes where all are copied.
#[cfg(feature = "ndarray")]
const SPREAD: u64 = 1 << 10;

/// The layout of an array of plain elements.
///
/// # Errors
/// As [`ArrayView::new`].
pub(crate) fn layout(dtype: &DType, shape: &[u64], order: &Order) -> Result<Layout> {
    if dtype.has_object() || dtype.kind() == crate::dtype::Kind::StringDType {
        return Err(Error::new(ErrorKind::Unsupported, "its elements are objects, not bytes"));
    }
    let message = "its shape is beyond any memory, or its axes are not";
    Layout::new(dtype, shape, order).ok_or_else(|| Error::new(ErrorKind::Malformed, message))
}

/// Whether there are as many bytes as a layout takes.
pub(crate) fn check_len(layout: &Layout, len: u64) -> Result<()> {
    if layout.extent() == len {
        return Ok(());
    }
    let message = format!("it takes {} bytes and has {len}", layout.extent());
    Err(Error::new(ErrorKind::Malformed, message))
}

/// The elements of an array in C order.
#[derive(Clone, Debug)]
pub struct Iter<'v, T> {
    view: &'v ArrayView<'v>,
    offsets: Offsets<'v>,
    of: PhantomData<T>,
}

impl<T: Element> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let offset = self.offsets.next()?;
        let bytes = run(&self.view.bytes, offset, self.view.dtype.itemsize());
        T::read(bytes, self.view.dtype.byte_order() == ByteOrder::Big)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_in_their_own_byte_order() {
        let bytes = [1.5_f64, -2.0, 0.25, 4.0].map(f64::to_be_bytes).concat();
        let dtype = DType::from_descr_str(b">f8").unwrap();
        let view = ArrayView::new(dtype, vec![2, 2], Order::F, Cow::Borrowed(&bytes)).unwrap();
        assert_eq!(view.iter::<f64>().unwrap().collect::<Vec<_>>(), [1.5, 0.25, -2.0, 4.0]);
        assert!(view.iter::<f32>().is_err() && view.iter::<i64>().is_err());
    }

    #[test]
    fn a_wrong_size_is_no_array() {
        let dtype = DType::from_spec(b"i4").unwrap();
        let new = |shape: &[u64], len| ArrayView::new(dtype.clone(), shape.to_vec(), Order::C, vec![0; len].into());
        assert!(new(&[2], 8).is_ok() && new(&[], 4).is_ok() && new(&[0, u64::MAX], 0).is_ok());
        assert!(new(&[2], 7).is_err() && new(&[2], 9).is_err() && new(&[u64::MAX], 8).is_err());
        let object = DType::from_spec(b"O8").unwrap();
        assert!(ArrayView::new(object, vec![1], Order::C, vec![0; 8].into()).is_err());
    }
}
