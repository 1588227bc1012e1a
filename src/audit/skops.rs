//! `.skops` files: what their schema does is judged as a pickle, their members as those of any archive.

use super::bytes::Bytes;
use super::member::Member;
use super::passes::Passes;
use super::structure::is_exhaustion;
use super::{Audit, Read, facts_of, judge};
use crate::container::{Archive, Data, Entry};
use crate::error::Error;
use crate::escape::escape;
use crate::facts::{Certainty, Component, Evidence, Facts, Hazard, Place, Range, Release};
use crate::finding::{Level, LoaderOutcome};
use crate::inspect::skops::MANNER;
use crate::loader::{Reader, pass};
use crate::opcode::SliceWindow;
use crate::rules;
use crate::skops::{self, FlawKind, Named, SCHEMA, Skops};
use std::rc::Rc;

/// How many types one message names.
const NAMED: usize = 50;

/// What a schema is, once it was judged.
pub(super) struct Judged {
    /// What it says; `None` where it cannot be read.
    skops: Option<Skops>,
    outcome: LoaderOutcome,
}

impl<'a> Audit<'a> {
    /// The members of an archive of skops; nothing where it is none.
    pub(super) fn skops(&mut self, archive: &Archive, data: &Bytes<'a>, member: &Member) -> Option<Read> {
        let Judged { skops, outcome } = self.schemas(archive, data, member)?;
        let read = Read { loaders: vec![outcome], ..Read::silent("skops") };
        match skops {
            Some(skops) => self.named(&skops, archive, data, member),
            None => self.entries(&archive.entries, data, member),
        }
        Some(read)
    }

    /// Judges every schema that a reader may take for that of an archive; answers the one that skops reads, if it is one.
    pub(super) fn schemas(&mut self, archive: &Archive, data: &Bytes<'a>, member: &Member) -> Option<Judged> {
        let own = skops::schema(archive)?;
        let is_other = |entry: &&Entry| entry.name.eq_ignore_ascii_case(SCHEMA) && !std::ptr::eq(*entry, own);
        let mut others = archive.entries.iter().filter(is_other).peekable();
        if let Some(other) = others.peek().filter(|_| !member.evidence) {
            let message = "several members are called schema.json: skops reads one of them";
            let location = member.entry(&other.name, other.data.span().start).at(Some(0));
            self.collected.say(&rules::archive_anomaly::RULE, Level::Suspicious, message, location);
        }
        for other in others {
            self.schema(other, archive, data, &member.hushed());
        }
        self.schema(own, archive, data, member)
    }

    /// Judges what a schema does; nothing where it is none of skops.
    fn schema(&mut self, entry: &Entry, archive: &Archive, data: &Bytes<'a>, member: &Member) -> Option<Judged> {
        let span = entry.data.span();
        let (part, inner) = (data.part(span.clone()), member.entry(&entry.name, span.start));
        let (schema, inner) = match &entry.data {
            Data::Compressed(codec, _) => (self.inflate(*codec, &part, entry.into(), &inner), inner.inflated()),
            _ => (part, inner),
        };
        match skops::read(schema.get(), archive, data.get(), true, &mut self.budget) {
            Ok(None) => None,
            Ok(Some(skops)) => {
                if !member.evidence {
                    self.place(entry, member);
                }
                if matches!(entry.data, Data::Stored(_)) {
                    self.verify(&schema, entry.into(), &inner);
                }
                let outcome = self.loading(&skops, &inner);
                Some(Judged { skops: Some(skops), outcome })
            }
            Err(error) => {
                self.refused(&error, &inner);
                let outcome = LoaderOutcome { name: Reader::Skops.name(), loads: false, offset: error.offset() };
                Some(Judged { skops: None, outcome })
            }
        }
    }

    fn refused(&mut self, error: &Error, member: &Member) {
        let rule = if is_exhaustion(error) { &rules::limit_reached::RULE } else { &rules::refused_stream::RULE };
        self.incomplete_at(rule, escape(error.message()).into_owned(), member, error.offset());
    }

