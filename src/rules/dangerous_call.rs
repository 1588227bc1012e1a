//! `dangerous-call`: a callable known to do harm is called.

use super::{Class, Confidence, Rule, Severity};

/// The rule `dangerous-call`.
pub const RULE: Rule = Rule {
    id: "dangerous-call",
    class: Class::Code,
    severity: Severity::Critical,
    confidence: Confidence::High,
    title: "a callable known to do harm is called",
    why: "It runs as soon as the file is loaded, before your program sees the object.",
    help: "Do not load this file. If it reached you by download, report it to where it came from.",
};
