//! Containers: what a file is by its content, and the borders that its own bytes give.
//!
//! [`detect()`] knows formats by their signatures, [`compress`] inflates, [`zfile`] and [`npy`] read the headers of old
//! joblib files and of numpy arrays, [`safetensors`] that of tensors, [`archive`] is what the readers of archives give, [`zip`] and [`tar`], [`sevenz`]
//! knows folders. All are pure functions over bytes: no file system, no names, no extensions. What the bytes inside mean is for the loaders.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod archive;
pub mod compress;
pub mod detect;
pub mod npy;
pub mod safetensors;
pub mod sevenz;
pub mod tar;
pub mod zfile;
pub mod zip;

pub use archive::{Anomaly, Archive, Data, Entry};
pub use compress::{Codec, Decoder, Ending, Filter};
pub use detect::{Format, detect};
pub use npy::NpyHeader;
pub use safetensors::Safetensors;
pub use zfile::ZFile;
