//! Files of torch 0.1: a tar archive whose object asks for tensors by number.

use super::open::{Contents, Member};
use super::storages::Storages;
use super::window::Bytes;
use crate::container::{Data, Entry, tar};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Budget;
use crate::loader::torch_tar::{Known, storages, tensors};
use crate::loader::{Arrays, Manner, Reader, Readers, pass};
use crate::opcode::SliceWindow;

/// How its pickles are read.
const fn manner(reader: Reader) -> Manner {
    Manner { readers: Readers::of(reader), dialect: reader.dialect(), arrays: Arrays::Unknown, search: false }
}

/// What an archive holds; `None` where it is none of torch.
///
/// # Errors
/// Where a member has no bytes of its own.
pub(super) fn contents<'a>(bytes: &'a [u8], budget: &mut Budget) -> Option<Result<Contents<'a>>> {
    let mut own = budget.clone();
    let (archive, _) = tar::read(bytes, &mut own);
    let named = |name: &str| archive.entries.iter().find(|entry| entry.name.trim_end_matches('/') == name);
    let (pickle, of_storages, of_tensors) = (named("pickle")?, named("storages")?, named("tensors")?);
    *budget = own;
    let there = |entry: &Entry| match &entry.data {
        Data::Stored(span) => Ok((span.start, bytes.get(span.clone()).unwrap_or_default())),
        _ => {
            let message = format!("the member {} is a link, or has no bytes of its own", entry.name.escape_debug());
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    };
    Some(there(pickle).and_then(|(at, pickle)| {
        let ((start, of_storages), (_, of_tensors)) = (there(of_storages)?, there(of_tensors)?);
        let mut known = Known::default();
        let whole = storages(of_storages, manner(Reader::Pickle), &mut known, budget).loads
            & tensors(of_tensors, manner(Reader::Pickle), &mut known, budget).loads;
        let broken = (!whole).then(|| "its tensors cannot be read to their end".to_owned());
        let pass = pass(Bytes::Plain(SliceWindow::new(pickle)), manner(Reader::TorchTar), budget);
        let (format, member) = ("torch-tar".to_owned(), Member::Plain { base: at as u64 });
        let storages = Storages::in_tar(&known, start);
        Ok(Contents { format, bytes, member, pass: Some(pass), storages, broken, ..Contents::empty(budget.clone()) })
    }))
}
