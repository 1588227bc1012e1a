//! 7z archives, whose members lie in packed streams one after another.

use super::bytes::Bytes;
use super::compressed::Claim;
use super::member::Member;
use super::{Audit, Job, Read};
use crate::container::sevenz::{self, Folder};
use crate::container::{Archive, Codec, Data, Entry, Filter};
use crate::finding::Level;
use crate::limits::Limit;
use crate::rules;
use std::io::Read as _;

impl<'a> Audit<'a> {
    /// A 7z archive.
    pub(super) fn sevenz(&mut self, data: &Bytes<'a>, member: &Member) -> Read {
        let found = sevenz::read(data.get(), &mut self.budget);
        let entry = |(header, name): (usize, &String)| Entry {
            name: name.clone(),
            header,
            data: Data::Nothing,
            size: None,
            crc: None,
        };
        let names = found.folders.iter().flat_map(|of| of.members.iter().map(|one| (of.packed.start, &one.name)));
        let entries: Vec<Entry> = names.map(entry).collect();
        let anomalies = entries.iter().enumerate().filter_map(|(number, entry)| entry.odd_name(number)).collect();
        let errors = found.error.into_iter().collect();
        let about = Archive { entries, anomalies, unexplained: found.unexplained, errors, ..Archive::default() };
        self.archive(&about, data, member);
        // Folders may share bytes.
        let all = found.folders.iter().fold(0_u64, |sum, folder| sum.saturating_add(folder.packed.len() as u64));
        if let Err(error) = self.budget.spend(Limit::Inflated, all.saturating_sub(data.get().len() as u64)) {
            let location = member.at(Some(0));
            self.collected.say(&rules::limit_reached::RULE, Level::Incomplete, error.message(), location);
            return Read::silent("7z");
        }
        for folder in &found.folders {
            self.folder(folder, data, member);
        }
        Read::silent("7z")
    }

    /// Makes jobs of what lies in a packed stream.
    fn folder(&mut self, folder: &Folder, data: &Bytes<'a>, member: &Member) {
        let packed = data.part(folder.packed.clone());
        let start = folder.packed.start;
        let memory = folder.codec.ok().flatten().map_or(0, Codec::memory);
        if let Err(error) = self.budget.spend(Limit::Inflated, memory) {
            return self.incomplete(&rules::limit_reached::RULE, error.message(), member, start as u64);
        }
        let claim = |of: &sevenz::Member| Claim { crc: of.crc, size: Some(of.size) };
        match (folder.codec, folder.members.as_slice()) {
            (Err(why), members) => {
                let name = members.first().map_or("", |first| &first.name);
                let location = member.entry(name, start).at(Some(0));
                self.collected.say(&rules::unread_member::RULE, Level::Incomplete, why, location);
            }
            (Ok(Some(codec)), [only]) if folder.filters.is_empty() => {
                let member = member.entry(&only.name, start);
                self.jobs.push_back(Job { data: packed, codec: Some(codec), claim: claim(only), member });
            }
            (Ok(codec), members) => {
                let (unpacked, start) = self.unpacked_folder(codec, &folder.filters, packed, start, member);
                let is_own = codec.is_none() && folder.filters.is_empty();
                let mut at = 0_usize;
                for one in members {
                    let end = usize::try_from(one.size).map_or(usize::MAX, |size| at.saturating_add(size));
                    let inner = member.entry(&one.name, start.saturating_add(at));
                    let inner = if is_own { inner } else { inner.inflated() };
                    let data = unpacked.part(at..end.min(unpacked.get().len()));
                    if (data.get().len() as u64) < one.size {
                        let message = "the packed stream ends before this member does";
                        self.incomplete(&rules::refused_stream::RULE, message, &inner, data.get().len() as u64);
                    }
                    self.jobs.push_back(Job { data, codec: None, claim: claim(one), member: inner });
                    at = end;
                }
                let rest = unpacked.get().len().saturating_sub(at);
                if rest > 0 {
                    let message = format!("{rest} bytes of a packed stream belong to no member of the archive");
                    let location = member.at(Some(start as u64));
                    self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
                    let inner = member.entry("", start).inflated().guessed();
                    let data = unpacked.part(at..unpacked.get().len());
                    self.jobs.push_back(Job { data, codec: None, claim: Claim::default(), member: inner });
                }
            }
        }
    }

    /// All that a packed stream holds, and where that begins.
    fn unpacked_folder(
        &mut self,
        codec: Option<Codec>,
        filters: &[Filter],
        packed: Bytes<'a>,
        start: usize,
        member: &Member,
    ) -> (Bytes<'a>, usize) {
        let member = member.within(start as u64);
        let unpacked = match codec {
            None => packed,
            Some(codec) => self.inflate(codec, &packed, Claim::default(), &member),
        };
        if codec.is_none() && filters.is_empty() {
            return (unpacked, start);
        }
        (filters.iter().fold(unpacked, |bytes, filter| self.unfiltered(*filter, &bytes, &member)), 0)
    }

    /// The bytes before a filter. Of those that are too many for the memory, what comes first.
    fn unfiltered(&mut self, filter: Filter, bytes: &Bytes<'a>, member: &Member) -> Bytes<'a> {
        let len = bytes.get().len() as u64;
        let there = len.min(self.budget.left(Limit::Retained));
        for limit in [Limit::Inflated, Limit::Retained] {
            if let Err(error) = self.budget.spend(limit, len) {
                self.incomplete(&rules::limit_reached::RULE, error.message(), member, 0);
            }
        }
        let mut plain = Vec::new();
        // A filter reads memory, which does not fail.
        let _ = filter.undo(bytes.get()).take(there).read_to_end(&mut plain);
        Bytes::inflated(plain, &self.held)
    }
}
