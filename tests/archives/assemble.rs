//! Assembles zip archives in which anything may be a lie.

use std::io::Write as _;

/// What a header says of a member.
#[derive(Clone)]
pub(crate) struct Claims {
    pub(crate) version: u16,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) compressed: u32,
    pub(crate) size: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) extra: Vec<u8>,
}

/// A member, its header and its row of the directory.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) local: Claims,
    pub(crate) central: Claims,
    pub(crate) data: Vec<u8>,
    /// What stands behind the data.
    pub(crate) behind: Vec<u8>,
    /// Whether the directory has a row for it.
    pub(crate) listed: bool,
}

/// CRC-32 as zip has it.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

impl Member {
    pub(crate) fn new(name: &str, method: u16, bytes: &[u8], data: Vec<u8>) -> Self {
        let claims = Claims {
            version: 20,
            flags: 0,
            method,
            crc: crc(bytes),
            compressed: u32::try_from(data.len()).unwrap(),
            size: u32::try_from(bytes.len()).unwrap(),
            name: name.as_bytes().to_vec(),
            extra: Vec::new(),
        };
        Self { local: claims.clone(), central: claims, data, behind: Vec::new(), listed: true }
    }

    pub(crate) fn stored(name: &str, bytes: &[u8]) -> Self {
        Self::new(name, 0, bytes, bytes.to_vec())
    }

    pub(crate) fn deflated(name: &str, bytes: &[u8]) -> Self {
        Self::new(name, 8, bytes, deflate(bytes))
    }

    /// Changes what both headers say.
    pub(crate) fn both(mut self, change: impl Fn(&mut Claims)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    /// Changes what the header before the data says.
    pub(crate) fn local(mut self, change: impl Fn(&mut Claims)) -> Self {
        change(&mut self.local);
        self
    }

    /// Changes what the directory says.
    pub(crate) fn central(mut self, change: impl Fn(&mut Claims)) -> Self {
        change(&mut self.central);
        self
    }

    /// Leaves it out of the directory.
    pub(crate) fn unlisted(mut self) -> Self {
        self.listed = false;
        self
    }

    fn header(&self) -> Vec<u8> {
        let it = &self.local;
        let mut out = b"PK\x03\x04".to_vec();
        for short in [it.version, it.flags, it.method, 0, 0x21] {
            out.extend(short.to_le_bytes());
        }
        for long in [it.crc, it.compressed, it.size] {
            out.extend(long.to_le_bytes());
        }
        out.extend(u16::try_from(it.name.len()).unwrap().to_le_bytes());
        out.extend(u16::try_from(it.extra.len()).unwrap().to_le_bytes());
        [out, it.name.clone(), it.extra.clone(), self.data.clone(), self.behind.clone()].concat()
    }

    fn row(&self, at: u32) -> Vec<u8> {
        let it = &self.central;
        let mut out = b"PK\x01\x02".to_vec();
        for short in [20, it.version, it.flags, it.method, 0, 0x21] {
            out.extend(short.to_le_bytes());
        }
        for long in [it.crc, it.compressed, it.size] {
            out.extend(long.to_le_bytes());
        }
        out.extend(u16::try_from(it.name.len()).unwrap().to_le_bytes());
        out.extend(u16::try_from(it.extra.len()).unwrap().to_le_bytes());
        out.extend([0; 10]);
        out.extend(at.to_le_bytes());
        [out, it.name.clone(), it.extra.clone()].concat()
    }
}

/// Members and their directory, without the record that ends an archive: the bytes, the number of rows, the length of
/// the directory and its offset.
pub(crate) fn body(members: &[Member]) -> (Vec<u8>, u16, u32, u32) {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for member in members {
        let at = u32::try_from(out.len()).unwrap();
        out.extend(member.header());
        if member.listed {
            directory.extend(member.row(at));
        }
    }
    let count = members.iter().filter(|member| member.listed).count();
    let at = u32::try_from(out.len()).unwrap();
    let len = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    (out, u16::try_from(count & 0xffff).unwrap(), len, at)
}

/// The record that ends an archive.
pub(crate) fn end(count: u16, len: u32, at: u32, comment: &[u8]) -> Vec<u8> {
    let mut out = b"PK\x05\x06\0\0\0\0".to_vec();
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(len.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
    out.extend(comment);
    out
}

/// A whole archive.
pub(crate) fn archive(members: &[Member]) -> Vec<u8> {
    let (mut out, count, len, at) = body(members);
    out.extend(end(count, len, at, b""));
    out
}
