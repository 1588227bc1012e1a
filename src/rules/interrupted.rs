//! `interrupted`: the scan was interrupted.

use super::{Class, Confidence, Rule, Severity};

/// The rule `interrupted`.
pub const RULE: Rule = Rule {
    id: "interrupted",
    class: Class::Structure,
    severity: Severity::Info,
    confidence: Confidence::High,
    title: "the scan was interrupted",
    why: "What was not scanned may hold anything.",
    help: "Scan again, to the end.",
};
