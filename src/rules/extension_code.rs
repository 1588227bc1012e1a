//! `extension-code`: the file asks for an object by an extension code.

use super::{Class, Confidence, Rule, Severity};

/// The rule `extension-code`.
pub const RULE: Rule = Rule {
    id: "extension-code",
    class: Class::Code,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "the file asks for an object by an extension code",
    why: "What the code stands for depends on what the loading program has registered (copyreg.add_extension).",
    help: "Load it only with the program that it was written for.",
};
