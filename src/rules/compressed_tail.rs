//! `compressed-tail`: the compressed data ends unlike its writer ends it.

use super::{Class, Confidence, Rule, Severity};

/// The rule `compressed-tail`.
pub const RULE: Rule = Rule {
    id: "compressed-tail",
    class: Class::Structure,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "the compressed data ends unlike its writer ends it",
    why: "Readers differ on what belongs to such data.",
    help: "Ask the author to write the file again.",
};
