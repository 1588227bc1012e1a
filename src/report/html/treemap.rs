//! A treemap: the parts of an object as rectangles, their areas in proportion to their bytes.
//!
//! The layout is the squarified one of Bruls, Huizing and van Wijk (2000): rows of rectangles along the shorter side,
//! each row as long as that makes its rectangles more like squares.

use super::super::text::markup;
use crate::escape::thousands;
use crate::glance::Part;
use std::io::{self, Write};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 360.0;
/// The width of a character of a label, and the least rectangle that has one.
const CHARACTER: f64 = 8.0;
const LABEL: (f64, f64) = (60.0, 22.0);
const COLOURS: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Rectangle {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Writes parts, the biggest first, as an image; `id` is unique in the document.
///
/// # Errors
/// Those of `out`.
pub(super) fn treemap(out: &mut dyn Write, id: &str, parts: &[Part]) -> io::Result<()> {
    #[allow(clippy::cast_precision_loss, reason = "areas are for the eye")]
    let sizes: Vec<f64> = parts.iter().map(|part| part.bytes as f64).collect();
    writeln!(out, "<svg role=\"img\" aria-labelledby=\"{id}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\">")?;
    writeln!(out, "<title id=\"{id}\">What takes how many bytes; the table below says the same</title>")?;
    let mut parents: Vec<&str> = Vec::new();
    for (part, at) in parts.iter().zip(squarified(&sizes)) {
        // Parts of the same thing have the same colour.
        let parent = parent(&part.path);
        let known = parents.iter().position(|known| *known == parent);
        let colour = known.unwrap_or_else(|| {
            parents.push(parent);
            parents.len() - 1
        }) % COLOURS;
        let Rectangle { x, y, width, height } = at;
        let bytes = thousands(part.bytes);
        write!(out, "<g><title>{}: {}, {bytes} bytes</title>", markup(&part.path), markup(&part.text))?;
        write!(out, "<rect class=\"p{colour}\" x=\"{x:.1}\" y=\"{y:.1}\" ")?;
        write!(out, "width=\"{width:.1}\" height=\"{height:.1}\"/>")?;
        if width > LABEL.0 && height > LABEL.1 {
            let label = label(&part.path, width);
            write!(out, "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>", x + 6.0, y + 16.0, markup(&label))?;
        }
        writeln!(out, "</g>")?;
    }
    writeln!(out, "</svg>")
}

fn parent(path: &str) -> &str {
    path.rfind(['.', '[', '{']).and_then(|at| path.get(..at)).unwrap_or(path)
}

/// The end of a path, as much as fits.
fn label(path: &str, width: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
    let fits = ((width - 12.0) / CHARACTER).max(0.0) as usize;
    let length = path.chars().count();
    if length <= fits {
        return path.to_owned();
    }
    let end: String = path.chars().skip(length.saturating_sub(fits.saturating_sub(2))).collect();
    format!("..{end}")
}

/// A rectangle for each size, in the same order; sizes are given the biggest first.
fn squarified(sizes: &[f64]) -> Vec<Rectangle> {
    let total: f64 = sizes.iter().sum();
    let mut free = Rectangle { x: 0.0, y: 0.0, width: WIDTH, height: HEIGHT };
    let scale = if total > 0.0 { WIDTH * HEIGHT / total } else { 0.0 };
    let mut rest: &[f64] = sizes;
    let mut placed = Vec::with_capacity(sizes.len());
    while !rest.is_empty() {
        let side = free.width.min(free.height).max(1.0);
        let mut count = 1;
        while count < rest.len() && worst(&rest[..=count], scale, side) <= worst(&rest[..count], scale, side) {
            count += 1;
        }
        let (row, behind) = rest.split_at(count);
        free = place(row, scale, free, &mut placed);
        rest = behind;
    }
    placed
}

/// How far the rectangles of a row along `side` are from squares.
fn worst(row: &[f64], scale: f64, side: f64) -> f64 {
    let sum: f64 = row.iter().sum::<f64>() * scale;
    let (least, most) = row.iter().fold((f64::MAX, 0.0_f64), |(least, most), &size| (least.min(size), most.max(size)));
    let (least, most) = ((least * scale).max(1e-9), most * scale);
    (side * side * most / (sum * sum)).max(sum * sum / (side * side * least))
}

/// Puts a row along the shorter side of what is free; answers what stays free.
fn place(row: &[f64], scale: f64, free: Rectangle, placed: &mut Vec<Rectangle>) -> Rectangle {
    let sum: f64 = row.iter().sum::<f64>() * scale;
    let upright = free.width >= free.height;
    let side = if upright { free.height } else { free.width }.max(1e-9);
    let depth = sum / side;
    let mut along = 0.0;
    for &size in row {
        let length = if sum > 0.0 { size * scale / sum * side } else { 0.0 };
        placed.push(if upright {
            Rectangle { x: free.x, y: free.y + along, width: depth, height: length }
        } else {
            Rectangle { x: free.x + along, y: free.y, width: length, height: depth }
        });
        along += length;
    }
    if upright {
        Rectangle { x: free.x + depth, width: (free.width - depth).max(0.0), ..free }
    } else {
        Rectangle { y: free.y + depth, height: (free.height - depth).max(0.0), ..free }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_in_proportion_and_fill_the_whole() {
        let sizes = [60.0, 30.0, 20.0, 5.0, 5.0, 1.0, 0.0];
        let total: f64 = sizes.iter().sum();
        let placed = squarified(&sizes);
        assert_eq!(placed.len(), sizes.len());
        for (size, at) in sizes.iter().zip(&placed) {
            let share = at.width * at.height / (WIDTH * HEIGHT);
            assert!((share - size / total).abs() < 1e-6, "{at:?}");
            assert!(at.x >= -1e-6 && at.x + at.width <= WIDTH + 1e-6, "{at:?}");
            assert!(at.y >= -1e-6 && at.y + at.height <= HEIGHT + 1e-6, "{at:?}");
        }
        assert!(squarified(&[0.0, 0.0]).iter().all(|at| at.width.is_finite() && at.height.is_finite()));
    }

    #[test]
    fn labels_keep_the_end() {
        assert_eq!(label("root.a", 100.0), "root.a");
        assert_eq!(label("root.steps[1].x", 100.0), "..teps[1].x");
    }
}
