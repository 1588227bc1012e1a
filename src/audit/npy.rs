//! A numpy array: numbers, or one pickle of all elements (`numpy/lib/_format_impl.py`, `read_array`).

use super::member::Member;
use super::passes::Passes;
use super::structure::{is_exhaustion, is_padding};
use super::{Audit, Read};
use crate::container::NpyHeader;
use crate::container::npy::{self, MAGIC, MAX_HEADER};
use crate::escape::escape;
use crate::finding::Level;
use crate::opcode::{Source, Window};
use crate::rules;

/// Bytes that the longest header takes, and those before it.
const HEADER: usize = 4 * MAX_HEADER + 12;

/// How many arrays of objects are read one after another.
const OBJECTS: usize = 64;

impl Audit<'_> {
    /// Reads the arrays in a window, one after another; `open` answers its bytes again, from an offset on.
    pub(super) fn npy<W: Window>(&mut self, window: &mut W, open: impl Fn(usize) -> W, member: &Member) -> Read {
        let (mut read, mut objects) = self.arrays(window, &open, member, 0);
        // An array of objects ends where its pickle does, and what follows begins anew.
        for _ in 1..OBJECTS {
            let Some(next) = objects else { return read };
            let (more, then) = self.arrays(&mut open(next), |start| open(next.saturating_add(start)), member, next);
            read.companions.extend(more.companions);
            objects = then;
        }
        if let Some(next) = objects {
            let message = format!("there are more than {OBJECTS} arrays of objects");
            self.incomplete(&rules::limit_reached::RULE, message, member, next as u64);
        }
        read
    }

    /// Reads arrays up to the first of objects; answers where another array follows it. `base` is where the window begins.
    fn arrays<W: Window>(
        &mut self,
        window: &mut W,
        open: impl Fn(usize) -> W,
        member: &Member,
        base: usize,
    ) -> (Read, Option<usize>) {
        let member = &member.within(base as u64);
        let mut at = 0_usize;
        loop {
            // What cannot be read is missing from the header.
            let _ = window.fill(at.saturating_add(HEADER));
            let begin = Source::of(window).offset(at);
            let rest = window.bytes().get(at..).unwrap_or_default();
            if at > 0 && !rest.starts_with(MAGIC) {
                self.behind(window, at, open, member);
                return (Read::silent("npy"), None);
            }
            if at > 0 || base > 0 {
                let message = "several arrays one after another: numpy.load reads the first";
                self.note_several(message, member, begin);
            }
            let header = match NpyHeader::parse(rest) {
                Ok(header) => header,
                Err(error) => {
                    let message = format!("the header of a numpy array is broken: {}", escape(error.message()));
                    let place = begin.saturating_add(error.offset().unwrap_or(0));
                    self.incomplete(&rules::refused_stream::RULE, message, member, place);
                    // numpy may understand it, and find a pickle behind it.
                    if let Some(header) = npy::header_len(rest) {
                        let start = usize::try_from(begin).unwrap_or(usize::MAX).saturating_add(header);
                        self.acts(|| open(start), &member.within(start as u64));
                    }
                    return (Read::silent("npy"), None);
                }
            };
            self.collected.region("header", member.run(begin, header.data_offset as u64));
            if header.has_object() {
                let start = usize::try_from(begin).unwrap_or(usize::MAX).saturating_add(header.data_offset);
                return self.objects(|| open(start), &member.within(start as u64), base.saturating_add(start));
            }
            if header.is_vast() {
                let message = "numpy walks over elements that have no size, more than a file can name";
                self.collected.say(&rules::load_cost::RULE, Level::Suspicious, message, member.at(Some(begin)));
            }
            at = match header.nbytes().map(|len| (len, window.skip(at.saturating_add(header.data_offset), len))) {
                Some((len, Ok((at, taken)))) if taken == len => {
                    let data = begin.saturating_add(header.data_offset as u64);
                    self.collected.region("array", member.run(data, len));
                    at
                }
                Some((_, Err(error))) if is_exhaustion(&error) => {
                    self.incomplete(&rules::limit_reached::RULE, escape(error.message()).into_owned(), member, begin);
                    return (Read::silent("npy"), None);
                }
                _ => {
                    let end = Source::of(window).offset(window.bytes().len());
                    self.incomplete(&rules::refused_stream::RULE, "the file ends inside the array", member, end);
                    return (Read::silent("npy"), None);
                }
            };
        }
    }

    /// Reads an array of objects, which is a pickle at `start`; answers where another array follows it.
    fn objects<W: Window>(&mut self, open: impl Fn() -> W, member: &Member, start: usize) -> (Read, Option<usize>) {
        let passes = Passes::read(open, &mut self.budget);
        self.judge(&passes, member);
        let own = passes.own();
        let is_array = |offset: u64| {
            let position = own.source().position(offset);
            position.is_some_and(|position| own.source().slice(position, MAGIC.len()) == MAGIC)
        };
        let next = own.trailing.iter().map(|trailing| trailing.offset).find(|&offset| is_array(offset));
        let next = next.and_then(|offset| usize::try_from(offset).ok()).map(|offset| start.saturating_add(offset));
        (self.read(&passes, "npy".to_owned(), member), next)
    }

    /// Says that bytes stand behind the last array, and judges what they do if a program reads on.
    fn behind<W: Window>(&mut self, window: &mut W, at: usize, open: impl Fn(usize) -> W, member: &Member) {
        let rest = window.bytes().get(at..).unwrap_or_default();
        if is_padding(rest) {
            return;
        }
        let (begin, known) = (Source::of(window).offset(at), rest.len() as u64);
        let start = usize::try_from(begin).unwrap_or(usize::MAX);
        self.acts(|| open(start), &member.within(begin));
        let end = window.bytes().len();
        let more = window.skip(end, u64::MAX).map_or(0, |(_, count)| count);
        let count = known.saturating_add(more);
        let message = format!("{count} bytes behind the array");
        self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, member.run(begin, count));
    }

    /// Judges what bytes do if they are a pickle.
    fn acts<W: Window>(&mut self, open: impl Fn() -> W, member: &Member) {
        let passes = Passes::read(open, &mut self.budget);
        if passes.act() {
            self.judge(&passes, &member.hushed());
        }
    }

    fn note_several(&mut self, message: &str, member: &Member, at: u64) {
        if !member.evidence {
            self.collected.say(&rules::several_streams::RULE, Level::Note, message, member.at(Some(at)));
        }
    }
}
