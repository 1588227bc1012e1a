//! `unknown-format`: the content is not recognised.

use super::{Class, Confidence, Rule, Severity};

/// The rule `unknown-format`.
pub const RULE: Rule = Rule {
    id: "unknown-format",
    class: Class::Structure,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "the content is not recognised",
    why: "It is no pickle that a known reader loads, and no format that is known to be harmless.",
    help: "If it should be a model file, it may be damaged; get it again.",
};
