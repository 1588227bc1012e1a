//! `trailing-data`: some bytes belong to nothing that is loaded.

use super::{Class, Confidence, Rule, Severity};

/// The rule `trailing-data`.
pub const RULE: Rule = Rule {
    id: "trailing-data",
    class: Class::Structure,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "some bytes belong to nothing that is loaded",
    why: "Readers ignore them; a program that reads on, or another tool, may find something there.",
    help: "Ask the author to write the file again; an honest writer leaves nothing behind.",
};
