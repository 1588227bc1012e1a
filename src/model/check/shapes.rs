//! Shapes that agree: axes of one name have one length in all attributes of an object.

use super::{Kind, Report};
use crate::model::tree::{Node, NodeId, Tree};
use crate::model::views::{Dim, Estimator};

/// The lengths that names stand for, as far as they are known.
struct Lengths {
    features: Option<u64>,
    classes: Option<u64>,
    functions: Option<u64>,
    free: [Option<u64>; 8],
}

impl Lengths {
    /// Whether an axis may be so long; it is from now on, if it had no length yet.
    fn fits(&mut self, dim: Dim, length: u64) -> bool {
        let slot = match dim {
            Dim::One => return length == 1,
            Dim::ClassesLess1 => {
                return length == self.classes.map_or(1, |classes| classes.saturating_sub(1).max(1));
            }
            Dim::Features => &mut self.features,
            Dim::Classes => &mut self.classes,
            Dim::Functions => &mut self.functions,
            Dim::Free(number) => match self.free.get_mut(usize::from(number)) {
                Some(slot) => slot,
                None => return true,
            },
        };
        *slot.get_or_insert(length) == length
    }
}

/// Compares the attributes of an estimator with the shapes that are listed for its class.
pub(super) fn shapes(tree: &Tree<'_>, estimator: &Estimator<'_, '_>, report: &mut Report) {
    let Some(known) = estimator.known() else { return };
    let classes = estimator.get("classes_").and_then(|classes| one_axis(tree, classes));
    let functions = classes.map(|classes| if classes <= 2 { 1 } else { classes });
    let mut lengths = Lengths { features: estimator.n_features_in(), classes, functions, free: [None; 8] };
    for attribute in known.attributes.iter().filter(|attribute| !attribute.shapes.is_empty()) {
        let Some(id) = estimator.get(attribute.name) else { continue };
        let Some(shape) = crate::model::views::shape(tree, id) else { continue };
        let agrees = attribute.shapes.iter().any(|dims| {
            dims.len() == shape.len() && dims.iter().zip(shape).all(|(&dim, &length)| lengths.fits(dim, length))
        });
        if !agrees {
            let classes = lengths.classes.map(|classes| format!(", {classes} classes")).unwrap_or_default();
            let features = lengths.features.map(|features| format!(", {features} features")).unwrap_or_default();
            let message = format!("{} has the shape {shape:?}{features}{classes}: they do not agree", attribute.name);
            report.say(id, Kind::Disagreement, message);
        }
    }
}

/// The length of an array of one axis; of several outputs there is a list of them.
fn one_axis(tree: &Tree<'_>, id: NodeId) -> Option<u64> {
    match (tree.node(id), tree.array_ref(id)?.array.shape.as_deref()?) {
        (Node::Array(_), &[length]) => Some(length),
        _ => None,
    }
}
