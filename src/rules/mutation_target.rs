//! `mutation-target`: an object that the file did not make is changed.

use super::{Class, Confidence, Rule, Severity};

/// The rule `mutation-target`.
pub const RULE: Rule = Rule {
    id: "mutation-target",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "an object that the file did not make is changed",
    why: "What is imported or shared belongs to the running program: changing it changes the program itself.",
    help: "Do not load this file.",
};
