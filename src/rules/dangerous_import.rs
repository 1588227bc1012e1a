//! `dangerous-import`: a name known to do harm is imported.

use super::{Class, Confidence, Rule, Severity};

/// The rule `dangerous-import`.
pub const RULE: Rule = Rule {
    id: "dangerous-import",
    class: Class::Code,
    severity: Severity::Critical,
    confidence: Confidence::High,
    title: "a name known to do harm is imported",
    why: "Importing runs the module's own code, and whatever uses the name next runs it.",
    help: "Do not load this file. Ask its author for the data in a format that runs nothing.",
};
