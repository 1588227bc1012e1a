//! Bytes that are not compressed and no archive.

use super::bytes::Bytes;
use super::member::Member;
use super::passes::Passes;
use super::{Audit, Read};
use crate::container::detect::is_text;
use crate::container::{Format, tar, zip};
use crate::escape::escape;
use crate::opcode::{Opcode, SliceWindow};
use crate::rules;

impl<'a> Audit<'a> {
    /// Bytes that are not compressed: a pickle, or something else. Nothing where they only stand before an archive.
    pub(super) fn plain(&mut self, data: &Bytes<'a>, format: Format, member: &Member) -> Option<Read> {
        let bytes = data.get();
        if let Format::Other { kind, pickle_may_start: false } = format {
            return Some(Read::silent(format!("not-pickle:{kind}")));
        }
        if let Some(read) = self.torch_legacy(bytes, member) {
            return Some(read);
        }
        let source = self.source;
        let passed = |bytes: &[u8]| source.passed(bytes);
        let passes = Passes::read(|| SliceWindow::passing(bytes, &passed), &mut self.budget);
        // Opcodes are tried before text: a pickle of protocol 0 is text.
        if passes.exhausted() || passes.reach_anything(|| is_text(bytes)) {
            self.judge(&passes, member);
            let format = if passes.is_joblib() { "joblib" } else { "pickle" };
            return Some(self.read(&passes, format.to_owned(), member));
        }
        Some(match format {
            Format::Other { kind, .. } => {
                if kind == "safetensors" {
                    self.tensors(bytes, member);
                }
                Read::silent(format!("not-pickle:{kind}"))
            }
            Format::Unread(_) => {
                let message = format!("{} files are not looked into", format.name());
                self.incomplete(&rules::unsupported_format::RULE, message, member, 0);
                Read::silent(format.name())
            }
            _ if is_text(bytes) => Read::silent("not-pickle:text"),
            // With `ignore_zeros` Python's tarfile passes over what is no header.
            _ if tar::begins_later(data.get()) => self.tar(data, member),
            _ if zip::ends_as_archive(bytes) => return None,
            _ => {
                let error = passes.own().first().and_then(|reading| reading.error.as_ref());
                let begins = bytes.first() == Some(&0x80);
                let (rule, what) = match error {
                    // It begins as a pickle does, and is cut short or broken before it does anything.
                    Some(error) if begins => (&rules::refused_stream::RULE, escape(error.message()).into_owned()),
                    _ => (&rules::unknown_format::RULE, "neither a pickle nor a format that is known".to_owned()),
                };
                let offset = error.and_then(|error| error.offset()).filter(|_| begins).unwrap_or(0);
                self.incomplete(rule, what, member, offset);
                self.read(&passes, if begins { "pickle" } else { "unknown" }.to_owned(), member)
            }
        })
    }

    /// Reads bytes that are something else as a pickle, too: their first may be an opcode. Only what that does counts.
    pub(super) fn also_pickle(&mut self, bytes: &[u8], member: &Member) {
        if bytes.first().copied().and_then(Opcode::from_byte).is_none() {
            return;
        }
        let passes = Passes::read(|| SliceWindow::new(bytes), &mut self.budget);
        if passes.exhausted() {
            self.judge(&passes, member);
        } else if passes.act() {
            self.judge(&passes, &member.hushed());
        }
    }
}
