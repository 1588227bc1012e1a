//! Masked arrays of numpy: data, and which of its elements count (`numpy/ma/core.py`).

use super::found::{Array, class_of, data_of, in_state, made_by, state_of};
use crate::ast::Value;
use crate::dtype::literal::Literal;
use crate::dtype::{DType, Field};
use crate::error::{Error, ErrorKind, Result};
use crate::loader::View;
use crate::loader::numpy::DTypes;

/// Data and mask of the masked array that an object is (`MaskedArray.__reduce__`). The mask has an element for each, in
/// the same order.
pub fn masked(view: View<'_>, dtypes: &mut DTypes, value: Value) -> Option<(Array, Array)> {
    let (module, name, args) = made_by(view, value)?;
    if (module, name) != ("numpy.ma.core", "_mareconstruct") {
        return None;
    }
    let (_, state, moment) = state_of(view, value)?;
    let state: Vec<Value> = view.ast.items(state, moment).take(8).collect();
    let [_version, shape_of, dtype, fortran, data, mask, _fill] = state.as_slice() else { return None };
    let class = class_of(view, args.first());
    let array = in_state(view, dtypes, moment, class, [*shape_of, *dtype, *fortran, *data]);
    let of_mask = array.dtype.clone().and_then(|dtype| DType::from_descr(&mask_descr(&dtype)?));
    let mask = Array { class: "mask".to_owned(), dtype: of_mask, data: data_of(view, *mask), ..array.clone() };
    Some((array, mask))
}

/// The type of a mask: a boolean for an element, or for each field of it (`make_mask_descr`). As deep as the data type,
/// which is bounded.
fn mask_descr(dtype: &DType) -> Result<Literal> {
    let Some(fields) = dtype.fields() else { return Ok(Literal::Str("|b1".to_owned())) };
    fields.iter().map(mask_field).collect::<Result<_>>().map(Literal::List)
}

fn mask_field(field: &Field) -> Result<Literal> {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Literal::Str(text.to_owned())),
        Err(_) => Err(unsupported("the name of a field is no text")),
    };
    let name = match &field.title {
        Some(title) => Literal::Tuple(vec![text(title)?, text(&field.name)?]),
        None => text(&field.name)?,
    };
    let Some((base, shape)) = field.dtype.subarray() else {
        return Ok(Literal::Tuple(vec![name, mask_descr(&field.dtype)?]));
    };
    let length =
        |&length| i64::try_from(length).map(Literal::Int).map_err(|_| unsupported("a subarray is beyond memory"));
    let shape = shape.iter().map(length).collect::<Result<_>>()?;
    Ok(Literal::Tuple(vec![name, mask_descr(base)?, Literal::Tuple(shape)]))
}

fn unsupported(message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_a_boolean_for_each_field() {
        let mask = |text: &str| {
            let dtype = DType::from_descr(&Literal::parse(text).unwrap()).unwrap();
            DType::from_descr(&mask_descr(&dtype).unwrap()).unwrap()
        };
        let of = |text: &str| DType::from_descr(&Literal::parse(text).unwrap()).unwrap();
        assert_eq!(mask("'<f8'"), of("'|b1'"));
        // numpy.ma.make_mask_descr(numpy.dtype([('a', 'f8'), ('b', 'i4', (2, 3)), ('c', [('x', 'U5')])]))
        let expected = of("[('a', '?'), ('b', '?', (2, 3)), ('c', [('x', '?')])]");
        assert_eq!(mask("[('a', '<f8'), ('b', '<i4', (2, 3)), ('c', [('x', '<U5')])]"), expected);
        assert_eq!(expected.itemsize(), 8);
    }
}
