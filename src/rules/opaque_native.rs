//! `opaque-native`: bytes are handed to a native parser when the file is loaded.

use super::{Class, Confidence, Rule, Severity};

/// The rule `opaque-native`.
pub const RULE: Rule = Rule {
    id: "opaque-native",
    class: Class::Memory,
    severity: Severity::Info,
    confidence: Confidence::High,
    title: "bytes are handed to a native parser when the file is loaded",
    why: "The policy allows the class, but nothing has validated the bytes that its native library will parse.",
    help: "Keep the library up to date; prefer its own text or JSON format for files of unknown origin.",
};
