//! Extended headers: lines of a length, a key and a value (`TarInfo._proc_pax`).

/// What an extended header says that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Extended {
    /// The name of the member.
    pub(super) path: Option<Vec<u8>>,
    /// How many bytes of data it has.
    pub(super) size: Option<u64>,
    /// Whether its data is only what a sparse file holds, behind a map or not.
    pub(super) is_sparse: bool,
    /// How many bytes a sparse file has with its holes.
    pub(super) whole: Option<u64>,
    /// Offsets and lengths of its pieces, as far as they stand here.
    pub(super) map: Vec<u64>,
    /// Whether they stand before the data.
    pub(super) map_in_data: bool,
}

impl Extended {
    /// Takes over what an extended header says; answers whether all of it could be read.
    pub(super) fn read(&mut self, mut rest: &[u8]) -> bool {
        while let Some((key, value, after)) = record(rest) {
            match key {
                b"path" => self.path = Some(value.to_vec()),
                // What is no number is 0 to Python.
                b"size" => self.size = Some(number(value).unwrap_or(0)),
                b"GNU.sparse.name" => self.path = Some(value.to_vec()),
                b"GNU.sparse.size" | b"GNU.sparse.realsize" => {
                    (self.is_sparse, self.whole) = (true, Some(number(value).unwrap_or(0)));
                }
                b"GNU.sparse.major" => (self.is_sparse, self.map_in_data) = (true, value == b"1"),
                b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => self.map.extend(number(value)),
                b"GNU.sparse.map" => {
                    (self.is_sparse, self.map) = (true, value.split(|&byte| byte == b',').filter_map(number).collect());
                }
                _ if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
            rest = after;
        }
        rest.iter().all(|&byte| byte == 0)
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// The first line: key, value, and what follows. The length counts the whole line, itself included.
fn record(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = line.iter().take(20).position(|&byte| byte == b' ')?;
    let length = std::str::from_utf8(line.get(..blank)?).ok()?.parse().ok()?;
    let (line, after) = line.split_at_checked(length)?;
    let body = line.get(blank.checked_add(1)?..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', body).filter(|&at| at > 0)?;
    Some((body.get(..equals)?, body.get(equals.checked_add(1)?..)?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_up_to_what_is_none() {
        let mut all = Extended::default();
        assert!(all.read(b"11 path=ab\n12 size=123\n21 GNU.sparse.size=9\n\0\0"));
        let read = Extended {
            path: Some(b"ab".to_vec()),
            size: Some(123),
            is_sparse: true,
            whole: Some(9),
            ..Extended::default()
        };
        assert_eq!(all, read);
        for broken in [&b"0 path=ab\n"[..], b"11 path:ab\n", b"99 path=ab\n", b"10 path=ab\n", b"x", b"-1 a=b\n"] {
            assert!(!Extended::default().read(broken), "{}", broken.escape_ascii());
        }
    }
}
