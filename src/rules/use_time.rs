//! `use-time`: something here acts only when the loaded object is used.

use super::{Class, Confidence, Rule, Severity};

/// The rule `use-time`.
pub const RULE: Rule = Rule {
    id: "use-time",
    class: Class::UseTime,
    severity: Severity::Info,
    confidence: Confidence::Medium,
    title: "something here acts only when the loaded object is used",
    why: "Loading is harmless, but fit or predict will call, open or evaluate what the file names.",
    help: "Look at it before you call fit or predict.",
};
