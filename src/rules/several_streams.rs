//! `several-streams`: the file holds several pickles.

use super::{Class, Confidence, Rule, Severity};

/// The rule `several-streams`.
pub const RULE: Rule = Rule {
    id: "several-streams",
    class: Class::Structure,
    severity: Severity::Info,
    confidence: Confidence::High,
    title: "the file holds several pickles",
    why: "One call of load reads only the first; all of them were judged.",
    help: "Nothing, if the program that reads the file calls load that many times.",
};
