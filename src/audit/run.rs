//! One file under one policy: which items of it are in force, the queue to its end, and the report.

use super::Audit;
use super::collect::Collected;
use crate::finding::{Completeness, FileReport, Level, hex};
use crate::input::Source;
use crate::limits::Limits;
use crate::policy::{InForce, Observations, Policy};
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

/// Scans into `empty`, and notes for `learn` what only a user's policy can allow.
pub(super) fn run(
    source: &Source<'_>,
    policy: &Policy,
    limits: &Limits,
    empty: Collected,
    mut learn: Option<&mut Observations>,
) -> FileReport {
    let limits = policy.limits(source.name(), limits);
    let own = || hex(&source.sha256());
    let in_force = policy.for_file(source.name(), || vec![own()]);
    let report = under(source, &in_force, &limits, empty.clone(), learn.as_deref_mut());
    if report.companions.is_empty() || !in_force.is_pinned() {
        return report;
    }
    // Whoever pinned an item to this file has to have seen what it loads besides. Nothing is in force because of a
    // companion that was another one a moment ago.
    let digests = || std::iter::once(own()).chain(report.companions.iter().map(|one| one.sha256.clone())).collect();
    let again = under(source, &policy.for_file(source.name(), digests), &limits, empty.clone(), learn.as_deref_mut());
    if again.companions == report.companions {
        return again;
    }
    under(source, &policy.for_file(source.name(), Vec::new), &limits, empty, learn)
}

fn under(
    source: &Source<'_>,
    policy: &InForce<'_>,
    limits: &Limits,
    collected: Collected,
    learn: Option<&mut Observations>,
) -> FileReport {
    let mut audit = Audit {
        source,
        policy,
        limits,
        budget: limits.budget(source.bytes().len() as u64),
        collected,
        learn,
        jobs: VecDeque::new(),
        wrapped: Vec::new(),
        held: Rc::default(),
        opened: HashSet::new(),
        companions: Vec::new(),
        loaders: Vec::new(),
        facts: None,
        listing: None,
    };
    let format = audit.file();
    audit.queue();
    audit.unchanged(source);
    let regions = audit.collected.regions();
    let grounds = audit.collected.grounds();
    let mut policy_items = std::mem::take(&mut audit.collected.policy_items);
    let (mut findings, imports, streams) = audit.collected.finish();
    policy_items.extend(policy.accept(&mut findings));
    let mut facts = audit.facts.unwrap_or_default();
    if let Some(listing) = audit.listing.filter(|_| format == "npz" || facts.contents.is_empty()) {
        facts.contents = listing;
    }
    let partial = findings.iter().any(|finding| finding.level == Level::Incomplete);
    FileReport {
        path: source.name().to_owned(),
        size: source.bytes().len() as u64,
        sha256: None,
        format,
        completeness: if partial { Completeness::Partial } else { Completeness::Full },
        loaders: audit.loaders,
        companions: audit.companions,
        streams,
        regions,
        imports,
        findings,
        grounds,
        policy_items,
        facts,
        gate: None,
        glance: None,
        error: None,
    }
}
