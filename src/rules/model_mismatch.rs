//! `model-mismatch`: two parts of a model do not agree.

use super::{Class, Confidence, Rule, Severity};

/// The rule `model-mismatch`.
pub const RULE: Rule = Rule {
    id: "model-mismatch",
    class: Class::Integrity,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "two parts of a model do not agree",
    why: "The model was changed after it was fitted, or damaged: it fails when it is used, or answers nonsense.",
    help: "Find out who changed it; fit and save it anew.",
};
