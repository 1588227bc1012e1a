//! `loader-divergence`: readers do not agree on what the bytes mean.

use super::{Class, Confidence, Rule, Severity};

/// The rule `loader-divergence`.
pub const RULE: Rule = Rule {
    id: "loader-divergence",
    class: Class::Structure,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "readers do not agree on what the bytes mean",
    why: "What was checked with one reader may be something else to the one that loads the file.",
    help: "Do not load this file.",
};
