//! `callable-in-data`: a function or class stands where only data is expected.

use super::{Class, Confidence, Rule, Severity};

/// The rule `callable-in-data`.
pub const RULE: Rule = Rule {
    id: "callable-in-data",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::Medium,
    title: "a function or class stands where only data is expected",
    why: "Libraries call what they find under some names, and here the file chooses what that is.",
    help: "Load the file only if you know why the callable is there and what calls it.",
};
