//! UBJSON as XGBoost writes it (`UBJWriter` in its `src/common/json.cc`; the format is that of ubjson.org, draft 12).

use super::document::{DEPTH, Document, List, Numbers, scalar, width};
use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;

/// Reads a document. Typed lists and texts are borrowed from `bytes`; everything else takes memory in proportion to them.
/// Containers stand in at most 63 others.
///
/// # Errors
/// [`ErrorKind::Truncated`] and [`ErrorKind::Malformed`] with the offset, so where something stands behind the document;
/// [`ErrorKind::Unsupported`] for what XGBoost does not write, [`ErrorKind::Limit`] for the depth.
pub fn ubjson(bytes: &[u8]) -> Result<Document<'_>> {
    let mut reader = Reader { bytes, at: 0 };
    let mut open: Vec<Open<'_>> = Vec::new();
    loop {
        let is_full = match open.last_mut() {
            Some(container) => reader.is_full(container)?,
            None => false,
        };
        let next = match (if is_full { open.pop() } else { None }, open.last_mut()) {
            (Some(container), _) => Next::Value(container.document()),
            (None, Some(Open { items: Items::Object(_, key), .. })) => {
                *key = reader.text()?;
                reader.value()?
            }
            (None, _) => reader.value()?,
        };
        match next {
            Next::Open(container) if open.len() < DEPTH => open.push(container),
            Next::Open(_) => {
                return Err(Error::new(ErrorKind::Limit, "it is deeper than any model").at(reader.offset()));
            }
            Next::Value(value) => match open.last_mut() {
                Some(container) => container.put(value),
                None if reader.at == bytes.len() => return Ok(value),
                None => return Err(Error::malformed(reader.offset(), "something stands behind the document")),
            },
        }
    }
}

enum Next<'a> {
    Value(Document<'a>),
    Open(Open<'a>),
}

/// A container that is being read.
struct Open<'a> {
    items: Items<'a>,
    /// How many items are to come; without a number there is a mark at the end.
    left: Option<u64>,
}

