//! `built-twice`: an object is changed after something else has used it.

use super::{Class, Confidence, Rule, Severity};

/// The rule `built-twice`.
pub const RULE: Rule = Rule {
    id: "built-twice",
    class: Class::Memory,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "an object is changed after something else has used it",
    why: "Libraries check an object when they take it; a later change slips past the check.",
    help: "Do not load this file.",
};
