//! Replays the data types that numpy 1.13 to 2.4 pickled (`tests/data/dtype_states.jsonl`, recorded by
//! `xtask/python/dtype_states.py`): each is accepted, and each change to one that matters is refused.

#![allow(clippy::unwrap_used, clippy::panic)]

use depickle::dtype::{DType, Spec, StateValue};
use serde_json::Value;

const RECORDED: &str = include_str!("data/dtype_states.jsonl");

fn rows() -> impl Iterator<Item = Value> {
    RECORDED.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn spec(value: &Value) -> Spec<'_> {
    value.as_str().map_or(Spec::Record, |text| Spec::Text(text.as_bytes()))
}

fn state(value: &Value) -> StateValue<'_> {
    match value {
        Value::Null => StateValue::None,
        Value::Number(number) => StateValue::Int(number.as_i64().unwrap()),
        Value::String(text) => StateValue::Str(text.as_bytes().into()),
        _ if value.get("tuple").is_some() => {
            StateValue::Tuple(value["tuple"].as_array().unwrap().iter().map(state).collect())
        }
        _ if value.get("dict").is_some() => {
            let items = value["dict"].as_array().unwrap();
            StateValue::Dict(items.iter().map(|item| (state(&item[0]), state(&item[1]))).collect())
        }
        _ if value.get("bytes").is_some() => StateValue::Bytes(value["bytes"].as_str().unwrap().as_bytes().into()),
        _ if value.get("dtype").is_some() => {
            let [inner_spec, inner_state] = value["dtype"].as_array().unwrap().as_slice() else { panic!() };
            StateValue::DType(DType::from_state(spec(inner_spec), &state(inner_state)).unwrap())
        }
        _ => StateValue::Other,
    }
}

#[test]
fn what_numpy_writes_is_accepted() {
    let mut count = 0;
    for row in rows() {
        let dtype = match DType::from_state(spec(&row["spec"]), &state(&row["state"])) {
            Ok(dtype) => dtype,
            Err(error) => panic!("{error}: {row}"),
        };
        assert_eq!(dtype.itemsize(), row["itemsize"].as_u64().unwrap(), "{row}");
        assert_eq!(dtype.has_object(), row["hasobject"].as_bool().unwrap(), "{row}");
        count += 1;
    }
    assert!(count > 300, "only {count} recorded data types");
}

/// The layout of an honest type and of what a change to its state makes: none, or one that numpy also writes.
#[test]
fn a_changed_number_is_refused_or_harmless() {
    for row in rows() {
        let honest = DType::from_state(spec(&row["spec"]), &state(&row["state"])).unwrap();
        let StateValue::Tuple(items) = state(&row["state"]) else { panic!() };
        for index in [0, 5, 6, 7] {
            let StateValue::Int(number) = items[index] else { panic!() };
            for other in [-1, 0, 1, 2, 4, 8, 16, 27, 63, 155, number + 1, number - 1, -number, i64::MAX, i64::MIN + 1] {
                if other == number || other.rem_euclid(256) == number.rem_euclid(256) && index == 7 {
                    continue;
                }
                let mut changed = items.clone();
                changed[index] = StateValue::Int(other);
                let Ok(dtype) = DType::from_state(spec(&row["spec"]), &StateValue::Tuple(changed)) else { continue };
                let why = format!("item {index} from {number} to {other}: {row}");
                if index == 5 {
                    // Only a record without parts has its size from nowhere else.
                    assert!(dtype.is_record() && dtype.itemsize() == u64::try_from(other).unwrap(), "{why}");
                    continue;
                }
                assert!(index != 0, "{why}");
                assert_eq!(dtype.itemsize(), honest.itemsize(), "{why}");
                let references = |dtype: &DType| dtype.fields().is_some_and(|f| f.iter().any(|f| f.dtype.has_object()));
                assert!(dtype.has_object() || !references(&dtype), "{why}");
                assert!(dtype.fields().is_some() || dtype.subarray().is_some(), "{why}");
                assert!(dtype.fields().is_some() || index == 6, "{why}");
            }
        }
    }
}

#[test]
fn a_changed_kind_of_item_is_refused() {
    for row in rows() {
        let StateValue::Tuple(items) = state(&row["state"]) else { panic!() };
        for index in 0..8 {
            let mut changed = items.clone();
            changed[index] = StateValue::Other;
            let result = DType::from_state(spec(&row["spec"]), &StateValue::Tuple(changed));
            assert!(result.is_err(), "item {index}: {row}");
        }
        for length in 0..items.len() {
            let result = DType::from_state(spec(&row["spec"]), &StateValue::Tuple(items[..length].to_vec()));
            assert!(result.is_err(), "{length} items: {row}");
        }
    }
}
