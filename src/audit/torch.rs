//! Files of torch: pickles whose tensors lie beside them.

use super::bytes::Bytes;
use super::member::Member;
use super::passes::Passes;
use super::{Audit, Read, facts_of};
use crate::container::{Archive, Data, Entry};
use crate::dtype::ByteOrder;
use crate::escape::escape;
use crate::facts::Place;
use crate::finding::{Level, LoaderOutcome, Location};
use crate::loader::indices::Demand;
use crate::loader::torch::{self, Storage};
use crate::loader::{Arrays, Manner, Pass, Reader, Readers, Subject, pass};
use crate::model;
use crate::opcode::{SliceWindow, Window};
use crate::rules;
use std::collections::{BTreeMap, HashSet};

/// How many names one message lists.
const LISTED: usize = 20;

/// What follows of the pickles of an archive of torch.
#[derive(Default)]
struct Seen {
    /// Members that hold bytes of tensors, by name: how many.
    storages: BTreeMap<String, u64>,
    /// Names that the default of `torch.load` does not let through.
    refused: Vec<String>,
    /// The highest protocol.
    protocol: u8,
    outcome: Option<LoaderOutcome>,
    /// What has to hold of the numbers in some of them, whose names begin so.
    demands: Vec<(String, Vec<(Demand, Location)>)>,
}

impl<'a> Audit<'a> {
    /// The members of a zip archive of torch; nothing where it is none. Members that hold the bytes of tensors are
    /// measured, not read.
    pub(super) fn torch(&mut self, archive: &Archive, data: &Bytes<'a>, member: &Member) -> Option<Read> {
        let is_pickle = |entry: &&Entry| torch::pickle_of(&entry.name).is_some();
        if !archive.entries.iter().any(|entry| entry.name.split_once('/').is_some_and(|(_, name)| name == "data.pkl")) {
            return None;
        }
        let mut seen = Seen::default();
        for entry in archive.entries.iter().filter(is_pickle) {
            self.torch_pickle(entry, data, member, &mut seen);
        }
        let is_storage = |entry: &&Entry| seen.storages.contains_key(&entry.name);
        for entry in archive.entries.iter().filter(is_storage) {
            self.storage(entry, &seen, member);
            if self.limits.is_deep() {
                self.sum(entry, data, member);
            }
        }
        for (folder, demands) in std::mem::take(&mut seen.demands) {
            self.numbers(&demands, &folder, archive, data, member);
        }
        let present: HashSet<&str> = archive.entries.iter().map(|entry| entry.name.as_str()).collect();
        for name in seen.storages.keys() {
            if !present.contains(name.as_str()) {
                let message = format!("{} is not there: its tensors cannot be loaded", escape(name));
                self.incomplete(&rules::refused_stream::RULE, message, member, 0);
            }
        }
        let other = |entry: &&Entry| !is_storage(entry) && !is_pickle(entry);
        let others: Vec<Entry> = archive.entries.iter().filter(other).cloned().collect();
        self.entries(&others, data, member);
        self.members(&others, data, member);
        // What contradicts itself may be read as something else, the bytes of tensors too.
        if !archive.anomalies.is_empty() {
            let storages: Vec<Entry> = archive.entries.iter().filter(is_storage).cloned().collect();
            self.guesses(&storages, data, member);
        }
        let code = script(archive);
        if let Some(message) = &code {
            self.collected.say(&rules::torchscript_code::RULE, Level::Suspicious, message, member.at(Some(0)));
        } else {
            self.weights_only(&seen.refused, seen.protocol, member);
        }
        let format = if code.is_some() { "torchscript" } else { "torch-zip" };
        Some(Read { loaders: seen.outcome.into_iter().collect(), ..Read::silent(format) })
    }

    /// What small members say of the writer of the file itself.
    fn members(&mut self, entries: &[Entry], data: &Bytes<'a>, member: &Member) {
        let Some(facts) = self.facts.as_mut().filter(|_| member.depth == 0) else { return };
        for entry in entries {
            let (Some((_, name)), Data::Stored(span)) = (entry.name.split_once('/'), &entry.data) else { continue };
            let at = Some(span.start as u64);
            let place = Place { offset: Some(0), file_offset: at.filter(|_| data.is_lent()), ..Place::default() };
            model::torch_member(facts, name, data.part(span.clone()).get(), &place);
        }
    }

