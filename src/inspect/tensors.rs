//! Tensors of torch as the calls that rebuild them have them (`torch/_utils.py`): class, type, shape. Their bytes stand
//! elsewhere in the file.

use crate::ast::{Kind, Moment, Value};
use crate::loader::View;
use crate::loader::numpy::shape;
use crate::loader::torch::storage;
use crate::machine::Action;
use crate::opcode::Literal;

/// A tensor, on one line; nothing where its call is given anything that the line would leave out.
pub(super) fn text(view: View<'_>, value: Value) -> Option<String> {
    let call = Call::of(view, value)?;
    let (class, (dtype, shape)) = match call.name {
        // The data, `requires_grad`, hooks.
        "_rebuild_parameter" => match call.args.as_slice() {
            [data, _, hooks] if call.is_empty_dict(*hooks) => ("Parameter", Call::of(view, *data)?.tensor()?),
            _ => return None,
        },
        _ => ("Tensor", call.tensor()?),
    };
    let numbers: Vec<String> = shape.iter().map(u64::to_string).collect();
    Some(format!("{class} {dtype} ({}{})", numbers.join(", "), if shape.len() == 1 { "," } else { "" }))
}

/// A call of a function of `torch._utils`.
struct Call<'v> {
    view: View<'v>,
    name: &'v str,
    args: Vec<Value>,
    moment: Moment,
}

impl<'v> Call<'v> {
    /// The call that made an object to which nothing was done.
    fn of(view: View<'v>, value: Value) -> Option<Self> {
        let object = view.ast.object_of(value).filter(|object| object.build.is_none() && object.items.is_none())?;
        let effect = view.effects.get(object.made_by as usize)?;
        let Action::Call { callee, args, kwargs: None, .. } = effect.action else { return None };
        let symbol = view.ast.symbol(callee).filter(|symbol| &*symbol.module == "torch._utils")?;
        // No call that is of interest here has more.
        let args = view.ast.items(args, effect.moment).take(8).collect();
        Some(Self { view, name: &symbol.name, args, moment: effect.moment })
    }

    /// Type and shape of a tensor: `(storage, offset, size, stride[, requires_grad, hooks[, dtype]])`.
    fn tensor(&self) -> Option<(&'v str, Vec<u64>)> {
        let (held, offset, size, stride, dtype) = match (self.name, self.args.as_slice()) {
            ("_rebuild_tensor", [held, offset, size, stride]) => (held, offset, size, stride, None),
            ("_rebuild_tensor_v2", [held, offset, size, stride, _, hooks]) if self.is_empty_dict(*hooks) => {
                (held, offset, size, stride, None)
            }
            ("_rebuild_tensor_v3", [held, offset, size, stride, _, hooks, dtype]) if self.is_empty_dict(*hooks) => {
                let symbol = self.view.ast.symbol(*dtype).filter(|symbol| &*symbol.module == "torch")?;
                (held, offset, size, stride, Some(&*symbol.name))
            }
            _ => return None,
        };
        let asked = Some(*held).filter(|held| held.kind() == Kind::Persistent)?;
        let asked = self.view.effects.get(asked.index())?;
        let Action::Persistent { id } = asked.action else { return None };
        let held = storage(self.view, id, asked.moment)?;
        let is_number = matches!(self.view.literal(*offset)?, Literal::Int(_));
        let (size, _) = (shape(self.view, *size, self.moment)?, shape(self.view, *stride, self.moment)?);
        is_number.then(|| (dtype.filter(|name| is_type(name)).unwrap_or(held.dtype), size))
    }

    /// Whether a value is an `OrderedDict` with nothing in it.
    fn is_empty_dict(&self, value: Value) -> bool {
        let ast = self.view.ast;
        let Some(object) = ast.object_of(value) else { return false };
        let Some(effect) = self.view.effects.get(object.made_by as usize) else { return false };
        let is_class =
            |callee| ast.symbol(callee).is_some_and(|it| &*it.module == "collections" && &*it.name == "OrderedDict");
        let is_made =
            matches!(effect.action, Action::Call { callee, args, .. } if is_class(callee) && ast.is_empty(args));
        is_made && object.build.is_none() && object.items.is_none()
    }
}

fn is_type(name: &str) -> bool {
    crate::loader::torch::itemsize(name).is_some()
}
