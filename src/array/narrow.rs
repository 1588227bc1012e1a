//! Floats that numpy has no type for: those of torch in one or two bytes (`c10/util/BFloat16.h`, `Float8_*.h`).

/// What the bits of such a number say: how many are its fraction, and what is added to its exponent.
struct Narrow {
    fraction: u32,
    bias: i32,
    special: Special,
}

/// Which bits are no finite numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    /// The highest exponent: infinity, or NaN where there is a fraction.
    Ieee,
    /// All bits but the sign: NaN.
    All,
    /// The sign alone: NaN. There is no negative zero.
    Sign,
}

/// The number that an element is, of the type that torch calls `name`; `None` for types that are none of these.
pub(super) fn narrow(name: &str, bits: u64) -> Option<f64> {
    let small = |fraction, bias, special| Some(Narrow { fraction, bias, special }.read(u8::try_from(bits).ok()?));
    match name {
        "bfloat16" => Some(f64::from(f32::from_bits(u32::from(u16::try_from(bits).ok()?) << 16))),
        "float8_e4m3fn" => small(3, 7, Special::All),
        "float8_e4m3fnuz" => small(3, 8, Special::Sign),
        "float8_e5m2" => small(2, 15, Special::Ieee),
        "float8_e5m2fnuz" => small(2, 16, Special::Sign),
        // A power of two, and nothing else.
        "float8_e8m0fnu" => match u8::try_from(bits).ok()? {
            u8::MAX => Some(f64::NAN),
            exponent => Some(2_f64.powi(i32::from(exponent).saturating_sub(127))),
        },
        _ => None,
    }
}

impl Narrow {
    fn read(&self, bits: u8) -> f64 {
        let (magnitude, negative) = (bits & 0x7f, bits > 0x7f);
        let exponent = magnitude.checked_shr(self.fraction).unwrap_or(0);
        let unit = 1_u8.checked_shl(self.fraction).unwrap_or(0);
        let fraction = magnitude & unit.wrapping_sub(1);
        let highest = 0x7f_u8.checked_shr(self.fraction).unwrap_or(0);
        let number = match self.special {
            Special::All if magnitude == 0x7f => f64::NAN,
            Special::Sign if bits == 0x80 => f64::NAN,
            Special::Ieee if exponent == highest && fraction > 0 => f64::NAN,
            Special::Ieee if exponent == highest => f64::INFINITY,
            _ => {
                // Below the least exponent there is no bit in front of the fraction.
                let digits = if exponent == 0 { fraction } else { fraction | unit };
                let scale = i32::from(exponent.max(1)).saturating_sub(self.bias);
                f64::from(digits) / f64::from(unit) * 2_f64.powi(scale)
            }
        };
        if negative { -number } else { number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.arange(256).to(torch.uint8).view(TYPE).float()`, torch 2.3.1; it has no `float8_e8m0fnu`.
    #[test]
    fn numbers_are_those_of_torch() {
        let cases: [(&str, &[(u64, f64)]); 6] = [
            (
                "bfloat16",
                &[(0x3fc0, 1.5), (0xff80, f64::NEG_INFINITY), (1, 9.183_549_615_799_121e-41), (0x7fc0, f64::NAN)],
            ),
            ("float8_e4m3fn", &[(0x7e, 448.0), (0x7f, f64::NAN), (0x01, 0.001_953_125), (0xb8, -1.0), (0x80, -0.0)]),
            ("float8_e4m3fnuz", &[(0x7f, 240.0), (0x80, f64::NAN), (0x01, 0.000_976_562_5), (0xc0, -1.0)]),
            (
                "float8_e5m2",
                &[(0x7b, 57344.0), (0xfc, f64::NEG_INFINITY), (0x7d, f64::NAN), (0x01, 1.525_878_906_25e-5)],
            ),
            ("float8_e5m2fnuz", &[(0x7f, 57344.0), (0x80, f64::NAN), (0x01, 7.629_394_531_25e-6), (0xc0, -1.0)]),
            ("float8_e8m0fnu", &[(127, 1.0), (130, 8.0), (255, f64::NAN), (0, 5.877_471_754_111_438e-39)]),
        ];
        for (name, numbers) in cases {
            for &(bits, number) in numbers {
                let read = narrow(name, bits).unwrap();
                assert!(
                    read.to_bits() == number.to_bits() || read.is_nan() && number.is_nan(),
                    "{name} {bits:#x}: {read}"
                );
            }
        }
        assert!(narrow("qint8", 0).is_none() && narrow("bfloat16", 1 << 16).is_none());
    }
}
