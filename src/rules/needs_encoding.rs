//! `needs-encoding`: strings of Python 2 need an encoding.

use super::{Class, Confidence, Rule, Severity};

/// The rule `needs-encoding`.
pub const RULE: Rule = Rule {
    id: "needs-encoding",
    class: Class::Structure,
    severity: Severity::Info,
    confidence: Confidence::High,
    title: "strings of Python 2 need an encoding",
    why: "pickle.load without encoding='latin1' or 'bytes' stops at the first of them; all of them were read.",
    help: "Load it with encoding='latin1'.",
};
