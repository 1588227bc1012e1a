//! What the layout of a source says: how streams end, what stands between them, where readers part.

use super::collect::Collected;
use super::member::Member;
use super::passes::Passes;
use crate::error::{Error, ErrorKind};
use crate::escape::escape;
use crate::finding::{Level, Location, Stream};
use crate::loader::{Pass, Reading, torch};
use crate::machine::Effect;
use crate::opcode::{FrameOddity, Window};
use crate::rules;

/// Whether bytes behind the last stream or array are what writers leave: up to 511 NULs, or one newline.
pub(super) fn is_padding(rest: &[u8]) -> bool {
    rest.len() <= 511 && (rest.iter().all(|&byte| byte == 0) || matches!(rest, b"\n" | b"\r\n"))
}

/// Adds what the layout of a source says to what is collected.
pub(super) fn describe<'a, W: Window + 'a>(passes: &Passes<'a, W>, member: &Member, collected: &mut Collected) {
    let own = passes.own();
    streams(own, member, collected);
    refusals(own, member, |_| true, collected);
    if let Some(other) = passes.other() {
        refusals(other, member, is_exhaustion, collected);
    }
    oddities(own, member, collected);
    // Array bytes that another format's reader takes for a frame are no matter, unless they make it do something.
    if let Some(other) = passes.other() {
        if !passes.is_joblib() || !passes.beyond(other).is_empty() {
            oddities(other, member, collected);
        }
        divergence(passes, other, member, collected);
    }
    for other in &passes.further {
        refusals(other, member, is_exhaustion, collected);
        divergence(passes, other, member, collected);
    }
}

fn streams<W: Window>(pass: &Pass<W>, member: &Member, collected: &mut Collected) {
    for stream in &pass.streams {
        let location = Location { stream: stream.number, ..member.run(stream.offset, stream.len) };
        collected.region("pickle", location.clone());
        collected.streams.push(Stream { location, protocol: stream.protocol, opcodes: stream.opcodes });
    }
    let count = pass.stream_count;
    let is_torch = count == torch::STREAMS as u64 && pass.source().bytes.starts_with(torch::MAGIC);
    if count > 1
        && !is_torch
        && let Some(second) = pass.streams.iter().filter(|stream| !stream.nested).nth(1)
    {
        let message = format!("{count} pickles one after another");
        collected.say(&rules::several_streams::RULE, Level::Note, message, member.at(Some(second.offset)));
    }
    for array in pass.readings.iter().flat_map(|reading| &reading.arrays) {
        collected.region("array", member.run(array.offset, array.len));
    }
    for trailing in &pass.trailing {
        let kind = if trailing.padding { "padding" } else { "unexplained" };
        collected.region(kind, member.run(trailing.offset, trailing.len));
    }
    for trailing in pass.trailing.iter().filter(|trailing| !trailing.padding) {
        let message = format!("{} bytes that belong to no pickle", trailing.len);
        let location = member.run(trailing.offset, trailing.len);
        collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
    }
}

fn place<W: Window>(pass: &Pass<W>, member: &Member, reading: &Reading, position: usize) -> Location {
    Location { stream: reading.stream, ..member.at(Some(pass.source().offset(position))) }
}

/// Streams that cannot be read to their end, for reasons that count.
fn refusals<W: Window>(pass: &Pass<W>, member: &Member, counts: impl Fn(&Error) -> bool, collected: &mut Collected) {
    let mut say = |error: &Error, location: Location| {
        let rule =
            if error.kind() == ErrorKind::Limit { &rules::limit_reached::RULE } else { &rules::refused_stream::RULE };
        collected.say(rule, Level::Incomplete, escape(error.message()).into_owned(), location);
    };
    let mut exhausted = false;
    for reading in &pass.readings {
        // With one memo for all, honest streams are misread; what a limit kept from being read is another matter.
        let counts = |error: &&Error| counts(error) && (!reading.inherits_memo || error.kind() == ErrorKind::Limit);
        let Some(error) = reading.error.as_ref().filter(counts) else { continue };
        let offset = error.offset().unwrap_or_else(|| pass.source().offset(reading.end));
        say(error, Location { stream: reading.stream, ..member.at(Some(offset)) });
        exhausted |= is_exhaustion(error);
    }
    // What follows the last stream may be what cannot be read.
    if let Some(error) = pass.window.failure().filter(|error| is_exhaustion(error) && !exhausted) {
        say(error, member.at(error.offset()));
    }
}