    /// A pickle whose tensors are members.
    fn torch_pickle(&mut self, entry: &Entry, data: &Bytes<'a>, member: &Member, seen: &mut Seen) {
        let Some((root, folder)) = torch::pickle_of(&entry.name) else { return };
        let span = entry.data.span();
        let inner = member.entry(&entry.name, span.start);
        let part = data.part(span);
        self.place(entry, member);
        let (bytes, member) = match &entry.data {
            Data::Stored(_) => {
                self.verify(&part, entry.into(), &inner);
                (part, inner)
            }
            Data::Compressed(codec, _) => (self.inflate(*codec, &part, entry.into(), &inner), inner.inflated()),
            _ => return self.entries(std::slice::from_ref(entry), data, member),
        };
        let passes = Passes::read_by_torch(Reader::Torch, || SliceWindow::new(bytes.get()), &mut self.budget);
        self.judge(&passes, &member);
        seen.demands.push((format!("{root}/{folder}/"), std::mem::take(&mut self.collected.demands)));
        for storage in asked(passes.own()) {
            let needed = seen.storages.entry(format!("{root}/{folder}/{}", storage.key)).or_default();
            *needed = storage.nbytes().unwrap_or(u64::MAX).max(*needed);
        }
        seen.refused.extend(refused(passes.own()));
        seen.protocol = seen.protocol.max(protocol(passes.own()));
        if folder == "data" {
            seen.outcome.get_or_insert_with(|| passes.torch_outcome(0));
        }
    }

    /// A member that holds the bytes of tensors: as many as they take.
    fn storage(&mut self, entry: &Entry, seen: &Seen, member: &Member) {
        let Some(&needed) = seen.storages.get(&entry.name) else { return };
        let span = entry.data.span();
        let inner = member.entry(&entry.name, span.start);
        self.collected.region(
            "header",
            member.entry(&entry.name, entry.header).run(0, span.start.saturating_sub(entry.header) as u64),
        );
        self.collected.region("storage", inner.run(0, span.len() as u64));
        let there = match &entry.data {
            Data::Stored(span) => span.len() as u64,
            Data::Compressed(..) => entry.size.unwrap_or(0),
            Data::Nothing => 0,
            Data::Unreadable(why, _) => {
                return self.collected.say(&rules::unread_member::RULE, Level::Incomplete, *why, inner.at(Some(0)));
            }
        };
        if there < needed {
            let message = format!("a storage has {there} bytes, and its tensors take {needed}");
            self.collected.say(&rules::tensor_layout::RULE, Level::Dangerous, message, inner.at(Some(0)));
        } else if there > needed {
            let message = format!("a storage has {there} bytes, and its tensors take {needed}");
            let location = inner.run(needed, there.saturating_sub(needed));
            self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
        }
    }

    /// Holds the bytes of tensors to what the archive says of them.
    fn sum(&mut self, entry: &Entry, data: &Bytes<'a>, member: &Member) {
        let span = entry.data.span();
        let inner = member.entry(&entry.name, span.start);
        let part = data.part(span);
        match &entry.data {
            Data::Stored(_) => self.verify(&part, entry.into(), &inner),
            Data::Compressed(codec, _) => self.measure(*codec, &part, entry.into(), &inner),
            Data::Nothing | Data::Unreadable(..) => {}
        }
    }

