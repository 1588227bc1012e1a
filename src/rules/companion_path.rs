//! `companion-path`: the file names a companion outside its own directory.

use super::{Class, Confidence, Rule, Severity};

/// The rule `companion-path`.
pub const RULE: Rule = Rule {
    id: "companion-path",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "the file names a companion outside its own directory",
    why: "Loading would read a file that the writer of this one chose, pickles in it included.",
    help: "Do not load this file.",
};
