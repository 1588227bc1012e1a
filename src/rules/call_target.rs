//! `call-target`: something that is not an imported name is called.

use super::{Class, Confidence, Rule, Severity};

/// The rule `call-target`.
pub const RULE: Rule = Rule {
    id: "call-target",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "something that is not an imported name is called",
    why: "What is called is the answer of another call, so no allowlist can vouch for it.",
    help: "Do not load this file.",
};
