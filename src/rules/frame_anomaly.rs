//! `frame-anomaly`: a frame does not fit what it frames.

use super::{Class, Confidence, Rule, Severity};

/// The rule `frame-anomaly`.
pub const RULE: Rule = Rule {
    id: "frame-anomaly",
    class: Class::Structure,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "a frame does not fit what it frames",
    why: "Readers differ on such a frame (a count of bytes that belong together): one may run what another does not see.",
    help: "Do not load this file; no honest writer makes such frames.",
};
