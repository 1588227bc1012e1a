//! `model-pointer`: a number in a model points outside of what is there.

use super::{Class, Confidence, Rule, Severity};

/// The rule `model-pointer`.
pub const RULE: Rule = Rule {
    id: "model-pointer",
    class: Class::Memory,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "a number in a model or a sparse matrix points outside of what is there",
    why: "Libraries follow such numbers without a look: to predict or to multiply reads foreign memory, crashes or never ends.",
    help: "Do not use this object; no library writes such numbers.",
};
