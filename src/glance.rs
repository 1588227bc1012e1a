//! Plain data: what a file holds at a glance, bounded, for reports that show it.
//!
//! `inspect` makes it, the report of a file carries it where it was asked for, `report` shows it. Texts are one line each,
//! cut where they are long, and not to be trusted any more than the file is.

use serde::{Deserialize, Serialize};

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    /// What each of its streams builds.
    pub trees: Vec<Tree>,
    /// How many more streams there are.
    pub more_streams: u64,
    /// The arrays in it, in the order in which they are met.
    pub arrays: Vec<Array>,
    /// How many more arrays there are.
    pub more_arrays: u64,
    /// Why it cannot be shown, or not to its end.
    pub error: Option<String>,
}

/// What a stream builds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The number of the stream.
    pub stream: u32,
    /// Its values, each followed by what is in it.
    pub rows: Vec<Row>,
    /// What is big in it: parts that do not overlap and add up to the whole, the biggest first.
    pub parts: Vec<Part>,
    /// Why the stream is refused, if it is.
    pub error: Option<String>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// How deep it stands; 0 is the root, and each row is at most one deeper than the one before.
    pub level: u16,
    /// How it stands in what holds it: an attribute, a key, an index.
    pub label: String,
    /// What it is.
    pub text: String,
    /// The bytes of the file that it and all in it take, where they are known.
    pub bytes: u64,
    /// How many values in it are not among the rows.
    pub left_out: u64,
}

/// A part of an object, by its size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its path, such as `root.steps[1][1].estimators_[0].tree_`.
    pub path: String,
    /// What it is.
    pub text: String,
    /// Bytes of the file.
    pub bytes: u64,
}

/// An array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Array {
    /// Its path.
    pub path: String,
    /// Its class, without the module.
    pub class: String,
    /// The type of its elements.
    pub dtype: String,
    /// Its shape as Python writes it, and its order where that is Fortran's.
    pub shape: String,
    /// The bytes of its elements, where they are known.
    pub bytes: Option<u64>,
    /// What its numbers come to, where that was asked for.
    pub numbers: Option<Numbers>,
}

/// What the numbers of an array come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// The least, the greatest, their mean and how many are none; or why they are not known.
    pub text: String,
    /// How many stand in each of equal parts of their range; empty where they do not spread.
    pub bins: Vec<u64>,
}
