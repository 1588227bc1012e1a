//! A numpy array: numbers, or one pickle of all elements (`numpy/lib/_format_impl.py`, `read_array`).

use super::member::Member;
use super::passes::Passes;
use super::structure::{is_exhaustion, is_padding};
use super::{Audit, Read};
use crate::container::NpyHeader;
use crate::container::npy::MAX_HEADER;
use crate::escape::escape;
use crate::finding::Level;
use crate::opcode::{Source, Window};
use crate::rules;

/// Bytes that the longest header takes, and those before it.
const HEADER: usize = 4 * MAX_HEADER + 12;

/// Padding at the end, and one byte more.
const REST: usize = 512;

impl Audit<'_> {
    /// Reads the array in a window; `open` answers its bytes again, from an offset on.
    pub(super) fn npy<W: Window>(&mut self, window: &mut W, open: impl Fn(usize) -> W, member: &Member) -> Read {
        // What cannot be read is missing from the header.
        let _ = window.fill(HEADER);
        let header = match NpyHeader::parse(window.bytes()) {
            Ok(header) => header,
            Err(error) => {
                let message = format!("the header of a numpy array is broken: {}", escape(error.message()));
                self.incomplete(&rules::refused_stream::RULE, message, member, error.offset().unwrap_or(0));
                return Read::silent("npy");
            }
        };
        self.collected.region("header", member.run(0, header.data_offset as u64));
        if header.has_object() {
            let inner = member.within(header.data_offset as u64);
            let passes = Passes::read(|| open(header.data_offset), &mut self.budget);
            self.judge(&passes, &inner);
            return self.read(&passes, "npy".to_owned(), &inner);
        }
        if header.is_vast() {
            let message = "numpy walks over elements that have no size, more than a file can name";
            self.collected.say(&rules::load_cost::RULE, Level::Suspicious, message, member.at(Some(0)));
        }
        let taken = header.nbytes().map(|len| (len, window.skip(header.data_offset, len)));
        match taken {
            Some((len, Ok((at, taken)))) if taken == len => {
                self.collected.region("array", member.run(header.data_offset as u64, len));
                let _ = window.fill(at.saturating_add(REST));
                let rest = window.bytes().get(at..).unwrap_or_default();
                if !is_padding(rest) {
                    let begin = Source::of(window).offset(at);
                    let known = rest.len() as u64;
                    let end = window.bytes().len();
                    let more = window.skip(end, u64::MAX).map_or(0, |(_, count)| count);
                    let count = known.saturating_add(more);
                    let message = format!("{count} bytes behind the array");
                    let location = member.run(begin, count);
                    self.collected.say(&rules::trailing_data::RULE, Level::Suspicious, message, location);
                }
            }
            Some((_, Err(error))) if is_exhaustion(&error) => {
                self.incomplete(&rules::limit_reached::RULE, escape(error.message()).into_owned(), member, 0);
            }
            _ => {
                let end = Source::of(window).offset(window.bytes().len());
                self.incomplete(&rules::refused_stream::RULE, "the file ends inside the array", member, end);
            }
        }
        Read::silent("npy")
    }
}
