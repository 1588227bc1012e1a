//! `unresolvable-import`: the name of an import is made at run time.

use super::{Class, Confidence, Rule, Severity};

/// The rule `unresolvable-import`.
pub const RULE: Rule = Rule {
    id: "unresolvable-import",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "the name of an import is made at run time",
    why: "What is imported depends on what earlier calls answer; no honest writer does this.",
    help: "Do not load this file.",
};
