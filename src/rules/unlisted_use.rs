//! `unlisted-use`: an allowed name is used in a way that the policy does not allow.

use super::{Class, Confidence, Rule, Severity};

/// The rule `unlisted-use`.
pub const RULE: Rule = Rule {
    id: "unlisted-use",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "an allowed name is used in a way that the policy does not allow",
    why: "A name that is harmless in one place can call, construct or import anything in another.",
    help: "Do not load this file unless you know why its writer needs this use.",
};
