//! The elements of an array of structures, field by field.

use super::stats::Number;
use super::view::ArrayView;
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};

/// An array of structures in one dimension: a table with a column for each field.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    view: ArrayView<'a>,
    size: usize,
}

impl<'a> Rows<'a> {
    /// The table that an array is.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where it has more dimensions than one, or no fields.
    pub fn new(view: ArrayView<'a>) -> Result<Self> {
        let size = usize::try_from(view.dtype().itemsize()).ok().filter(|&size| size > 0);
        let is_table = view.shape().len() == 1 && view.dtype().fields().is_some() && view.layout().is_c();
        match size.filter(|_| is_table) {
            Some(size) => Ok(Self { view, size }),
            None => Err(Error::new(ErrorKind::Unsupported, "this is no array of structures in one dimension")),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.view.bytes().len().checked_div(self.size).unwrap_or(0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The array.
    pub fn view(&self) -> &ArrayView<'a> {
        &self.view
    }

    /// The field of this name, where it holds numbers.
    pub fn column(&self, name: &str) -> Option<Column<'_>> {
        let fields = self.view.dtype().fields()?;
        let field = fields.iter().find(|field| *field.name == *name.as_bytes())?;
        let start = usize::try_from(field.offset).ok()?;
        let end = start.checked_add(usize::try_from(field.dtype.itemsize()).ok()?)?;
        let fits = end <= self.size && Number::are(&field.dtype);
        fits.then(|| Column { bytes: self.view.bytes(), size: self.size, place: (start, end), dtype: &field.dtype })
    }
}

/// One field of all elements.
#[derive(Clone, Copy, Debug)]
pub struct Column<'r> {
    bytes: &'r [u8],
    size: usize,
    place: (usize, usize),
    dtype: &'r DType,
}

impl<'r> Column<'r> {
    /// The number in a row; `None` behind the last.
    pub fn get(&self, row: usize) -> Option<Number> {
        let bytes = self.bytes.get(row.checked_mul(self.size)?..)?;
        Number::read(self.dtype, bytes.get(self.place.0..self.place.1)?)
    }

    /// The integer in a row.
    pub fn int(&self, row: usize) -> Option<i64> {
        self.get(row)?.to_i64()
    }

    /// The number in a row, as the nearest float.
    pub fn real(&self, row: usize) -> Option<f64> {
        self.get(row).map(Number::to_f64)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Number> + use<'r> {
        let (start, end) = self.place;
        let dtype = self.dtype;
        let rows = self.bytes.chunks_exact(self.size);
        rows.filter_map(move |row| Number::read(dtype, row.get(start..end)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Order;
    use crate::dtype::literal::Literal;

    #[test]
    fn fields_are_read_by_name_in_their_own_order() {
        let descr = Literal::parse("[('left', '<i8'), ('at', '>f4'), ('name', '<U1')]").unwrap();
        let dtype = DType::from_descr(&descr).unwrap();
        let mut bytes = Vec::new();
        for (left, at) in [(-1_i64, 1.5_f32), (7, -2.0)] {
            bytes.extend(left.to_le_bytes());
            bytes.extend(at.to_be_bytes());
            bytes.extend([b'x', 0, 0, 0]);
        }
        let view =
            |shape: &[u64]| ArrayView::new(dtype.clone(), shape.to_vec(), Order::C, bytes.clone().into()).unwrap();
        let rows = Rows::new(view(&[2])).unwrap();
        assert_eq!(rows.len(), 2);
        let left = rows.column("left").unwrap();
        assert_eq!((left.int(0), left.int(1), left.int(2)), (Some(-1), Some(7), None));
        assert_eq!(rows.column("at").unwrap().iter().map(Number::to_f64).collect::<Vec<_>>(), [1.5, -2.0]);
        assert!(rows.column("name").is_none() && rows.column("right").is_none());
        assert!(Rows::new(view(&[2, 1])).is_err());
    }
}
