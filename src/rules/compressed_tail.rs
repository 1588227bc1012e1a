//! `compressed-tail`: the compressed data does not end as its writer ends it.

use super::{Class, Confidence, Rule, Severity};

/// The rule `compressed-tail`.
pub const RULE: Rule = Rule {
    id: "compressed-tail",
    class: Class::Structure,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "the compressed data does not end as its writer ends it",
    why: "Readers differ on where such data ends, so one may load what another does not see.",
    help: "Ask the author to write the file again.",
};
