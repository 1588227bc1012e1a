//! `torchscript-code`: the file is a program for torch's own interpreter.

use super::{Class, Confidence, Rule, Severity};

/// The rule `torchscript-code`.
pub const RULE: Rule = Rule {
    id: "torchscript-code",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::High,
    title: "the file is a program for torch's own interpreter",
    why: "TorchScript is code that came with the file; parts of it run when it is loaded, the rest when it is used.",
    help: "Read its code, or ask for the weights alone: a state dict, or a safetensors file.",
};
