//! Writes zip archives whose members are stored as they are: what `numpy.load` maps and no inflating can blow up.
//!
//! Sizes and checksums stand in both headers of a member, as readers that go from member to member want them, so they
//! are known before it is written. Archives of any size (zip64, only where a number needs it). No times: two runs write
//! the same bytes.

use std::io::{self, Write};

/// The largest number that stands in 32 bits; what is larger stands in a zip64 record.
const MAX32: u64 = 0xffff_ffff;
const MAX16: u64 = 0xffff;
/// The first of January 1980, the first day that a zip archive knows.
const DATE: u16 = 0x21;
/// A regular file of its owner, made under Unix.
const MODE: u32 = 0o100_644 << 16;
const VERSION: u16 = 20;
const VERSION_ZIP64: u16 = 45;
const UNIX: u16 = 3 << 8;

/// An archive that is being written.
pub struct ZipWriter<'w> {
    out: Counted<'w>,
    directory: Vec<u8>,
    count: u64,
}

/// Counts what goes through.
struct Counted<'w> {
    out: &'w mut dyn Write,
    at: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What is said of a member before its bytes and in the directory.
fn about(version: u16, crc: u32, len: u64, name: &str) -> Vec<u8> {
    let len = low(len).to_le_bytes();
    let name = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let numbers = [version, 0, 0, 0, DATE].map(u16::to_le_bytes).concat();
    [&numbers, &crc.to_le_bytes()[..], &len, &len, &name.to_le_bytes()].concat()
}

/// 32 bits of a number, or the sign that it stands in a zip64 record.
fn low(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A zip64 record of these numbers; nothing where there are none.
fn zip64(numbers: &[u64]) -> Vec<u8> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let len = u16::try_from(numbers.len().saturating_mul(8)).unwrap_or(u16::MAX);
    let head = [1_u16, len].map(u16::to_le_bytes).concat();
    numbers.iter().fold(head, |mut out, number| {
        out.extend(number.to_le_bytes());
        out
    })
}

fn len16(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes()
}

impl<'w> ZipWriter<'w> {
    /// An archive without members.
    pub fn new(out: &'w mut dyn Write) -> Self {
        Self { out: Counted { out, at: 0 }, directory: Vec::new(), count: 0 }
    }

    /// Adds a member of `len` bytes with this CRC-32, which `write` writes. `name` is ASCII and shorter than 64 KiB.
    ///
    /// # Errors
    /// Those of the file system and of `write`; `InvalidData` where it writes more or less.
    pub fn add(
        &mut self,
        name: &str,
        (crc, len): (u32, u64),
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let offset = self.out.at;
        let large = len >= MAX32;
        let extra = if large { zip64(&[len, len]) } else { Vec::new() };
        let shown = if large { u64::MAX } else { len };
        let version = if large { VERSION_ZIP64 } else { VERSION };
        self.out.write_all(b"PK\x03\x04")?;
        self.out.write_all(&about(version, crc, shown, name))?;
        self.out.write_all(&len16(&extra))?;
        self.out.write_all(name.as_bytes())?;
        self.out.write_all(&extra)?;
        let start = self.out.at;
        write(&mut self.out)?;
        if self.out.at.checked_sub(start) != Some(len) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the input changed while it was read"));
        }
        let mut extra = if large { vec![len, len] } else { Vec::new() };
        extra.extend((offset >= MAX32).then_some(offset));
        let version = if extra.is_empty() { VERSION } else { VERSION_ZIP64 };
        let extra = zip64(&extra);
        let directory = &mut self.directory;
        directory.extend(b"PK\x01\x02");
        directory.extend((UNIX | version).to_le_bytes());
        directory.extend(about(version, crc, shown, name));
        directory.extend(len16(&extra));
        // No comment, the first disk, no internal attributes.
        directory.extend([0; 6]);
        directory.extend(MODE.to_le_bytes());
        directory.extend(low(offset).to_le_bytes());
        directory.extend(name.as_bytes());
        directory.extend(extra);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// Writes the directory.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn finish(mut self) -> io::Result<()> {
        let (start, len, count) = (self.out.at, self.directory.len() as u64, self.count);
        self.out.write_all(&self.directory)?;
        if start >= MAX32 || len >= MAX32 || count >= MAX16 {
            let end = self.out.at;
            self.out.write_all(b"PK\x06\x06")?;
            self.out.write_all(&44_u64.to_le_bytes())?;
            self.out.write_all(&[UNIX | VERSION_ZIP64, VERSION_ZIP64].map(u16::to_le_bytes).concat())?;
            self.out.write_all(&[0; 8])?;
            self.out.write_all(&[count, count, len, start].map(u64::to_le_bytes).concat())?;
            self.out.write_all(b"PK\x06\x07\0\0\0\0")?;
            self.out.write_all(&end.to_le_bytes())?;
            self.out.write_all(&1_u32.to_le_bytes())?;
        }
        let count = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        self.out.write_all(b"PK\x05\x06\0\0\0\0")?;
        self.out.write_all(&[count, count].concat())?;
        self.out.write_all(&[low(len), low(start)].map(u32::to_le_bytes).concat())?;
        self.out.write_all(&[0; 2])
    }
}
