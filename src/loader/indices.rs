//! Numbers in storages of torch that say where others stand: `torch.load` hands them to native code, which checks them
//! late, in some versions only if it is asked to (`_validate_loaded_sparse_tensors` in `torch/_utils.py`), or never.

use crate::dtype::ByteOrder;

/// A tensor of whole numbers, by its place in a storage; all counted in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ints {
    /// The key of the storage.
    pub key: String,
    /// Whether a number takes eight bytes; it takes four otherwise.
    pub is_wide: bool,
    /// Where the tensor begins.
    pub offset: u64,
    /// Its shape.
    pub size: Vec<u64>,
    /// How far it is to the next number in each dimension.
    pub stride: Vec<u64>,
}

impl Ints {
    /// How many there are; as many as there can be where the product does not fit.
    pub fn count(&self) -> u64 {
        self.size.iter().fold(1, |count: u64, size| count.saturating_mul(*size))
    }

    /// How many bytes a look at all of them reads.
    pub fn nbytes(&self) -> u64 {
        self.count().saturating_mul(if self.is_wide { 8 } else { 4 })
    }

    /// The number at a place, counted in C order; `None` where the storage ends before it.
    fn get(&self, bytes: &[u8], mut place: u64, order: ByteOrder) -> Option<i64> {
        let mut at = self.offset;
        for (size, stride) in self.size.iter().zip(&self.stride).rev() {
            at = at.checked_add(place.checked_rem(*size)?.checked_mul(*stride)?)?;
            place = place.checked_div(*size)?;
        }
        let at = usize::try_from(at).ok()?;
        let is_big = order == ByteOrder::Big;
        if self.is_wide {
            let number = *bytes.get(at.checked_mul(8)?..)?.first_chunk()?;
            Some(if is_big { i64::from_be_bytes(number) } else { i64::from_le_bytes(number) })
        } else {
            let number = *bytes.get(at.checked_mul(4)?..)?.first_chunk()?;
            Some(i64::from(if is_big { i32::from_be_bytes(number) } else { i32::from_le_bytes(number) }))
        }
    }
}

/// What has to hold of numbers, so that nothing reaches beyond the memory that it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// The coordinates of a sparse tensor: a row for each dimension, whose numbers are below its size.
    Coordinates {
        /// The rows.
        indices: Ints,
        /// The sizes.
        limits: Vec<u64>,
    },
    /// A compressed sparse tensor, perhaps several of one size: where the runs of its rows begin and end, and the
    /// columns in them.
    Runs {
        /// From 0 up to the number of columns given, never less than the one before.
        starts: Ints,
        /// Below `limit`.
        columns: Ints,
        /// How many columns there are.
        limit: u64,
    },
    /// The parts of a nested tensor: views of one buffer.
    Views {
        /// A row of sizes for each part.
        sizes: Ints,
        /// The steps that belong to them.
        strides: Ints,
        /// Where each begins.
        offsets: Ints,
        /// How many elements the buffer has.
        count: u64,
    },
}

/// Why a demand is not met: what is wrong, or that the bytes are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// The storage is not there, or ends too early; that is said of the storage.
    Absent,
    /// This is wrong.
    Wrong(String),
}

impl Demand {
    /// The tensors that have to be looked at.
    pub fn tensors(&self) -> Vec<&Ints> {
        match self {
            Self::Coordinates { indices, .. } => vec![indices],
            Self::Runs { starts, columns, .. } => vec![starts, columns],
            Self::Views { sizes, strides, offsets, .. } => vec![sizes, strides, offsets],
        }
    }

    /// Looks at the numbers. `storage` gives the bytes of a storage by its key.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn check<'b>(&self, storage: impl Fn(&str) -> Option<&'b [u8]>, order: ByteOrder) -> Result<(), Unmet> {
        let numbers = |ints: &Ints| {
            let (ints, bytes) = (ints.clone(), storage(&ints.key).unwrap_or_default());
            move |place: u64| ints.get(bytes, place, order).ok_or(Unmet::Absent)
        };
        match self {
            Self::Coordinates { indices, limits } => {
                let number = numbers(indices);
                let each = indices.size.get(1).copied().unwrap_or(0);
                for place in 0..indices.count() {
                    let row = place.checked_div(each).and_then(|row| usize::try_from(row).ok());
                    below(number(place)?, row.and_then(|row| limits.get(row)).copied().unwrap_or(0))?;
                }
                Ok(())
            }
            Self::Runs { starts, columns, limit } => {
                let each = starts.size.last().copied().unwrap_or(0);
                let total = columns.size.last().copied().unwrap_or(0);
                let (start, column) = (numbers(starts), numbers(columns));
                let mut before = 0;
                for place in 0..starts.count() {
                    let (at, now) = (place.checked_rem(each), start(place)?);
                    let is_last = place.saturating_add(1).checked_rem(each) == Some(0);
                    let ordered = if at == Some(0) { now == 0 } else { now >= before };
                    if !ordered || (is_last && u64::try_from(now) != Ok(total)) {
                        let message =
                            format!("the rows of a sparse tensor do not hold its {total} columns, one after another");
                        return Err(Unmet::Wrong(message));
                    }
                    before = now;
                }
                (0..columns.count()).try_for_each(|place| below(column(place)?, *limit))
            }
            Self::Views { sizes, strides, offsets, count } => {
                let dimensions = sizes.size.get(1).copied().unwrap_or(0);
                let (size, stride, offset) = (numbers(sizes), numbers(strides), numbers(offsets));
                for part in 0..offsets.count() {
                    let first = part.saturating_mul(dimensions);
                    let begin = u64::try_from(offset(part)?).ok();
                    let mut end = begin;
                    let mut is_empty = false;
                    for place in first..first.saturating_add(dimensions) {
                        let size = u64::try_from(size(place)?).ok();
                        let step = u64::try_from(stride(place)?).ok();
                        is_empty |= size == Some(0);
                        let reach = size.zip(step).and_then(|(size, step)| size.saturating_sub(1).checked_mul(step));
                        end = end.zip(reach).and_then(|(end, reach)| end.checked_add(reach));
                    }
                    // What has no elements reaches nowhere.
                    let inside = if is_empty { begin.map(|at| at <= *count) } else { end.map(|end| end < *count) };
                    if inside != Some(true) {
                        let message =
                            format!("part {part} of a nested tensor reaches beyond its buffer of {count} elements");
                        return Err(Unmet::Wrong(message));
                    }
                }
                Ok(())
            }
        }
    }
}

