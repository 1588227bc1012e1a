//! What a comparison says: plain data.

/// How two files compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that was to be compared means the same.
    Equal,
    /// Something differs.
    Different,
    /// Nothing that could be compared differs, and something could not.
    Unknown,
}

impl Outcome {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

/// What was to be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    #[default]
    All,
    /// Arrays, by the names that `convert` gives them: one of the files has no place for anything else.
    Arrays,
}

impl Scope {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Arrays => "arrays",
        }
    }
}

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first.
    A,
    /// The second.
    B,
}

impl Side {
    /// Its letter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// How many of a kind are kept; the others are counted.
const KEPT: usize = 1000;

/// The first of many, and how many they are.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    first: Vec<T>,
    count: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { first: Vec::new(), count: 0 }
    }
}

impl<T> Kept<T> {
    /// Adds one, which is asked for only where it is kept.
    pub fn add(&mut self, one: impl FnOnce() -> T) {
        let made = self.has_room().then(one);
        self.add_made(made);
    }

    /// Whether another one would be kept.
    pub(super) fn has_room(&self) -> bool {
        self.first.len() < KEPT
    }

    /// Adds one that was made where there was room for it.
    pub(super) fn add_made(&mut self, one: Option<T>) {
        self.first.extend(one);
        self.count = self.count.saturating_add(1);
    }

    /// Adds those of another.
    pub(super) fn append(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        let room = KEPT.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(room));
    }

    /// The first thousand.
    pub fn first(&self) -> &[T] {
        &self.first
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The same with each put into another form.
    pub(super) fn map<U>(self, form: impl FnMut(T) -> U) -> Kept<U> {
        Kept { first: self.first.into_iter().map(form).collect(), count: self.count }
    }

    /// Puts those that are kept in another order.
    pub(super) fn sort_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        self.first.sort_by_key(key);
    }
}

/// In what two values differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It stands in the first file only.
    OnlyA,
    /// It stands in the second file only.
    OnlyB,
    /// Two numbers, texts or bytes.
    Value,
    /// Values of two types, such as a list and a tuple.
    Type,
    /// Objects of two classes, or arrays.
    Class,
    /// An object is made by a call in one file and by `__new__` in the other.
    Made,
    /// How many items there are.
    Length,
    /// The types of elements.
    DType,
    /// The shapes of arrays.
    Shape,
    /// Elements of arrays.
    Elements,
}

impl Kind {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnlyA => "only-a",
            Self::OnlyB => "only-b",
            Self::Value => "value",
            Self::Type => "type",
            Self::Class => "class",
            Self::Made => "made",
            Self::Length => "length",
            Self::DType => "dtype",
            Self::Shape => "shape",
            Self::Elements => "elements",
        }
    }
}

/// One difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// In what.
    pub kind: Kind,
    /// Its object path in the first file; in the second, where only that has it.
    pub path: String,
    /// Its path in the second file, where that is another.
    pub other: Option<String>,
    /// What the first file has there, in short.
    pub a: Option<String>,
    /// What the second file has there.
    pub b: Option<String>,
    /// How far arrays are apart.
    pub elements: Option<Elements>,
}

/// How far the elements of two arrays are apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Elements {
    /// How many there are in each.
    pub count: u64,
    /// How many differ.
    pub differ: u64,
    /// How many are not the same, and within the tolerance.
    pub within: u64,
    /// Of those that differ, how many are NaN on one side only, or two of other bits.
    pub nan: u64,
    /// The greatest distance of numbers that differ; infinite where one of two is.
    pub max_abs: Option<f64>,
    /// The greatest distance in proportion to the greater of the two.
    pub max_rel: Option<f64>,
    /// The first that differs, in C order.
    pub first: Option<First>,
}

/// An element that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    /// Its index, a number for each axis.
    pub index: Vec<u64>,
    /// The field of a structure.
    pub field: Option<String>,
    /// What the first file has there.
    pub a: String,
    /// What the second file has there.
    pub b: String,
}

