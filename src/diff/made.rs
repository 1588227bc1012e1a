//! Objects that are made in two ways that come to the same: by another release of a library, or by skops.

use crate::model::tree::{Made, Name, Node, NodeId, Record, Tree, Via};

/// The parts of a record, with what its call comes to.
#[derive(Clone, Copy)]
pub(super) struct Parts<'t> {
    /// Its class, where that is a name.
    pub(super) class: Option<&'t Name>,
    pub(super) made: Made,
    pub(super) args: Option<NodeId>,
    pub(super) kwargs: Option<NodeId>,
    pub(super) state: Option<NodeId>,
    pub(super) items: Option<NodeId>,
    /// Whether the call is another one than the record has.
    pub(super) is_other: bool,
}

/// The parts of a record. `newObj(C)` of scikit-learn's Cython classes is `C.__new__(C)`.
pub(super) fn parts<'t>(tree: &'t Tree<'_>, id: NodeId, record: &Record) -> Parts<'t> {
    let &Record { made, args, kwargs, state, items, .. } = record;
    let class = tree.class(id);
    let own = Parts { class, made, args, kwargs, state, items, is_other: false };
    let is_new_obj = class.is_some_and(|class| class.module.starts_with("sklearn.") && &*class.name == "newObj");
    match args.map(|args| tree.items(args)) {
        Some(&[of]) if is_new_obj && made == Made::Call && tree.name(of).is_some() => {
            Parts { class: tree.name(of), made: Made::New, args: None, is_other: true, ..own }
        }
        _ => own,
    }
}

/// Whether a record is a random state of numpy: its state says all but the name of its bit generator.
pub(super) fn is_random_state(parts: &Parts<'_>) -> bool {
    parts.class.is_some_and(|class| class.is("numpy.random._pickle", "__randomstate_ctor")) && parts.state.is_some()
}

/// The name of the bit generator that a random state is made with: a text, or an object (numpy 1.24 and later).
pub(super) fn bit_generator<'t>(tree: &'t Tree<'_>, args: NodeId) -> Option<&'t str> {
    let &first = tree.items(args).first()?;
    if let Some(text) = tree.text(first) {
        return Some(text);
    }
    let Node::Record(made) = tree.node(first) else { return None };
    tree.class(first).filter(|class| class.is("numpy.random._pickle", "__bit_generator_ctor"))?;
    let &of = tree.items(made.args?).first()?;
    tree.text(of).or_else(|| tree.name(of).map(|name| &*name.name))
}

/// Whether two records are dicts of a class of their own, one made by `__new__` and the other by a call of nothing.
pub(super) fn are_dicts(a: (&Tree<'_>, &Parts<'_>), b: (&Tree<'_>, &Parts<'_>)) -> bool {
    let is_dict = |(tree, parts): (&Tree<'_>, &Parts<'_>)| {
        let has_items = parts.items.is_some_and(|items| matches!(tree.node(items), Node::Dict(_)));
        has_items && parts.args.is_none() && parts.kwargs.is_none()
    };
    is_dict(a) && is_dict(b)
}

/// Whether an attribute in a state is one that scipy keeps to be quicker, and skops leaves out.
pub(super) fn is_cache(tree: &Tree<'_>, state: NodeId, key: NodeId) -> bool {
    let holder = tree.parent(state).filter(|(_, via)| *via == Via::State).and_then(|(holder, _)| tree.class(holder));
    let is_sparse = holder.is_some_and(|class| class.module.starts_with("scipy.sparse."));
    is_sparse && matches!(tree.text(key), Some("_has_canonical_format" | "_has_sorted_indices"))
}
