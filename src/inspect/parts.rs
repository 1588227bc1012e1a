//! What is big in an object: parts that do not overlap and add up to the whole.
//!
//! Where something holds many values of a kind, as a forest holds trees, they are one part: `root.estimators_[*].tree_`.

use super::outline::{Label, Node, Outline};
use super::sizes::Sizes;
use crate::ast::path::{ObjectPath, Step};
use crate::glance::Part;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// How many parts there are, and the least share of the whole that one of its own has.
const PARTS: usize = 48;
const SHARE: u64 = 200;
/// Items of one container that are told apart.
const APART: usize = 12;
/// The longest path that is printed, in steps.
const STEPS: usize = 100;

/// Values that stand at paths which differ only in numbers and keys of large containers.
struct Kind {
    parent: Option<usize>,
    /// The step from the parent; `None` for any item.
    step: Option<Step>,
    /// The first of them.
    sample: Node,
    count: u64,
    bytes: u64,
    children: Vec<usize>,
}

/// The parts of an object, the biggest first.
pub(super) fn parts(outline: &Outline<'_, '_>, sizes: &Sizes<'_, '_, '_>) -> Vec<Part> {
    let kinds = kinds(outline, sizes);
    let bytes = |index: usize| kinds.get(index).map_or(0, |kind| kind.bytes);
    let least = (bytes(0) / SHARE).max(1);
    let mut open = BinaryHeap::from([(bytes(0), Reverse(0_usize))]);
    let mut done: Vec<Part> = Vec::new();
    // The biggest is taken apart, again and again, as long as what comes of it is worth a part of its own.
    while let Some((size, Reverse(index))) = open.pop() {
        let Some(kind) = kinds.get(index) else { continue };
        let big: Vec<usize> = kind.children.iter().copied().filter(|&child| bytes(child) >= least).collect();
        let room = PARTS.saturating_sub(open.len()).saturating_sub(done.len());
        if big.is_empty() || big.len() >= room {
            let short = outline.short(kind.sample);
            let text = if kind.count > 1 { format!("{} of them, such as {short}", kind.count) } else { short };
            done.push(Part { path: path(&kinds, index), text, bytes: size });
            continue;
        }
        let in_big = big.iter().fold(0_u64, |sum, &child| sum.saturating_add(bytes(child)));
        let rest = size.saturating_sub(in_big);
        if rest > 0 {
            done.push(Part { path: path(&kinds, index), text: "all that is small in it".to_owned(), bytes: rest });
        }
        open.extend(big.into_iter().map(|child| (bytes(child), Reverse(child))));
    }
    done.sort_by(|one, two| two.bytes.cmp(&one.bytes).then_with(|| one.path.cmp(&two.path)));
    done
}

/// All kinds, each behind its parent.
fn kinds(outline: &Outline<'_, '_>, sizes: &Sizes<'_, '_, '_>) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut known: HashMap<(usize, String), usize> = HashMap::new();
    let mut kind_of: Vec<usize> = Vec::with_capacity(sizes.rows.len());
    for row in &sizes.rows {
        let children = sizes.rows.get(row.children.clone()).unwrap_or_default();
        let in_children = children.iter().fold(0_u64, |sum, child| sum.saturating_add(child.bytes));
        let own = row.bytes.saturating_sub(in_children);
        let parent = row.parent.and_then(|parent| kind_of.get(parent).copied());
        let step = row.label.map(|label| step(outline, sizes, label, row.parent)).unwrap_or_default();
        let text = shown(step.as_ref());
        let new = kinds.len();
        let kind = parent.map_or(new, |parent| *known.entry((parent, text)).or_insert(new));
        if kind == new {
            kinds.push(Kind { parent, step, sample: row.node, count: 0, bytes: 0, children: Vec::new() });
            if let Some(parent) = parent.and_then(|parent| kinds.get_mut(parent)) {
                parent.children.push(new);
            }
        }
        if let Some(kind) = kinds.get_mut(kind) {
            kind.count = kind.count.saturating_add(1);
            kind.bytes = kind.bytes.saturating_add(own);
        }
        kind_of.push(kind);
    }
    for index in (0..kinds.len()).rev() {
        let Some((Some(parent), bytes)) = kinds.get(index).map(|kind| (kind.parent, kind.bytes)) else { continue };
        if let Some(parent) = kinds.get_mut(parent) {
            parent.bytes = parent.bytes.saturating_add(bytes);
        }
    }
    kinds
}

/// The step to a row; `None` for an item of a container that holds many.
fn step(outline: &Outline<'_, '_>, sizes: &Sizes<'_, '_, '_>, label: Label, parent: Option<usize>) -> Option<Step> {
    let item = matches!(
        label,
        Label::Index(_) | Label::Member(_) | Label::Key(..) | Label::Entry(_) | Label::EntryKey(_) | Label::Argument(_)
    );
    let siblings = parent.and_then(|parent| sizes.rows.get(parent)).map_or(0, |parent| parent.children.len());
    (!item || siblings <= APART).then(|| outline.step(label))
}

/// A step as it stands in a path.
fn shown(step: Option<&Step>) -> String {
    let path = step.map(|step| ObjectPath(vec![step.clone()]).to_string());
    path.map_or_else(|| "[*]".to_owned(), |path| path.strip_prefix("root").unwrap_or(&path).to_owned())
}

fn path(kinds: &[Kind], index: usize) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut at = kinds.get(index);
    while let Some(Kind { parent: Some(parent), step, .. }) = at {
        if steps.len() >= STEPS {
            break;
        }
        steps.push(shown(step.as_ref()));
        at = kinds.get(*parent);
    }
    steps.push("root".to_owned());
    steps.reverse();
    steps.concat()
}
