//! One pass over the effects of each reading, and a look at the root of the first.

use super::boosters;
use super::estimator::{contents, models};
use super::names::Names;
use super::values::Look;
use super::writer::{Claim, Writer};
use crate::ast::{Kind, Moment, Value};
use crate::facts::{Certainty, Facts, Hazard, Place};
use crate::loader::Subject;
use crate::loader::joblib::{Wrapper, wrapper_named};
use crate::loader::numpy::entry;
use crate::machine::Action;
use crate::opcode::Literal;
use std::collections::HashSet;

/// The most readings of one source that are looked at.
const READINGS: usize = 4096;
/// How many objects of one special class are looked into, in one reading.
const LOOKED_INTO: u32 = 16;

/// What the readings of one source say about who wrote it, what is in it, and what goes wrong elsewhere.
///
/// The offsets in the answer are counted in the source of the streams. Work is in proportion to
/// the number of effects; lists are bounded. Nothing that a file says here is proof: whoever wrote it could write
/// anything.
pub fn facts(subjects: &[Subject<'_>]) -> Facts {
    // Pickles in a joblib stream stand before it in the list, and begin after it.
    let first = subjects.iter().enumerate().min_by_key(|(_, subject)| subject.reading.start);
    let Some((number, &first)) = first else { return Facts::default() };
    let mut gather = Gather::default();
    gather.reading(first, subjects);
    let others = subjects.iter().enumerate().filter(|(other, _)| *other != number);
    for (_, &subject) in others.take(READINGS) {
        gather.reading(subject, subjects);
    }
    let mut look = Look::new(first, subjects.get(..READINGS).unwrap_or(subjects));
    let (contents, models) = match first.reading.root {
        Some(root) => (contents(&mut look, root), models(&mut look, root)),
        None => ("refused before its end".to_owned(), Vec::new()),
    };
    let (packages, moved) = (gather.names.packages, gather.names.found);
    let components = gather.writer.finish();
    let mut hazards = gather.hazards;
    for component in &components {
        let place = component.evidence.first().map(|evidence| evidence.place.clone()).unwrap_or_default();
        let kind_and_message = match (component.name, component.exact.as_slice()) {
            ("scikit-learn", [version]) => Some((
                "version",
                format!("scikit-learn warns unless it is {version}, and may fail or answer otherwise"),
            )),
            ("scikit-learn", [_, _, ..]) => Some((
                "mixed-versions",
                format!("its parts were written by several versions of scikit-learn: {}", component.version()),
            )),
            _ => None,
        };
        hazards.extend(kind_and_message.map(|(kind, message)| Hazard { kind, message, place }));
    }
    hazards.extend(gather.names.main);
    hazards.extend(moved.into_iter().map(super::names::Found::hazard));
    let unknown = packages.iter().filter(|package| package.distribution.is_none());
    hazards.extend(unknown.map(|package| Hazard {
        kind: "unknown-package",
        message: format!("{} comes from a package that is not in the table: find out which", package.symbol),
        place: package.place.clone(),
    }));
    let protocol = subjects.iter().map(|subject| subject.reading.protocol).max();
    Facts { protocol, contents, components, packages, models, hazards }
}

/// Classes and functions that are looked into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    Sklearn,
    Tree,
    Wrapper(Wrapper),
    XgboostBooster,
    LightgbmBooster,
    DType,
    Code,
}

/// What an import is, by its resolved name.
fn special(module: &str, name: &str) -> Option<Special> {
    if let Some(wrapper) = wrapper_named(module, name) {
        return Some(Special::Wrapper(wrapper));
    }
    Some(match (module, name) {
        ("sklearn.tree._tree", "Tree") => Special::Tree,
        ("xgboost.core", "Booster") => Special::XgboostBooster,
        ("lightgbm.basic", "Booster" | "_InnerPredictor") => Special::LightgbmBooster,
        ("numpy" | "numpy.core.multiarray" | "numpy._core.multiarray", "dtype") => Special::DType,
        ("types", "CodeType") => Special::Code,
        _ if module.starts_with("sklearn.") => Special::Sklearn,
        _ => return None,
    })
}

/// What is known of one imported symbol of a reading.
#[derive(Clone, Copy, Default)]
struct Symbol {
    seen: bool,
    special: Option<Special>,
    looked_into: u32,
}

#[derive(Default)]
struct Gather {
    writer: Writer,
    names: Names,
    hazards: Vec<Hazard>,
}

impl Gather {
    fn claim(&mut self, name: &'static str, claim: Claim, place: &Place) {
        self.writer.claim(name, claim, Certainty::Certain, place);
    }

    fn hazard(&mut self, kind: &'static str, message: impl Into<String>, place: &Place) {
        let message = message.into();
        if !self.hazards.iter().any(|known| known.kind == kind && known.message == message) {
            self.hazards.push(Hazard { kind, message, place: place.clone() });
        }
    }

