//! The numbers in the models of a file: what a scan looks at only where it is asked to, for it reads every node.

use super::collect::Collected;
use crate::error::ErrorKind;
use crate::finding::{Level, Location};
use crate::inspect::{self, Outline};
use crate::limits::Limits;
use crate::model::check::{self, Kind};
use crate::model::tree::{NodeId, Tree};
use crate::rules::{self, Rule};

/// Checks the models of a file, of an archive the member that holds the model. What cannot be opened is no matter here:
/// reading it has told why.
pub(super) fn check(bytes: &[u8], limits: &Limits, collected: &mut Collected) {
    let Ok(mut contents) = inspect::open(bytes, limits) else { return };
    let member = contents.name.clone();
    let outline = Outline::new(&mut contents);
    for root in outline.roots().iter().filter(|root| !root.nested && root.node.is_some()) {
        let place = Location { member: member.clone(), stream: root.stream, ..Location::default() };
        match Tree::of(&outline, root) {
            Ok(tree) => report(&tree, &place, collected),
            Err(error) if error.kind() == ErrorKind::Limit => {
                collected.say(&rules::limit_reached::RULE, Level::Incomplete, error.message(), place);
            }
            Err(_) => {}
        }
    }
}

fn rule(kind: Kind) -> (&'static Rule, Level) {
    match kind {
        Kind::Pointer => (&rules::model_pointer::RULE, Level::Dangerous),
        Kind::Disagreement => (&rules::model_mismatch::RULE, Level::Suspicious),
        Kind::NotFinite => (&rules::model_number::RULE, Level::Note),
    }
}

fn report(tree: &Tree<'_>, place: &Location, collected: &mut Collected) {
    let found = check::check(tree);
    let at = |node: NodeId| Location {
        offset: tree.offset(node),
        file_offset: tree.array_ref(node).and_then(|array| array.file_offset),
        object_path: Some(tree.path(node).to_string()),
        ..place.clone()
    };
    for flaw in found.flaws {
        let (rule, level) = rule(flaw.kind);
        collected.say(rule, level, flaw.message, at(flaw.node));
    }
    for (node, error) in found.unread {
        match error.kind() {
            ErrorKind::Limit => {
                collected.say(&rules::limit_reached::RULE, Level::Incomplete, error.message(), at(node));
            }
            // A form that is not known, or an array that is no good: the library refuses it, or the note on bytes for its
            // native parser stands.
            _ => {
                let message = format!("not looked at: {}", error.message());
                collected.say(&rules::model_pointer::RULE, Level::Note, message, at(node));
            }
        }
    }
}
