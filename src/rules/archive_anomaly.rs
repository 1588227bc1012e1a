//! `archive-anomaly`: an archive contradicts itself.

use super::{Class, Confidence, Rule, Severity};

/// The rule `archive-anomaly`.
pub const RULE: Rule = Rule {
    id: "archive-anomaly",
    class: Class::Structure,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "an archive contradicts itself",
    why: "Readers disagree on what is in it: what one of them checks is not what another one loads.",
    help: "Ask the author to write the archive again; no ordinary writer makes such a file.",
};
