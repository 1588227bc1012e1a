//! `numpy-layout`: an array or data type contradicts itself.

use super::{Class, Confidence, Rule, Severity};

/// The rule `numpy-layout`.
pub const RULE: Rule = Rule {
    id: "numpy-layout",
    class: Class::Memory,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "an array or data type contradicts itself",
    why: "numpy believes what the file says of sizes and flags, and would read or write memory that is not the array's.",
    help: "Do not load this file.",
};
