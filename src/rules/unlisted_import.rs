//! `unlisted-import`: a name that the policy does not know is imported.

use super::{Class, Confidence, Rule, Severity};

/// The rule `unlisted-import`.
pub const RULE: Rule = Rule {
    id: "unlisted-import",
    class: Class::Code,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "a name that the policy does not know is imported",
    why: "Importing runs code of a module that nobody has vetted for this file.",
    help: "If you know and trust the code behind the name, the file may be fine; otherwise do not load it.",
};
