//! From what the policy says of a reading to findings and imports.

use super::Job;
use super::collect::Collected;
use super::evidence;
use super::member::Member;
use super::passes::{Known, acts, reached_by_foreign};
use crate::escape::escape;
use crate::finding::{Decision, Import, Level, Location};
use crate::loader::paths::{Paths, value_of};
use crate::loader::{Pass, Subject};
use crate::machine::Action;
use crate::opcode::Window;
use crate::policy::{self, InForce, Objection, Observations};
use crate::rules;

/// How much of what a pass reaches counts.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// All of it.
    Own,
    /// What another format's reader reaches when it takes array bytes for opcodes. Where the own reader runs the same
    /// opcode, this one does it with the wrong memo, and only names count that are known to do harm; elsewhere all
    /// names and calls do, and what would corrupt memory. Array bytes that by chance put something into an object do
    /// nothing.
    Foreign(&'a Known),
    /// What an `Unpickler` reaches whose `load()` is called again, so that a stream fetches from the memo of the one
    /// before. Honest streams are misread then, too; but honest ones do not make forged data types of it.
    OneMemo(&'a Known),
}

impl Scope<'_> {
    /// Whether an objection to an effect at an offset counts, which acts or does not.
    fn counts(&self, offset: u64, acts: bool, objection: Objection) -> bool {
        let (known, is_one_memo) = match self {
            Self::Own => return true,
            Self::Foreign(known) => (known, false),
            Self::OneMemo(known) => (known, true),
        };
        let names_harm =
            matches!(objection, Objection::DangerousImport | Objection::DangerousCall | Objection::CodeByValue);
        let corrupts = matches!(objection, Objection::NumpyLayout | Objection::TensorLayout | Objection::BuiltTwice);
        names_harm || (is_one_memo && corrupts) || (!known.covers(offset) && (acts || corrupts))
    }
}

/// Judges every reading of a pass.
pub(super) fn judge<W: Window>(
    pass: &Pass<W>,
    member: &Member,
    policy: &InForce<'_>,
    collected: &mut Collected,
    scope: Scope<'_>,
    mut learn: Option<&mut Observations>,
) -> Vec<Job<'static>> {
    let mut jobs = Vec::new();
    for reading in &pass.readings {
        if reading.effects.is_empty() && !reading.may_be_costly() {
            continue;
        }
        if reading.inherits_memo && matches!(scope, Scope::Foreign(_)) {
            continue;
        }
        // Honest streams one after another are written with a memo each; with one memo for all they are misread.
        let separate = reading.inherits_memo.then(|| Known::of(pass));
        let scope = separate.as_ref().map_or(scope, Scope::OneMemo);
        let subject = Subject { reading, source: pass.source() };
        let judged = match learn.as_deref_mut().filter(|_| matches!(scope, Scope::Own)) {
            Some(observations) => policy::observe(subject, policy, observations),
            None => policy::judge(subject, policy),
        };
        // What a reader makes of bytes that it misreads needs no entry.
        if matches!(scope, Scope::Own) {
            collected.relied(judged.entries, policy);
            collected.policy_items.extend(judged.items);
        }
        let stream = reading.stream;
        let readers = reading.readers.names();
        let place = |position: usize| Location { stream, ..member.at(Some(pass.source().offset(position))) };
        if matches!(scope, Scope::Own) {
            let at = |effect: usize| place(reading.effects.get(effect).map_or(reading.start, |effect| effect.at));
            collected.demands.extend(judged.demands.into_iter().map(|(effect, demand)| (demand, at(effect))));
        }
        // Where a foreign reader is stopped: by a hook, or by a call that certainly raises.
        let stopped = match scope {
            Scope::Own => usize::MAX,
            Scope::Foreign(_) | Scope::OneMemo(_) => {
                let last = judged.refused.unwrap_or(usize::MAX).min(reached_by_foreign(reading).count());
                reading.effects.get(last).map_or(usize::MAX, |effect| effect.at)
            }
        };
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
            let known = matches!(scope, Scope::Foreign(known) | Scope::OneMemo(known) if known.covers(pass.source().offset(at)));
            let is_said = member.is_said(pass.source().offset(at));
            if at >= stopped || ((known || !is_said) && !is_harm) {
                continue;
            }
            collected.import(&row.resolved, row.decision, || Import {
                module: symbol.module.to_string(),
                name: symbol.name.to_string(),
                symbol: row.resolved.clone(),
                decision: row.decision,
                entry: row.entry,
                uses: row.uses.words(),
                loaders: readers.clone(),
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
            let acts = reading.effects.get(judgement.effect).is_some_and(|effect| acts(reading, &effect.action));
            if at >= stopped || !scope.counts(pass.source().offset(at), acts, judgement.objection) {
                continue;
            }
            if judgement.level > Level::Note {
                jobs.extend(evidence::below(view, judgement.effect, pass, member));
            }
            if judgement.detail.is_empty() && collected.is_one_more(rule, judgement.level, &readers) {
                continue;
            }
            let mut location = place(at);
            let value = value_of(view, judgement.effect);
            let path = paths.as_ref().zip(value).and_then(|(paths, value)| paths.to(value));
            location.object_path = path.map(|path| path.to_string());
            let message = if judgement.detail.is_empty() { rule.title.to_owned() } else { judgement.detail };
            let mut finding = rule.finding(judgement.level, message, location);
            finding.symbol = (!judgement.symbol.is_empty()).then(|| escape(&judgement.symbol).into_owned());
            finding.loaders.clone_from(&readers);
            collected.add(finding);
        }
    }
    jobs
}
