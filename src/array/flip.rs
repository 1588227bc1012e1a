//! Tensors of torch whose elements change their sign when they are read: `torch.Tensor.conj()` and its like leave that to be
//! done (`torch._utils._set_tensor_metadata`, keys `conj` and `neg`).

use crate::dtype::{ByteOrder, DType, Kind};
use crate::error::{Error, ErrorKind, Result};

/// Which signs of the elements are turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// Those of complex numbers are conjugated.
    pub conjugated: bool,
    /// They are negated.
    pub negated: bool,
}

impl Flip {
    /// Turns the signs of whole elements.
    ///
    /// # Errors
    /// Where they are no floats and no complex numbers.
    pub fn apply(self, dtype: &DType, bytes: &mut [u8]) -> Result<()> {
        let size = usize::try_from(dtype.itemsize()).unwrap_or(usize::MAX);
        // Only of imaginary parts, which stand behind real ones, the two may cancel.
        let (width, imaginary) = match dtype.kind() {
            Kind::Float | Kind::Foreign("bfloat16") if !self.conjugated => (size, self.negated),
            Kind::Complex | Kind::Foreign("complex32") => (size / 2, self.negated != self.conjugated),
            _ => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "its elements change their sign when they are read, and have none",
                ));
            }
        };
        if width == 0 {
            return Ok(());
        }
        let flips = if width == size { [self.negated; 2] } else { [self.negated, imaginary] };
        for (number, flips) in bytes.chunks_exact_mut(width).zip(flips.into_iter().cycle()) {
            let sign = if dtype.byte_order() == ByteOrder::Big { number.first_mut() } else { number.last_mut() };
            if let (Some(sign), true) = (sign, flips) {
                *sign ^= 0x80;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_turned_as_torch_does() {
        let turned = |spec: &[u8], conjugated, negated, mut bytes: Vec<u8>| {
            let dtype = DType::from_descr_str(spec).unwrap();
            Flip { conjugated, negated }.apply(&dtype, &mut bytes).map(|()| bytes)
        };
        let floats = |numbers: [f32; 4]| numbers.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>();
        let numbers = [1.0, 2.0, -3.0, 0.0];
        assert_eq!(turned(b"<f4", false, true, floats(numbers)).unwrap(), floats([-1.0, -2.0, 3.0, -0.0]));
        assert_eq!(turned(b"<c8", true, false, floats(numbers)).unwrap(), floats([1.0, -2.0, -3.0, -0.0]));
        assert_eq!(turned(b"<c8", true, true, floats(numbers)).unwrap(), floats([-1.0, 2.0, 3.0, 0.0]));
        let big = 1.5_f64.to_be_bytes().to_vec();
        assert_eq!(turned(b">f8", false, true, big).unwrap(), (-1.5_f64).to_be_bytes());
        assert!(turned(b"<i4", false, true, vec![0; 4]).is_err() && turned(b"<f4", true, false, vec![0; 4]).is_err());
    }
}