/// Whether an error is about a limit or the system, not about the bytes: what follows them is not known to any reader.
pub(super) fn is_exhaustion(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Limit | ErrorKind::Io)
}

fn oddities<W: Window>(pass: &Pass<W>, member: &Member, collected: &mut Collected) {
    for reading in &pass.readings {
        for &(oddity, at) in &reading.oddities {
            // A file that was cut short is cut short inside a frame; it is odd only if it loads all the same.
            if oddity == FrameOddity::Overlong && reading.root.is_none() {
                continue;
            }
            let message = match oddity {
                FrameOddity::Straddles => "an argument runs over the end of its frame",
                FrameOddity::Nested => "a frame begins before the one around it ends",
                FrameOddity::Overlong => "a frame claims more bytes than there are",
                FrameOddity::StopInside => "STOP stands before the end of its frame",
            };
            let mut finding = rules::frame_anomaly::RULE.finding(
                Level::Suspicious,
                message.to_owned(),
                place(pass, member, reading, at),
            );
            finding.loaders = reading.readers.names();
            collected.add(finding);
        }
        for array in &reading.arrays {
            if let Some((length, honest)) = array.padding
                && !(honest && (1..=16).contains(&length))
            {
                let message = format!("an array has a padding of {length} bytes that joblib does not write");
                let location = Location { stream: reading.stream, ..member.at(Some(array.offset)) };
                collected.say(&rules::joblib_padding::RULE, Level::Suspicious, message, location);
            }
        }
        if let Some(at) = reading.first_8bit_string {
            let message = "a string of Python 2 holds bytes above 0x7f";
            collected.say(&rules::needs_encoding::RULE, Level::Note, message, place(pass, member, reading, at));
        }
    }
}

/// Where another class of readers reads something else than the format's own.
fn divergence<'a, W: Window + 'a, V: Window>(
    passes: &Passes<'a, W>,
    other: &Pass<V>,
    member: &Member,
    collected: &mut Collected,
) {
    let own = passes.own();
    let names = other.manner.readers.names();
    let name = names.first().copied().unwrap_or("another reader");
    let (Some(own_first), Some(other_first)) = (own.first(), other.first()) else { return };
    let (level, message, at) = if passes.is_foreign(other) {
        // Another format's reader is expected to fail at the first array; what it must not do is reach more.
        let Some(at) = passes.beyond(other).first().copied() else { return };
        let at = other.source().offset(at);
        (Level::Suspicious, format!("{name} runs array bytes as opcodes, and they do something"), at)
    } else {
        let Some((at, what)) = why_parted(own, other) else { return };
        let same = is_prefix(own, own_first, other, other_first);
        match (own_first.root.is_some(), other_first.root.is_some()) {
            (true, true) => (Level::Suspicious, format!("readers load different values: {what}"), at),
            _ if same => (Level::Note, format!("not every reader loads it: {what}"), at),
            _ => (Level::Suspicious, format!("readers reach different effects: {what}"), at),
        }
    };
    let mut finding = rules::loader_divergence::RULE.finding(level, message, member.at(Some(at)));
    finding.loaders = own.manner.readers.union(other.manner.readers).names();
    collected.add(finding);
}

/// Where a reader first parts from the format's own, and on what.
fn why_parted<W: Window, V: Window>(own: &Pass<W>, other: &Pass<V>) -> Option<(u64, &'static str)> {
    if other.manner.dialect.decimal && !own.manner.dialect.decimal {
        let decimal = other.readings.iter().find_map(|reading| reading.decimal);
        return decimal.map(|at| (other.source().offset(at), "CPython 3.14 reads INT and LONG as decimal"));
    }
    parted(own).or_else(|| parted(other))
}

fn parted<W: Window>(pass: &Pass<W>) -> Option<(u64, &'static str)> {
    let (at, what) = pass.readings.iter().find_map(|reading| reading.parted)?;
    Some((pass.source().offset(at), what))
}

/// Whether the effects of one reading are the first of the other's: the same kinds at the same places.
fn is_prefix<W: Window, V: Window>(own: &Pass<W>, a: &Reading, other: &Pass<V>, b: &Reading) -> bool {
    let alike = |(a, b): (&Effect, &Effect)| {
        own.source().offset(a.at) == other.source().offset(b.at)
            && std::mem::discriminant(&a.action) == std::mem::discriminant(&b.action)
    };
    a.effects.iter().zip(&b.effects).all(alike)
}
