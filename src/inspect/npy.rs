//! `.npy` files: a header, and the bytes of an array or a pickle of objects.

use super::open::{Contents, Member, read};
use super::window::{Bytes, HEAD};
use crate::container::npy::{MAGIC, MAX_HEADER};
use crate::container::{Codec, Decoder, NpyHeader};
use crate::error::Result;
use crate::limits::{Budget, Limit};
use crate::opcode::SliceWindow;
use std::borrow::Cow;

pub(super) fn npy(bytes: &[u8], mut budget: Budget) -> Result<Contents<'_>> {
    let header = NpyHeader::parse(bytes)?;
    let data = bytes.get(header.data_offset..).unwrap_or_default();
    let member = Member::Plain { base: header.data_offset as u64 };
    let pass = header.has_object().then(|| read(|_| Bytes::Plain(SliceWindow::new(data)), &mut budget));
    let short = header.nbytes().is_some_and(|len| len > data.len() as u64);
    let broken = short.then(|| "the file ends inside the array".to_owned());
    let (format, npy) = ("npy".to_owned(), Some((header, Cow::Borrowed(data))));
    Ok(Contents { format, bytes, member, pass, npy, broken, ..Contents::empty(budget) })
}

/// The most that the header of a `.npy` file takes: a character has four bytes at most.
pub(super) const HEADER: usize = 4 * MAX_HEADER + 64;

/// A `.npy` file that is compressed, as members of archives are; nothing where it is none.
pub(super) fn inflated_npy<'a>(
    codec: Codec,
    data: &'a [u8],
    start: usize,
    budget: &mut Budget,
) -> Result<Option<Contents<'a>>> {
    let mut decoder = Decoder::new(codec, data);
    let mut head = inflate(&mut decoder, MAGIC.len());
    if head != MAGIC {
        return Ok(None);
    }
    head.extend(inflate(&mut decoder, HEADER));
    budget.spend(Limit::Inflated, head.len() as u64)?;
    let header = NpyHeader::parse(&head)?;
    let at = header.data_offset;
    let pass = header.has_object().then(|| {
        let open = |budget: &Budget| {
            let mut decoder = Decoder::new(codec, data);
            inflate(&mut decoder, at);
            Bytes::inflated(decoder, budget.clone())
        };
        read(open, budget)
    });
    let some = head.get(at..).unwrap_or_default();
    let some = some.get(..HEAD).unwrap_or(some).to_vec();
    let member = Member::Inflated { codec, start: start as u64, base: at as u64 };
    let format = format!("npy+{}", codec.name());
    let npy = Some((header, Cow::Owned(some)));
    Ok(Some(Contents { format, member, pass, npy, ..Contents::empty(budget.clone()) }))
}

/// The next `most` bytes of a decoder, or as many as there are.
pub(super) fn inflate(decoder: &mut Decoder<'_>, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; most];
    let mut there = 0_usize;
    while let Some(rest) = bytes.get_mut(there..).filter(|rest| !rest.is_empty()) {
        match decoder.read(rest) {
            Ok(count) if count > 0 => there = there.saturating_add(count),
            _ => break,
        }
    }
    bytes.truncate(there);
    bytes
}
