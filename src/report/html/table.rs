//! A table that scrolls where it is too wide.

use super::super::text::markup;
use super::histogram::histogram;
use crate::glance::Numbers;
use std::io::{self, Write};

/// A cell, not escaped yet.
pub(super) enum Cell {
    Text(String),
    Code(String),
    Number(String),
    /// What numbers come to, and how they spread.
    Numbers(Numbers),
    /// A word of ours (a verdict, a decision), in the colour of a class.
    Word(&'static str, &'static str),
}

/// Writes a table.
///
/// # Errors
/// Those of `out`.
pub(super) fn table(
    out: &mut dyn Write,
    caption: &str,
    head: &[&str],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> io::Result<()> {
    // What scrolls must be within reach of the keyboard.
    let caption = markup(caption);
    writeln!(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">")?;
    write!(out, "<table><caption>{caption}</caption><thead><tr>")?;
    for name in head {
        write!(out, "<th scope=\"col\">{name}</th>")?;
    }
    writeln!(out, "</tr></thead><tbody>")?;
    for row in rows {
        write!(out, "<tr>")?;
        for cell in row {
            match cell {
                Cell::Text(text) => write!(out, "<td>{}</td>", markup(&text))?,
                Cell::Code(text) => write!(out, "<td><code>{}</code></td>", markup(&text))?,
                Cell::Number(text) => write!(out, "<td class=\"number\">{}</td>", markup(&text))?,
                Cell::Numbers(numbers) => {
                    write!(out, "<td>{}", markup(&numbers.text))?;
                    histogram(out, &numbers.bins)?;
                    write!(out, "</td>")?;
                }
                Cell::Word(word, class) => write!(out, "<td class=\"{class}\">{word}</td>")?,
            }
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody></table></div>")
}
