//! `needs-buffers`: the stream needs buffers that are not in the file.

use super::{Class, Confidence, Rule, Severity};

/// The rule `needs-buffers`.
pub const RULE: Rule = Rule {
    id: "needs-buffers",
    class: Class::Structure,
    severity: Severity::Low,
    confidence: Confidence::High,
    title: "the stream needs buffers that are not in the file",
    why: "Part of the object was kept elsewhere, so it cannot be judged.",
    help: "Scan the file together with the program that keeps its buffers, or have it written without buffer_callback.",
};
