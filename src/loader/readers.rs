//! The table of readers: every way to open a pickle that differs from another in what it may do.
//!
//! [`READERS`] holds each class of readers that behave alike once; [`LOADERS`] says which of them a call runs.

use crate::opcode::{Access, Dialect};

/// A class of readers that behave alike on every file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reader {
    /// The C engine over memory, or over a file that its buffer holds as a whole.
    Pickle,
    /// The Python engine, with array bytes between opcodes.
    Joblib,
    /// The C engine over a file that cannot look ahead.
    Unbuffered,
    /// The C engine over a file with a buffer of 4096 bytes.
    Buffered4K,
    /// The same with 8192 bytes.
    Buffered8K,
    /// The Python engine on its own.
    PurePython,
    /// From CPython 3.14 on.
    Pickle314,
    /// From CPython 3.14 on.
    Joblib314,
    /// From CPython 3.14 on.
    Unbuffered314,
    /// From CPython 3.14 on, whose files have a buffer of 131072 bytes.
    Buffered314,
    /// From CPython 3.14 on.
    PurePython314,
    /// The C engine, to which storages of tensors are no strangers.
    Torch,
    /// The same, where what stands beside the pickle has numbers.
    TorchTar,
    /// The Python engine, with array bytes between opcodes, and no padding before them.
    JoblibUnpadded,
    /// What `skops.io.load` does, written as a pickle; elements of arrays are members of the archive.
    Skops,
}

/// What a reader expects behind joblib's wrappers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrays {
    /// The next opcode: it knows no wrappers.
    Unknown,
    /// Array bytes, whatever the wrapper says of a padding: joblib 0.10 to 1.1.
    Unpadded,
    /// Array bytes, after a padding where the wrapper says so: joblib 1.2 and later.
    Padded,
}

impl Arrays {
    /// Whether it knows wrappers.
    pub const fn known(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

/// One class of readers.
#[derive(Clone, Copy, Debug)]
pub struct ReaderInfo {
    /// The class.
    pub reader: Reader,
    /// Its name in reports. Classes that nobody tells apart have one name.
    pub name: &'static str,
    /// The engine.
    pub dialect: Dialect,
    /// How the engine gets at bytes.
    pub access: Access,
    /// What it expects behind joblib's wrappers.
    pub arrays: Arrays,
}

const fn row(reader: Reader, name: &'static str, dialect: Dialect, access: Access, arrays: Arrays) -> ReaderInfo {
    ReaderInfo { reader, name, dialect, access, arrays }
}

/// Every class, in the order of [`Reader`].
pub const READERS: [ReaderInfo; 15] = [
    row(Reader::Pickle, "pickle.load", Dialect::C, Access::Memory, Arrays::Unknown),
    row(Reader::Joblib, "joblib.load", Dialect::PYTHON, Access::Memory, Arrays::Padded),
    row(Reader::Unbuffered, "pickle.load[unbuffered]", Dialect::C, Access::Unbuffered, Arrays::Unknown),
    row(Reader::Buffered4K, "pickle.load[buffered]", Dialect::C, Access::Buffered(4 << 10), Arrays::Unknown),
    row(Reader::Buffered8K, "pickle.load[buffered]", Dialect::C, Access::Buffered(8 << 10), Arrays::Unknown),
    row(Reader::PurePython, "pickle._Unpickler", Dialect::PYTHON, Access::Memory, Arrays::Unknown),
    row(Reader::Pickle314, "pickle.load[3.14]", Dialect::C_314, Access::Memory, Arrays::Unknown),
    row(Reader::Joblib314, "joblib.load[3.14]", Dialect::PYTHON_314, Access::Memory, Arrays::Padded),
    row(Reader::Unbuffered314, "pickle.load[unbuffered]", Dialect::C_314, Access::Unbuffered, Arrays::Unknown),
    row(Reader::Buffered314, "pickle.load[buffered]", Dialect::C_314, Access::Buffered(128 << 10), Arrays::Unknown),
    row(Reader::PurePython314, "pickle._Unpickler", Dialect::PYTHON_314, Access::Memory, Arrays::Unknown),
    row(Reader::Torch, "torch.load", Dialect::C, Access::Memory, Arrays::Unknown),
    row(Reader::TorchTar, "torch.load", Dialect::C, Access::Memory, Arrays::Unknown),
    row(Reader::JoblibUnpadded, "joblib.load[1.1]", Dialect::PYTHON, Access::Memory, Arrays::Unpadded),
    row(Reader::Skops, "skops.io.load", Dialect::C, Access::Memory, Arrays::Unknown),
];

impl Reader {
    /// Its row of the table.
    #[allow(clippy::indexing_slicing, reason = "the table has a row for each variant; a test holds them together")]
    pub const fn info(self) -> &'static ReaderInfo {
        &READERS[self as usize]
    }

    /// The reader as it stands in reports.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The engine it runs.
    pub const fn dialect(self) -> Dialect {
        self.info().dialect
    }
}

/// A set of readers that behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Readers(u16);

impl Readers {
    /// The set of one.
    pub const fn of(reader: Reader) -> Self {
        Self(1 << reader as u16)
    }

