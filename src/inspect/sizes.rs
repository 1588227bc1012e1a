//! What takes the most bytes, by path.

use super::outline::{Label, Node, Outline};
use super::text::thousands;
use crate::ast::path::{ObjectPath, Step};
use std::collections::HashSet;
use std::io::{self, Write};
use std::ops::Range;

/// How many rows are printed.
const ROWS: usize = 20;
/// The longest path that is printed, in steps.
const STEPS: usize = 200;

/// A node where it is met first, and the bytes of the opcodes and arrays below it.
pub(super) struct Row {
    pub(super) node: Node,
    pub(super) parent: Option<usize>,
    pub(super) label: Option<Label>,
    pub(super) bytes: u64,
    /// Its children among the rows: all but small literals.
    pub(super) children: Range<usize>,
}

/// Everything below a node with its bytes, breadth first: every row stands behind its parent. What stands in several
/// places counts where it stands first.
pub(super) struct Sizes<'s, 'c, 'a> {
    outline: &'s Outline<'c, 'a>,
    base: &'s ObjectPath,
    pub(super) rows: Vec<Row>,
}

impl<'s, 'c, 'a> Sizes<'s, 'c, 'a> {
    /// Measures what stands at `root`, which is at `base`.
    pub(super) fn of(outline: &'s Outline<'c, 'a>, base: &'s ObjectPath, root: Node) -> Self {
        let row = |node, parent, label, bytes| Row { node, parent, label, bytes, children: 0..0 };
        let mut rows = vec![row(root, None, None, outline.own_bytes(root))];
        let mut met = HashSet::from([root]);
        let mut next = 0_usize;
        while let Some(node) = rows.get(next).map(|row| row.node) {
            let mut own = 0_u64;
            let first = rows.len();
            for child in outline.children(node) {
                if met.contains(&child.node) {
                    continue;
                }
                let bytes = outline.own_bytes(child.node);
                if let Label::Attribute(key) | Label::Key(key, _) | Label::Keyword(key) = child.label {
                    let bytes = outline.own_bytes(key);
                    if bytes < LEAF || met.insert(key) {
                        own = own.saturating_add(bytes);
                    }
                }
                if outline.is_leaf(child.node) && bytes < LEAF {
                    own = own.saturating_add(bytes);
                } else {
                    met.insert(child.node);
                    rows.push(row(child.node, Some(next), Some(child.label), bytes));
                }
            }
            let children = first..rows.len();
            if let Some(row) = rows.get_mut(next) {
                row.bytes = row.bytes.saturating_add(own);
                row.children = children;
            }
            next = next.saturating_add(1);
        }
        for index in (0..rows.len()).rev() {
            let Some((Some(parent), bytes)) = rows.get(index).map(|row| (row.parent, row.bytes)) else { continue };
            if let Some(parent) = rows.get_mut(parent) {
                parent.bytes = parent.bytes.saturating_add(bytes);
            }
        }
        Self { outline, base, rows }
    }

    /// The path of a row.
    pub(super) fn path(&self, index: usize) -> ObjectPath {
        let mut steps: Vec<Step> = Vec::new();
        let mut at = self.rows.get(index);
        while let Some(Row { parent: Some(parent), label: Some(label), .. }) = at {
            if steps.len() >= STEPS {
                break;
            }
            steps.push(self.outline.step(*label));
            at = self.rows.get(*parent);
        }
        steps.extend(self.base.0.iter().rev().cloned());
        steps.reverse();
        ObjectPath(steps)
    }
}

/// Prints what takes the most bytes below a node, which stands at `path`; `all` prints every row.
///
/// # Errors
/// Those of `out`.
pub fn write(
    out: &mut dyn Write,
    outline: &Outline<'_, '_>,
    (path, root): (&ObjectPath, Node),
    all: bool,
) -> io::Result<()> {
    let sizes = Sizes::of(outline, path, root);
    let rows = &sizes.rows;
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(rows.get(index).map_or(0, |row| row.bytes)), index));
    let total = rows.first().map_or(0, |row| row.bytes);
    let shown = if all { order.len() } else { ROWS };
    for &index in order.iter().take(shown) {
        let Some(row) = rows.get(index) else { continue };
        let share = u128::from(row.bytes).saturating_mul(100).checked_div(u128::from(total)).unwrap_or(0);
        let path = sizes.path(index);
        writeln!(out, "{:>15}  {share:>3} %  {path}: {}", thousands(row.bytes), outline.short(row.node))?;
    }
    if order.len() > shown {
        writeln!(out, "... {} more", thousands(order.len().saturating_sub(shown) as u64))?;
    }
    Ok(())
}

/// Literals of this many bytes have a row of their own.
const LEAF: u64 = 512;
