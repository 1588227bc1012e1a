//! Decision trees of scikit-learn: nodes in an array of structures, each with the numbers of its children.
//!
//! `sklearn.tree._tree.Tree` (`sklearn/tree/_tree.pyx`: `NODE_DTYPE`; a field for missing values since 1.3) and
//! `TreePredictor` of the histogram trees (`sklearn/ensemble/_hist_gradient_boosting/common.pyx`: `PREDICTOR_RECORD_DTYPE`;
//! bitsets of categories since 0.24).

use super::index;
use crate::array::{ArrayView, Column, Number, Rows};
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{Name, Node, NodeId, Payloads, Tree};

/// Where the numbers of a node stand.
#[derive(Debug)]
struct Layout {
    left: &'static str,
    right: &'static str,
    feature: &'static str,
    /// The newest name first.
    threshold: &'static [&'static str],
    /// The field that says which nodes are leaves; where there is none, leaves have no children.
    leaf: Option<&'static str>,
}

const TREE: Layout =
    Layout { left: "left_child", right: "right_child", feature: "feature", threshold: &["threshold"], leaf: None };

const HISTOGRAM: Layout = Layout {
    left: "left",
    right: "right",
    feature: "feature_idx",
    threshold: &["num_threshold", "threshold"],
    leaf: Some("is_leaf"),
};

/// One tree.
#[derive(Clone, Copy)]
pub struct Branches<'t, 'o> {
    tree: &'t Tree<'o>,
    id: NodeId,
    layout: &'static Layout,
}

impl<'t, 'o> Branches<'t, 'o> {
    /// The tree that a node is.
    pub fn of(tree: &'t Tree<'o>, id: NodeId) -> Option<Self> {
        let layout = layout(tree.class(id)?)?;
        Some(Self { tree, id, layout })
    }

    /// Its node.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// Whether it is one over bins (`TreePredictor`): its values stand in its nodes, and a split may be on categories.
    pub fn is_histogram(&self) -> bool {
        self.layout.leaf.is_some()
    }

    fn argument(&self, index: usize) -> Option<NodeId> {
        let Node::Record(record) = self.tree.node(self.id) else { return None };
        self.tree.items(record.args?).get(index).copied()
    }

    /// A number among its attributes.
    fn stated(&self, name: &str) -> Option<u64> {
        index(self.tree, self.tree.get(self.id, name)?)
    }

    /// How many features it takes; histogram trees do not say.
    pub fn n_features(&self) -> Option<u64> {
        index(self.tree, self.argument(0)?)
    }

    /// The array with the number of classes of each output, 1 in regression.
    pub fn n_classes(&self) -> Option<NodeId> {
        self.argument(1)
    }

    /// How many outputs it has.
    pub fn n_outputs(&self) -> Option<u64> {
        index(self.tree, self.argument(2)?)
    }

    /// How many steps the longest way takes, as the tree says.
    pub fn max_depth(&self) -> Option<u64> {
        self.stated("max_depth")
    }

    /// How many nodes there are, as the tree says.
    pub fn node_count(&self) -> Option<u64> {
        self.stated("node_count")
    }

    /// The array of nodes.
    pub fn nodes_array(&self) -> Option<NodeId> {
        self.tree.get(self.id, "nodes")
    }

    /// The array of values: node, output, class. Histogram trees have none.
    pub fn values_array(&self) -> Option<NodeId> {
        self.tree.get(self.id, "values")
    }

    /// The bitsets of categories, a row of 8 words for each: those of the raw values.
    pub fn bitsets_array(&self) -> Option<NodeId> {
        self.tree.get(self.id, "raw_left_cat_bitsets")
    }

    /// Its nodes.
    ///
    /// # Errors
    /// What is wrong with the array, or that it has no nodes.
    pub fn nodes(&self, payloads: &mut Payloads<'_, 'o>) -> Result<Nodes<'o>> {
        Nodes::new(payloads.array(self.nodes_array().ok_or_else(missing)?)?, self.layout)
    }

    /// The values of its nodes: as many outputs as [`n_outputs`](Self::n_outputs), for each the share, the number or the
    /// weight of each class, or the mean.
    ///
    /// # Errors
    /// What is wrong with the array. That there is none.
    pub fn values(&self, payloads: &mut Payloads<'_, 'o>) -> Result<ArrayView<'o>> {
        payloads.array(self.values_array().ok_or_else(missing)?)
    }

    /// The sets of categories that go left.
    ///
    /// # Errors
    /// What is wrong with the array.
    pub fn bitsets(&self, payloads: &mut Payloads<'_, 'o>) -> Result<Bitsets> {
        let Some(id) = self.bitsets_array() else { return Ok(Bitsets { words: Vec::new() }) };
        let words = payloads.array(id)?.iter::<u32>()?.collect();
        Ok(Bitsets { words })
    }
}

fn layout(class: &Name) -> Option<&'static Layout> {
    match (&*class.module, &*class.name) {
        ("sklearn.tree._tree", "Tree") => Some(&TREE),
        ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor") => Some(&HISTOGRAM),
        _ => None,
    }
}

fn missing() -> Error {
    Error::new(ErrorKind::Malformed, "the tree has no such array")
}

