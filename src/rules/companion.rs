//! `companion`: the file names another file that could not be judged.

use super::{Class, Confidence, Rule, Severity};

/// The rule `companion`.
pub const RULE: Rule = Rule {
    id: "companion",
    class: Class::Structure,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "the file names another file that could not be judged",
    why: "joblib before 0.10 kept arrays in files of their own, and loads pickles from them, too.",
    help: "Put the files beside this one as they were written, and scan again.",
};