/// In what files differ that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// The order of a dict.
    DictOrder,
    /// What is one object in one file and several in the other.
    Sharing,
    /// The order of the bytes of numbers.
    ByteOrder,
    /// The order of elements in memory.
    MemoryOrder,
    /// Names of numpy that differ between its releases.
    NumpyNames,
    /// How an object is made, where two ways come to the same.
    Made,
    /// A number of numpy, and one of Python.
    Scalar,
    /// Floats that are apart by no more than the tolerance.
    Tolerance,
    /// Something that one of the formats has no place for.
    NoPlace,
}

impl NoteKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::DictOrder,
        Self::Sharing,
        Self::ByteOrder,
        Self::MemoryOrder,
        Self::NumpyNames,
        Self::Made,
        Self::Scalar,
        Self::Tolerance,
        Self::NoPlace,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DictOrder => "dict-order",
            Self::Sharing => "sharing",
            Self::ByteOrder => "byte-order",
            Self::MemoryOrder => "memory-order",
            Self::NumpyNames => "numpy-names",
            Self::Made => "made",
            Self::Scalar => "scalar",
            Self::Tolerance => "tolerance",
            Self::NoPlace => "no-place",
        }
    }

    /// What it means.
    pub const fn message(self) -> &'static str {
        match self {
            Self::DictOrder => "a dict has its items in another order",
            Self::Sharing => "what is one object in one file is several equal ones in the other",
            Self::ByteOrder => "an array has its bytes in another order, and the same values",
            Self::MemoryOrder => "an array has its elements in another order in memory, and the same values",
            Self::NumpyNames => "a name of numpy is that of another release of numpy",
            Self::Made => "an object is made in another way that comes to the same",
            Self::Scalar => "a number is one of numpy in one file and one of Python in the other",
            Self::Tolerance => "floats differ by no more than the tolerance",
            Self::NoPlace => "one of the formats has no place for it, so it was not compared",
        }
    }
}

/// All differences of a kind that do not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Of which kind.
    pub kind: NoteKind,
    /// How many.
    pub count: u64,
    /// The path of the first.
    pub first: String,
}

/// Something that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The file that it is about; `None` where it is both.
    pub side: Option<Side>,
    /// Its object path; empty where it is about the whole file.
    pub path: String,
    /// Why.
    pub why: String,
}

/// How much was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values other than arrays.
    pub values: u64,
    /// Arrays.
    pub arrays: u64,
    /// Their elements.
    pub elements: u64,
}

/// Names of classes and functions that only one of the files has.
#[derive(Clone, Debug, Default)]
pub struct NamesOf {
    /// Each with the path where it stands first.
    pub only: Kept<(String, String)>,
}

/// What a comparison says.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// What was to be compared.
    pub scope: Scope,
    /// How much was.
    pub compared: Counts,
    /// What differs, in the order of the first file.
    pub differences: Kept<Difference>,
    /// Classes and functions that only the first file names: removed, where the second is the newer.
    pub only_a: NamesOf,
    /// Those that only the second file names: added.
    pub only_b: NamesOf,
    /// What differs and means the same, kind by kind.
    pub notes: Vec<Note>,
    /// What could not be compared.
    pub unknown: Kept<Unknown>,
}

impl Diff {
    /// How the files compare.
    pub fn outcome(&self) -> Outcome {
        match (self.differences.is_empty(), self.unknown.is_empty()) {
            (false, _) => Outcome::Different,
            (true, false) => Outcome::Unknown,
            (true, true) => Outcome::Equal,
        }
    }

    /// Whether there is a note of a kind.
    pub(super) fn has_note(&self, kind: NoteKind) -> bool {
        self.notes.iter().any(|note| note.kind == kind)
    }

    /// Adds to the notes of a kind. The path is asked for only for the first.
    pub(super) fn note(&mut self, kind: NoteKind, count: u64, path: impl FnOnce() -> String) {
        match self.notes.iter_mut().find(|note| note.kind == kind) {
            Some(note) => note.count = note.count.saturating_add(count),
            None => self.notes.push(Note { kind, count, first: path() }),
        }
    }
}