    /// Judges what loading does.
    fn loading(&mut self, skops: &Skops, schema: &Member) -> LoaderOutcome {
        for flaw in skops.flaws.iter().filter(|_| !schema.evidence) {
            let (rule, level) = match flaw.kind {
                FlawKind::Refused => (&rules::refused_stream::RULE, Level::Incomplete),
                FlawKind::Ambiguous => (&rules::archive_anomaly::RULE, Level::Suspicious),
            };
            let location = schema.at(Some(flaw.offset));
            self.collected.say(rule, level, escape(&flaw.message).into_owned(), location);
        }
        let own = schema.written(Rc::clone(&skops.origin));
        let joblib = pass(SliceWindow::new(&skops.pickle), MANNER, &mut self.budget);
        let passes = Passes { joblib, pickle: None, further: Vec::new() };
        let error = passes.own().first().and_then(|reading| reading.error.clone());
        if let Some(error) = &error {
            self.refused(error, &own);
        }
        if !schema.evidence {
            let facts = facts_of(passes.own(), &passes.own().readings, &own);
            self.facts.get_or_insert_with(|| about(facts, &own, skops));
        }
        let learn = self.learn.as_deref_mut();
        let jobs = judge::judge(passes.own(), &own, self.policy, &mut self.collected, judge::Scope::Own, learn);
        self.jobs.extend(jobs);
        let refused = skops.flaws.iter().find(|flaw| flaw.kind == FlawKind::Refused).map(|flaw| flaw.offset);
        let stopped = error.map(|error| own.at(Some(error.offset().unwrap_or(0))).offset.unwrap_or(0));
        let offset = refused.or(stopped);
        LoaderOutcome { name: Reader::Skops.name(), loads: offset.is_none(), offset }
    }

    /// The members beside a schema: those that it names, and others.
    fn named(&mut self, skops: &Skops, archive: &Archive, data: &Bytes<'a>, member: &Member) {
        let own = skops::schema(archive);
        let (mut read, mut plain, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        for entry in archive.entries.iter().filter(|entry| own.is_none_or(|own| !std::ptr::eq(*entry, own))) {
            match skops.named.get(&entry.name) {
                // Bytes are data, whatever they look like.
                Some(Named::Bytes) => plain.push(entry.clone()),
                Some(Named::Unread) => unread.push(entry.clone()),
                Some(Named::Array) => read.push(entry.clone()),
                None => {
                    read.push(entry.clone());
                    let is_known = matches!(entry.data, Data::Nothing) || entry.name.eq_ignore_ascii_case(SCHEMA);
                    if !is_known && !member.evidence {
                        let message = "a member that the schema does not name: skops does not read it";
                        let location = member.entry(&entry.name, entry.data.span().start).at(Some(0));
                        self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
                    }
                }
            }
        }
        for entry in plain.iter().chain(&unread).filter(|_| !member.evidence) {
            self.place(entry, member);
            self.measured(entry, data, member);
        }
        // What contradicts itself may be read as something else.
        if !archive.anomalies.is_empty() {
            self.guesses(&plain, data, member);
        }
        self.guesses(&unread, data, member);
        self.entries(&read, data, member);
    }

    /// A member that is plain bytes: its length and checksum are compared.
    fn measured(&mut self, entry: &Entry, data: &Bytes<'a>, member: &Member) {
        let span = entry.data.span();
        let (part, inner) = (data.part(span.clone()), member.entry(&entry.name, span.start));
        match &entry.data {
            Data::Stored(_) => self.verify(&part, entry.into(), &inner),
            Data::Compressed(codec, _) => self.measure(*codec, &part, entry.into(), &inner),
            Data::Nothing | Data::Unreadable(..) => {}
        }
    }
}

/// What a schema says of its writer: of what stands in the pickle that was written for it, only what the file says.
fn about(mut facts: Facts, own: &Member, skops: &Skops) -> Facts {
    let is_said = |place: &Place| place.offset.is_none_or(|offset| own.is_said(offset));
    for component in &mut facts.components {
        component.evidence.retain(|evidence| is_said(&evidence.place));
        let ranges = component.evidence.iter().map(|evidence| evidence.range);
        component.range = ranges.fold(Range::default(), |all, one| all.intersection(one).unwrap_or(one));
    }
    facts.components.retain(|component| !component.evidence.is_empty());
    facts.hazards.retain(|hazard| is_said(&hazard.place));
    for place in facts.places_mut() {
        place.offset = own.at(place.offset).offset;
    }
    facts.protocol = skops.protocol.parse().ok();
    facts.components.extend(skops.version.as_ref().map(|version| {
        let range = Release::parse(version).map(Range::of).unwrap_or_default();
        let (what, certainty) = ("`_skops_version`".to_owned(), Certainty::Certain);
        let (exact, place) = (Some(version.clone()), Place::default());
        let evidence = vec![Evidence { what, exact, range, certainty, place, count: 1 }];
        Component { name: "skops", exact: vec![version.clone()], range, certainty, evidence }
    }));
    if !skops.untrusted.is_empty() {
        let names: Vec<String> = skops.untrusted.iter().take(NAMED).map(|name| format!("{name:?}")).collect();
        let more = skops.untrusted.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!("skops.io.load refuses it unless trusted=[{}]{more}", names.join(", "));
        facts.hazards.push(Hazard { kind: "untrusted-types", message, place: Place::default() });
    }
    facts
}
