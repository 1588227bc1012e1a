//! `unread-member`: a member of an archive could not be read.

use super::{Class, Confidence, Rule, Severity};

/// The rule `unread-member`.
pub const RULE: Rule = Rule {
    id: "unread-member",
    class: Class::Structure,
    severity: Severity::Medium,
    confidence: Confidence::High,
    title: "a member of an archive could not be read",
    why: "It may hold a pickle, and nothing in it was judged.",
    help: "Unpack it with the program that wrote it, and scan what is inside.",
};
