//! `limit-reached`: a limit was reached before the end.

use super::{Class, Confidence, Rule, Severity};

/// The rule `limit-reached`.
pub const RULE: Rule = Rule {
    id: "limit-reached",
    class: Class::Cost,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "a limit was reached before the end",
    why: "What lies beyond the limit has not been looked at.",
    help: "If you expect a file of this size, raise the limit: --limit help lists them.",
};
