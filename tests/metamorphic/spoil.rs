//! Changes in one place of a file: bits turned, ends cut off, bytes put in front or behind.

use std::fmt;

/// What is put in front of a file or behind it.
pub(crate) const PIECES: &[(&str, &[u8])] = &[
    ("NUL", b"\0"),
    ("newline", b"\n"),
    ("PROTO", b"\x80\x04"),
    ("None", b"N."),
    ("STOP", b"."),
    ("MARK", b"("),
    ("frame", b"\x80\x04\x95\x02\0\0\0\0\0\0\0N."),
    ("text", b"hello world\n"),
    ("long text", b"\x8c\xff"),
    ("bytes", b"B\xff\xff\0\0"),
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\xff"),
    ("zip", b"PK\x03\x04"),
    ("empty zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
    ("PNG", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ("npy", b"\x93NUMPY\x01\0"),
    ("HDF5", b"\x89HDF\r\n\x1a\n"),
    ("JSON", b"{}"),
    ("script", b"#!/bin/sh\n"),
];

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// One bit of a byte.
    Flip(usize, u8),
    /// Only so many bytes are left.
    Cut(usize),
    /// A piece in front, by its number.
    Before(usize),
    /// A piece behind.
    Behind(usize),
}

impl Change {
    /// Every change of a file of `len` bytes.
    pub(crate) fn all(len: usize) -> impl Iterator<Item = Self> {
        let flips = (0..len).flat_map(|at| (0..8).map(move |bit| Self::Flip(at, bit)));
        let pieces = (0..PIECES.len()).flat_map(|piece| [Self::Before(piece), Self::Behind(piece)]);
        flips.chain((0..len).map(Self::Cut)).chain(pieces)
    }

    /// The file with this change.
    pub(crate) fn apply(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Flip(at, bit) => {
                let mut changed = bytes.to_vec();
                changed[at] ^= 1 << bit;
                changed
            }
            Self::Cut(len) => bytes[..len].to_vec(),
            Self::Before(piece) => [PIECES[piece].1, bytes].concat(),
            Self::Behind(piece) => [bytes, PIECES[piece].1].concat(),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Flip(at, bit) => write!(out, "flip {at}.{bit}"),
            Self::Cut(len) => write!(out, "cut {len}"),
            Self::Before(piece) => write!(out, "before {}", PIECES[piece].0),
            Self::Behind(piece) => write!(out, "behind {}", PIECES[piece].0),
        }
    }
}
