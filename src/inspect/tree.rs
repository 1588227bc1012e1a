//! An outline as an indented tree.

use super::outline::{Child, Label, Node, Outline};
use super::text::thousands;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cuts {
    /// Levels below the first line.
    pub depth: usize,
    /// Whether long things are cut.
    pub long: bool,
}

/// Levels that are shown by indentation; deeper ones are shown by their number.
const LEVELS: usize = 40;
/// Lines of a tree that is cut.
const LINES: usize = 1000;
/// Items of one container of a tree that is cut: one-liners, attributes, and what takes more lines.
const LEAVES: usize = 10;
const ATTRIBUTES: usize = 100;
const BRANCHES: usize = 3;

/// Literals of this many characters are printed whole only once.
const LONG: usize = 1000;

/// Which nodes stand in several places.
pub(super) struct Shared {
    /// How often each node was met; those met once are not kept.
    several: HashMap<Node, Option<usize>>,
    next: usize,
}

impl Shared {
    /// Walks everything below `root` once.
    pub(super) fn below(outline: &Outline<'_, '_>, root: Node) -> Self {
        let mut met: HashMap<Node, bool> = HashMap::new();
        let mut open = vec![root];
        met.insert(root, false);
        while let Some(node) = open.pop() {
            for child in outline.children(node) {
                if outline.is_leaf(child.node) {
                    continue;
                }
                match met.get_mut(&child.node) {
                    Some(again) => *again = true,
                    None => {
                        met.insert(child.node, false);
                        open.push(child.node);
                    }
                }
            }
        }
        let several = met.into_iter().filter(|&(_, again)| again).map(|(node, _)| (node, None)).collect();
        Self { several, next: 1 }
    }

    /// The mark of a node: none, `&1` where it stands first, `*1` where it stands again.
    pub(super) fn mark(&mut self, node: Node) -> Mark {
        match self.several.get_mut(&node) {
            None => Mark::None,
            Some(Some(number)) => Mark::Again(*number),
            Some(slot) => {
                let number = self.next;
                *slot = Some(number);
                self.next = number.saturating_add(1);
                Mark::First(number)
            }
        }
    }
}

pub(super) enum Mark {
    None,
    First(usize),
    Again(usize),
}

struct Frame {
    children: std::vec::IntoIter<Child>,
    left_out: usize,
}

/// Prints what stands at a node, which is called `name`.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, outline: &Outline<'_, '_>, (name, node): (&str, Node), cuts: Cuts) -> io::Result<()> {
    let mut printer =
        Printer { out, outline, shared: Shared::below(outline, node), cuts, lines: 0, whole: HashSet::new() };
    let mut stack: Vec<Frame> = Vec::new();
    stack.extend(printer.node(0, name, node)?);
    while let Some(frame) = stack.last_mut() {
        if cuts.long && printer.lines >= LINES {
            let cut = thousands(LINES as u64);
            return writeln!(printer.out, "... cut after {cut} lines: name a path, or give --depth or --all");
        }
        let Some(child) = frame.children.next() else {
            let left_out = frame.left_out;
            if left_out > 0 {
                printer.indent(stack.len())?;
                writeln!(printer.out, "... {} more", thousands(left_out as u64))?;
            }
            stack.pop();
            continue;
        };
        let level = stack.len();
        let label = outline.label(child.label);
        stack.extend(printer.node(level, &label, child.node)?);
    }
    Ok(())
}

struct Printer<'p, 'c, 'a> {
    out: &'p mut dyn Write,
    outline: &'p Outline<'c, 'a>,
    shared: Shared,
    cuts: Cuts,
    lines: usize,
    /// Long literals that were printed whole; where they stand again, they are cut.
    whole: HashSet<Node>,
}

impl Printer<'_, '_, '_> {
    fn indent(&mut self, level: usize) -> io::Result<()> {
        self.lines = self.lines.saturating_add(1);
        write!(self.out, "{}", "  ".repeat(level.min(LEVELS)))?;
        if level > LEVELS { write!(self.out, "[{level}] ") } else { Ok(()) }
    }

    /// Prints the line of a node; answers its children, if they are to be printed.
    fn node(&mut self, level: usize, label: &str, node: Node) -> io::Result<Option<Frame>> {
        self.indent(level)?;
        let leaf = self.outline.is_leaf(node);
        let mark = if leaf { Mark::None } else { self.shared.mark(node) };
        let mark = match mark {
            Mark::Again(number) => {
                writeln!(self.out, "{label}: *{number}")?;
                return Ok(None);
            }
            Mark::First(number) => format!("&{number} "),
            Mark::None => String::new(),
        };
        if !leaf && let Some(inline) = self.outline.inline(node) {
            writeln!(self.out, "{label}: {mark}{inline}")?;
            return Ok(None);
        }
        // What is asked for by its path is shown whole.
        let whole = leaf && (level == 0 || !self.cuts.long) && !self.whole.contains(&node);
        let head = whole.then(|| self.outline.leaf(node, if self.cuts.long { 10_000 } else { usize::MAX })).flatten();
        if head.as_ref().is_some_and(|head| head.len() > LONG) {
            self.whole.insert(node);
        }
        let head = head.unwrap_or_else(|| self.outline.head(node));
        let children = self.outline.children(node);
        if level >= self.cuts.depth && !children.is_empty() {
            writeln!(self.out, "{label}: {mark}{head} ...")?;
            return Ok(None);
        }
        writeln!(self.out, "{label}: {mark}{head}")?;
        Ok((!children.is_empty()).then(|| self.frame(children)))
    }

    fn frame(&self, mut children: Vec<Child>) -> Frame {
        let all = children.len();
        if self.cuts.long {
            let (mut leaves, mut branches, mut attributes, mut kept) = (0_usize, 0_usize, 0_usize, 0_usize);
            for child in &children {
                let (count, most) = match child.label {
                    Label::Index(_) | Label::Member(_) if self.outline.inline(child.node).is_none() => {
                        (&mut branches, BRANCHES)
                    }
                    Label::Index(_) | Label::Member(_) => (&mut leaves, LEAVES),
                    _ => (&mut attributes, ATTRIBUTES),
                };
                // A cut that leaves out one or two is not worth its line.
                if *count >= most && all.saturating_sub(kept) > 2 {
                    break;
                }
                *count = count.saturating_add(1);
                kept = kept.saturating_add(1);
            }
            children.truncate(kept);
        }
        let left_out = all.saturating_sub(children.len());
        Frame { children: children.into_iter(), left_out }
    }
}
