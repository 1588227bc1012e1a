//! `refused-stream`: the stream cannot be read to its end.

use super::{Class, Confidence, Rule, Severity};

/// The rule `refused-stream`.
pub const RULE: Rule = Rule {
    id: "refused-stream",
    class: Class::Structure,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "the stream cannot be read to its end",
    why: "What follows the place where it breaks is unknown; everything before it would run.",
    help: "Get the file again: it may have been cut short.",
};
