//! `internal-error`: depickle itself failed at this file.

use super::{Class, Confidence, Rule, Severity};

/// The rule `internal-error`.
pub const RULE: Rule = Rule {
    id: "internal-error",
    class: Class::Structure,
    severity: Severity::Info,
    confidence: Confidence::High,
    title: "depickle itself failed at this file",
    why: "Nothing is known of the file.",
    help: "Please report this line and, if you may, the file, as SECURITY.md says.",
};
