//! `persistent-id`: the file asks the loading program for an object by a persistent id.

use super::{Class, Confidence, Rule, Severity};

/// The rule `persistent-id`.
pub const RULE: Rule = Rule {
    id: "persistent-id",
    class: Class::Code,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "the file asks the loading program for an object by a persistent id",
    why: "The program decides what the id stands for; pickle.load and joblib.load refuse it.",
    help: "Load it only with the program that it was written for.",
};
