//! `denied-import`: a name that the user's policy denies is imported.

use super::{Class, Confidence, Rule, Severity};

/// The rule `denied-import`.
pub const RULE: Rule = Rule {
    id: "denied-import",
    class: Class::Code,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "a name that the user's policy denies is imported",
    why: "Whoever wrote the policy does not want files that need this name.",
    help: "Ask whoever wrote the policy, or have the file written again without it.",
};
