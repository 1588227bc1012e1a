//! JSON, as XGBoost wrote its models before 1.6 and still exports them.

use super::document::{Document, List};
use crate::error::{Error, ErrorKind};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Reads a document; memory is in proportion to its length, lists of numbers take eight bytes each. Depth is that of
/// `serde_json`: 127 containers in each other.
///
/// # Errors
/// [`ErrorKind::Malformed`] where it is none, or something stands behind it.
pub fn json(bytes: &[u8]) -> crate::error::Result<Document<'_>> {
    serde_json::from_slice(bytes).map_err(|error| Error::new(ErrorKind::Malformed, format!("no JSON: {error}")))
}

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value.deserialize(deserializer)
    }
}

#[derive(Clone, Copy)]
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Document<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Document<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Document::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Document::Int(value))
    }

    #[allow(clippy::cast_precision_loss, reason = "the nearest is what JSON means")]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Document::Real(value as f64), Document::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Document::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Document::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Document::Text(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(list.document())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut object = Vec::new();
        while let Some(key) = items.next_key::<Cow<'de, str>>()? {
            object.push((key, items.next_value_seed(self)?));
        }
        Ok(Document::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::Numbers;
    use super::*;

    #[test]
    fn lists_of_numbers_are_packed() {
        let document = json(br#"{"a": [1, -2], "b": [1, 2.5], "c": [1, "x"], "d": []}"#).unwrap();
        assert_eq!(document.get("a"), Some(&Document::Numbers(Numbers::Ints(vec![1, -2]))));
        assert_eq!(document.get("b"), Some(&Document::Numbers(Numbers::Reals(vec![1.0, 2.5]))));
        assert_eq!(document.get("c").unwrap().items().len(), 2);
        assert_eq!(document.get("d").unwrap().ints(), Some(Vec::new()));
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(json("[".repeat(1 << 20).as_bytes()).unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(json(b"{} {}").unwrap_err().kind(), ErrorKind::Malformed);
    }
}
