//! `frame-anomaly`: a frame does not hold what it should.

use super::{Class, Confidence, Rule, Severity};

/// The rule `frame-anomaly`.
pub const RULE: Rule = Rule {
    id: "frame-anomaly",
    class: Class::Structure,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "a frame does not hold what it should",
    why: "Readers differ on what such bytes mean, so that one of them may run what another does not see.",
    help: "Do not load this file; no honest writer makes such frames.",
};
