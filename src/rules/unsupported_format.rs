//! `unsupported-format`: the format is not analysed yet.

use super::{Class, Confidence, Rule, Severity};

/// The rule `unsupported-format`.
pub const RULE: Rule = Rule {
    id: "unsupported-format",
    class: Class::Structure,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "the format is not analysed yet",
    why: "Archives and wrappers of this kind can hold pickles, and this version does not open them.",
    help: "Unpack it and scan what is inside.",
};
