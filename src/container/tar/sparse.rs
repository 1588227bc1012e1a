//! Sparse files: pieces of data, and a map that says where in the file each stands; all between is zeros (GNU tar's manual,
//! "Storing Sparse Files"; `_proc_sparse` and `_proc_gnusparse_*` in Python's `tarfile.py`).

use super::header::{BLOCK, number};
use std::ops::Range;

/// A sparse file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sparse {
    /// Its name.
    pub name: String,
    /// Where its header stands.
    pub header: usize,
    /// How many bytes it has with all zeros.
    pub size: u64,
    /// Where in the file each piece begins, and where it stands in the archive; in order.
    pub pieces: Vec<(u64, Range<usize>)>,
}

/// Offset and length of each piece.
pub(super) type Map = Vec<(u64, u64)>;

/// The map of GNU's own kind: four pieces in the header, 21 in each block behind it.
pub(super) fn of_header(block: &[u8], more: &[u8]) -> Map {
    let rows = |rows: &[u8]| {
        let row = |row: &[u8]| Some((number(row.get(..12)?)?, number(row.get(12..)?)?));
        rows.chunks_exact(24).map_while(row).collect::<Map>()
    };
    let mut map = rows(block.get(386..482).unwrap_or_default());
    for block in more.chunks(BLOCK) {
        map.extend(rows(block.get(..504).unwrap_or_default()).into_iter().filter(|&(at, len)| at > 0 && len > 0));
    }
    map
}

/// The map that stands before the data in lines of one number: how many pieces, then offset and length of each. Answers
/// how many bytes it takes, too.
pub(super) fn of_data(data: &[u8]) -> Option<(Map, usize)> {
    let mut rest = data;
    let mut line = || {
        let end = memchr::memchr(b'\n', rest.get(..BLOCK).unwrap_or(rest))?;
        let number = std::str::from_utf8(rest.get(..end)?).ok()?.trim().parse::<u64>().ok()?;
        rest = rest.get(end.checked_add(1)?..)?;
        Some(number)
    };
    let mut map = Map::new();
    for _ in 0..line()? {
        map.push((line()?, line()?));
    }
    let taken = data.len().checked_sub(rest.len())?.checked_next_multiple_of(BLOCK)?;
    Some((map, taken))
}

/// Lays pieces out over the data; `None` where they are not in order, or more than there is.
pub(super) fn lay(map: &Map, data: Range<usize>) -> Option<Vec<(u64, Range<usize>)>> {
    let (mut at, mut end, mut pieces) = (data.start, 0, Vec::new());
    for &(offset, len) in map.iter().filter(|(_, len)| *len > 0) {
        let next = at.checked_add(usize::try_from(len).ok()?).filter(|&next| next <= data.end)?;
        if offset < end {
            return None;
        }
        pieces.push((offset, at..next));
        (at, end) = (next, offset.checked_add(len)?);
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_stands_in_lines_before_the_data() {
        let mut data = b"2\n0\n5\n600\n7\n".to_vec();
        data.resize(BLOCK, 0);
        assert_eq!(of_data(&data), Some((vec![(0, 5), (600, 7)], BLOCK)));
        for broken in [&b"2\n0\n5\n"[..], b"x\n", b"", b"99999999999999999999\n", b"1\n0\n5"] {
            assert_eq!(of_data(broken), None, "{}", broken.escape_ascii());
        }
    }

    #[test]
    fn pieces_stand_in_order_one_behind_the_other() {
        assert_eq!(lay(&vec![(0, 5), (9, 0), (600, 7)], 10..22), Some(vec![(0, 10..15), (600, 15..22)]));
        for map in [vec![(0, 5), (4, 1)], vec![(0, 13)], vec![(0, u64::MAX)], vec![(u64::MAX, 2)]] {
            assert_eq!(lay(&map, 10..22), None, "{map:?}");
        }
    }
}