enum Items<'a> {
    List(List<'a>),
    /// What there is, and the name of what comes next.
    Object(Vec<(Cow<'a, str>, Document<'a>)>, Cow<'a, str>),
}

impl<'a> Open<'a> {
    fn put(&mut self, value: Document<'a>) {
        match &mut self.items {
            Items::List(list) => list.push(value),
            Items::Object(items, key) => items.push((std::mem::take(key), value)),
        }
    }

    fn document(self) -> Document<'a> {
        match self.items {
            Items::List(list) => list.document(),
            Items::Object(items, _) => Document::Object(items),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn offset(&self) -> u64 {
        self.at as u64
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(len).ok().and_then(|len| rest.get(..len));
        let taken = taken.ok_or_else(|| Error::truncated(self.offset(), "the document ends too early"))?;
        self.at = self.at.saturating_add(taken.len());
        Ok(taken)
    }

    fn marker(&mut self) -> Result<u8> {
        Ok(self.take(1)?.first().copied().unwrap_or(0))
    }

    /// Steps over a marker, if it is there.
    fn skip(&mut self, marker: u8) -> bool {
        let is_here = self.bytes.get(self.at) == Some(&marker);
        self.at = self.at.saturating_add(usize::from(is_here));
        is_here
    }

    /// Whether all items of a container are read. If not, one more is counted.
    fn is_full(&mut self, container: &mut Open<'a>) -> Result<bool> {
        match &mut container.left {
            Some(0) => Ok(true),
            Some(left) => {
                *left = left.saturating_sub(1);
                Ok(false)
            }
            None => Ok(self.skip(match container.items {
                Items::List(_) => b']',
                Items::Object(..) => b'}',
            })),
        }
    }

    /// A length: an integer with its marker.
    fn length(&mut self) -> Result<u64> {
        let at = self.offset();
        let marker = self.marker()?;
        match self.number(marker)? {
            Some(Document::Int(length)) if length >= 0 => Ok(length.cast_unsigned()),
            _ => Err(Error::malformed(at, "this is no length")),
        }
    }

    fn number(&mut self, marker: u8) -> Result<Option<Document<'a>>> {
        let Some(width) = width(marker) else { return Ok(None) };
        let at = self.offset();
        let number = scalar(marker, self.take(width as u64)?);
        number.map(Some).ok_or_else(|| Error::malformed(at, "this number is beyond 64 bits"))
    }

    fn text(&mut self) -> Result<Cow<'a, str>> {
        let len = self.length()?;
        let at = self.offset();
        let text = std::str::from_utf8(self.take(len)?).map_err(|_| Error::malformed(at, "this is no UTF-8"))?;
        Ok(Cow::Borrowed(text))
    }

    fn value(&mut self) -> Result<Next<'a>> {
        let at = self.offset();
        let marker = self.marker()?;
        if let Some(number) = self.number(marker)? {
            return Ok(Next::Value(number));
        }
        Ok(match marker {
            b'Z' => Next::Value(Document::Null),
            b'T' => Next::Value(Document::Bool(true)),
            b'F' => Next::Value(Document::Bool(false)),
            b'S' => Next::Value(Document::Text(self.text()?)),
            b'[' if self.skip(b'$') => Next::Value(Document::Numbers(self.packed()?)),
            b'[' => Next::Open(Open { items: Items::List(List::default()), left: self.count()? }),
            b'{' => Next::Open(Open { items: Items::Object(Vec::new(), Cow::default()), left: self.count()? }),
            _ => return Err(Error::unsupported(at, "a type that XGBoost does not write")),
        })
    }

    /// How many items a container says it has.
    fn count(&mut self) -> Result<Option<u64>> {
        if self.skip(b'#') { self.length().map(Some) } else { Ok(None) }
    }

    /// A list of numbers of one type, behind its `$`.
    fn packed(&mut self) -> Result<Numbers<'a>> {
        let at = self.offset();
        let marker = self.marker()?;
        let (Some(width), b'#') = (width(marker), self.marker()?) else {
            return Err(Error::unsupported(at, "a typed list of something else than numbers, or without a length"));
        };
        let bytes = self.length()?.checked_mul(width as u64);
        let bytes = bytes.ok_or_else(|| Error::malformed(at, "the list is longer than memory can be"))?;
        Ok(Numbers::Packed(marker, self.take(bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with its length, as all names are written.
    fn name(text: &str) -> Vec<u8> {
        [&[b'L'][..], &(text.len() as u64).to_be_bytes(), text.as_bytes()].concat()
    }

    #[test]
    fn what_xgboost_writes_is_read() {
        let bytes = [
            b"{".to_vec(),
            name("a"),
            b"[$l#L\0\0\0\0\0\0\0\x02\0\0\0\x01\xff\xff\xff\xff".to_vec(),
            name("b"),
            [b"S".to_vec(), name("x")].concat(),
            name("c"),
            b"[#i\x02i\x03d\x3f\x80\0\0".to_vec(),
            name("d"),
            b"{}".to_vec(),
            name("e"),
            b"[TFZ]".to_vec(),
            b"}".to_vec(),
        ]
        .concat();
        let document = ubjson(&bytes).unwrap();
        assert_eq!(document.get("a").unwrap().ints(), Some(vec![1, -1]));
        assert_eq!(document.get("b").unwrap().text(), Some("x"));
        assert_eq!(document.get("c").unwrap().reals(), Some(vec![3.0, 1.0]));
        assert_eq!(document.get("d"), Some(&Document::Object(Vec::new())));
        assert_eq!(document.get("e").unwrap().items().len(), 3);
        for end in 0..bytes.len() {
            assert_eq!(ubjson(&bytes[..end]).unwrap_err().kind(), ErrorKind::Truncated, "{end}");
        }
        assert_eq!(ubjson(&[&bytes[..], b"Z"].concat()).unwrap_err().kind(), ErrorKind::Malformed);
    }

    #[test]
    fn claims_and_depth_are_bounded() {
        assert_eq!(ubjson(b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff").unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(ubjson(b"[$d#L\0\0\xff\xff\xff\xff\xff\xff").unwrap_err().kind(), ErrorKind::Truncated);
        assert_eq!(ubjson(b"[#L\x7f\xff\xff\xff\xff\xff\xff\xffZ").unwrap_err().kind(), ErrorKind::Truncated);
        assert_eq!(ubjson(b"[#i\xff").unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(ubjson(&b"[".repeat(1 << 20)).unwrap_err().kind(), ErrorKind::Limit);
        assert!(ubjson(&[b"[".repeat(DEPTH), b"]".repeat(DEPTH)].concat()).is_ok());
    }
}
