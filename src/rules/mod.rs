//! Rules: what a finding is called, why it matters and what to do.
//!
//! One file per rule, each with its own documentation; [`RULES`] lists them all. [`of`] names the rule of an objection
//! of the policy; the rules of structure are named by `audit`, which sees the layout of a file. A rule never decides:
//! levels come with the objection.

pub mod archive_anomaly;
pub mod argument_shape;
pub mod built_twice;
pub mod call_target;
pub mod callable_in_data;
pub mod code_by_value;
pub mod companion;
pub mod companion_path;
pub mod compressed_tail;
pub mod dangerous_call;
pub mod dangerous_import;
pub mod denied_import;
pub mod empty_file;
pub mod extension_code;
pub mod file_changed;
pub mod frame_anomaly;
pub mod internal_error;
pub mod interrupted;
pub mod joblib_padding;
pub mod limit_reached;
pub mod load_cost;
pub mod loader_divergence;
pub mod model_mismatch;
pub mod model_number;
pub mod model_pointer;
pub mod mutation_target;
pub mod needs_buffers;
pub mod needs_encoding;
pub mod not_walked;
pub mod numpy_layout;
pub mod opaque_native;
pub mod persistent_id;
pub mod refused_stream;
pub mod several_streams;
pub mod shadowing_module;
pub mod tensor_layout;
pub mod torch_weights_only;
pub mod torchscript_code;
pub mod trailing_data;
pub mod unknown_format;
pub mod unlisted_import;
pub mod unlisted_use;
pub mod unread_member;
pub mod unresolvable_import;
pub mod unsupported_format;
pub mod use_time;

pub use crate::finding::{Class, Confidence, Severity};
use crate::finding::{Finding, Level, Location};
use crate::policy::Objection;

/// What is fixed about a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its identifier, stable over versions.
    pub id: &'static str,
    /// What kind of harm it is about.
    pub class: Class,
    /// How bad that is.
    pub severity: Severity,
    /// How sure a finding of it is.
    pub confidence: Confidence,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// Why that matters, one or two sentences.
    pub why: &'static str,
    /// What to do about it, one or two sentences.
    pub help: &'static str,
}

/// Every rule, by identifier.
pub const RULES: &[&Rule] = &[
    &archive_anomaly::RULE,
    &argument_shape::RULE,
    &built_twice::RULE,
    &call_target::RULE,
    &callable_in_data::RULE,
    &code_by_value::RULE,
    &companion::RULE,
    &companion_path::RULE,
    &compressed_tail::RULE,
    &dangerous_call::RULE,
    &dangerous_import::RULE,
    &denied_import::RULE,
    &empty_file::RULE,
    &extension_code::RULE,
    &file_changed::RULE,
    &frame_anomaly::RULE,
    &internal_error::RULE,
    &interrupted::RULE,
    &joblib_padding::RULE,
    &limit_reached::RULE,
    &load_cost::RULE,
    &loader_divergence::RULE,
    &model_mismatch::RULE,
    &model_number::RULE,
    &model_pointer::RULE,
    &mutation_target::RULE,
    &needs_buffers::RULE,
    &needs_encoding::RULE,
    &not_walked::RULE,
    &numpy_layout::RULE,
    &opaque_native::RULE,
    &persistent_id::RULE,
    &refused_stream::RULE,
    &several_streams::RULE,
    &shadowing_module::RULE,
    &tensor_layout::RULE,
    &torch_weights_only::RULE,
    &torchscript_code::RULE,
    &trailing_data::RULE,
    &unknown_format::RULE,
    &unlisted_import::RULE,
    &unlisted_use::RULE,
    &unread_member::RULE,
    &unresolvable_import::RULE,
    &unsupported_format::RULE,
    &use_time::RULE,
];

impl Rule {
    /// A finding of this rule.
    pub fn finding(&self, level: Level, message: String, location: Location) -> Finding {
        Finding {
            rule: self.id,
            level,
            class: self.class,
            severity: self.severity,
            confidence: self.confidence,
            message,
            why: self.why.to_owned(),
            help: self.help.to_owned(),
            symbol: None,
            location,
            loaders: Vec::new(),
            count: 1,
            accepted: None,
        }
    }
}

/// The rule of an objection.
pub const fn of(objection: Objection) -> &'static Rule {
    match objection {
        Objection::DangerousImport => &dangerous_import::RULE,
        Objection::DangerousCall => &dangerous_call::RULE,
        Objection::UnlistedImport => &unlisted_import::RULE,
        Objection::DeniedImport => &denied_import::RULE,
        Objection::UnresolvableImport => &unresolvable_import::RULE,
        Objection::UnlistedUse => &unlisted_use::RULE,
        Objection::ArgumentShape => &argument_shape::RULE,
        Objection::CallTarget => &call_target::RULE,
        Objection::MutationTarget => &mutation_target::RULE,
        Objection::BuiltTwice => &built_twice::RULE,
        Objection::CallableInData => &callable_in_data::RULE,
        Objection::NumpyLayout => &numpy_layout::RULE,
        Objection::TensorLayout => &tensor_layout::RULE,
        Objection::LoadCost => &load_cost::RULE,
        Objection::PersistentId => &persistent_id::RULE,
        Objection::ExtensionCode => &extension_code::RULE,
        Objection::NeedsBuffers => &needs_buffers::RULE,
        Objection::OpaqueNative => &opaque_native::RULE,
        Objection::CodeByValue => &code_by_value::RULE,
        Objection::UseTime => &use_time::RULE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_sorted() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
