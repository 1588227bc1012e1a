//! `torch-weights-only`: the default of `torch.load` refuses the file.

use super::{Class, Confidence, Rule, Severity};

/// The rule `torch-weights-only`.
pub const RULE: Rule = Rule {
    id: "torch-weights-only",
    class: Class::Structure,
    severity: Severity::Info,
    confidence: Confidence::Medium,
    title: "torch.load(weights_only=True) refuses the file",
    why: "It is the default from torch 2.6 on, and it reads only names of a list of its own, in pickles of protocol 2.",
    help: "Allow these names before loading if you trust them, or ask for a state dict.",
};
