//! Files that hold arrays by name and nothing else: `.npz`, and `.safetensors`. Compared with another file, only its arrays count,
//! by the names that `convert` would give them.

use super::arrays::{about, inflated};
use super::elements::elements;
use super::outcome::{Diff, Difference, Kind as In, NoteKind, Scope, Side, Unknown};
use super::walk::Part;
use super::{Options, text};
use crate::ast::path::{Address, Step};
use crate::container::safetensors::Type;
use crate::convert::{Format, Names, has_place};
use crate::dtype::Kind;
use crate::error::Error;
use crate::escape::escape;
use crate::inspect::{ArrayRef, Arrays, Bytes, Outline};
use crate::model::tree::{Node, NodeId, Tree, Via};
use std::collections::HashMap;

/// An array of a file.
struct Named {
    /// Its name in a flat format.
    name: String,
    /// Where it is said to stand: an object path, or its name.
    path: String,
    array: ArrayRef,
}

/// The arrays of a file, and what else it holds.
#[derive(Default)]
pub(super) struct Flat {
    arrays: Vec<Named>,
    /// The format, where it has a place for nothing else.
    format: Option<Format>,
    /// How many values it has that the other has no place for, and the path of one.
    rest: (u64, String),
    /// What keeps an array from being compared.
    unknown: Vec<(String, Error)>,
}

impl Flat {
    /// What a file of such a format holds: the members of an `.npz` file, the tensors of a `.safetensors` file.
    pub(super) fn of_names(format: Format, outlines: &[Outline<'_, '_>]) -> Self {
        let mut flat = Self { format: Some(format), ..Self::default() };
        for array in Arrays::of_all(outlines).iter() {
            let member = array.address.member.strip_suffix(".npy").unwrap_or(&array.address.member);
            let name = match array.address.path.0.as_slice() {
                [Step::Key(name)] => name.clone(),
                _ => member.to_owned(),
            };
            let path = escape(&name).into_owned();
            flat.add(name, path, array, format);
        }
        flat
    }

