//! Files of torch 0.1: tar archives whose members hold raw bytes between pickles.

use super::bytes::Bytes;
use super::compressed::Claim;
use super::member::Member;
use super::passes::Passes;
use super::torch::{protocol, refused};
use super::{Audit, Job, Read};
use crate::container::{Archive, Data, Entry};
use crate::finding::{Level, LoaderOutcome};
use crate::limits::Budget;
use crate::loader::torch_tar::{self, Known, Parts};
use crate::loader::{Arrays, Manner, Reader, Readers, Subject};
use crate::opcode::SliceWindow;
use crate::rules;

/// How the members are read that hold raw bytes, in torch's order.
type PartReader = fn(&[u8], Manner, &mut Known, &mut Budget) -> Parts;
const PARTED: [(&str, PartReader); 2] = [("storages", torch_tar::storages), ("tensors", torch_tar::tensors)];

/// The member that is the object.
const OBJECT: &str = "pickle";

/// Who reads the pickles between raw bytes: nobody answers persistent ids there.
const MANNER: Manner = Manner {
    readers: Readers::of(Reader::Pickle),
    dialect: Reader::Pickle.dialect(),
    arrays: Arrays::Unknown,
    search: false,
};

impl<'a> Audit<'a> {
    /// The members of a tar archive of torch; nothing where it is none. What torch would read of other archives that
    /// have a member of one of the names is judged, too.
    pub(super) fn torch_tar(&mut self, archive: &Archive, data: &Bytes<'a>, member: &Member) -> Option<Read> {
        let names = || PARTED.iter().map(|(name, _)| *name).chain([OBJECT]);
        let is_torch = names().all(|name| archive.entries.iter().any(|entry| is_called(entry, name)));
        let (mut known, mut names_refused, mut highest) = (Known::default(), Vec::new(), 0);
        let mut outcome = LoaderOutcome { name: Reader::TorchTar.name(), loads: true, offset: None };
        for (name, read) in PARTED {
            for entry in archive.entries.iter().filter(|entry| is_called(entry, name)) {
                outcome.loads &= self.parted(entry, read, is_torch, &mut known, (data, member));
            }
        }
        if !is_torch {
            return None;
        }
        for entry in archive.entries.iter().filter(|entry| is_called(entry, OBJECT)) {
            outcome.loads &= self.tar_object(entry, &known, (&mut names_refused, &mut highest), (data, member));
        }
        let other = |entry: &&Entry| !names().any(|name| is_called(entry, name)) || entry.data == Data::Nothing;
        let others: Vec<Entry> = archive.entries.iter().filter(other).cloned().collect();
        self.entries(&others, data, member);
        self.weights_only(&names_refused, highest, member);
        Some(Read { loaders: vec![outcome], ..Read::silent("torch-tar") })
    }

    /// A member with raw bytes between its pickles; answers whether torch reads it.
    fn parted(
        &mut self,
        entry: &Entry,
        read: PartReader,
        is_torch: bool,
        known: &mut Known,
        (data, member): (&Bytes<'a>, &Member),
    ) -> bool {
        if is_torch && !self.is_there(entry, member) {
            return false;
        }
        let span = entry.data.span();
        let inner = member.entry(&entry.name, span.start);
        // Of another archive what this member may do counts, and nothing else.
        let inner = if is_torch { inner } else { inner.guessed() };
        let bytes = data.part(span);
        let Parts { parts, loads } = read(bytes.get(), MANNER, known, &mut self.budget);
        for part in &parts {
            let pickle = bytes.part(part.pickle.clone());
            let passes = Passes::read(|| SliceWindow::new(pickle.get()), &mut self.budget);
            self.judge(&passes, &inner.within(part.pickle.start as u64));
            if !inner.evidence && !part.raw.is_empty() {
                self.collected.region("storage", inner.run(part.raw.start as u64, part.raw.len() as u64));
            }
            if part.reaches_beyond && !inner.evidence {
                let message = "a tensor reaches beyond its storage";
                let location = inner.at(Some(part.raw.start as u64));
                self.collected.say(&rules::tensor_layout::RULE, Level::Dangerous, message, location);
            }
        }
        let end = parts.last().map_or(0, |last| last.raw.end);
        let rest = bytes.part(end..bytes.get().len());
        if !rest.get().is_empty() {
            if is_torch {
                let message = if loads { "bytes behind what torch reads" } else { "torch cannot read on here" };
                let location = inner.run(end as u64, rest.get().len() as u64);
                self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
            }
            let member = inner.within(end as u64).guessed();
            self.jobs.push_back(Job { data: rest, codec: None, claim: Claim::default(), member });
        } else if is_torch && !loads {
            self.incomplete(&rules::refused_stream::RULE, "torch cannot read on here", &inner, end as u64);
        }
        loads
    }

    /// The object, which asks for tensors and storages by number; answers whether torch loads it.
    fn tar_object(
        &mut self,
        entry: &Entry,
        known: &Known,
        (names, highest): (&mut Vec<String>, &mut u8),
        (data, member): (&Bytes<'a>, &Member),
    ) -> bool {
        if !self.is_there(entry, member) {
            return false;
        }
        self.place(entry, member);
        let inner = member.entry(&entry.name, entry.data.span().start);
        let bytes = data.part(entry.data.span());
        let passes = Passes::read_by_torch(Reader::TorchTar, || SliceWindow::new(bytes.get()), &mut self.budget);
        self.judge(&passes, &inner);
        names.extend(refused(passes.own()));
        *highest = protocol(passes.own()).max(*highest);
        let views =
            passes.own().readings.iter().map(|reading| Subject { reading, source: passes.own().source() }.view());
        let missing = views.flat_map(torch_tar::asked).find(|&key| !known.has(key));
        if let Some(key) = missing {
            let message = format!("there is no tensor or storage {key}: the file cannot be loaded");
            self.incomplete(&rules::refused_stream::RULE, message, &inner, 0);
        }
        missing.is_none() && passes.torch_outcome(0).loads
    }

    /// Whether the bytes of a member that torch reads are in the archive; says so where they are not.
    fn is_there(&mut self, entry: &Entry, member: &Member) -> bool {
        if let Data::Stored(_) = &entry.data {
            return true;
        }
        let what = "torch reads this member, which is a link or has no bytes of its own";
        self.collected.say(&rules::unread_member::RULE, Level::Suspicious, what, member.at(Some(entry.header as u64)));
        false
    }
}

/// Whether torch finds a member by a name.
fn is_called(entry: &Entry, name: &str) -> bool {
    entry.name.trim_end_matches('/') == name
}
