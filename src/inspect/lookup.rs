//! From a path to the value that stands there.

use super::outline::{Child, Label, Node, Outline, Root};
use crate::ast::path::{Address, ObjectPath, Step};

/// How many of those that are there are named where something else was asked for.
const NAMED: usize = 12;

/// The streams that an address means: the one that it names, or all that stand for themselves.
///
/// # Errors
/// Where there is no such stream, in words.
pub fn streams<'o>(outline: &'o Outline<'_, '_>, address: Option<&Address>) -> Result<Vec<&'o Root>, String> {
    let roots = outline.roots();
    let asked = address.and_then(|address| address.stream);
    if let Some(number) = asked {
        let found = roots.iter().find(|root| root.stream == number);
        let last = roots.last().map_or(0, |root| root.stream);
        return found
            .map(|root| vec![root])
            .ok_or_else(|| format!("there is no stream #{number}: the last is #{last}"));
    }
    let own: Vec<&Root> = roots.iter().filter(|root| !root.nested).collect();
    // A path is one of the first stream, which is what `load` answers.
    Ok(if address.is_some() { own.into_iter().take(1).collect() } else { own })
}

/// The value at `path` below `root`.
///
/// # Errors
/// Which part was not found, and what is there.
pub fn value(outline: &Outline<'_, '_>, root: Node, path: &ObjectPath) -> Result<Node, String> {
    let mut node = root;
    let mut done = ObjectPath::default();
    for step in &path.0 {
        let children = outline.children(node);
        // Of a key that is set twice, the last holds.
        let found = children.iter().rfind(|child| reaches(outline, child, step));
        let Some(child) = found else {
            return Err(missing(outline, node, &done, step, &children));
        };
        node = child.node;
        done.0.push(step.clone());
    }
    Ok(node)
}

fn reaches(outline: &Outline<'_, '_>, child: &Child, step: &Step) -> bool {
    match child.label {
        Label::EntryKey(_) | Label::Callee | Label::Asked(_) => false,
        label => {
            let asked = match step {
                Step::Attribute(key) | Step::Key(key) => key.len(),
                _ => 0,
            };
            step.leads_to(&outline.step_within(label, asked))
        }
    }
}

fn missing(outline: &Outline<'_, '_>, node: Node, done: &ObjectPath, step: &Step, children: &[Child]) -> String {
    let asked = one(step);
    let what = outline.head(node);
    let mut there = String::new();
    for (index, child) in children.iter().take(NAMED).enumerate() {
        there.push_str(if index > 0 { ", " } else { "" });
        there.push_str(&one(&outline.step(child.label)));
    }
    match children.len() {
        0 => format!("{done} ({what}) has no {asked}, and nothing else in it"),
        all if all > NAMED => format!("{done} ({what}) has no {asked}, but {there}, ... ({all} in all)"),
        _ => format!("{done} ({what}) has no {asked}, but {there}"),
    }
}

/// A step as it stands in a path.
fn one(step: &Step) -> String {
    let path = ObjectPath(vec![step.clone()]).to_string();
    path.strip_prefix("root").map_or_else(|| path.clone(), str::to_owned)
}
