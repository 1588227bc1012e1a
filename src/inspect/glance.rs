//! What a file holds at a glance: a tree that is cut, what is big in it, and its arrays.

use super::arrays::Arrays;
use super::open::{open, open_all};
use super::outline::{Child, Label, Node, Outline, array_parts};
use super::parts;
use super::sizes::Sizes;
use super::summary::{Summary, Wanted, stats_text, summaries};
use super::tree::{Mark, Shared};
use crate::array::Number;
use crate::ast::path::ObjectPath;
use crate::glance::{self, Glance, Numbers, Row, Tree};
use crate::limits::Limits;
use std::collections::{HashMap, HashSet};

/// Levels of a tree that are shown.
const LEVELS: usize = 16;
/// Items of one container: one-liners, attributes, and what holds more.
const LEAVES: usize = 10;
const ATTRIBUTES: usize = 100;
const BRANCHES: usize = 6;
/// Streams that are shown, and arrays.
const STREAMS: usize = 20;
const ARRAYS: usize = 500;
/// Bytes of arrays whose numbers are read.
const SUMMED_BYTES: u64 = 256 << 20;

/// Looks into the bytes of a file; at most `most` rows of trees, which are plenty at 2000. Of the first `summed` arrays it
/// reads the numbers, and says what they come to.
///
/// Never fails: where nothing can be shown, the answer says why.
pub fn glance(bytes: &[u8], limits: &Limits, most: usize, summed: usize) -> Glance {
    let mut contents = match open(bytes, limits) {
        Ok(contents) => contents,
        Err(error) => {
            let mut glance = Glance { error: Some(error.message().to_owned()), ..Glance::default() };
            // An archive of several members has arrays, though no one tree.
            if let Ok(mut all) = open_all(bytes, limits) {
                let outlines: Vec<_> = all.contents.iter_mut().map(Outline::new).collect();
                list(&mut glance, &outlines, summed);
            }
            return glance;
        }
    };
    if let Some(text) = super::npy_text(&contents) {
        let row = Row { level: 0, label: "root".to_owned(), text, bytes: bytes.len() as u64, left_out: 0 };
        let tree = Tree { rows: vec![row], ..Tree::default() };
        let mut glance = Glance { trees: vec![tree], error: contents.broken.clone(), ..Glance::default() };
        list(&mut glance, &[Outline::new(&mut contents)], summed);
        return glance;
    }
    let outline = Outline::new(&mut contents);
    let mut glance = Glance { error: outline.contents().broken.clone(), ..Glance::default() };
    let roots: Vec<_> = outline.roots().iter().filter(|root| !root.nested).collect();
    glance.more_streams = outline.more_streams().saturating_add(roots.len().saturating_sub(STREAMS) as u64);
    let mut left = most;
    for root in roots.into_iter().take(STREAMS) {
        let error = root.error.as_ref().map(ToString::to_string);
        let mut tree = Tree { stream: root.stream, error, ..Tree::default() };
        if let Some(node) = root.node {
            let path = ObjectPath::default();
            let sizes = Sizes::of(&outline, &path, node);
            tree.parts = parts::parts(&outline, &sizes);
            tree.rows = rows(&outline, &sizes, node, left);
            left = left.saturating_sub(tree.rows.len());
        }
        glance.trees.push(tree);
    }
    list(&mut glance, std::slice::from_ref(&outline), summed);
    glance
}

/// Lists the arrays of a file; of the first `summed` it says what their numbers come to.
fn list(glance: &mut Glance, outlines: &[Outline<'_, '_>], summed: usize) {
    let arrays = Arrays::of_all(outlines);
    let mut left = SUMMED_BYTES;
    // Chosen in the order of the list, so that which are summed up does not hang on where they stand.
    let mut fits = |index: &usize| {
        let bytes = arrays.get(*index).and_then(|array| array.array.nbytes()).unwrap_or(u64::MAX);
        let rest = left.checked_sub(bytes);
        left = rest.unwrap_or(left);
        rest.is_some()
    };
    let chosen: HashSet<usize> = (0..arrays.len().min(summed)).filter(&mut fits).collect();
    let mut order = if chosen.is_empty() { Vec::new() } else { arrays.by_offset() };
    order.retain(|index| chosen.contains(index));
    let wanted = Wanted { hash: false, stats: true };
    let mut summaries = summaries(wanted, outlines, &arrays, &order);
    for (index, array) in arrays.iter().enumerate().take(ARRAYS) {
        let left_out = summed > 0 && !chosen.contains(&index) && array.array.dtype.as_ref().is_ok_and(Number::are);
        let unread = left_out.then(|| Numbers { text: "not read".to_owned(), bins: Vec::new() });
        let numbers = summaries.remove(&index).and_then(numbers).or(unread);
        let listed = array_parts(array.address.to_string(), &array.array);
        glance.arrays.push(glance::Array { numbers, ..listed });
    }
    glance.more_arrays = arrays.len().saturating_sub(ARRAYS) as u64;
}

