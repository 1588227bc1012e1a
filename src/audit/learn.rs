//! The least policy under which vetted files are clean.

use super::collect::Collected;
use super::run::run;
use crate::finding::FileReport;
use crate::input::Source;
use crate::limits::Limits;
use crate::policy::user::{Context, Day, Section};
use crate::policy::{Observations, Policy};

/// How often the files are looked at again with what was learned: what one policy lets be seen, the next one allows.
const MAX_ROUNDS: usize = 8;

/// What was learned.
#[derive(Debug)]
pub struct Learned {
    /// The policy, as TOML; empty where the files need none.
    pub policy: String,
    /// What is to be said of the files under it, in their order. Where one is not clean, it does what no policy is
    /// learned for.
    pub reports: Vec<FileReport>,
}

/// Learns the least policy, beside the built-in one, under which `sources` are clean; `reason` is given for each item.
///
/// What is known to do harm is never learned, and neither is what no shape can be given for.
pub fn learn(sources: &[Source<'_>], reason: &str, limits: &Limits) -> Learned {
    // Nothing that is learned expires or accepts anything.
    let context = Context { file: "learned", section: Section::Whole, today: Day::FIRST, rules: &[] };
    let (mut policy, mut text) = (Policy::builtin(), String::new());
    for _ in 0..MAX_ROUNDS {
        let mut observations = Observations::default();
        for source in sources {
            run(source, &policy, limits, Collected::default(), Some(&mut observations));
        }
        let learned = observations.policy(reason);
        if learned == text {
            break;
        }
        // A policy that is not one allows nothing, and the reports say so.
        let Ok(Some(next)) = Policy::parse(&learned, &context) else { break };
        (policy, text) = (next, learned);
    }
    let reports = sources.iter().map(|source| super::scan(source, &policy, limits)).collect();
    Learned { policy: text, reports }
}
