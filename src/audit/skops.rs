//! `.skops` files: what their schema does is judged as a pickle, their members as those of any archive.

use super::bytes::Bytes;
use super::member::Member;
use super::passes::Passes;
use super::{Audit, Read, facts_of, judge};
use crate::container::{Archive, Data, Entry};
use crate::escape::escape;
use crate::facts::{Certainty, Component, Evidence, Facts, Range, Release};
use crate::finding::{Level, LoaderOutcome};
use crate::inspect::skops::MANNER;
use crate::loader::{Reader, pass};
use crate::opcode::SliceWindow;
use crate::rules;
use crate::skops::{self, FlawKind, SCHEMA, Skops};
use std::rc::Rc;

impl<'a> Audit<'a> {
    /// The members of an archive of skops; nothing where it is none.
    pub(super) fn skops(&mut self, archive: &Archive, data: &Bytes<'a>, member: &Member) -> Option<Read> {
        let entry = skops::schema(archive)?;
        let span = entry.data.span();
        let (part, inner) = (data.part(span.clone()), member.entry(&entry.name, span.start));
        let schema = match &entry.data {
            Data::Compressed(codec, _) => self.inflate(*codec, &part, entry.into(), &inner),
            _ => part,
        };
        let is_inflated = matches!(entry.data, Data::Compressed(..));
        let inner = if is_inflated { inner.inflated() } else { inner };
        let read = skops::read(schema.get(), archive, data.get(), &mut self.budget);
        match read {
            Ok(None) => None,
            Ok(Some(skops)) => {
                self.place(entry, member);
                if !is_inflated {
                    self.verify(&schema, entry.into(), &inner);
                }
                let outcome = self.schema(skops, &inner, archive, data, member);
                Some(Read { loaders: vec![outcome], ..Read::silent("skops") })
            }
            Err(error) => {
                let rule = if super::structure::is_exhaustion(&error) {
                    &rules::limit_reached::RULE
                } else {
                    &rules::refused_stream::RULE
                };
                self.incomplete(rule, escape(error.message()).into_owned(), &inner, error.offset().unwrap_or(0));
                self.entries(&archive.entries, data, member);
                let outcome = LoaderOutcome { name: Reader::Skops.name(), loads: false, offset: error.offset() };
                Some(Read { loaders: vec![outcome], ..Read::silent("skops") })
            }
        }
    }

    /// Judges what a schema does, and reads what it does not name.
    fn schema(
        &mut self,
        skops: Skops,
        inner: &Member,
        archive: &Archive,
        data: &Bytes<'a>,
        member: &Member,
    ) -> LoaderOutcome {
        let Skops { pickle, origin, flaws, named, protocol, version, untrusted, .. } = skops;
        for flaw in &flaws {
            let (rule, level) = match flaw.kind {
                FlawKind::Refused => (&rules::refused_stream::RULE, Level::Incomplete),
                FlawKind::Ambiguous => (&rules::archive_anomaly::RULE, Level::Suspicious),
            };
            if !member.evidence {
                let location = inner.at(Some(flaw.offset));
                self.collected.say(rule, level, escape(&flaw.message).into_owned(), location);
            }
        }
        let own = inner.written(Rc::new(origin));
        let passes =
            Passes { joblib: pass(SliceWindow(&pickle), MANNER, &mut self.budget), pickle: None, further: Vec::new() };
        let reading = passes.own().first();
        let error = reading.and_then(|reading| reading.error.clone());
        if let Some(error) = &error {
            let rule = if super::structure::is_exhaustion(error) {
                &rules::limit_reached::RULE
            } else {
                &rules::refused_stream::RULE
            };
            self.incomplete_at(rule, escape(error.message()).into_owned(), &own, error.offset());
        }
        if !member.evidence {
            let facts = facts_of(passes.own(), &passes.own().readings, &own);
            self.facts.get_or_insert_with(|| about(facts, &own, protocol.parse().ok(), version));
        }
        let learn = self.learn.as_deref_mut();
        let jobs = judge::judge(passes.own(), &own, self.policy, &mut self.collected, judge::Scope::Own, learn);
        self.jobs.extend(jobs);
        let _ = untrusted;

        let is_schema = |entry: &&Entry| entry.name.eq_ignore_ascii_case(SCHEMA);
        let schemas: Vec<&Entry> = archive.entries.iter().filter(is_schema).collect();
        if let [_, .., last] = schemas.as_slice()
            && !member.evidence
        {
            let message = "several members are called schema.json: skops reads one of them";
            let location = member.entry(&last.name, last.data.span().start).at(Some(0));
            self.collected.say(&rules::archive_anomaly::RULE, Level::Suspicious, message, location);
        }
        let mut others = Vec::new();
        let mut own_schema = skops::schema(archive).into_iter();
        let known = own_schema.next();
        for entry in &archive.entries {
            if known.is_some_and(|schema| std::ptr::eq(schema, entry)) {
                continue;
            }
            match named.get(&entry.name) {
                // Bytes are data, whatever they look like.
                Some(true) => {
                    self.place(entry, member);
                    self.measured(entry, data, member);
                }
                Some(false) => others.push(entry.clone()),
                None => {
                    others.push(entry.clone());
                    if !matches!(entry.data, Data::Nothing)
                        && !entry.name.eq_ignore_ascii_case(SCHEMA)
                        && !member.evidence
                    {
                        let message = "a member that the schema does not name: skops does not read it";
                        let location = member.entry(&entry.name, entry.data.span().start).at(Some(0));
                        self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
                    }
                }
            }
        }
        self.entries(&others, data, member);
        let refused = flaws.iter().find(|flaw| flaw.kind == FlawKind::Refused).map(|flaw| flaw.offset);
        let offset =
            refused.or_else(|| error.and_then(|error| error.offset()).map(|at| own.at(Some(at)).offset.unwrap_or(0)));
        LoaderOutcome { name: Reader::Skops.name(), loads: offset.is_none(), offset }
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
fn about(mut facts: Facts, own: &Member, protocol: Option<u8>, version: Option<String>) -> Facts {
    for component in &mut facts.components {
        component.evidence.retain(|evidence| evidence.place.offset.is_none_or(|offset| own.is_said(offset)));
    }
    facts.components.retain(|component| !component.evidence.is_empty());
    for place in facts.places_mut() {
        place.offset = own.at(place.offset).offset;
    }
    facts.protocol = protocol;
    if let Some(version) = version {
        let range = Release::parse(&version).map(Range::of).unwrap_or_default();
        let evidence = Evidence {
            what: "`_skops_version`".to_owned(),
            exact: Some(version.clone()),
            range,
            certainty: Certainty::Certain,
            place: crate::facts::Place::default(),
            count: 1,
        };
        let (exact, certainty) = (vec![version], Certainty::Certain);
        facts.components.push(Component { name: "skops", exact, range, certainty, evidence: vec![evidence] });
    }
    facts
}
