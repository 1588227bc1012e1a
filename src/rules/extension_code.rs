//! `extension-code`: the stream asks the extension registry for an object.

use super::{Class, Confidence, Rule, Severity};

/// The rule `extension-code`.
pub const RULE: Rule = Rule {
    id: "extension-code",
    class: Class::Code,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "the stream asks the extension registry for an object",
    why: "What the code stands for depends on what else the program has registered.",
    help: "Load it only with the program that it was written for.",
};
