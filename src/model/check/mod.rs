//! What no loader looks at: whether the numbers in a model point where there is something.
//!
//! Libraries follow the children of a tree, the order of a KD tree and the counts of support vectors without a look at
//! them, so that a forged number reads foreign memory or crashes when the model *predicts*, long after it was loaded
//! without complaint (scikit-learn#34558, skops#535, LightGBM#7438). [`check`] looks, at a whole [`Tree`]:
//!
//! - the nodes of decision trees and histogram trees: children behind their parent and before the end, each with one
//!   parent, features and sets of categories that exist, no way longer than stated;
//! - KD and ball trees: their order, the runs of their nodes, leaves where the nodes end;
//! - support vectors: counts, and numbers of samples;
//! - sparse matrices: row pointers that grow and end with the elements, places inside of the matrix;
//! - the trees of LightGBM's and XGBoost's models, where their form is known;
//! - shapes: `classes_`, `coef_`, `n_features_in_` and all that [`CLASSES`] lists agree;
//! - numbers that are not finite, where `fit` leaves none.
//!
//! Work is linear in the bytes of what is looked at, and paid from the budget of the file; arrays are read in the order in
//! which they stand, so that compressed ones are inflated once.

mod boosters;
mod gather;
mod graph;
mod jobs;
mod shapes;
mod sparse;

use super::tree::{NodeId, Tree};
#[cfg(doc)]
use super::views::CLASSES;
use crate::error::{Error, ErrorKind};
use jobs::Job;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number points outside of what is there: whoever follows it reads or writes foreign memory, or never ends.
    Pointer,
    /// Two parts of a model do not agree: it fails when it is used, or answers nonsense.
    Disagreement,
    /// A number that is not finite, where there is none in a model that was fitted.
    NotFinite,
}

/// Something that is wrong with the contents of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    /// The array, or the object, in which it is: [`Tree::path`] says where that stands.
    pub node: NodeId,
    /// What it is.
    pub kind: Kind,
    /// What is wrong, with the numbers.
    pub message: String,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is wrong, in the order of the nodes; the first of each array or object.
    pub flaws: Vec<Flaw>,
    /// How many more there are than are listed.
    pub more: u64,
    /// What could not be looked at, and why.
    pub unread: Vec<(NodeId, Error)>,
}

/// The most flaws that are listed.
const LISTED: usize = 1000;

impl Report {
    fn say(&mut self, node: NodeId, kind: Kind, message: impl Into<String>) {
        if self.flaws.len() < LISTED {
            self.flaws.push(Flaw { node, kind, message: message.into() });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn unread(&mut self, node: NodeId, error: Error) {
        if self.unread.len() < LISTED {
            self.unread.push((node, error));
        }
    }
}

/// Looks at the models of a tree. A tree without any has no flaws.
///
/// ```
/// use depickle::{inspect, limits::Limits, model::{check, tree::Tree}};
///
/// let bytes = std::fs::read("samples/final_model.joblib")?;
/// let mut contents = inspect::open(&bytes, &Limits::default())?;
/// let outline = inspect::Outline::new(&mut contents);
/// let tree = Tree::new(&outline)?;
/// for flaw in check::check(&tree).flaws {
///     eprintln!("{}: {}", tree.path(flaw.node), flaw.message);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check(tree: &Tree<'_>) -> Report {
    let mut report = Report::default();
    let mut jobs = gather::jobs(tree, &mut report);
    // In the order in which their bytes stand.
    jobs.sort_by_cached_key(|job| tree.array_ref(job.node).and_then(|array| array.place));
    let mut payloads = tree.payloads();
    for Job { node, what } in jobs {
        if let Err(error) = what.run(tree, &mut payloads, node, &mut report) {
            let is_over = error.kind() == ErrorKind::Limit;
            report.unread(node, error);
            if is_over {
                break;
            }
        }
    }
    report.flaws.sort_by_key(|flaw| flaw.node);
    report.unread.sort_by_key(|(node, _)| *node);
    report
}

#[cfg(test)]
mod tests;
