//! Tensors of torch as the calls that rebuild them have them (`torch/_utils.py`): a view into a storage whose bytes stand
//! elsewhere in the file.

use super::flip::Flip;
use super::found::{Array, Data};
use super::layout::{Order, is_dense};
use crate::ast::{Kind, Moment, Value};
use crate::dtype::{ByteOrder, DType};
use crate::error::{Error, ErrorKind, Result};
use crate::loader::View;
use crate::loader::numpy::shape;
use crate::loader::torch::{Storage, dtype, storage};
use crate::machine::{Action, Effect};
use crate::opcode::Literal;

/// A tensor as the stream describes it.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Class, type, shape, strides, and where it begins in its storage.
    pub array: Array,
    /// The bytes that it is a view of, which other tensors may share.
    pub storage: Storage,
    /// Whether its class, type and shape are all that its call is given: no hooks, no attributes, no quantizer.
    pub is_plain: bool,
    /// What is done to its elements when they are read: they are not those that stand in the storage.
    pub lazy: Option<Lazy>,
}

/// What is done to elements when they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lazy {
    /// Their signs are turned.
    Signs(Flip),
    /// Something that is not known.
    Unknown,
}

/// What metadata, a dict, says of a tensor.
fn lazy(view: View<'_>, metadata: Value) -> Lazy {
    let mut flip = Flip { conjugated: false, negated: false };
    for (key, value) in view.ast.entries(metadata, Moment::END) {
        let Some(Literal::Bool(is_set)) = view.literal(value) else { return Lazy::Unknown };
        match view.literal(key) {
            Some(Literal::Str(key)) if *key == *b"conj" => flip.conjugated = is_set,
            Some(Literal::Str(key)) if *key == *b"neg" => flip.negated = is_set,
            _ => return Lazy::Unknown,
        }
    }
    Lazy::Signs(flip)
}

/// The tensor that an object is; `order` is that of the bytes of the storages.
pub fn tensor(view: View<'_>, value: Value, order: ByteOrder) -> Option<Tensor> {
    let call = Call::of(view, value)?;
    let args = call.args.as_slice();
    match (&*call.module, &*call.name, args) {
        // The data, `requires_grad`, hooks. With hooks, the data is a value of its own.
        ("torch._utils", "_rebuild_parameter", [data, _, hooks]) if is_empty_dict(view, *hooks) => {
            let data = Call::of(view, *data).filter(|data| call.is_all && data.is_all)?;
            let mut tensor = data.tensor(order).filter(|tensor| tensor.is_plain)?;
            tensor.array.class = "torch.nn.parameter.Parameter".to_owned();
            Some(tensor)
        }
        // What rebuilds it, the class, the arguments of that, a state.
        ("torch._tensor", "_rebuild_from_type_v2", [rebuild, class, args, _]) => {
            let symbol = view.ast.symbol(*rebuild).filter(|_| args.kind() == Kind::Tuple)?;
            let class = view.ast.symbol(*class)?;
            let args = view.ast.items(*args, call.moment).take(ARGS).collect();
            let inner = Call { module: symbol.module.to_string(), name: symbol.name.to_string(), args, ..call };
            let mut tensor = inner.tensor(order)?;
            tensor.array.class = format!("{}.{}", class.module, class.name);
            tensor.is_plain = false;
            Some(tensor)
        }
        _ => call.tensor(order).map(|tensor| Tensor { is_plain: tensor.is_plain && call.is_all, ..tensor }),
    }
}

/// The storage that a value is, as an array of its elements.
pub fn bare_storage(view: View<'_>, value: Value, order: ByteOrder) -> Option<Tensor> {
    asked(view, value).map(|storage| whole_storage(storage, order))
}

/// A storage as an array of its elements.
pub fn whole_storage(storage: Storage, order: ByteOrder) -> Tensor {
    let dtype = dtype_of(storage.dtype, storage.itemsize, order);
    let data = Data::Storage { key: storage.key.clone(), offset: 0 };
    let shape = Some(vec![storage.count]);
    let array = Array { class: STORAGE.to_owned(), dtype, shape, order: Order::C, data };
    Tensor { array, storage, is_plain: true, lazy: None }
}

/// The class of a storage.
const STORAGE: &str = "torch.storage";

impl Tensor {
    /// Whether it is a storage, and no view of one.
    pub fn is_storage(&self) -> bool {
        self.array.class == STORAGE
    }
}

/// A tensor of which all is known: a view of a storage, beginning behind `offset` elements of it.
pub fn strided(storage: Storage, (shape, strides): (Vec<u64>, Vec<u64>), offset: u64) -> Tensor {
    let dtype = dtype_of(storage.dtype, storage.itemsize, ByteOrder::Little);
    let itemsize = dtype.as_ref().map_or(1, DType::itemsize);
    let data = Data::Storage { key: storage.key.clone(), offset: offset.saturating_mul(itemsize) };
    let order = order_of(&shape, strides);
    let array = Array { class: "torch.Tensor".to_owned(), dtype, shape: Some(shape), order, data };
    Tensor { array, storage, is_plain: true, lazy: None }
}

/// No call that is of interest here has more.
const ARGS: usize = 9;

