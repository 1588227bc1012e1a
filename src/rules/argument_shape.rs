//! `argument-shape`: an allowed name is given arguments or a state that the policy does not allow.

use super::{Class, Confidence, Rule, Severity};

/// The rule `argument-shape`.
pub const RULE: Rule = Rule {
    id: "argument-shape",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "an allowed name is given arguments or a state that the policy does not allow",
    why: "The library never writes these values for it; with them, the same name may do something else.",
    help: "Do not load this file unless you know why its writer needs these values.",
};
