//! What calls make: the nature of their results, and the symbols that stand behind them.

use super::Objection;
use super::entry::Answer;
use super::facts::{EntryId, Made, Nature};
use super::judging::{Judge, Use};
use super::matcher::Matcher;
use super::numpy;
use super::shape::Shape;
use crate::ast::{Kind, Moment, Value};
use crate::finding::Level;

impl Judge<'_> {
    /// What a call with good arguments makes.
    pub(super) fn answer(
        &mut self,
        index: usize,
        moment: Moment,
        id: EntryId,
        symbol: Option<u32>,
        answer: Answer,
        args: Value,
    ) -> Made {
        let made = |nature| Made { nature, class: Some(id), by: Some(id), symbol, built: false };
        let unknown = made(Nature::Unknown);
        let mut given = self.ast().items(args, moment);
        let first = given.next();
        match answer {
            Answer::Fresh => made(Nature::Fresh),
            Answer::Shared => made(Nature::Shared),
            Answer::Scalar => made(Nature::Scalar),
            Answer::Bytes => self.bytes_len(moment, first).map_or(unknown, |len| made(Nature::Bytes(len))),
            Answer::ByteArray => self.bytes_len(moment, first).map_or(unknown, |len| made(Nature::ByteArray(len))),
            Answer::DType => made(Nature::DType(None)),
            Answer::StringDType => {
                let number = u32::try_from(self.facts.dtypes.len()).ok();
                self.facts.dtypes.push(crate::dtype::DType::string_dtype());
                Made { built: true, ..made(Nature::DType(number)) }
            }
            Answer::Array => {
                let class = first.and_then(|first| self.facts.symbol_entry(first)).or(Some(id));
                Made { class, ..made(Nature::Array(None)) }
            }
            Answer::FullArray => {
                let nature = self.learned(Nature::Array(None));
                Made { built: true, ..made(nature) }
            }
            Answer::Instance => {
                let class = first.and_then(|first| self.facts.symbol_entry(first));
                let symbol = first.and_then(|first| self.symbol_of(first));
                Made { class, symbol, ..made(Nature::Fresh) }
            }
            Answer::Attribute => {
                let name = given.next();
                self.attribute(index, symbol, first, name)
                    .map_or(unknown, |class| Made { class: Some(class), ..made(Nature::Symbol) })
            }
            Answer::Ufunc => {
                let Judge { subject, facts, trace, .. } = self;
                let matcher = Matcher { subject: *subject, facts, trace, moment, target: None };
                let names = first.zip(given.next()).map(|(module, name)| [module, name]);
                let named = names.and_then(|names| numpy::named_symbol(&matcher, names));
                let class = named.and_then(|named| self.facts.entry(&named));
                class.map_or(unknown, |class| Made { class: Some(class), ..made(Nature::Symbol) })
            }
            Answer::Reconstructed => self.reconstructed(index, moment, unknown, args),
            Answer::NewObj => {
                let rest: Vec<Value> = given.collect();
                self.newobj(index, moment, unknown, first, &rest)
            }
        }
    }

    /// The length of what `bytes` or `encode` makes of its argument.
    fn bytes_len(&mut self, moment: Moment, first: Option<Value>) -> Option<u64> {
        let Some(first) = first else { return Some(0) };
        let Judge { subject, facts, trace, .. } = self;
        let matcher = Matcher { subject: *subject, facts, trace, moment, target: None };
        if first.kind() == Kind::Str { self.characters(Some(first)) } else { matcher.bytes_len(first) }
    }

    /// The number of characters of a text, which is the number of bytes of its encoding.
    fn characters(&mut self, text: Option<Value>) -> Option<u64> {
        let text = text?;
        let Judge { subject, facts, trace, .. } = self;
        let matcher = Matcher { subject: *subject, facts, trace, moment: Moment::END, target: None };
        let count = matcher.with_text(text, |text| {
            let count = text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count() as u64;
            Some((count, text.len() as u64 / 16))
        });
        let (count, steps) = count?;
        self.trace.walk(steps).then_some(count)
    }

    /// `getattr(C, 'n')` is the symbol `C.n`, if there is an entry for it.
    fn attribute(
        &mut self,
        index: usize,
        symbol: Option<u32>,
        owner: Option<Value>,
        name: Option<Value>,
    ) -> Option<EntryId> {
        let (owner, name) = (owner?, name?);
        let class = match owner.kind() {
            Kind::Str => "builtins.str".to_owned(),
            Kind::List => "builtins.list".to_owned(),
            Kind::Dict => "builtins.dict".to_owned(),
            _ => {
                let class = self.facts.symbol_entry(owner).and_then(|id| self.facts.entry_of(id));
                class.or_else(|| self.facts.class_of(owner)).map(|entry| entry.symbol.to_owned()).unwrap_or_default()
            }
        };
        let Judge { subject, facts, trace, .. } = self;
        let matcher = Matcher { subject: *subject, facts, trace, moment: Moment::END, target: None };
        let path = matcher.short_text(name).map(|name| format!("{class}.{name}"));
        let found = path.as_ref().and_then(|path| self.facts.entry(path));
        if found.is_none() {
            self.object(index, Objection::ArgumentShape, Level::Suspicious, symbol, |show| {
                format!("takes the attribute {} of {}, which is not on the list", show.one(name), show.one(owner))
            });
        }
        found
    }

    /// `copyreg._reconstructor(C, object, None)` is `C.__new__(C)`; with another base an entry has to say so.
    fn reconstructed(&mut self, index: usize, moment: Moment, unknown: Made, args: Value) -> Made {
        let all: Vec<Value> = self.ast().items(args, moment).take(4).collect();
        let &[class, base, state] = all.as_slice() else { return unknown };
        let base_id = self.facts.symbol_entry(base);
        let base_name = base_id.and_then(|id| self.facts.entry_of(id)).map_or("", |entry| entry.symbol);
        let symbol = self.symbol_of(class);
        let Some(id) = self.facts.symbol_entry(class) else { return unknown };
        let Some(entry) = self.facts.entry_of(id).cloned() else { return unknown };
        self.used(symbol, Use::New);
        if base_name == "builtins.object" {
            let nothing = entry.new.as_ref().is_some_and(|new| takes_nothing(&new.args));
            if nothing && state.kind() == Kind::None {
                let nature = entry.new.as_ref().map_or(Nature::Unknown, |new| simple(new.answer));
                return Made { nature, class: Some(id), by: Some(id), symbol, built: false };
            }
        }
        let shape = entry.bases.iter().find(|(of, _)| *of == base_name).map(|(_, shape)| shape);
        let Some(shape) = shape else {
            self.object(index, Objection::ArgumentShape, Level::Suspicious, symbol, |show| {
                format!("{} is not known to be made this way", show.one(class))
            });
            return unknown;
        };
        if !self.check(index, moment, None, symbol, "state", shape, state) {
            return unknown;
        }
        Made { nature: Nature::Fresh, class: Some(id), by: Some(id), symbol, built: false }
    }

    /// `copyreg.__newobj__(C, ...)` is `C.__new__(C, ...)`: only without further arguments.
    fn newobj(&mut self, index: usize, _moment: Moment, unknown: Made, class: Option<Value>, rest: &[Value]) -> Made {
        let class = class.and_then(|class| Some((class, self.facts.symbol_entry(class)?)));
        let Some((class, id)) = class else { return unknown };
        let symbol = self.symbol_of(class);
        self.used(symbol, Use::New);
        let new = self.facts.entry_of(id).and_then(|entry| entry.new.as_ref());
        match new.filter(|new| rest.is_empty() && takes_nothing(&new.args)) {
            Some(new) => Made { nature: simple(new.answer), class: Some(id), by: Some(id), symbol, built: false },
            None => {
                self.object(index, Objection::ArgumentShape, Level::Suspicious, symbol, |show| {
                    format!("{} is not known to be made this way", show.one(class))
                });
                unknown
            }
        }
    }
}

/// Whether arguments may be none at all.
fn takes_nothing(args: &Shape<'_>) -> bool {
    match args {
        Shape::Tuple(items, _) => items.is_empty(),
        Shape::OneOf(all) => all.iter().any(takes_nothing),
        _ => false,
    }
}

/// The nature of what `__new__` answers.
fn simple(answer: Answer) -> Nature {
    match answer {
        Answer::Fresh => Nature::Fresh,
        Answer::Shared => Nature::Shared,
        Answer::Array => Nature::Array(None),
        _ => Nature::Scalar,
    }
}
