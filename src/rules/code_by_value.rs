//! `code-by-value`: the file holds code of its own.

use super::{Class, Confidence, Rule, Severity};

/// The rule `code-by-value`.
pub const RULE: Rule = Rule {
    id: "code-by-value",
    class: Class::Code,
    severity: Severity::Critical,
    confidence: Confidence::High,
    title: "the file holds code of its own",
    why: "A function or class was saved with its bytecode, which runs when it is loaded or used.",
    help: "Load it only if you trust its author as you would trust a program; ask for the class in a package instead.",
};
