//! Versions that gradient boosting libraries write into the bytes of their models.

use memchr::memmem;

/// The version in a model of xgboost: `Booster.__getstate__` holds UBJSON from 1.6 on, JSON text before
/// (`src/learner.cc`, `LearnerIO::Save`: an array of three ints named `version`).
pub(super) fn xgboost(handle: &[u8]) -> Option<String> {
    ubjson(handle).or_else(|| json(handle))
}

/// `L`, the name's length in eight bytes, `version`, then `[#` and the length, then one marked int each.
fn ubjson(handle: &[u8]) -> Option<String> {
    let at = memmem::find(handle, b"version[#")?;
    let mut rest = handle.get(at..)?.strip_prefix(b"version[#")?;
    let count = number(&mut rest)?;
    if count != 3 {
        return None;
    }
    let parts = [number(&mut rest)?, number(&mut rest)?, number(&mut rest)?];
    Some(parts.map(|part| part.to_string()).join("."))
}

/// One int of UBJSON with its marker, big endian.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let (&marker, tail) = rest.split_first()?;
    let width = match marker {
        b'i' | b'U' => 1,
        b'I' => 2,
        b'l' => 4,
        b'L' => 8,
        _ => return None,
    };
    let (digits, tail) = tail.split_at_checked(width)?;
    *rest = tail;
    Some(digits.iter().fold(0_u64, |sum, &byte| sum.wrapping_shl(8) | u64::from(byte)))
}

fn json(handle: &[u8]) -> Option<String> {
    let name = b"\"version\":[";
    let at = memmem::find(handle, name)?;
    let rest = handle.get(at.saturating_add(name.len())..)?;
    let list = rest.get(..memchr::memchr(b']', rest.get(..32).unwrap_or(rest))?)?;
    let text = std::str::from_utf8(list).ok()?;
    let parts: Vec<u16> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [major, minor, patch] = parts.as_slice() else { return None };
    Some(format!("{major}.{minor}.{patch}"))
}

/// The version of the model text of lightgbm: `tree`, then `version=v4` (`GBDT::SaveModelToString`).
pub(super) fn lightgbm(model: &[u8]) -> Option<u64> {
    let rest = model.strip_prefix(b"tree\nversion=v")?;
    let digits = rest.get(..memchr::memchr(b'\n', rest.get(..8).unwrap_or(rest))?)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_models() {
        let new = b"{L\0\0\0\0\0\0\0\x07version[#L\0\0\0\0\0\0\0\x03i\x03i\x02i\0}";
        assert_eq!(xgboost(new).as_deref(), Some("3.2.0"));
        assert_eq!(xgboost(b"{\"Config\":{},\"version\":[1,3,3]}").as_deref(), Some("1.3.3"));
        assert_eq!(xgboost(b"{\"version\":[1,3,3"), None);
        assert_eq!(xgboost(b"version[#i\x03i\x01"), None);
        assert_eq!(lightgbm(b"tree\nversion=v4\nnum_class=1"), Some(4));
        assert_eq!(lightgbm(b"tree\nversion=v"), None);
    }
}