/// A call.
struct Call<'v> {
    view: View<'v>,
    module: String,
    name: String,
    args: Vec<Value>,
    moment: Moment,
    /// Whether nothing was done to its answer.
    is_all: bool,
}

impl<'v> Call<'v> {
    /// The call that made an object.
    fn of(view: View<'v>, value: Value) -> Option<Self> {
        let object = view.ast.object_of(value)?;
        let effect = view.effects.get(object.made_by as usize)?;
        let Action::Call { callee, args, kwargs: None, .. } = effect.action else { return None };
        let symbol =
            view.ast.symbol(callee).filter(|symbol| matches!(&*symbol.module, "torch._utils" | "torch._tensor"))?;
        let args = view.ast.items(args, effect.moment).take(ARGS).collect();
        let is_all = object.build.is_none() && object.items.is_none();
        let (module, name) = (symbol.module.to_string(), symbol.name.to_string());
        Some(Self { view, module, name, args, moment: effect.moment, is_all })
    }

    /// `(storage, offset, size, stride)`, from version 2 on `requires_grad, hooks`, in version 3 the type of its
    /// elements, and at the end perhaps metadata.
    fn tensor(&self, order: ByteOrder) -> Option<Tensor> {
        if self.module != "torch._utils" {
            return None;
        }
        let (place, rest) = self.args.split_first_chunk::<4>()?;
        let (hooks, given, metadata) = match (self.name.as_str(), rest) {
            ("_rebuild_tensor", []) => (None, None, None),
            ("_rebuild_tensor_v2", [_, hooks]) => (Some(hooks), None, None),
            ("_rebuild_tensor_v2", [_, hooks, metadata]) => (Some(hooks), None, Some(metadata)),
            ("_rebuild_tensor_v3", [_, hooks, dtype]) => (Some(hooks), Some(dtype), None),
            ("_rebuild_tensor_v3", [_, hooks, dtype, metadata]) => (Some(hooks), Some(dtype), Some(metadata)),
            // The quantizer stands before `requires_grad`.
            ("_rebuild_qtensor", [_, _, hooks]) => (Some(hooks), None, None),
            _ => return None,
        };
        let view = self.view;
        let [held, offset, size, stride] = *place;
        let storage = asked(view, held)?;
        let dtype = match given {
            Some(given) => {
                let symbol = view.ast.symbol(*given).filter(|symbol| &*symbol.module == "torch")?;
                dtype_of(&symbol.name, None, order)
            }
            None => dtype_of(storage.dtype, storage.itemsize, order),
        };
        let Literal::Int(offset) = view.literal(offset)? else { return None };
        let (shape, strides) = (shape(view, size, self.moment), shape(view, stride, self.moment)?);
        let lazy = metadata.filter(|metadata| view.ast.len(**metadata) > 0).map(|metadata| lazy(view, *metadata));
        // Where that is nowhere, it is beyond any storage.
        let itemsize = dtype.as_ref().map_or(1, DType::itemsize);
        let offset = u64::try_from(offset).ok().and_then(|offset| offset.checked_mul(itemsize)).unwrap_or(u64::MAX);
        let order = order_of(shape.as_deref().unwrap_or_default(), strides);
        let class = "torch.Tensor".to_owned();
        let data = Data::Storage { key: storage.key.clone(), offset };
        let array = Array { class, dtype, shape, order, data };
        let is_bare = hooks.is_none_or(|hooks| is_empty_dict(view, *hooks));
        let is_plain = is_bare && lazy.is_none() && self.name != "_rebuild_qtensor";
        Some(Tensor { array, storage, is_plain, lazy })
    }
}

fn dtype_of(name: &str, itemsize: Option<u64>, order: ByteOrder) -> Result<DType> {
    let message = "its elements share bytes, or are of an unknown type";
    dtype(name, itemsize, order).ok_or_else(|| Error::new(ErrorKind::Unsupported, message))
}

/// The order that strides, in elements, amount to.
fn order_of(shape: &[u64], strides: Vec<u64>) -> Order {
    let fits = shape.len() == strides.len();
    if fits && (shape.contains(&0) || is_dense(shape.iter().zip(&strides).rev(), 1)) {
        Order::C
    } else if fits && is_dense(shape.iter().zip(&strides), 1) {
        Order::F
    } else {
        Order::Strides(strides)
    }
}

/// The storage that a value asks for.
fn asked(view: View<'_>, value: Value) -> Option<Storage> {
    let asked = Some(value).filter(|value| value.kind() == Kind::Persistent)?;
    let &Effect { action: Action::Persistent { id }, moment, .. } = view.effects.get(asked.index())? else {
        return None;
    };
    storage(view, id, moment)
}

/// Whether a value is an `OrderedDict` with nothing in it.
fn is_empty_dict(view: View<'_>, value: Value) -> bool {
    let ast = view.ast;
    let Some(object) = ast.object_of(value) else { return false };
    let Some(effect) = view.effects.get(object.made_by as usize) else { return false };
    let is_class =
        |callee| ast.symbol(callee).is_some_and(|it| &*it.module == "collections" && &*it.name == "OrderedDict");
    let is_made = matches!(effect.action, Action::Call { callee, args, .. } if is_class(callee) && ast.is_empty(args));
    is_made && object.build.is_none() && object.items.is_none()
}
