//! `needs-buffers`: part of the object is kept outside of the file.

use super::{Class, Confidence, Rule, Severity};

/// The rule `needs-buffers`.
pub const RULE: Rule = Rule {
    id: "needs-buffers",
    class: Class::Structure,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "part of the object is kept outside of the file",
    why: "The file asks for buffers that its program stored elsewhere, so what they hold cannot be judged.",
    help: "Have it written without buffer_callback, or scan the buffers as well.",
};