fn numbers(summary: Summary) -> Option<Numbers> {
    let text = summary.problem.or_else(|| summary.stats.as_ref().map(stats_text))?;
    Some(Numbers { text, bins: summary.histogram.map(|histogram| histogram.bins.to_vec()).unwrap_or_default() })
}

struct Frame {
    children: std::vec::IntoIter<Child>,
    /// The row that holds them.
    row: usize,
}

/// The values below `root`, each before what is in it.
fn rows(outline: &Outline<'_, '_>, sizes: &Sizes<'_, '_, '_>, root: Node, most: usize) -> Vec<Row> {
    let mut walk = Walk {
        outline,
        bytes: sizes.rows.iter().map(|row| (row.node, row.bytes)).collect(),
        shared: Shared::below(outline, root),
        rows: Vec::new(),
    };
    let mut stack: Vec<Frame> = Vec::new();
    stack.extend(walk.row(0, "root".to_owned(), root));
    while let Some(frame) = stack.last_mut() {
        if walk.rows.len() >= most {
            // What was not reached is left out, at every level.
            for frame in stack {
                walk.leave_out(frame.row, frame.children.len());
            }
            break;
        }
        let Some(child) = frame.children.next() else {
            stack.pop();
            continue;
        };
        let level = stack.len();
        stack.extend(walk.row(level, outline.label(child.label), child.node));
    }
    walk.rows
}

struct Walk<'w, 'c, 'a> {
    outline: &'w Outline<'c, 'a>,
    bytes: HashMap<Node, u64>,
    shared: Shared,
    rows: Vec<Row>,
}

impl Walk<'_, '_, '_> {
    /// Adds the row of a node; answers its children, if they are to be shown.
    fn row(&mut self, level: usize, label: String, node: Node) -> Option<Frame> {
        let leaf = self.outline.is_leaf(node);
        let mark = if leaf { Mark::None } else { self.shared.mark(node) };
        let (mark, again) = match mark {
            Mark::None => (String::new(), false),
            Mark::First(number) => (format!("&{number} "), false),
            Mark::Again(number) => (format!("*{number}"), true),
        };
        let inline = if again { Some(String::new()) } else { self.outline.inline(node) };
        let children = if inline.is_some() { Vec::new() } else { self.outline.children(node) };
        let text = inline.unwrap_or_else(|| self.outline.head(node));
        let known = if again { 0 } else { self.outline.own_bytes(node) };
        let bytes = if again { 0 } else { self.bytes.get(&node).copied().unwrap_or(known) };
        let row = self.rows.len();
        let level_number = u16::try_from(level).unwrap_or(u16::MAX);
        self.rows.push(Row { level: level_number, label, text: format!("{mark}{text}"), bytes, left_out: 0 });
        let kept = if level >= LEVELS { 0 } else { self.kept(&children) };
        self.leave_out(row, children.len().saturating_sub(kept));
        let mut children = children;
        children.truncate(kept);
        (!children.is_empty()).then(|| Frame { children: children.into_iter(), row })
    }

    /// How many of these children are shown.
    fn kept(&self, children: &[Child]) -> usize {
        let (mut leaves, mut branches, mut attributes) = (0_usize, 0_usize, 0_usize);
        let fits = |child: &&Child| {
            let (count, most) = match child.label {
                Label::Index(_) | Label::Member(_) if self.outline.inline(child.node).is_none() => {
                    (&mut branches, BRANCHES)
                }
                Label::Index(_) | Label::Member(_) => (&mut leaves, LEAVES),
                _ => (&mut attributes, ATTRIBUTES),
            };
            *count = count.saturating_add(1);
            *count <= most
        };
        children.iter().take_while(fits).count()
    }

    fn leave_out(&mut self, row: usize, more: usize) {
        if let Some(row) = self.rows.get_mut(row) {
            row.left_out = row.left_out.saturating_add(more as u64);
        }
    }
}
