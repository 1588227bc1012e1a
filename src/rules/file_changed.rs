//! `file-changed`: the file was written to while it was read.

use super::{Class, Confidence, Rule, Severity};

/// The rule `file-changed`.
pub const RULE: Rule = Rule {
    id: "file-changed",
    class: Class::Structure,
    severity: Severity::Info,
    confidence: Confidence::High,
    title: "the file was written to while it was read",
    why: "What was read may never have been one file.",
    help: "Scan a copy of it.",
};