    /// Says which names have to be allowed before `torch.load` reads the file by default, and that it reads no frames.
    pub(super) fn weights_only(&mut self, refused: &[String], protocol: u8, member: &Member) {
        if protocol >= 4 && !member.evidence {
            let message = format!(
                "torch.load(weights_only=True) knows few opcodes beyond protocol 2, and this is protocol {protocol}: it \
                 has to be saved again with pickle_protocol=2"
            );
            self.collected.say(&rules::torch_weights_only::RULE, Level::Note, message, member.at(None));
        }
        let mut known = HashSet::new();
        let names: Vec<String> =
            refused.iter().filter(|name| known.insert(name.as_str())).map(|name| escape(name).into_owned()).collect();
        if names.is_empty() || member.evidence {
            return;
        }
        let listed = names.get(..LISTED).unwrap_or(&names).join(", ");
        let more = names.len().saturating_sub(LISTED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let message = format!(
            "torch.load(weights_only=True) refuses it until torch.serialization.add_safe_globals([{listed}]){more}"
        );
        self.collected.say(&rules::torch_weights_only::RULE, Level::Note, message, member.at(None));
    }

    /// A file of torch before 1.6: five pickles, then for each storage a number of elements and their bytes. Nothing
    /// where it is none, so that its pickles are read as any others.
    pub(super) fn torch_legacy(&mut self, bytes: &[u8], member: &Member) -> Option<Read> {
        if !bytes.starts_with(torch::MAGIC) {
            return None;
        }
        let manner =
            Manner { readers: TORCH, dialect: Reader::Torch.dialect(), arrays: Arrays::Unknown, search: false };
        let five = pass(SliceWindow::new(bytes), manner, &mut self.budget);
        let end = torch::end(&five)?;
        let raw = torch::raw_storages(&five, bytes, end, &mut self.budget).unwrap_or_default();
        let pickles = bytes.get(..end)?;
        let passes = Passes::read_by_torch(Reader::Torch, || SliceWindow::new(pickles), &mut self.budget);
        // The pickles before the object say nothing of it.
        let object = passes.own().outer(torch::OBJECT).and_then(|object| object.reading);
        if let Some(object) = object.and_then(|object| passes.own().readings.get(object..object.checked_add(1)?))
            && self.limits.gathers_facts()
        {
            self.facts.get_or_insert_with(|| facts_of(passes.own(), object, member));
        }
        self.judge(&passes, member);
        for (demand, location) in std::mem::take(&mut self.collected.demands) {
            let place = |key: &str| raw.places.iter().find(|(of, _)| of == key).map(|(_, place)| place.clone());
            self.demand(&demand, location, ByteOrder::Little, |key| bytes.get(place(key)?));
        }
        if raw.explained {
            self.collected.region("storage", member.run(end as u64, bytes.len().saturating_sub(end) as u64));
        } else {
            let message = "the bytes behind the pickles are not those of the storages that they ask for";
            let location = member.run(end as u64, bytes.len().saturating_sub(end) as u64);
            self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
            // A program that loads pickle after pickle goes on.
            let behind = raw.places.last().map_or(end, |(_, last)| last.end);
            self.also_pickle(bytes.get(behind..).unwrap_or_default(), &member.within(behind as u64));
        }
        self.weights_only(&refused(passes.own()).collect::<Vec<_>>(), protocol(passes.own()), member);
        let loaders = vec![passes.torch_outcome(torch::OBJECT)];
        Some(Read { loaders, ..Read::silent("torch-legacy") })
    }
}

/// What is to be said of a program for torch's own interpreter.
fn script(archive: &Archive) -> Option<String> {
    let names = archive.entries.iter().filter_map(|entry| entry.name.split_once('/')).map(|(_, name)| name);
    let (mut is_script, mut code) = (false, Vec::new());
    for name in names {
        is_script |= name == "constants.pkl";
        if name.starts_with("code/") && name.ends_with(".py") {
            code.push(escape(name).into_owned());
        }
    }
    (is_script || !code.is_empty()).then(|| {
        let more = code.len().saturating_sub(LISTED);
        let listed = code.get(..LISTED).unwrap_or(&code).join(", ");
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("TorchScript, with the code {listed}{more}")
    })
}

/// The storages that the readings of a pass ask for.
fn asked<W: Window>(pass: &Pass<W>) -> impl Iterator<Item = Storage> {
    let views = pass.readings.iter().map(|reading| Subject { reading, source: pass.source() }.view());
    views.flat_map(torch::storages)
}

/// The names that the default of `torch.load` does not let through.
pub(super) fn refused<W: Window>(pass: &Pass<W>) -> impl Iterator<Item = String> {
    let symbols = pass.readings.iter().flat_map(|reading| reading.ast.symbols());
    symbols
        .filter(|symbol| !torch::is_safe(&symbol.module, &symbol.name))
        .map(|symbol| format!("{}.{}", symbol.module, symbol.name))
}

/// The highest protocol that the streams of a pass declare.
pub(super) fn protocol<W: Window>(pass: &Pass<W>) -> u8 {
    pass.streams.iter().map(|stream| stream.protocol).max().unwrap_or(0)
}

/// Who reads it.
const TORCH: Readers = Readers::of(Reader::Torch);
