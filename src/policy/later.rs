//! What acts only when the loaded object is used: keys of states whose values a library calls, opens or compiles then.

use super::facts::Facts;
use super::matcher::Matcher;
use crate::ast::{Kind, Value};
use crate::finding::Level;

/// What a key of a state leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Later {
    /// A callable is called.
    Call,
    /// A directory is written to, and pickles in it are loaded.
    Cache,
    /// A text is compiled as a regular expression.
    Pattern,
    /// A text is evaluated as a formula.
    Formula,
}

/// The pattern that scikit-learn's vectorizers have unless they are given another.
const USUAL_PATTERN: &[u8] = br"(?u)\b\w\w+\b";

impl Later {
    /// What the value of this key leads to.
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"func" | b"inverse_func" | b"score_func" | b"_score_func" | b"scorer_" | b"scoring" | b"pooling_func"
            | b"tokenizer" | b"preprocessor" | b"analyzer" | b"metric" | b"kernel" | b"refit" | b"corr" | b"regr"
            | b"pyfunc" | b"importance_getter" | b"objective" | b"eval_metric" => Self::Call,
            b"memory" | b"cachedir" => Self::Cache,
            b"token_pattern" => Self::Pattern,
            b"formula" => Self::Formula,
            _ => return None,
        })
    }

    /// Whether this value does so: most have their defaults.
    pub(super) fn acts(self, matcher: &Matcher<'_, '_>, value: Value) -> bool {
        let is_text = matches!(value.kind(), Kind::Str | Kind::ByteStr);
        match self {
            Self::Call => matcher.facts.is_callable(value),
            Self::Cache | Self::Formula => is_text,
            Self::Pattern => is_text && !matcher.is_text(value, USUAL_PATTERN),
        }
    }

    /// What that means for the verdict: a callable that not anyone may call with any data is worth more than a note.
    pub(super) fn level(self, facts: &Facts, value: Value) -> Level {
        if self == Self::Call && !facts.is_harmless(value) { Level::Suspicious } else { Level::Note }
    }

    /// What happens then.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Call => "is called when the object is used",
            Self::Cache => "is a directory that fit writes to and loads pickles from",
            Self::Pattern => "is a regular expression that runs on every text",
            Self::Formula => "is a formula that is evaluated when the object is used",
        }
    }
}
