//! What joblib writes between opcodes (`joblib/numpy_pickle.py`, `joblib/numpy_pickle_compat.py`).
//!
//! joblib replaces each array by a wrapper object; the BUILD that completes it is followed by the array's bytes, or,
//! where the elements are objects, by a pickle of the whole array. Files of joblib before 0.10 name a file beside
//! themselves instead.

use super::numpy::{DTypes, entry, shape};
use super::reading::View;
use crate::ast::Value;
use crate::error::{Error, ErrorKind, Result};
use crate::machine::{Action, Effect};
use crate::opcode::Literal;

/// A class of wrappers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// `NumpyArrayWrapper`, joblib 0.10 and later: bytes in the stream.
    InStream,
    /// `NDArrayWrapper`, before: a `.npy` file beside it.
    File,
    /// `ZNDArrayWrapper`, before, compressed: a `.npy.z` file beside it.
    CompressedFile,
}

/// What follows a BUILD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follows {
    /// The next opcode.
    Opcodes,
    /// Array bytes, this many, after a padding that begins with its own length where `padded`.
    Raw {
        /// How many bytes.
        len: u64,
        /// Whether a padding stands before them.
        padded: bool,
    },
    /// A pickle of the whole array.
    Nested,
    /// The next opcode; the array stands in the file of this name.
    Companion {
        /// The name as the file gives it.
        name: String,
        /// Which wrapper.
        wrapper: Wrapper,
    },
}

/// The wrapper that a symbol is.
pub fn wrapper_named(module: &str, name: &str) -> Option<Wrapper> {
    // sklearn.externals.joblib is joblib as scikit-learn before 0.23 carried it.
    let package = module.strip_prefix("sklearn.externals.").unwrap_or(module);
    if !matches!(package, "joblib.numpy_pickle" | "joblib.numpy_pickle_compat") {
        return None;
    }
    match name {
        "NumpyArrayWrapper" => Some(Wrapper::InStream),
        "NDArrayWrapper" => Some(Wrapper::File),
        "ZNDArrayWrapper" => Some(Wrapper::CompressedFile),
        _ => None,
    }
}

/// The wrapper that an object is an instance of.
fn wrapper_of(view: View<'_>, target: Value) -> Option<Wrapper> {
    let ast = view.ast;
    let made_by = view.effects.get(ast.object_of(target)?.made_by as usize)?;
    let Action::Call { callee, args, .. } = made_by.action else { return None };
    let symbol = ast.symbol(callee)?;
    if let Some(wrapper) = wrapper_named(&symbol.module, &symbol.name) {
        return Some(wrapper);
    }
    // Protocols 0 and 1: copyreg._reconstructor(NumpyArrayWrapper, object, None); copyreg.__newobj__ is NEWOBJ as a call.
    let class = ast.items(args, made_by.moment).next().and_then(|class| ast.symbol(class))?;
    matches!(&*symbol.name, "_reconstructor" | "__newobj__")
        .then(|| wrapper_named(&class.module, &class.name))
        .flatten()
}

/// What follows the BUILD that is the last effect of a reading (`NumpyUnpickler.load_build`).
///
/// # Errors
/// Where the wrapper does not say how many bytes follow, or says it falsely: nothing behind it can be read.
pub fn after_build(view: View<'_>, dtypes: &mut DTypes) -> Result<Follows> {
    let Some(&Effect { moment, action: Action::Build { target, state }, .. }) = view.effects.last() else {
        return Ok(Follows::Opcodes);
    };
    let Some(wrapper) = wrapper_of(view, target) else { return Ok(Follows::Opcodes) };
    let missing = |what: &str| Error::new(ErrorKind::Unsupported, format!("a joblib array has no usable {what}"));
    let attribute = |name: &str| entry(view, state, moment, name);
    if wrapper != Wrapper::InStream {
        let name = attribute("filename").and_then(|name| view.literal(name));
        let Some(Literal::Str(name) | Literal::ByteStr(name)) = name else { return Err(missing("file name")) };
        let name = crate::opcode::text::printable(&name).into_owned();
        return Ok(Follows::Companion { name, wrapper });
    }
    let dtype = dtypes.of(view, attribute("dtype").ok_or_else(|| missing("dtype"))?)?;
    if dtype.has_object() {
        return Ok(Follows::Nested);
    }
    let shape = attribute("shape").and_then(|value| shape(view, value, moment)).ok_or_else(|| missing("shape"))?;
    let len = dtype.nbytes(&shape).ok_or_else(|| missing("size"))?;
    let alignment = attribute("numpy_array_alignment_bytes").and_then(|value| view.literal(value));
    Ok(Follows::Raw { len, padded: !matches!(alignment, None | Some(Literal::None)) })
}
