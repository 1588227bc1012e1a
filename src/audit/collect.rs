//! What a report is made of, while it is made: findings and imports, each said once.

use crate::finding::{Decision, Finding, Ground, Import, Level, Location, Region, Stream};
use crate::loader::indices::Demand;
use crate::policy::{InForce, Relied};
use crate::rules::{self, Rule};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many findings of one rule at one level are told one by one.
const TOLD: u32 = 500;

/// The message of the finding that stands for all others of its rule and level.
const MORE: &str = "more like the findings before";

/// How many imports of one decision are listed. No honest file has so many; one that has is not clean.
const LISTED: usize = 1 << 14;

/// How many runs of bytes are told.
const REGIONS: usize = 1 << 12;

/// Findings, imports and streams of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Collected {
    findings: Vec<Finding>,
    /// How many there are of each rule and level.
    told: HashMap<(&'static str, Level), u32>,
    by_message: HashMap<(&'static str, String, String), usize>,
    /// The findings that stand for all others of a rule and level.
    more: Vec<(&'static str, Level, usize)>,
    imports: Vec<Import>,
    /// Where the imports of each decision are in the list.
    by_symbol: BTreeMap<Decision, HashMap<String, usize>>,
    /// How many are not there.
    unlisted: u64,
    pub(super) streams: Vec<Stream>,
    regions: Vec<Region>,
    /// What the verdict rests on, where anyone asks.
    grounds: Option<BTreeMap<(String, Option<String>), Ground>>,
    /// Items of the user's policy that had a say.
    pub(super) policy_items: BTreeSet<u32>,
    /// What has to hold of numbers in storages of torch, and where it is asked for.
    pub(super) demands: Vec<(Demand, Location)>,
}

impl Collected {
    /// Nothing yet, and it is asked for what the verdict rests on.
    pub(super) fn with_grounds() -> Self {
        Self { grounds: Some(BTreeMap::new()), ..Self::default() }
    }

    /// Adds a finding; the same rule with the same message in the same member is one finding that occurs more often.
    /// Behind so many of one rule the others are one finding, too: no one reads on, and a file pays for its report.
    pub(super) fn add(&mut self, mut finding: Finding) {
        let mut key = (finding.rule, finding.location.member.clone(), finding.message.clone());
        if !self.by_message.contains_key(&key) {
            let told = self.told.entry((finding.rule, finding.level)).or_default();
            if *told >= TOLD {
                finding.message = MORE.to_owned();
                finding.symbol = None;
                finding.location.object_path = None;
                key = (finding.rule, finding.level.name().to_owned(), finding.message.clone());
            } else {
                *told = told.saturating_add(1);
            }
        }
        match self.by_message.get(&key).and_then(|&index| self.findings.get_mut(index)) {
            Some(known) => {
                known.count = known.count.saturating_add(finding.count);
                known.level = known.level.max(finding.level);
                merge(&mut known.loaders, &finding.loaders);
                // Two readers find the same thing at the same place: that is one occurrence.
                if known.location.offset == finding.location.offset && known.count > 1 {
                    known.count = known.count.saturating_sub(1);
                }
            }
            None => {
                if finding.message == MORE {
                    self.more.push((finding.rule, finding.level, self.findings.len()));
                }
                self.by_message.insert(key, self.findings.len());
                self.findings.push(finding);
            }
        }
    }

    /// Counts a finding of which there is nothing to say, if there is one that stands for all others of its rule and level.
    pub(super) fn is_one_more(&mut self, rule: &'static Rule, level: Level, loaders: &[&'static str]) -> bool {
        let more = self.more.iter().find(|more| (more.0, more.1) == (rule.id, level));
        let more = more.and_then(|&(_, _, index)| self.findings.get_mut(index));
        more.is_some_and(|more| {
            more.count = more.count.saturating_add(1);
            merge(&mut more.loaders, loaders);
            true
        })
    }

    /// Adds a finding of a rule about the layout of the file.
    pub(super) fn say(&mut self, rule: &'static Rule, level: Level, message: impl Into<String>, location: Location) {
        self.add(rule.finding(level, message.into(), location));
    }

    /// Notes what a run of bytes is.
    pub(super) fn region(&mut self, kind: &'static str, location: Location) {
        if self.regions.len() < REGIONS && location.length != Some(0) {
            self.regions.push(Region { kind, location });
        }
    }

    /// What the bytes are, by place: first what stands in the file as it is.
    pub(super) fn regions(&mut self) -> Vec<Region> {
        let mut regions = std::mem::take(&mut self.regions);
        regions.sort_by_cached_key(|region| {
            let at = &region.location;
            (at.file_offset.is_none(), at.file_offset, at.member.clone(), at.offset)
        });
        regions
    }

    /// Adds an import; the same symbol with the same decision is one row.
    pub(super) fn import(&mut self, symbol: &str, decision: Decision, import: impl FnOnce() -> Import) {
        let rows = self.by_symbol.entry(decision).or_default();
        match rows.get(symbol).and_then(|&index| self.imports.get_mut(index)) {
            Some(known) => {
                let import = import();
                if !(known.location == import.location && known.loaders != import.loaders) {
                    known.count = known.count.saturating_add(import.count);
                }
                merge(&mut known.loaders, &import.loaders);
                merge(&mut known.uses, &import.uses);
            }
            None if rows.len() >= LISTED => self.unlisted = self.unlisted.saturating_add(1),
            None => {
                rows.insert(symbol.to_owned(), self.imports.len());
                self.imports.push(import());
            }
        }
    }

    /// Adds what a stream relies on; the same entry is one row.
    pub(super) fn relied(&mut self, entries: Vec<Relied>, policy: &InForce<'_>) {
        let Some(grounds) = &mut self.grounds else { return };
        for relied in entries {
            let by = relied.item.map(|item| policy.place(item));
            let reason = || policy.why(&relied);
            let ground = grounds.entry((relied.entry.clone(), by.clone()));
            let new = || Ground { entry: relied.entry.clone(), uses: Vec::new(), by, reason: reason() };
            merge(&mut ground.or_insert_with(new).uses, &relied.uses);
        }
    }

    /// The entries that were relied on, by symbol, where anyone asks.
    pub(super) fn grounds(&mut self) -> Option<Vec<Ground>> {
        Some(self.grounds.take()?.into_values().collect())
    }

    /// Findings, worst first and then by place; imports by place; streams.
    pub(super) fn finish(mut self) -> (Vec<Finding>, Vec<Import>, Vec<Stream>) {
        if self.unlisted > 0 {
            let message = format!("{} more names are imported than are listed; all of them were judged", self.unlisted);
            self.say(&rules::unlisted_import::RULE, Level::Note, message, Location::default());
        }
        fn place(location: &Location) -> (&String, u32, Option<u64>) {
            (&location.member, location.stream, location.offset)
        }
        fn order(finding: &Finding) -> impl Ord {
            (std::cmp::Reverse(finding.level), place(&finding.location), finding.rule)
        }
        self.findings.sort_by(|a, b| order(a).cmp(&order(b)));
        self.imports.sort_by(|a, b| place(&a.location).cmp(&place(&b.location)));
        (self.findings, self.imports, self.streams)
    }
}

fn merge(into: &mut Vec<&'static str>, from: &[&'static str]) {
    for &name in from {
        if !into.contains(&name) {
            into.push(name);
        }
    }
}