fn below(number: i64, limit: u64) -> Result<(), Unmet> {
    if u64::try_from(number).is_ok_and(|number| number < limit) {
        return Ok(());
    }
    Err(Unmet::Wrong(format!("an index of a sparse tensor is {number}, and there are {limit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ints(size: &[u64], stride: &[u64], offset: u64) -> Ints {
        Ints { key: "0".to_owned(), is_wide: true, offset, size: size.to_vec(), stride: stride.to_vec() }
    }

    fn holds(demand: &Demand, numbers: &[i64]) -> bool {
        let little: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let big: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        let check = |bytes: &[u8], order| demand.check(|key| (key == "0").then_some(bytes), order);
        assert_eq!(check(&little, ByteOrder::Little), check(&big, ByteOrder::Big));
        check(&little, ByteOrder::Little).is_ok()
    }

    #[test]
    fn coordinates_are_below_their_sizes() {
        let demand = Demand::Coordinates { indices: ints(&[2, 3], &[3, 1], 0), limits: vec![4, 9] };
        assert!(holds(&demand, &[0, 3, 1, 8, 0, 2]));
        assert!(!holds(&demand, &[0, 4, 1, 8, 0, 2]));
        assert!(!holds(&demand, &[0, 3, 1, 8, 9, 2]));
        assert!(!holds(&demand, &[0, -1, 1, 8, 0, 2]));
        assert!(!holds(&demand, &[0, 3, 1, 8, 0]));
        // The same numbers, column by column.
        let turned = Demand::Coordinates { indices: ints(&[2, 3], &[1, 2], 0), limits: vec![4, 9] };
        assert!(holds(&turned, &[0, 8, 3, 0, 1, 2]));
        assert!(!holds(&turned, &[8, 0, 3, 0, 1, 2]));
    }

    #[test]
    fn rows_hold_their_columns_in_order() {
        let demand = Demand::Runs { starts: ints(&[4], &[1], 0), columns: ints(&[3], &[1], 4), limit: 5 };
        assert!(holds(&demand, &[0, 1, 1, 3, 4, 0, 2]));
        for wrong in [[1, 1, 1, 3, 4, 0, 2], [0, 2, 1, 3, 4, 0, 2], [0, 1, 1, 4, 4, 0, 2], [0, 1, 1, 3, 5, 0, 2]] {
            assert!(!holds(&demand, &wrong), "{wrong:?}");
        }
        let two = Demand::Runs { starts: ints(&[2, 2], &[2, 1], 0), columns: ints(&[2, 1], &[1, 1], 4), limit: 2 };
        assert!(holds(&two, &[0, 1, 0, 1, 1, 0]));
        assert!(!holds(&two, &[0, 1, 1, 1, 1, 0]));
    }

    #[test]
    fn parts_lie_within_their_buffer() {
        let (sizes, strides, offsets) = (ints(&[2, 2], &[2, 1], 0), ints(&[2, 2], &[2, 1], 4), ints(&[2], &[1], 8));
        let demand = Demand::Views { sizes, strides, offsets, count: 10 };
        assert!(holds(&demand, &[2, 3, 2, 2, 3, 1, 2, 1, 0, 6]));
        assert!(!holds(&demand, &[2, 3, 2, 2, 3, 1, 2, 1, 0, 7]));
        assert!(!holds(&demand, &[2, 4, 2, 2, i64::MAX, 1, 2, 1, 0, 6]));
        assert!(!holds(&demand, &[2, 3, 2, 2, 3, 1, 2, 1, -1, 6]));
        assert!(holds(&demand, &[0, 3, 2, 2, 3, 1, 2, 1, 10, 6]) && !holds(&demand, &[0, 3, 2, 2, 3, 1, 2, 1, 11, 6]));
    }
}
