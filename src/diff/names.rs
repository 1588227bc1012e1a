//! Names of classes and functions: those that are one, and those that only one of two files has.

use super::outcome::{NamesOf, NoteKind};
use super::walk::Part;
use crate::escape::escape;
use crate::model::tree::{Name, NodeId, Via};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// Whether two names are one; with a note, where they are but for the module that numpy 2 renamed.
pub(super) fn compare(a: &Name, b: &Name) -> (bool, Option<NoteKind>) {
    if a == b {
        return (true, None);
    }
    let same = a.name == b.name && today(&a.module) == today(&b.module);
    (same, same.then_some(NoteKind::NumpyNames))
}

/// A module, with `numpy.core` as numpy 2 has it.
pub(super) fn today(module: &str) -> Cow<'_, str> {
    match module.strip_prefix("numpy.core") {
        Some(rest) if rest.is_empty() || rest.starts_with('.') => format!("numpy._core{rest}").into(),
        _ => module.into(),
    }
}

/// The names that only the first and only the second have.
pub(super) fn only(a: &[Part<'_>], b: &[Part<'_>]) -> (NamesOf, NamesOf) {
    let (in_a, in_b) = (all(a), all(b));
    let without = |these: &BTreeMap<String, (usize, NodeId)>, those: &BTreeMap<String, _>, parts: &[Part<'_>]| {
        let mut only = NamesOf::default();
        for (name, (part, id)) in these.iter().filter(|(name, _)| !those.contains_key(*name)) {
            let path = || parts.get(*part).map_or_else(String::new, |part| part.path(*id));
            only.only.add(|| (escape(name).into_owned(), path()));
        }
        only
    };
    (without(&in_a, &in_b, a), without(&in_b, &in_a, b))
}

/// The names in trees, as today, each with the node where it stands first.
fn all(parts: &[Part<'_>]) -> BTreeMap<String, (usize, NodeId)> {
    let mut found = BTreeMap::new();
    for (number, part) in parts.iter().enumerate() {
        let mut known: HashSet<&Name> = HashSet::new();
        for id in part.tree.ids() {
            let Some(name) = part.tree.name(id).filter(|name| known.insert(name)) else { continue };
            if is_of_tensors(name) {
                continue;
            }
            // The class of an object stands where that does.
            let holder = part.tree.parent(id).filter(|(_, via)| *via == Via::Class);
            let place = (number, holder.map_or(id, |(holder, _)| holder));
            found.entry(format!("{}.{}", today(&name.module), name.name)).or_insert(place);
        }
    }
    found
}

/// Whether a name says how a tensor is written, and not what it is.
fn is_of_tensors(name: &Name) -> bool {
    &*name.module == "torch._utils" || &*name.module == "torch" && name.name.ends_with("Storage")
}
