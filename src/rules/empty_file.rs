//! `empty-file`: the file is empty.

use super::{Class, Confidence, Rule, Severity};

/// The rule `empty-file`.
pub const RULE: Rule = Rule {
    id: "empty-file",
    class: Class::Structure,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "the file is empty",
    why: "There is nothing to load; a writer may have been interrupted.",
    help: "Get the file again.",
};
