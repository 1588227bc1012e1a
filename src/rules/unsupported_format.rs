//! `unsupported-format`: this version does not analyse the format.

use super::{Class, Confidence, Rule, Severity};

/// The rule `unsupported-format`.
pub const RULE: Rule = Rule {
    id: "unsupported-format",
    class: Class::Structure,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "this version does not analyse the format",
    why: "Files of this kind can hold pickles, and nothing inside was looked at.",
    help: "Unpack it and scan what is inside.",
};
