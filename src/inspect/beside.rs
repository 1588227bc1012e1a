//! Files of arrays beside a file of joblib before 0.10 (`joblib/numpy_pickle_compat.py`).

use super::arrays::ArrayRef;
use super::open::{Contents, Member};
use super::window::HEAD;
use crate::array::{Array, Data, Order, view};
use crate::container::{Codec, Decoder, NpyHeader, ZFile};
use crate::error::{Error, ErrorKind, Result};
use crate::escape::escape;
use crate::input::Source;
use crate::limits::Limits;
use crate::loader::joblib::Wrapper;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The files that a file names, by name; why one cannot be read.
pub type Beside = HashMap<String, Result<Companion>>;

/// A file of the elements of one array.
pub struct Companion {
    source: Source<'static>,
    /// Where the elements begin.
    member: Member,
    /// What a `.npy` file says of itself; of a `.npy.z` file, the pickle says it.
    header: Option<NpyHeader>,
    /// How many bytes of elements it has; what a `.npy.z` file says of that.
    len: u64,
}

impl Companion {
    fn new(source: Source<'static>, wrapper: Wrapper) -> Result<Self> {
        let bytes = source.bytes();
        if wrapper == Wrapper::CompressedFile {
            let ZFile { length: len, data_offset } = ZFile::parse(bytes)?;
            let member = Member::Inflated { codec: Codec::Zlib, start: data_offset as u64, base: 0 };
            return Ok(Self { source, member, header: None, len });
        }
        let header = NpyHeader::parse(bytes)?;
        let base = header.data_offset as u64;
        let len = (bytes.len() as u64).saturating_sub(base);
        Ok(Self { source, member: Member::Plain { base }, header: Some(header), len })
    }
}

impl<'a> Contents<'a> {
    /// Says that the bytes are those of `source`: arrays of any size are then read in little memory, and those in files
    /// beside it are found.
    pub fn stand_in(&mut self, source: &'a Source<'a>, limits: &Limits) {
        self.file = Some(source);
        let named = self.pass.as_ref().map(|pass| pass.companions.as_slice()).unwrap_or_default();
        // Beside a member of an archive there are other members.
        for companion in named.iter().filter(|_| self.name.is_empty()) {
            if let Entry::Vacant(place) = self.beside.entry(companion.name.clone()) {
                let found = source.companion(&companion.name, limits);
                let missing = || Error::new(ErrorKind::Unsupported, "it is not there");
                let opened = found.and_then(|found| Companion::new(found.ok_or_else(missing)?, companion.wrapper));
                let named = |error: Error| {
                    let message = format!("its elements stand in {}: {}", escape(&companion.name), error.message());
                    Error::new(error.kind(), message)
                };
                place.insert(opened.map_err(named));
            }
        }
    }

    fn companion(&self, data: &Data) -> Option<Result<&Companion>> {
        let Data::File(name) = data else { return None };
        Some(match self.beside.get(name) {
            Some(found) => found.as_ref().map_err(Clone::clone),
            None => {
                Err(Error::new(ErrorKind::Unsupported, format!("its elements stand in another file, {}", escape(name))))
            }
        })
    }

    /// The file that the elements of an array stand in: this one, or one beside it.
    pub(super) fn ground<'c>(&'c self, data: &Data) -> (&'c [u8], Option<&'c Source<'c>>) {
        match self.companion(data) {
            Some(Ok(companion)) => (companion.source.bytes(), Some(&companion.source)),
            Some(Err(_)) => (&[], None),
            None => (self.bytes, self.file),
        }
    }

    /// What a file beside this one says of an array.
    pub(super) fn described(&self, array: Array) -> Array {
        match self.companion(&array.data) {
            Some(Ok(Companion { header: Some(header), .. })) => Array {
                dtype: Ok(header.dtype.clone()),
                shape: Some(header.shape.clone()),
                order: if header.fortran_order { Order::F } else { Order::C },
                ..array
            },
            Some(Err(error)) => Array { dtype: Err(error), ..array },
            Some(Ok(_)) | None => array,
        }
    }

    /// Where the elements of an array stand that are in a file beside this one.
    ///
    /// # Errors
    /// Where that is not there, or does not have as many bytes as the array.
    pub(super) fn in_companion(&self, array: &ArrayRef) -> Result<(Member, (u64, u64))> {
        let missing = || Error::new(ErrorKind::Unsupported, "its elements stand in no file");
        let companion = self.companion(&array.array.data).ok_or_else(missing)??;
        if array.has_objects() {
            let message = "its elements are objects in another file: give that file itself";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let layout = array.layout()?;
        view::check_len(&layout, companion.len)?;
        Ok((companion.member, (0, layout.extent())))
    }

    /// The first bytes of a file beside this one.
    pub(super) fn companion_head(&self, data: &Data) -> Vec<u8> {
        let Some(Ok(companion)) = self.companion(data) else { return Vec::new() };
        let from = |start: u64| {
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            companion.source.bytes().get(start..).unwrap_or_default()
        };
        match companion.member {
            Member::Plain { base } => from(base).get(..HEAD).unwrap_or(from(base)).to_vec(),
            Member::Inflated { codec, start, .. } => {
                let mut head = vec![0; HEAD];
                let count = Decoder::new(codec, from(start)).read(&mut head).unwrap_or(0);
                head.truncate(count);
                head
            }
            Member::Made { .. } => Vec::new(),
        }
    }
}