    /// Everything in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a reader is in it.
    pub const fn contains(self, reader: Reader) -> bool {
        self.0 & (1 << reader as u16) != 0
    }

    /// Their names, in a fixed order, each once.
    pub fn names(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for info in READERS.iter().filter(|info| self.contains(info.reader)) {
            if !names.contains(&info.name) {
                names.push(info.name);
            }
        }
        names
    }
}

/// A call that opens pickles, and what it runs.
#[derive(Clone, Copy, Debug)]
pub struct Loader {
    /// The call.
    pub call: &'static str,
    /// The classes of readers that it is, by version or file; in the order in which they run where it runs several.
    pub readers: &'static [Reader],
    /// What it makes of strings of Python 2 unless it is told otherwise; `-` where it cannot be told.
    pub encoding: &'static str,
    /// What else there is to say.
    pub note: &'static str,
}

use Reader::{
    Buffered4K, Buffered8K, Buffered314, Joblib, Joblib314, JoblibUnpadded, Pickle, Pickle314, PurePython,
    PurePython314, Skops, Torch, TorchTar, Unbuffered, Unbuffered314,
};

/// The calls that open pickles.
pub const LOADERS: &[Loader] = &[
    Loader { call: "pickle.loads(data)", readers: &[Pickle, Pickle314], encoding: "ASCII", note: "" },
    Loader {
        call: "pickle.load(open(path, 'rb'))",
        readers: &[Pickle, Buffered4K, Buffered8K, Pickle314, Buffered314],
        encoding: "ASCII",
        note: "over memory where the buffer holds the file; its size is that of a block of the file system (4096 on most), \
               8192 where that is not known, 131072 from CPython 3.14 on",
    },
    Loader {
        call: "pickle.load(io.BytesIO(data)), pickle.load(open(path, 'rb', buffering=0)), pickle.load(zipfile member)",
        readers: &[Unbuffered, Unbuffered314],
        encoding: "ASCII",
        note: "any file without `peek`",
    },
    Loader {
        call: "pickle._Unpickler(file).load()",
        readers: &[PurePython, PurePython314],
        encoding: "ASCII",
        note: "where `_pickle` is missing, and subclasses of it",
    },
    Loader {
        call: "joblib.load(path), joblib 0.10 to 1.1",
        readers: &[Joblib, JoblibUnpadded],
        encoding: "ASCII",
        note: "it steps over no padding: of an array that joblib 1.2 or later wrote it takes the last bytes for opcodes; \
               an array of objects is read by `pickle.load`",
    },
    Loader {
        call: "joblib.load(path), joblib 1.2 to 1.5",
        readers: &[Joblib],
        encoding: "ASCII",
        note: "array bytes are aligned; an array of objects is read by `pickle.load`",
    },
    Loader {
        call: "joblib.load(path), joblib 1.6",
        readers: &[Joblib, Joblib314],
        encoding: "ASCII",
        note: "an array of objects is read by the Python engine, too",
    },
    Loader {
        call: "pandas.read_pickle(path)",
        readers: &[Pickle, Buffered4K, Buffered8K, PurePython, Pickle314, Buffered314, PurePython314],
        encoding: "ASCII, then latin1",
        note: "first as `pickle.load`; where that fails, the Python engine from the first byte: both leave their effects",
    },
    Loader {
        call: "numpy.load(path, allow_pickle=True)",
        readers: &[Pickle, Buffered4K, Buffered8K, Pickle314, Buffered314],
        encoding: "ASCII",
        note: "a pickle, or what follows the header of an array of objects",
    },
    Loader {
        call: "dill.load(file), cloudpickle.load(file), statsmodels' load(path)",
        readers: &[Pickle, Buffered4K, Buffered8K, Unbuffered, Pickle314, Buffered314, Unbuffered314],
        encoding: "ASCII",
        note: "as `pickle.load`; dill looks up some names elsewhere",
    },
    Loader {
        call: "torch.load(path, weights_only=False)",
        readers: &[Torch, TorchTar, Unbuffered, Unbuffered314],
        encoding: "UTF-8",
        note: "the pickle in a zip archive is read as from `io.BytesIO`; a file of torch before 1.6 from the file; a tar \
               archive of torch 0.1 from the file, too, with other persistent ids",
    },
    Loader {
        call: "torch.load(path), torch 2.6 and later",
        readers: &[Torch],
        encoding: "UTF-8",
        note: "an engine of its own with 40 opcodes and its own list of names; what it refuses is a note, \
               `torch-weights-only`",
    },
    Loader {
        call: "skops.io.load(path, trusted=[...])",
        readers: &[Skops],
        encoding: "-",
        note: "no pickle: what skops 0.11 to 0.16 does with `schema.json` is written as one; judged as if every type were \
               trusted",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_has_its_row_and_is_run_by_a_loader() {
        for (place, info) in READERS.iter().enumerate() {
            assert_eq!(info.reader as usize, place, "{}", info.name);
            assert!(LOADERS.iter().any(|loader| loader.readers.contains(&info.reader)), "nobody runs {}", info.name);
        }
    }
}
