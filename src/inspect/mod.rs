//! Looking inside: what a file holds, as a listing of opcodes and as an outline of values. Nothing is judged here.
//!
//! [`open`](open::open) reads a file as its format's own reader does; [`Listing`] walks its opcodes, [`Outline`] the
//! values that they build. Both work piece by piece, so that what is printed needs no more memory than the reading.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod arrays;
mod beside;
mod content;
mod cursor;
pub mod disasm;
mod elements;
mod glance;
pub mod graph;
mod listing;
pub mod lookup;
mod members;
mod npy;
mod open;
mod outline;
mod parts;
mod safetensors;
mod sevenz;
pub mod sizes;
pub(crate) mod skops;
mod storages;
mod stored;
mod summary;
mod tensors;
pub mod text;
mod torch_tar;
pub mod tree;
mod window;

pub use arrays::{ArrayRef, Arrays, StorageRef};
pub use beside::{Beside, Companion};
pub use cursor::Cursor;
pub use elements::{dtype_name, element_text};
pub use glance::glance;
pub use listing::{Line, Listing, What};
pub use open::{All, Contents, Member, Other, open, open_all, open_member};
pub use outline::{Child, Label, Node, Outline, Root, npy_text};
pub use storages::{Place, Storages};
pub use stored::Bytes;
pub use summary::{Summary, Wanted, stats_text, summaries};
pub use tree::Cuts;
