//! Two numbers: the same, near enough, or how far apart.

use crate::array::Number;

/// How far apart floats may be and count as equal: by `abs`, or by `rel` times the greater of the two (as `math.isclose`
/// has it). Integers are compared exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// An absolute distance.
    pub abs: f64,
    /// A distance in proportion to the greater of the two.
    pub rel: f64,
}

impl Tolerance {
    /// Whether two floats of any bits must be the same bits.
    pub fn is_exact(self) -> bool {
        self.abs == 0.0 && self.rel == 0.0
    }

    /// Whether two numbers that are not the same are near enough.
    pub(super) fn admits(self, a: Number, b: Number) -> bool {
        if self.is_exact() || matches!((a, b), (Number::Int(_), Number::Int(_))) {
            return false;
        }
        let (a, b) = (a.to_f64(), b.to_f64());
        let apart = (a - b).abs();
        // An infinite distance is within no tolerance; zeros of either sign are at none.
        a == b || apart.is_finite() && (apart <= self.abs || apart <= self.rel * a.abs().max(b.abs()))
    }
}

/// How far apart two numbers are; `None` where one is NaN.
pub(super) fn apart(a: Number, b: Number) -> Option<(f64, f64)> {
    let abs = match (a, b) {
        (Number::Int(a), Number::Int(b)) => Number::Int(a.abs_diff(b).try_into().unwrap_or(i128::MAX)).to_f64(),
        _ => (a.to_f64() - b.to_f64()).abs(),
    };
    distance(abs, a.to_f64().abs().max(b.to_f64().abs()))
}

/// A distance, and the same in proportion to `greater`.
pub(super) fn distance(abs: f64, greater: f64) -> Option<(f64, f64)> {
    let rel = match greater {
        _ if abs == 0.0 => 0.0,
        _ if abs.is_infinite() => f64::INFINITY,
        greater => abs / greater,
    };
    (!abs.is_nan()).then_some((abs, rel))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_is_for_floats() {
        let (abs, rel) = (Tolerance { abs: 0.1, rel: 0.0 }, Tolerance { abs: 0.0, rel: 0.1 });
        let float = Number::Float;
        assert!(abs.admits(float(1.0), float(1.05)) && !abs.admits(float(1.0), float(1.2)));
        assert!(rel.admits(float(10.0), float(11.0)) && !rel.admits(float(0.0), float(1e-9)));
        assert!(abs.admits(float(0.0), float(-0.0)) && !Tolerance::default().admits(float(0.0), float(-0.0)));
        assert!(!Tolerance { abs: 5.0, rel: 1.0 }.admits(Number::Int(1), Number::Int(2)));
        for odd in [f64::NAN, f64::INFINITY] {
            assert!(!Tolerance { abs: f64::INFINITY, rel: 1.0 }.admits(float(odd), float(1.0)), "{odd}");
        }
    }

    #[test]
    fn distances_are_never_nan() {
        let float = Number::Float;
        assert_eq!(apart(float(1.0), float(0.5)), Some((0.5, 0.5)));
        assert_eq!(apart(float(0.0), float(-0.0)), Some((0.0, 0.0)));
        assert_eq!(apart(float(f64::INFINITY), float(1.0)), Some((f64::INFINITY, f64::INFINITY)));
        assert_eq!(apart(float(f64::NAN), float(1.0)), None);
        assert_eq!(apart(Number::Int(i128::from(u64::MAX)), Number::Int(0)).unwrap().1, 1.0);
    }
}