    /// The arrays in trees of one outline, by the names that they would have in `format`.
    pub(super) fn of_trees(parts: &[Part<'_>], format: Format) -> Self {
        let mut flat = Self::default();
        let mut names = if format == Format::Safetensors { Names::of_keys() } else { Names::of_files() };
        let mut found = Vec::new();
        for part in parts {
            flat.walk(part, &mut found);
        }
        // As `convert` has them: those that would have one name are numbered in this order.
        found.sort_by_key(|(_, array)| array.place.map(|place| (inflated(array), place)));
        for (address, array) in found {
            let path = address.to_string();
            // What is well, and has no place in the format, is no array to it.
            if array.problem.is_none() && has_place(format, &array).is_err() {
                flat.leave_out(|| path);
            } else {
                flat.add(names.name(&address), path, array, format);
            }
        }
        flat
    }

    /// Counts a value that is not compared.
    fn leave_out(&mut self, path: impl FnOnce() -> String) {
        if self.rest.0 == 0 {
            self.rest.1 = path();
        }
        self.rest.0 = self.rest.0.saturating_add(1);
    }

    fn add(&mut self, name: String, path: String, array: ArrayRef, format: Format) {
        match has_place(format, &array) {
            Ok(()) => self.arrays.push(Named { name, path, array }),
            Err(error) => self.unknown.push((path, error)),
        }
    }

    /// Finds the arrays of a tree, without recursion.
    fn walk(&mut self, part: &Part<'_>, found: &mut Vec<(Address, ArrayRef)>) {
        let tree = part.tree;
        let mut met = vec![false; tree.len()];
        let mut open = vec![(tree.root(), Via::Root)];
        while let Some((id, via)) = open.pop() {
            if met.get_mut(id.index()).is_none_or(|met| std::mem::replace(met, true)) {
                continue;
            }
            let address = |steps: &[Step]| {
                let mut path = tree.path(id);
                path.0.extend_from_slice(steps);
                Address { member: part.member.clone(), stream: part.stream, path }
            };
            match (tree.node(id), tree.array_ref(id).cloned().or_else(|| tree.tensor(id))) {
                (Node::Masked(masked), Some(array)) => {
                    found.push((address(&[]), array));
                    found.push((address(&MASK), masked.mask.clone()));
                    continue;
                }
                (_, Some(array)) if !array.has_objects() => {
                    found.push((address(&[]), array));
                    continue;
                }
                _ => {}
            }
            if is_value(tree, id, via) {
                self.leave_out(|| part.address(tree.path(id)));
            }
            open.extend(tree.children(id).map(|(via, child)| (child, via)));
        }
    }
}

/// Where the mask stands in the state of a masked array, as [`Arrays`] has it.
const MASK: [Step; 2] = [Step::State, Step::Index(5)];

/// Whether a node is a value of its own, and no key or container of others.
fn is_value(tree: &Tree<'_>, id: NodeId, via: Via) -> bool {
    let holds =
        matches!(tree.node(id), Node::List(_) | Node::Tuple(_) | Node::Dict(_) | Node::Set(_) | Node::Frozenset(_));
    !holds && !matches!(via, Via::Key(_))
}

/// Compares two files by the names of their arrays.
pub(super) fn compare(
    (a, bytes_a): (Flat, &mut Bytes<'_, '_, '_>),
    (b, bytes_b): (Flat, &mut Bytes<'_, '_, '_>),
    options: &Options,
    diff: &mut Diff,
) {
    diff.scope = Scope::Arrays;
    for (side, flat) in [(Side::A, &a), (Side::B, &b)] {
        if flat.rest.0 > 0 {
            diff.note(NoteKind::NoPlace, flat.rest.0, || flat.rest.1.clone());
        }
        for (path, error) in &flat.unknown {
            let unknown = || Unknown { side: Some(side), path: path.clone(), why: error.message().to_owned() };
            diff.unknown.add(unknown);
        }
    }
    let mut others: HashMap<String, Named> = HashMap::new();
    let mut order = Vec::new();
    // A file that is one array has no name for it.
    let alone = a.arrays.len() == 1 && b.arrays.len() == 1;
    for named in b.arrays {
        let name = if alone { String::new() } else { named.name.clone() };
        order.push(name.clone());
        others.insert(name, named);
    }
    let mut pairs = Vec::new();
    for named in a.arrays {
        let name = if alone { "" } else { named.name.as_str() };
        match others.remove(name) {
            Some(other) => pairs.push((named, other)),
            None => only(In::OnlyA, &named, b.format, diff),
        }
    }
    for named in order.iter().filter_map(|name| others.get(name)) {
        only(In::OnlyB, named, a.format, diff);
    }
    if pairs.is_empty() && diff.differences.is_empty() {
        let why = "there is no array that both could hold".to_owned();
        diff.unknown.add(|| Unknown { side: None, path: String::new(), why });
    }
    pairs.sort_by_key(|(one, other)| (inflated(&one.array), inflated(&other.array)));
    for (one, other) in pairs {
        pair((&one, bytes_a), (&other, bytes_b), options, diff);
    }
}

/// Says that only one file has an array; a note, where the format of the other has no place for it.
fn only(kind: In, named: &Named, other: Option<Format>, diff: &mut Diff) {
    if other.is_some_and(|other| has_place(other, &named.array).is_err()) {
        return diff.note(NoteKind::NoPlace, 1, || named.path.clone());
    }
    diff.differences.add(|| {
        let value = Some(text::array(&named.array));
        let (a, b) = if kind == In::OnlyA { (value, None) } else { (None, value) };
        Difference { kind, path: named.path.clone(), other: None, a, b, elements: None }
    });
}

/// An array; where it is the bytes of another, whose type `safetensors` lacks, it is taken for such elements.
fn as_elements(array: &ArrayRef, other: &ArrayRef) -> ArrayRef {
    let mut found = array.clone();
    let is_bytes = matches!((&array.array.dtype, &array.array.shape), (Ok(dtype), Some(shape))
        if dtype.kind() == Kind::UInt && dtype.itemsize() == 1 && shape.len() == 1);
    if let (true, Ok(dtype)) = (is_bytes, &other.array.dtype)
        && Type::of(dtype).is_none()
        && array.array.nbytes() == other.array.nbytes()
    {
        (found.array.dtype, found.array.shape) = (Ok(dtype.clone()), other.array.shape.clone());
    }
    found
}

fn pair(
    (a, bytes_a): (&Named, &mut Bytes<'_, '_, '_>),
    (b, bytes_b): (&Named, &mut Bytes<'_, '_, '_>),
    options: &Options,
    diff: &mut Diff,
) {
    let other = (a.path != b.path).then(|| b.path.clone());
    let differs = |kind, (one, two): (String, String), elements| Difference {
        kind,
        path: a.path.clone(),
        other: other.clone(),
        a: Some(one),
        b: Some(two),
        elements,
    };
    diff.compared.arrays = diff.compared.arrays.saturating_add(1);
    let (one, two) = (as_elements(&a.array, &b.array), as_elements(&b.array, &a.array));
    let compared = about(&one, &two).and_then(|found| {
        found.notes.into_iter().for_each(|note| diff.note(note, 1, || a.path.clone()));
        for (kind, texts) in found.differ {
            diff.differences.add(|| differs(kind, texts, None));
        }
        if !found.same_shape {
            return Ok(None);
        }
        elements((&one, bytes_a), (&two, bytes_b), options.tolerance).map(Some)
    });
    match compared {
        Ok(Some(elements)) => {
            diff.compared.elements = diff.compared.elements.saturating_add(elements.count);
            if elements.within > 0 {
                diff.note(NoteKind::Tolerance, elements.within, || a.path.clone());
            }
            if elements.differ > 0 {
                let texts = (text::array(&a.array), text::array(&b.array));
                diff.differences.add(|| differs(In::Elements, texts, Some(elements)));
            }
        }
        Ok(None) => {}
        Err(error) => {
            let unknown = || Unknown { side: None, path: a.path.clone(), why: error.message().to_owned() };
            diff.unknown.add(unknown);
        }
    }
}
