//! A histogram: how numbers spread over equal parts of their range, as bars.

use std::io::{self, Write};

const WIDTH: usize = 5;
const HEIGHT: u64 = 24;

/// Writes a bar for each part, the highest for the one that has most; nothing where there are no parts.
///
/// # Errors
/// Those of `out`.
pub(super) fn histogram(out: &mut dyn Write, bins: &[u64]) -> io::Result<()> {
    let Some(most) = bins.iter().copied().max().filter(|&most| most > 0) else { return Ok(()) };
    let counts: Vec<String> = bins.iter().map(u64::to_string).collect();
    write!(out, "<svg class=\"bars\" role=\"img\" viewBox=\"0 0 {} {HEIGHT}\"", bins.len() * WIDTH)?;
    write!(out, " aria-label=\"How many in each of equal parts of the range: {}\"><path d=\"", counts.join(" "))?;
    for (part, &count) in bins.iter().enumerate().filter(|&(_, &count)| count > 0) {
        // A part that is not empty is seen.
        let height = (u128::from(count) * u128::from(HEIGHT)).div_ceil(u128::from(most));
        write!(out, "M{} {HEIGHT}v-{height}h{}v{height}z", part * WIDTH, WIDTH - 1)?;
    }
    write!(out, "\"/></svg>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(bins: &[u64]) -> String {
        let mut out = Vec::new();
        histogram(&mut out, bins).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_fullest_part_is_the_highest_and_none_with_a_number_is_flat() {
        let text = drawn(&[1, 0, u64::MAX]);
        assert!(text.contains("d=\"M0 24v-1h4v1zM10 24v-24h4v24z\""), "{text}");
        assert_eq!(drawn(&[]), "");
        assert_eq!(drawn(&[0, 0]), "");
    }
}
