//! `model-pointer`: a number in a model points outside of what is there.

use super::{Class, Confidence, Rule, Severity};

/// The rule `model-pointer`.
pub const RULE: Rule = Rule {
    id: "model-pointer",
    class: Class::Memory,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "a number in a model points outside of what is there",
    why: "Libraries follow the nodes of a tree without a look: predicting reads foreign memory, crashes or never ends.",
    help: "Do not predict with this model; no library writes such numbers.",
};
