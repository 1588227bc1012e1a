//! What numpy pickles a data type as: the other way round from `state` (`arraydescr_reduce` in `descriptor.c`).

use super::{ByteOrder, DType, Kind, StateValue, Unit};

impl DType {
    /// The first argument of `numpy.dtype(spec, False, True)`, and the state of the BUILD that follows; `None` for types
    /// that numpy has no such call for.
    pub fn pickled(&self) -> Option<(String, StateValue<'static>)> {
        let kind = self.kind();
        if self.is_record() || matches!(kind, Kind::StringDType | Kind::Foreign(_)) {
            return None;
        }
        let size = self.itemsize();
        let number = if kind == Kind::Str { size / 4 } else { size };
        let spec = format!("{}{number}", kind.code());
        let int = |number: u64| i64::try_from(number).ok().map(StateValue::Int);
        let none = || StateValue::None;
        let (mut subdtype, mut names, mut fields) = (none(), none(), none());
        let (mut elsize, mut alignment) = (StateValue::Int(-1), StateValue::Int(-1));
        if matches!(kind, Kind::Bytes | Kind::Void | Kind::Str) {
            elsize = int(size)?;
            alignment = StateValue::Int(if kind == Kind::Str { 4 } else { 1 });
        }
        if let Some((base, shape)) = self.subarray() {
            let shape: Option<Vec<_>> = shape.iter().map(|&length| int(length)).collect();
            subdtype = StateValue::Tuple(vec![StateValue::DType(base.clone()), StateValue::Tuple(shape?)]);
            alignment = int(self.alignment())?;
        }
        if let Some(all) = self.fields() {
            let name = |name: &[u8]| StateValue::Str(name.to_vec().into());
            names = StateValue::Tuple(all.iter().map(|field| name(&field.name)).collect());
            let items = all.iter().map(|field| {
                let title = field.title.as_ref().map(|title| name(title));
                let parts = [Some(StateValue::DType(field.dtype.clone())), Some(int(field.offset)?), title];
                Some((name(&field.name), StateValue::Tuple(parts.into_iter().flatten().collect())))
            });
            fields = StateValue::Dict(items.collect::<Option<_>>()?);
            alignment = int(self.alignment())?;
        }
        let order = StateValue::Str(match self.byte_order() {
            ByteOrder::Little => b"<"[..].into(),
            ByteOrder::Big => b">"[..].into(),
            ByteOrder::None => b"|"[..].into(),
        });
        let flags = StateValue::Int(self.flags().into());
        let mut state = vec![StateValue::Int(3), order, subdtype, names, fields, elsize, alignment, flags];
        if let Some(Unit { name, count }) = self.unit() {
            let unit = [StateValue::Bytes(name.as_bytes().into()), StateValue::Int(i64::from(*count))];
            let unit = unit.into_iter().chain([StateValue::Int(1), StateValue::Int(1)]).collect();
            state.push(StateValue::Tuple(vec![StateValue::Dict(Vec::new()), StateValue::Tuple(unit)]));
            *state.first_mut()? = StateValue::Int(4);
        }
        Some((spec, StateValue::Tuple(state)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Spec;
    use crate::dtype::literal::Literal;

    #[test]
    fn a_type_comes_back_from_its_own_state() {
        let descrs = [
            "'<f8'",
            "'>f8'",
            "'|b1'",
            "'|S5'",
            "'<U3'",
            "'|V4'",
            "'<M8[25s]'",
            "'<m8'",
            "'<M8[ns]'",
            "'|O'",
            "'<c16'",
            "[('a', '<i4'), ('b', '<f8', (2, 3))]",
            "[(('t', 'a'), '>u2'), ('', '|V6'), ('c', [('d', '|O')])]",
            "[]",
        ];
        for descr in descrs {
            let dtype = DType::from_descr(&Literal::parse(descr).unwrap()).unwrap();
            let (spec, state) = dtype.pickled().unwrap();
            assert_eq!(DType::from_state(Spec::Text(spec.as_bytes()), &state).unwrap(), dtype, "{descr}");
        }
        assert!(DType::string_dtype().pickled().is_none());
    }
}
