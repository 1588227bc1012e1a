//! From what the policy says of a reading to findings and imports.

use super::Job;
use super::collect::Collected;
use super::evidence;
use super::member::Member;
use super::passes::{is_within, reached};
use super::structure::stream_of;
use crate::escape::escape;
use crate::finding::{Decision, Import, Level, Location};
use crate::loader::paths::{Paths, value_of};
use crate::loader::{Pass, Subject};
use crate::machine::Action;
use crate::opcode::Window;
use crate::policy::{self, Objection, Policy};
use crate::rules;

/// How much of what a pass reaches counts.
pub(super) enum Scope<'a> {
    /// All of it.
    Own,
    /// What another format's reader reaches: up to the first hook, which stops it; and in these runs, where it reads
    /// honest opcodes with the wrong memo, only what is known to do harm.
    Foreign(&'a [(u64, u64)]),
}

impl Scope<'_> {
    /// Whether something at an offset counts.
    fn counts(&self, offset: u64, is_harm: bool) -> bool {
        match self {
            Self::Own => true,
            Self::Foreign(nested) => is_harm || !is_within(nested, offset),
        }
    }
}

/// Judges every reading of a pass.
pub(super) fn judge<W: Window>(
    pass: &Pass<W>,
    member: &Member,
    policy: &Policy,
    collected: &mut Collected,
    scope: &Scope<'_>,
) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (index, reading) in pass.readings.iter().enumerate() {
        if reading.effects.is_empty() && reading.costliest_key.0 < 1 << 16 && reading.highest_index.0 < 1 << 16 {
            continue;
        }
        let subject = Subject { reading, source: pass.source() };
        let judged = policy::judge(subject, policy);
        let stream = stream_of(pass, index);
        // Where a hook stops a foreign reader.
        let stopped = match scope {
            Scope::Own => usize::MAX,
            Scope::Foreign(_) => reading.effects.get(reached(reading).count()).map_or(usize::MAX, |hook| hook.at),
        };
        let place = |position: usize| Location { stream, ..member.at(Some(pass.source().offset(position))) };
        let mut first = vec![(usize::MAX, 0_u64); reading.ast.symbols().len()];
        for effect in &reading.effects {
            if let Action::Import { value, .. } = effect.action
                && let Some(seen) = first.get_mut(value.index())
            {
                *seen = (seen.0.min(effect.at), seen.1.saturating_add(1));
            }
        }
        for row in judged.symbols {
            let (Some(symbol), Some(&(at, count))) = (reading.ast.symbols().get(row.symbol), first.get(row.symbol))
            else {
                continue;
            };
            let is_harm = row.decision == Decision::Dangerous;
            if at >= stopped || !scope.counts(pass.source().offset(at), is_harm) {
                continue;
            }
            collected.import(Import {
                module: symbol.module.to_string(),
                name: symbol.name.to_string(),
                symbol: row.resolved,
                decision: row.decision,
                entry: row.entry.map(str::to_owned),
                uses: row.uses,
                loaders: reading.readers.names(),
                location: place(at),
                count,
            });
        }
        let view = subject.view();
        let worth_a_path = judged.judgements.iter().any(|judgement| judgement.level > Level::Note);
        let paths = reading.root.filter(|_| worth_a_path).map(|root| Paths::from(view, root));
        for judgement in judged.judgements {
            let rule = rules::of(judgement.objection);
            let at = reading.effects.get(judgement.effect).map_or(reading.start, |effect| effect.at);
            let is_harm = matches!(
                judgement.objection,
                Objection::DangerousImport | Objection::DangerousCall | Objection::CodeByValue
            );
            if at >= stopped || !scope.counts(pass.source().offset(at), is_harm) {
                continue;
            }
            let mut location = place(at);
            let value = value_of(view, judgement.effect);
            let path = paths.as_ref().zip(value).and_then(|(paths, value)| paths.to(value));
            location.object_path = path.map(|path| path.to_string());
            let message = if judgement.detail.is_empty() { rule.title.to_owned() } else { judgement.detail };
            let mut finding = rule.finding(judgement.level, message, location);
            finding.symbol = (!judgement.symbol.is_empty()).then(|| escape(&judgement.symbol).into_owned());
            finding.loaders = reading.readers.names();
            collected.add(finding);
            if judgement.level > Level::Note {
                jobs.extend(evidence::below(view, judgement.effect, pass, member));
            }
        }
    }
    jobs
}
