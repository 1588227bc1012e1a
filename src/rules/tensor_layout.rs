//! `tensor-layout`: a tensor reaches beyond its storage, or its indices beyond what they count.

use super::{Class, Confidence, Rule, Severity};

/// The rule `tensor-layout`.
pub const RULE: Rule = Rule {
    id: "tensor-layout",
    class: Class::Memory,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "a tensor reaches beyond its storage",
    why: "torch takes sizes, offsets and the indices of sparse tensors at their word: memory of the process is read or written out of bounds.",
    help: "Do not load this file; no version of torch writes such a tensor.",
};
