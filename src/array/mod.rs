//! Arrays: what a stream says of each, and its elements, typed and checked. Nothing is run and nothing is believed.
//!
//! [`array()`] and [`tensor()`] recognise an array in what a stream builds and say where its bytes stand; [`ArrayView`] is such bytes
//! with type, shape and order, all in agreement; [`Stats`] sums elements up; [`npy_header`] is what numpy writes in front
//! of them. A walk over a whole file with object paths is `inspect::arrays`.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod element;
mod flip;
mod found;
mod layout;
mod masked;
mod narrow;
mod npy;
mod rows;
mod stats;
mod tensor;
mod turn;
pub(crate) mod view;

pub use element::{Element, half, signed, unsigned};
pub use flip::Flip;
pub use found::{Array, Data, array, bytes, dtype, scalar};
pub use layout::{Layout, Offsets, Order};
pub use masked::masked;
pub use npy::{descr, named, npy_header};
pub use rows::{Column, Rows};
pub use stats::{Histogram, Number, Stats};
pub use tensor::{Lazy, Tensor, bare_storage, strided, tensor, whole_storage};
pub use view::{ArrayView, Iter};
