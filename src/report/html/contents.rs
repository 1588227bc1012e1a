//! What a file holds: what is big in it, a tree that folds open, and its arrays.

use super::super::text::markup;
use super::table::{Cell, table};
use super::treemap::treemap;
use crate::escape::thousands;
use crate::glance::{Glance, Row, Tree};
use std::io::{self, Write};

/// Writes what a file holds; `id` begins the identifiers of elements in it.
///
/// # Errors
/// Those of `out`.
pub(super) fn contents(out: &mut dyn Write, id: &str, glance: &Glance) -> io::Result<()> {
    if let Some(error) = &glance.error {
        writeln!(out, "<p>Contents: <code>{}</code></p>", markup(error))?;
    }
    for (number, shown) in glance.trees.iter().enumerate() {
        let of = if glance.trees.len() > 1 { format!(" of stream {}", shown.stream) } else { String::new() };
        if let Some(error) = &shown.error {
            writeln!(out, "<p>The stream is refused: <code>{}</code></p>", markup(error))?;
        }
        if shown.parts.len() > 1 {
            writeln!(out, "<h3>What is big{of}</h3>")?;
            treemap(out, &format!("{id}-map-{number}"), &shown.parts)?;
            sizes(out, shown)?;
        }
        if !shown.rows.is_empty() {
            writeln!(out, "<h3>Contents{of}</h3>")?;
            tree(out, &shown.rows)?;
        }
    }
    if glance.more_streams > 0 {
        writeln!(out, "<p>... {} more streams</p>", thousands(glance.more_streams))?;
    }
    arrays(out, glance)
}

fn sizes(out: &mut dyn Write, tree: &Tree) -> io::Result<()> {
    let total = tree.parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.bytes)).max(1);
    writeln!(out, "<details><summary>The same as a table</summary>")?;
    table(
        out,
        "Parts that do not overlap, the biggest first",
        &["bytes", "share", "path", "what"],
        tree.parts.iter().map(|part| {
            let share = u128::from(part.bytes) * 100 / u128::from(total);
            vec![
                Cell::Number(thousands(part.bytes)),
                Cell::Number(format!("{share} %")),
                Cell::Code(part.path.clone()),
                Cell::Text(part.text.clone()),
            ]
        }),
    )?;
    writeln!(out, "</details>")
}

fn arrays(out: &mut dyn Write, glance: &Glance) -> io::Result<()> {
    if glance.arrays.is_empty() {
        return Ok(());
    }
    let count = (glance.arrays.len() as u64).saturating_add(glance.more_arrays);
    let summed = glance.arrays.iter().any(|array| array.numbers.is_some());
    writeln!(out, "<details><summary>Arrays: {}</summary>", thousands(count))?;
    table(
        out,
        "In the order in which they are met",
        &["path", "class", "type", "shape", "bytes", "numbers"][..if summed { 6 } else { 5 }],
        glance.arrays.iter().map(|array| {
            let mut cells = vec![
                Cell::Code(array.path.clone()),
                Cell::Text(array.class.clone()),
                Cell::Code(array.dtype.clone()),
                Cell::Text(array.shape.clone()),
                Cell::Number(array.bytes.map(thousands).unwrap_or_default()),
            ];
            if summed {
                cells.push(Cell::Numbers(array.numbers.clone().unwrap_or_default()));
            }
            cells
        }),
    )?;
    if glance.more_arrays > 0 {
        writeln!(out, "<p>... {} more</p>", thousands(glance.more_arrays))?;
    }
    writeln!(out, "</details>")
}

/// Rows as nested lists; what holds something folds open, the outermost levels are open.
fn tree(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    writeln!(out, "<ul class=\"tree\">")?;
    let mut open: Vec<&Row> = Vec::new();
    let mut rows = rows.iter().peekable();
    while let Some(row) = rows.next() {
        while let Some(above) = open.pop_if(|above| above.level >= row.level) {
            close(out, above)?;
        }
        let (key, text) = (markup(&row.label), markup(&row.text));
        if rows.peek().is_some_and(|next| next.level > row.level) || row.left_out > 0 {
            let shown = if row.level < 2 { " open" } else { "" };
            let bytes = if row.bytes > 0 { format!("{} bytes", thousands(row.bytes)) } else { String::new() };
            write!(out, "<li><details{shown}><summary><span class=\"key\">{key}</span>: {text}")?;
            writeln!(out, " <span class=\"soft\">{bytes}</span></summary><ul>")?;
            open.push(row);
        } else {
            writeln!(out, "<li><span><span class=\"key\">{key}</span>: {text}</span></li>")?;
        }
    }
    while let Some(above) = open.pop() {
        close(out, above)?;
    }
    writeln!(out, "</ul>")
}

fn close(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    if row.left_out > 0 {
        writeln!(out, "<li class=\"soft\">... {} more</li>", thousands(row.left_out))?;
    }
    writeln!(out, "</ul></details></li>")
}
