//! `not-walked`: a link or a directory was not followed.

use super::{Class, Confidence, Rule, Severity};

/// The rule `not-walked`.
pub const RULE: Rule = Rule {
    id: "not-walked",
    class: Class::Structure,
    severity: Severity::Info,
    confidence: Confidence::High,
    title: "a link or a directory was not followed",
    why: "A link out of the tree may lead anywhere, so what it leads to was not looked at; nothing loads models from a version control store.",
    help: "Name it on the command line to have it read.",
};