    /// Everything that one reading says.
    fn reading<'a>(&mut self, subject: Subject<'a>, all: &'a [Subject<'a>]) {
        let reading = subject.reading;
        let stream = reading.stream;
        let at = |position: usize| Place { stream, offset: Some(subject.source.offset(position)), ..Place::default() };
        let mut look = Look::new(subject, all.get(..READINGS).unwrap_or(all));
        self.protocol(subject, &at(reading.start));
        // The outermost object is the last to be built, but speaks first.
        let outermost = reading.root.and_then(|root| Some((root, look.attribute(root, "_sklearn_version")?)));
        if let Some((_, version)) = outermost {
            let place = Place { path: Some("root._sklearn_version".to_owned()), ..at(version.index()) };
            self.sklearn(&look, version, &place);
        }
        let mut symbols = vec![Symbol::default(); reading.ast.symbols().len()];
        let mut states = HashSet::new();
        for effect in &reading.effects {
            match effect.action {
                Action::Import { value, .. } => {
                    let Some(symbol) = symbols.get_mut(value.index()).filter(|symbol| !symbol.seen) else { continue };
                    symbol.seen = true;
                    if let Some((module, name)) = look.named(value) {
                        symbol.special = special(module, name);
                        self.import(module, name, &at(effect.at));
                    }
                }
                Action::Call { callee, args, .. } => {
                    let special = symbols.get_mut(callee.index()).filter(|_| callee.kind() == Kind::Import);
                    match special.and_then(may_look) {
                        Some(Special::DType) => {
                            let second = reading.ast.items(args, effect.moment).nth(1).map(Value::kind);
                            self.dtype(second, &at(effect.at));
                        }
                        Some(Special::Code) => self.code(reading.ast.len(args), &at(effect.at)),
                        _ if callee.kind() == Kind::Object && is_code_type(&look, callee) => {
                            self.code(reading.ast.len(args), &at(effect.at));
                        }
                        _ => {}
                    }
                }
                Action::Build { target, state } => {
                    let Some(class) = look.class(target).filter(|class| class.kind() == Kind::Import) else { continue };
                    let Some(symbol) = symbols.get_mut(class.index()) else { continue };
                    if symbol.special == Some(Special::Sklearn) {
                        if outermost.is_none_or(|(root, _)| target != root)
                            && state.kind() == Kind::Dict
                            && states.insert(state)
                            && let Some(version) = entry(look.view(), state, Moment::END, "_sklearn_version")
                        {
                            self.sklearn(&look, version, &at(version.index()));
                        }
                    } else if let Some(special) = may_look(symbol) {
                        self.state(&mut look, special, target, &at(effect.at));
                    }
                }
                _ => {}
            }
        }
    }

    /// What the protocol and the kinds of strings say of Python.
    fn protocol(&mut self, subject: Subject<'_>, place: &Place) {
        let reading = subject.reading;
        let what = format!("protocol {}", reading.protocol);
        let (certain, guess) = match reading.protocol {
            0..=2 => {
                let has_byte_text = |value| reading.ast.kinds(value).contains(Kind::ByteStr);
                let root = reading.root.is_some_and(|root| root.kind() == Kind::ByteStr);
                if root || reading.ast.containers().any(has_byte_text) {
                    let what = "strings as only Python 2 writes them";
                    self.claim("Python", Claim::range(what, "<3.0"), place);
                    let message = "strings of Python 2 are read as ASCII unless the reader is told another encoding";
                    self.hazard("python-2", message, place);
                }
                return;
            }
            3 => (">=3.0", "<3.8"),
            4 => (">=3.4", ">=3.8,<3.14"),
            _ => (">=3.8", ""),
        };
        self.claim("Python", Claim::range(what.clone(), certain), place);
        if !guess.is_empty() {
            let claim = Claim::range(format!("{what} is the default of Python {guess}"), guess);
            self.writer.claim("Python", claim, Certainty::Guess, place);
        }
        if reading.protocol >= 5 {
            self.hazard("protocol", "protocol 5 is read by Python >=3.8 only", place);
        }
    }

    fn import(&mut self, module: &str, name: &str, place: &Place) {
        self.names.take(module, name, place, &mut self.writer);
        match (module, name) {
            ("pathlib" | "pathlib._local", "PosixPath") => {
                self.claim("platform", Claim::exact("name pathlib.PosixPath", "POSIX".to_owned()), place);
                self.hazard("platform", "pathlib.PosixPath cannot be made on Windows", place);
            }
            ("pathlib" | "pathlib._local", "WindowsPath") => {
                self.claim("platform", Claim::exact("name pathlib.WindowsPath", "Windows".to_owned()), place);
                self.hazard("platform", "pathlib.WindowsPath cannot be made outside Windows", place);
            }
            ("_codecs", "encode") => {
                self.claim("Python", Claim::range("bytes as Python 3 writes them for Python 2", ">=3.0"), place);
            }
            _ => {}
        }
    }

    /// `_sklearn_version`, which `BaseEstimator.__getstate__` adds.
    fn sklearn(&mut self, look: &Look<'_>, version: Value, place: &Place) {
        if let Some(version) = look.text(version) {
            self.claim("scikit-learn", Claim::exact("_sklearn_version", version), place);
        }
    }

    /// The second argument of `numpy.dtype(spec, align, copy)`: numpy of Python objects since about 1.17.
    fn dtype(&mut self, align: Option<Kind>, place: &Place) {
        match align {
            Some(Kind::Int) => self.claim("numpy", Claim::range("dtype arguments are ints", "<1.19"), place),
            Some(Kind::Bool) => self.claim("numpy", Claim::range("dtype arguments are bools", ">=1.14"), place),
            _ => {}
        }
    }

    /// How many arguments make a code object (`code.__new__`, by version).
    fn code(&mut self, args: usize, place: &Place) {
        let range = match args {
            14 => "<3.0",
            15 => ">=3.0,<3.8",
            16 => ">=3.8,<3.11",
            18 => ">=3.11",
            _ => return,
        };
        self.claim("Python", Claim::range(format!("code objects of {args} arguments"), range), place);
        self.hazard("code", format!("functions in it hold bytecode of Python {range}"), place);
    }

    /// The state of an object that is looked into.
    fn state(&mut self, look: &mut Look<'_>, special: Special, target: Value, place: &Place) {
        match special {
            Special::Wrapper(wrapper) => self.wrapper(look, wrapper, target, place),
            Special::Tree => {
                let Some(nodes) = look.attribute(target, "nodes") else { return };
                let Some(dtype) = look.array(nodes).and_then(|nodes| nodes.dtype) else { return };
                let Some(fields) = dtype.fields() else { return };
                let new = fields.iter().any(|field| *field.name == *b"missing_go_to_left");
                let range = if new { ">=1.3" } else { "<1.3" };
                let what = format!("tree nodes of {} bytes", dtype.itemsize());
                self.claim("scikit-learn", Claim::range(what, range), place);
                let message = format!("the node layout of its trees is that of scikit-learn {range}: others refuse it");
                self.hazard("tree-layout", message, place);
            }
            Special::XgboostBooster => {
                let handle = look.attribute(target, "handle").and_then(|handle| look.buffer(handle));
                if let Some(version) = handle.and_then(|handle| boosters::xgboost(&handle)) {
                    let message = format!("xgboost older than {version} may refuse the model");
                    self.claim("xgboost", Claim::exact("version in the model's bytes", version), place);
                    self.hazard("version", message, place);
                }
            }
            Special::LightgbmBooster => self.lightgbm(look, target, place),
            Special::Sklearn | Special::DType | Special::Code => {}
        }
    }

    fn lightgbm(&mut self, look: &Look<'_>, target: Value, place: &Place) {
        for (name, range) in [("_handle", ">=4.0"), ("handle", "<4.0")] {
            let Some(handle) = look.attribute(target, name) else { continue };
            self.claim("lightgbm", Claim::range(format!("attribute {name}"), range), place);
            let Some(Literal::Str(model) | Literal::ByteStr(model)) = look.subject.literal(handle) else { continue };
            let range = match boosters::lightgbm(&model) {
                Some(2) => ">=2.0,<3.0",
                Some(3) => ">=3.0,<4.0",
                Some(4) => ">=4.0",
                _ => continue,
            };
            self.claim("lightgbm", Claim::range("version in the model's text", range), place);
        }
    }

    fn wrapper(&mut self, look: &Look<'_>, wrapper: Wrapper, target: Value, place: &Place) {
        let has = |name: &str| look.attribute(target, name).is_some();
        let (what, range) = match wrapper {
            Wrapper::InStream if has("numpy_array_alignment_bytes") => ("aligned arrays in the stream", ">=1.2"),
            Wrapper::InStream => ("arrays in the stream, not aligned", ">=0.10,<1.2"),
            Wrapper::File if has("allow_mmap") => ("arrays in files of their own, with allow_mmap", ">=0.9,<0.10"),
            Wrapper::File => ("arrays in files of their own", "<0.9"),
            Wrapper::CompressedFile => ("compressed arrays in files of their own", "<0.10"),
        };
        self.claim("joblib", Claim::range(what, range), place);
        match wrapper {
            Wrapper::InStream => self.hazard("loader", "joblib.load reads it, pickle.load does not", place),
            _ => self.hazard("companion", "its arrays are in files beside it: move them together", place),
        }
    }
}

/// What a symbol is looked into for, as long as that was not often.
fn may_look(symbol: &mut Symbol) -> Option<Special> {
    let special = symbol.special.filter(|_| symbol.looked_into < LOOKED_INTO)?;
    symbol.looked_into = symbol.looked_into.saturating_add(1);
    Some(special)
}

/// Whether an object is what `cloudpickle.cloudpickle._builtin_type('CodeType')` answers.
fn is_code_type(look: &Look<'_>, callee: Value) -> bool {
    let Some(made) = look.made(callee) else { return false };
    let name = look.view().ast.items(made.args, made.moment).next();
    look.named(made.callee).is_some_and(|(_, name)| name == "_builtin_type")
        && name.and_then(|name| look.text(name)).as_deref() == Some("CodeType")
}
