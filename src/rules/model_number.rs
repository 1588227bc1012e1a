//! `model-number`: a number of a model is not finite.

use super::{Class, Confidence, Rule, Severity};

/// The rule `model-number`.
pub const RULE: Rule = Rule {
    id: "model-number",
    class: Class::Integrity,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    title: "a number of a model is not finite",
    why: "Fitting leaves nothing here that is NaN or infinite; what the model answers will be no number, either.",
    help: "Fit the model anew, and look at what it is fitted with.",
};
