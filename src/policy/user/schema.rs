//! The table of keys as a JSON Schema, for editors that check TOML as it is written.

use super::keys::{self, Kind, TABLES};
use crate::limits::LIMITS;
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of a policy file: same keys, same kinds as the reader's.
pub fn schema() -> Value {
    let tables: Map<String, Value> = TABLES.iter().map(|&(name, help)| (name.to_owned(), list(name, help))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "depickle policy",
        "description": "depickle.toml, or the table tool.depickle of pyproject.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": tables,
    })
}

fn list(table: &'static str, help: &str) -> Value {
    let required: Vec<_> = keys::of(table).filter(|key| key.required).map(|key| key.name).collect();
    let described = |key: &super::Key| {
        let mut value = value(key.kind);
        value.insert("description".to_owned(), key.help.into());
        (key.name.to_owned(), Value::Object(value))
    };
    let properties: Map<String, Value> = keys::of(table).map(described).collect();
    json!({
        "description": help,
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": required,
            "properties": properties,
        },
    })
}

fn value(kind: Kind) -> Map<String, Value> {
    let value = match kind {
        Kind::Text | Kind::Rule | Kind::Clause => json!({ "type": "string", "minLength": 1 }),
        Kind::Symbol => json!({ "type": "string", "pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Patterns => json!({ "type": "array", "minItems": 1, "items": { "type": "string" } }),
        Kind::Digests => json!({
            "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" },
        }),
        Kind::Day => json!({ "type": "string", "format": "date" }),
        Kind::Verdict => json!({ "enum": ["dangerous", "suspicious", "incomplete"] }),
        Kind::Limits => {
            let names: Map<String, Value> =
                LIMITS.iter().map(|row| (row.name.to_owned(), json!({ "type": ["integer", "string"] }))).collect();
            json!({ "type": "object", "additionalProperties": false, "properties": names })
        }
    };
    match value {
        Value::Object(value) => value,
        _ => Map::new(),
    }
}
