//! `shadowing-module`: a directory holds code that Python would take for a library that models are loaded with.

use super::{Class, Confidence, Rule, Severity};

/// The rule `shadowing-module`.
pub const RULE: Rule = Rule {
    id: "shadowing-module",
    class: Class::Code,
    severity: Severity::High,
    confidence: Confidence::Medium,
    title: "a file beside the models stands before a library, or runs when Python starts",
    why: "Python looks for modules in the directory that it is started in or that a program lies in, before it looks \
          where libraries are installed: a model that is clean would import this code.",
    help: "Delete or rename it, unless it is yours; load models from another directory, or with `python -P`.",
};
