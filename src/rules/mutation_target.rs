//! `mutation-target`: something that the stream did not make is changed.

use super::{Class, Confidence, Rule, Severity};

/// The rule `mutation-target`.
pub const RULE: Rule = Rule {
    id: "mutation-target",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "something that the stream did not make is changed",
    why: "Changing an imported or shared object changes the running program itself.",
    help: "Do not load this file.",
};
