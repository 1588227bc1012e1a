//! What elements come to: least, greatest, mean, how many are no numbers, and how they spread.

use super::element::{Element, half, signed, unsigned};
use super::narrow::narrow;
use crate::dtype::{ByteOrder, DType, Kind};

/// A number that stands for elements, exact where they are integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer or a boolean.
    Int(i128),
    /// A float of any precision.
    Float(f64),
}

impl Number {
    /// The number that an element is, where its type has real numbers.
    pub fn read(dtype: &DType, bytes: &[u8]) -> Option<Self> {
        let big = dtype.byte_order() == ByteOrder::Big;
        Some(match (dtype.kind(), bytes.len()) {
            (Kind::Bool, 1) => Self::Int(i128::from(*bytes != [0])),
            (Kind::Int, 1 | 2 | 4 | 8) => Self::Int(i128::from(signed(bytes, big)?)),
            (Kind::UInt, 1 | 2 | 4 | 8) => Self::Int(i128::from(unsigned(bytes, big)?)),
            (Kind::Float, 8) => Self::Float(f64::read(bytes, big)?),
            (Kind::Float, 4) => Self::Float(f64::from(f32::read(bytes, big)?)),
            (Kind::Float, 2) => Self::Float(f64::from(half(u16::try_from(unsigned(bytes, big)?).ok()?))),
            (Kind::Foreign(name), 1 | 2) => Self::Float(narrow(name, unsigned(bytes, big)?)?),
            _ => return None,
        })
    }

    /// Whether elements of a type are such numbers.
    pub fn are(dtype: &DType) -> bool {
        let size = usize::try_from(dtype.itemsize()).ok();
        size.and_then(|size| [0_u8; 8].get(..size).and_then(|zero| Self::read(dtype, zero))).is_some()
    }

    /// The nearest float.
    #[allow(clippy::cast_precision_loss, reason = "the nearest is asked for")]
    pub const fn to_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    /// The integer that it is, if it fits.
    pub fn to_i64(self) -> Option<i64> {
        match self {
            Self::Int(number) => i64::try_from(number).ok(),
            Self::Float(_) => None,
        }
    }
}

/// The sum of floats with what rounding lost (Neumaier), so that the mean of a long array is that of its elements.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    /// Infinite sums lose nothing that could be added back.
    fn total(self) -> f64 {
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// What the elements of an array come to, from pieces of its bytes in any order.
#[derive(Clone, Debug)]
pub struct Stats {
    dtype: DType,
    /// How many elements were numbers.
    pub count: u64,
    /// How many were not.
    pub nan: u64,
    /// The least and the greatest number.
    pub range: Option<(Number, Number)>,
    ints: i128,
    floats: Sum,
}

impl Stats {
    /// Of no elements yet; `None` for types that are not real numbers.
    pub fn new(dtype: &DType) -> Option<Self> {
        Number::are(dtype).then(|| Self {
            dtype: dtype.clone(),
            count: 0,
            nan: 0,
            range: None,
            ints: 0,
            floats: Sum::default(),
        })
    }

    /// Adds the elements of a piece, which holds whole ones.
    pub fn add(&mut self, bytes: &[u8]) {
        for number in numbers(&self.dtype, bytes) {
            match number {
                Number::Float(value) if value.is_nan() => {
                    self.nan = self.nan.saturating_add(1);
                    continue;
                }
                Number::Float(value) => self.floats.add(value),
                Number::Int(value) => self.ints = self.ints.saturating_add(value),
            }
            self.count = self.count.saturating_add(1);
            let (least, greatest) = self.range.unwrap_or((number, number));
            let less = |one: Number, two: Number| match (one, two) {
                (Number::Int(one), Number::Int(two)) => one < two,
                _ => one.to_f64() < two.to_f64(),
            };
            let least = if less(number, least) { number } else { least };
            let greatest = if less(greatest, number) { number } else { greatest };
            self.range = Some((least, greatest));
        }
    }

    /// The mean of the numbers, those that are none left out.
    #[allow(clippy::cast_precision_loss, reason = "a count of elements that were read")]
    pub fn mean(&self) -> Option<f64> {
        let sum = self.floats.total() + Number::Int(self.ints).to_f64();
        (self.count > 0).then(|| sum / self.count as f64)
    }

    /// Where to count how the numbers spread; `None` where they do not, or endlessly.
    pub fn histogram(&self) -> Option<Histogram> {
        let (least, greatest) = self.range?;
        let (least, width) = (least.to_f64(), greatest.to_f64() - least.to_f64());
        (width.is_finite() && width > 0.0).then(|| Histogram {
            dtype: self.dtype.clone(),
            least,
            width,
            bins: [0; BINS],
        })
    }
}

/// Bins of a histogram.
const BINS: usize = 20;

/// How many numbers stand in each of twenty equal parts of their range, as `numpy.histogram` has them.
#[derive(Clone, Debug)]
pub struct Histogram {
    dtype: DType,
    least: f64,
    width: f64,
    /// How many in each part.
    pub bins: [u64; BINS],
}

impl Histogram {
    /// Adds the elements of a piece, which holds whole ones.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a part is below twenty")]
    #[allow(clippy::cast_sign_loss, reason = "no number is below the least")]
    pub fn add(&mut self, bytes: &[u8]) {
        for number in numbers(&self.dtype, bytes) {
            let part = (number.to_f64() - self.least) / self.width * BINS as f64;
            // The greatest belongs to the last part.
            if part >= 0.0
                && let Some(bin) = self.bins.get_mut((part as usize).min(BINS.saturating_sub(1)))
            {
                *bin = bin.saturating_add(1);
            }
        }
    }
}

fn numbers<'n>(dtype: &'n DType, bytes: &'n [u8]) -> impl Iterator<Item = Number> + 'n {
    let size = usize::try_from(dtype.itemsize()).unwrap_or(1).max(1);
    bytes.chunks_exact(size).filter_map(|chunk| Number::read(dtype, chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_summed_without_loss() {
        let dtype = DType::from_spec(b"f8").unwrap();
        let mut stats = Stats::new(&dtype).unwrap();
        stats.add(&[1e100, 1.0, -1e100, f64::NAN, 1.0].map(f64::to_le_bytes).concat());
        assert_eq!((stats.count, stats.nan, stats.mean()), (4, 1, Some(0.5)));
        assert_eq!(stats.range, Some((Number::Float(-1e100), Number::Float(1e100))));
    }

    #[test]
    fn integers_are_exact_and_spread() {
        let dtype = DType::from_descr_str(b">u8").unwrap();
        let mut stats = Stats::new(&dtype).unwrap();
        let bytes = [u64::MAX, 0, 1].map(u64::to_be_bytes).concat();
        stats.add(&bytes);
        assert_eq!(stats.range, Some((Number::Int(0), Number::Int(i128::from(u64::MAX)))));
        let mut histogram = stats.histogram().unwrap();
        histogram.add(&bytes);
        assert_eq!((histogram.bins[0], histogram.bins[19]), (2, 1));
        assert!(Stats::new(&DType::from_spec(b"c16").unwrap()).is_none());
        assert!(Stats::new(&DType::from_spec(b"S4").unwrap()).is_none());
    }
}