/// The nodes of a tree. Where they point to has to be checked ([`check`](crate::model::check)) before it is followed.
pub struct Nodes<'a> {
    rows: Rows<'a>,
    layout: &'static Layout,
}

/// A node that splits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The node for what is at most the threshold.
    pub left: i64,
    /// The node for the others.
    pub right: i64,
    /// The feature that is compared.
    pub feature: i64,
    /// With what; `None` where the set of categories of this number is asked instead.
    pub threshold: Option<f64>,
    /// The set of categories that go left.
    pub bitset: Option<i64>,
    /// Whether what is missing goes left.
    pub missing_go_to_left: bool,
}

impl<'a> Nodes<'a> {
    fn new(view: ArrayView<'a>, layout: &'static Layout) -> Result<Self> {
        let rows = Rows::new(view)?;
        let needed = [layout.left, layout.right, layout.feature];
        let is_whole = needed.into_iter().chain(layout.leaf).all(|name| rows.column(name).is_some());
        if !is_whole || !layout.threshold.iter().any(|name| rows.column(name).is_some()) {
            return Err(Error::new(ErrorKind::Unsupported, "the nodes of the tree have other fields"));
        }
        Ok(Self { rows, layout })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A field of all nodes, by the name that it has in the array: `threshold`, `impurity`, `value`, ...
    pub fn column(&self, name: &str) -> Option<Column<'_>> {
        self.rows.column(name)
    }

    /// The fields, and the nodes one by one.
    fn reader(&self) -> Option<Reader<'_>> {
        let column = |name: &str| self.rows.column(name);
        Some(Reader {
            left: column(self.layout.left)?,
            right: column(self.layout.right)?,
            feature: column(self.layout.feature)?,
            threshold: self.layout.threshold.iter().find_map(|name| column(name))?,
            leaf: self.layout.leaf.and_then(column),
            missing: column("missing_go_to_left"),
            categorical: column("is_categorical"),
            bitset: column("bitset_idx"),
        })
    }

    /// All nodes: `None` for leaves.
    pub fn iter(&self) -> impl Iterator<Item = Option<Split>> {
        let reader = self.reader();
        (0..self.len()).map(move |row| reader.as_ref().and_then(|reader| reader.split(row)))
    }

    /// A node: `None` for a leaf, and behind the last.
    pub fn split(&self, row: usize) -> Option<Split> {
        self.reader()?.split(row)
    }

    /// The leaf that a row of numbers comes to, as scikit-learn does it; NaN are what is missing. `None` where a node
    /// points outside, or in a circle, or asks for a set of categories.
    #[allow(clippy::cast_possible_truncation, reason = "scikit-learn rounds, too, but for histogram trees")]
    pub fn leaf(&self, row: &[f64]) -> Option<usize> {
        let reader = self.reader()?;
        let is_single = self.layout.leaf.is_none();
        let mut at = 0_usize;
        // No way is longer than there are nodes.
        for _ in 0..self.len() {
            let Some(split) = reader.split(at) else { return Some(at) };
            let value = *row.get(usize::try_from(split.feature).ok()?)?;
            let value = if is_single { f64::from(value as f32) } else { value };
            let is_left = if value.is_nan() { split.missing_go_to_left } else { value <= split.threshold? };
            at = usize::try_from(if is_left { split.left } else { split.right }).ok()?;
            if at >= self.len() {
                return None;
            }
        }
        None
    }
}

struct Reader<'r> {
    left: Column<'r>,
    right: Column<'r>,
    feature: Column<'r>,
    threshold: Column<'r>,
    leaf: Option<Column<'r>>,
    missing: Option<Column<'r>>,
    categorical: Option<Column<'r>>,
    bitset: Option<Column<'r>>,
}

impl Reader<'_> {
    fn split(&self, row: usize) -> Option<Split> {
        let is_set = |column: &Option<Column<'_>>| {
            column.as_ref().and_then(|column| column.int(row)).is_some_and(|value| value != 0)
        };
        // A number of no integer type, or beyond 64 bits, points nowhere.
        let int = |column: &Column<'_>| column.get(row).map(|number| number.to_i64().unwrap_or(i64::MIN));
        let (left, right) = (int(&self.left)?, int(&self.right)?);
        let is_leaf = if self.leaf.is_some() { is_set(&self.leaf) } else { left == -1 && right == -1 };
        if is_leaf {
            return None;
        }
        let is_categorical = is_set(&self.categorical);
        Some(Split {
            left,
            right,
            feature: int(&self.feature)?,
            threshold: (!is_categorical).then(|| self.threshold.get(row).map(Number::to_f64)).flatten(),
            bitset: is_categorical.then(|| self.bitset.as_ref().and_then(int)).flatten(),
            missing_go_to_left: is_set(&self.missing),
        })
    }
}

/// Sets of categories below 256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitsets {
    words: Vec<u32>,
}

/// The words of a set.
const WORDS: usize = 8;

impl Bitsets {
    /// How many sets there are.
    pub fn len(&self) -> usize {
        self.words.len() / WORDS
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a category is in a set.
    pub fn contains(&self, set: usize, category: u8) -> bool {
        let word = set.saturating_mul(WORDS).saturating_add(usize::from(category >> 5));
        self.words.get(word).is_some_and(|word| word >> (category & 31) & 1 == 1)
    }
}
