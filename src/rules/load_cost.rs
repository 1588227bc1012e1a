//! `load-cost`: loading costs far more than the file's size.

use super::{Class, Confidence, Rule, Severity};

/// The rule `load-cost`.
pub const RULE: Rule = Rule {
    id: "load-cost",
    class: Class::Cost,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "loading costs far more than the file's size",
    why: "A few bytes can make their reader allocate all memory, or run for ever.",
    help: "Load it only with limits on memory and time, if at all.",
};
