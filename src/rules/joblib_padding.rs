//! `joblib-padding`: the padding before an array is not joblib's.

use super::{Class, Confidence, Rule, Severity};

/// The rule `joblib-padding`.
pub const RULE: Rule = Rule {
    id: "joblib-padding",
    class: Class::Structure,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "the padding before an array is not joblib's",
    why: "joblib skips these bytes, and another reader runs them as opcodes.",
    help: "Do not load this file.",
};
