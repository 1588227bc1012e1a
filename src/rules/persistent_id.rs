//! `persistent-id`: the stream asks the loader for an object by a persistent id.

use super::{Class, Confidence, Rule, Severity};

/// The rule `persistent-id`.
pub const RULE: Rule = Rule {
    id: "persistent-id",
    class: Class::Code,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "the stream asks the loader for an object by a persistent id",
    why: "What the id stands for is decided by the program that loads the file; plain pickle and joblib refuse it.",
    help: "Load it only with the program that it was written for.",
};
