//! A clean use of an entry, made from its shapes, as text of `asm.rs` whose parts can be replaced.

use super::super::entry::{self, Answer, Entry};
use super::super::shape::{Parser, Rule, Shape};
use super::super::table;
use super::super::text::Grammar;
use crate::ast::Kind;

/// A value as text, the shape that it fits, and its parts.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) shape: Shape<'static>,
    pub(super) text: Text,
}

#[derive(Clone, Debug)]
pub(super) enum Text {
    Leaf(String),
    /// A tuple, list or dict; what stands before an item is its key.
    Group {
        open: &'static str,
        items: Vec<(String, Node)>,
        close: &'static str,
    },
}

impl Node {
    fn leaf(shape: &Shape<'static>, text: impl Into<String>) -> Self {
        Self { shape: shape.clone(), text: Text::Leaf(text.into()) }
    }

    /// It and all its parts, a part before its own parts.
    pub(super) fn parts(&self) -> Vec<&Self> {
        let mut all = vec![self];
        let mut next = 0;
        while let Some(&node) = all.get(next) {
            next += 1;
            if let Text::Group { items, .. } = &node.text {
                all.extend(items.iter().map(|(_, item)| item));
            }
        }
        all
    }

    pub(super) fn written(&self) -> String {
        self.replaced(None)
    }

    /// Its text with one of its parts, by number, replaced.
    pub(super) fn with(&self, part: usize, by: &str) -> String {
        self.replaced(self.parts().get(part).map(|&part| (part, by)))
    }

    /// Shapes are small, so this recursion is shallow.
    fn replaced(&self, replacement: Option<(&Self, &str)>) -> String {
        match (&self.text, replacement) {
            (_, Some((part, by))) if std::ptr::eq(part, self) => by.to_owned(),
            (Text::Leaf(text), _) => text.clone(),
            (Text::Group { open, items, close }, _) => {
                let items: Vec<_> =
                    items.iter().map(|(key, item)| format!("{key}{}", item.replaced(replacement))).collect();
                format!("{open}{}{close}", items.join(", "))
            }
        }
    }

    /// Its text with one more item.
    pub(super) fn with_item(&self, key: &str, item: &str) -> String {
        let text = self.written();
        let Text::Group { items, close, .. } = &self.text else { panic!("{text} has no items") };
        let comma = if items.is_empty() { "" } else { ", " };
        format!("{}{comma}{key}{item}{close}", text.strip_suffix(close).unwrap())
    }
}

/// A symbol as `asm.rs` writes it: a colon behind the module.
pub(super) fn written(symbol: &str) -> String {
    let (mut module, mut name) = symbol.rsplit_once('.').unwrap();
    while table::entry(module).is_some() {
        (module, name) = symbol.split_at(module.rfind('.').unwrap());
        name = &name[1..];
    }
    format!("{module}:{name}")
}

const DTYPE: &str = "numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0)";
const ARRAY: &str = "numpy._core.multiarray:_reconstruct(numpy:ndarray, (0), b'b') << (1, (1), numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0), False, b'01234567')";
const SCALAR: &str = "numpy._core.multiarray:scalar(numpy:dtype('f8', False, True) << (3, '<', None, None, None, -1, -1, 0), b'01234567')";
const TREE_ARRAY: &str = "numpy._core.multiarray:_reconstruct(numpy:ndarray, (0), b'b') << (1, (1), numpy:dtype('i8', False, True) << (3, '<', None, None, None, -1, -1, 0), False, b'01234567')";

/// The one node of a tree of one point.
const KD_NODE: &str = "_codecs:encode('\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{1}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u{1}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0', 'latin1')";

/// A text of each grammar.
fn text_of(grammar: Grammar) -> &'static str {
    match grammar {
        Grammar::Fraction => "'1/3'",
        Grammar::Decimal => "'1.5'",
        Grammar::ZoneKey => "'Europe/Berlin'",
        Grammar::Address => "'10.0.0.0/8'",
        Grammar::Label => "'model'",
        Grammar::Period => "'period[M]'",
        Grammar::TypeCode => "'d'",
        Grammar::Attribute => "'shape'",
        Grammar::ArgParser => {
            "'\\ndef _parse_args(self,  loc=0, scale=1):\\n    return (), loc, scale\\n\\ndef _parse_args_rvs(self,  loc=0, \
             scale=1, size=None):\\n    return self._argcheck_rvs( loc, scale, size=size)\\n\\ndef _parse_args_stats(self,  \
             loc=0, scale=1, moments=\\qmv\\q):\\n    return (), loc, scale, moments\\n'"
        }
        Grammar::Formula => "'y ~ a'",
        Grammar::Short => "'a+b'",
    }
}

/// What fits a rule: around its items, and each item with its key and the shape that the rule asks of it.
type RuleExample = (&'static str, Vec<(&'static str, &'static str, &'static str)>, &'static str);

fn rule_example(rule: Rule) -> Option<RuleExample> {
    Some(match rule {
        // Only torch answers a storage, and a plain pickle has none.
        Rule::Tensor | Rule::TypedTensor | Rule::QuantizedTensor | Rule::SparseTensor | Rule::NestedTensor => {
            return None;
        }
        Rule::NdArray => (
            "(",
            vec![
                ("", "1", "0..1"),
                ("", "(1)", "tuple"),
                ("", DTYPE, "dtype"),
                ("", "False", "flag"),
                ("", "b'01234567'", "bytes"),
            ],
            ")",
        ),
        Rule::Masked => {
            let (open, items, close) = rule_example(Rule::NdArray)?;
            (open, [items, vec![("", "b'x'", "bytes"), ("", "None", "any")]].concat(), close)
        }
        Rule::Pairs => ("[", vec![("", "('k', 1)", "tuple")], "]"),
        Rule::DTypeState => (
            "(",
            vec![
                ("", "3", "3"),
                ("", "'<'", "str"),
                ("", "None", "None"),
                ("", "None", "None"),
                ("", "None", "None"),
                ("", "-1", "-1"),
                ("", "-1", "-1"),
                ("", "0", "0"),
            ],
            ")",
        ),
        Rule::FromBuffer => (
            "(",
            vec![("", "ba'01234567'", "buffer"), ("", DTYPE, "dtype"), ("", "(1)", "tuple"), ("", "'C'", "str")],
            ")",
        ),
        Rule::ScalarArgs => ("(", vec![("", DTYPE, "dtype"), ("", "b'01234567'", "bytes")], ")"),
        Rule::JoblibArray => (
            "{",
            vec![
                ("'subclass': ", "numpy:ndarray", "array-class"),
                ("'shape': ", "(1)", "tuple"),
                ("'order': ", "'C'", "order"),
                ("'dtype': ", DTYPE, "dtype"),
                ("'allow_mmap': ", "True", "flag"),
            ],
            "}",
        ),
        Rule::Ufunc => ("(", vec![("", "'numpy.core._multiarray_umath'", "str"), ("", "'add'", "str")], ")"),
        Rule::TreeArgs => ("(", vec![("", "4", "0.."), ("", TREE_ARRAY, "array"), ("", "1", "0..1000")], ")"),
        Rule::KdTree => (
            "(",
            vec![
                ("", KD_NODE, "bytes"),
                ("", ARRAY, "array"),
                ("", "1", "1"),
                ("", "1", "1"),
                ("", "1", "0.."),
                ("", ARRAY, "array"),
                ("", ARRAY, "array"),
                ("", ARRAY, "array"),
                ("", "None", "None | any"),
                ("", "None", "None"),
            ],
            ")",
        ),
        Rule::TreeState => (
            "{",
            vec![
                ("'max_depth': ", "0", "0.."),
                ("'node_count': ", "1", "0..1000"),
                ("'nodes': ", ARRAY, "array"),
                ("'values': ", ARRAY, "array"),
            ],
            "}",
        ),
    })
}

/// How deep makers are asked for makers.
const DEPTH: u8 = 6;

/// What fits the shape of an entry, once for each of its alternatives.
pub(super) fn examples_of(entry: &Entry<'static>, shape: &Shape<'static>) -> Vec<Node> {
    let spec = entry.symbol == "numpy.dtype" && matches!(shape, Shape::Tuple(..));
    if spec {
        let wanted = Parser::new("(str, False, True)").shape().unwrap();
        let texts = ["'f8'", "False", "True"];
        let Shape::Tuple(shapes, _) = &wanted else { return Vec::new() };
        let items = shapes.iter().zip(texts).map(|(shape, text)| (String::new(), Node::leaf(shape, text))).collect();
        return vec![Node { shape: wanted.clone(), text: Text::Group { open: "(", items, close: ")" } }];
    }
    let Shape::OneOf(all) = shape else { return example(shape, DEPTH).into_iter().collect() };
    let mut nodes: Vec<Node> = all.iter().filter_map(|one| example(one, DEPTH)).collect();
    // A part that one alternative refuses, another one of as many parts may take.
    for node in &mut nodes {
        let Text::Group { items, open: "(", .. } = &mut node.text else { continue };
        let many = items.len();
        for (at, (_, item)) in items.iter_mut().enumerate() {
            let alike = all.iter().filter_map(|one| match one {
                Shape::Tuple(parts, None) if parts.len() == many => parts.get(at).cloned(),
                Shape::Tuple(parts, Some(more)) if parts.len() < many => {
                    Some(parts.get(at).map_or_else(|| more.as_ref().clone(), Clone::clone))
                }
                _ => None,
            });
            item.shape = Shape::OneOf(alike.chain([item.shape.clone()]).collect());
        }
    }
    nodes
}

/// Something that fits a shape, if the text of `asm.rs` can say it.
fn example(shape: &Shape<'static>, depth: u8) -> Option<Node> {
    let depth = depth.checked_sub(1)?;
    let group = |open, items, close| Node { shape: shape.clone(), text: Text::Group { open, items, close } };
    let text = match shape {
        Shape::Any | Shape::Data | Shape::ShortInt => "1".to_owned(),
        Shape::Harmless => "builtins:len".to_owned(),
        Shape::Listed => "builtins:str".to_owned(),
        Shape::Newable => "sklearn.preprocessing._data:StandardScaler".to_owned(),
        Shape::Keyable => "'k'".to_owned(),
        Shape::Kinds(kinds) => kinds
            .kinds()
            .find_map(|kind| match kind {
                Kind::None => Some("None"),
                Kind::Bool => Some("True"),
                Kind::Int => Some("1"),
                Kind::Float => Some("1.5"),
                Kind::Str => Some("'lower'"),
                Kind::Tuple => Some("()"),
                Kind::List => Some("[]"),
                Kind::Dict => Some("{}"),
                _ => None,
            })?
            .to_owned(),
        Shape::Flag => "0".to_owned(),
        Shape::Bool(true) => "True".to_owned(),
        Shape::Bool(false) => "False".to_owned(),
        Shape::Bytes => "b'0123'".to_owned(),
        Shape::ByteArray | Shape::Buffer => "ba'0123'".to_owned(),
        Shape::Array => ARRAY.to_owned(),
        Shape::DType | Shape::NumberDType => DTYPE.to_owned(),
        Shape::Scalar => SCALAR.to_owned(),
        Shape::Storage => return None,
        Shape::Int(low, _) => low.to_string(),
        Shape::Bits(_) => "0".to_owned(),
        Shape::Text(text) => format!("'{text}'"),
        Shape::Octets(text) => format!("b'{text}'"),
        Shape::Grammar(grammar) => text_of(*grammar).to_owned(),
        Shape::Symbol(symbol) => written(symbol),
        Shape::Made(symbol) => made(symbol, depth)?,
        Shape::Rule(rule) => {
            let (open, items, close) = rule_example(*rule)?;
            let item = |(key, text, shape): (&str, &str, &'static str)| {
                (key.to_owned(), Node::leaf(&Parser::new(shape).shape().unwrap(), text))
            };
            return Some(group(open, items.into_iter().map(item).collect(), close));
        }
        Shape::Tuple(items, many) => {
            let mut all = Vec::new();
            for item in items {
                all.push((String::new(), example(item, depth)?));
            }
            let more = many.as_ref().and_then(|many| example(many, depth));
            all.extend(more.map(|more| (String::new(), more)));
            return Some(group("(", all, ")"));
        }
        Shape::List(item) => {
            let items = example(item, depth).map(|item| (String::new(), item)).into_iter().collect();
            return Some(group("[", items, "]"));
        }
        Shape::Dict(keys, others) => {
            let mut items = Vec::new();
            for key in keys {
                match example(&key.shape, depth) {
                    Some(item) => items.push((format!("'{}': ", key.name), item)),
                    None if key.optional => {}
                    None => return None,
                }
            }
            let other = others.as_ref().and_then(|others| example(others, depth));
            items.extend(other.map(|other| ("'other': ".to_owned(), other)));
            return Some(group("{", items, "}"));
        }
        Shape::Map(pair) => {
            let key = example(&pair.0, depth)?.written();
            let items = example(&pair.1, depth).map(|item| (format!("{key}: "), item)).into_iter().collect();
            return Some(group("{", items, "}"));
        }
        Shape::OneOf(all) => {
            let found = all.iter().find_map(|one| example(one, depth))?;
            return Some(Node { shape: shape.clone(), ..found });
        }
    };
    Some(Node::leaf(shape, text))
}

/// What a symbol makes, as text.
fn made(symbol: &str, depth: u8) -> Option<String> {
    let entry = entry::lookup(symbol)?;
    let plain = maker_of(&entry, depth)?;
    // Arrays and classes of dtypes have to be complete where they stand for a value.
    let complete = entry.new.is_some() && entry.init.is_none() && entry.call.is_none();
    match entry.build.as_ref().filter(|_| complete).and_then(|state| example(state, depth)) {
        Some(state) => Some(format!("{plain} << {}", state.written())),
        None => Some(plain),
    }
}

/// A call that makes an object of an entry, ready for its state.
pub(super) fn maker(entry: &Entry<'static>) -> Option<String> {
    maker_of(entry, DEPTH)
}

fn maker_of(entry: &Entry<'static>, depth: u8) -> Option<String> {
    let name = written(entry.symbol);
    if entry.symbol == "numpy.dtype" {
        return Some("numpy:dtype('f8', False, True)".to_owned());
    }
    for (how, signature) in [("new ", &entry.new), ("", &entry.init), ("", &entry.call)] {
        let args = signature.as_ref().and_then(|signature| {
            let alternatives = match &signature.args {
                Shape::OneOf(all) => all.as_slice(),
                one => std::slice::from_ref(one),
            };
            alternatives.iter().find_map(|one| example(one, depth))
        });
        if let Some(args) = args {
            return Some(format!("{how}{name}{}", args.written()));
        }
    }
    by_another(entry.symbol, depth)
}

/// A call of a function whose first argument is the class of what it makes.
fn by_another(symbol: &'static str, depth: u8) -> Option<String> {
    for paragraph in table::ENTRIES.iter().flat_map(|table| table.paragraphs()) {
        // Reading every entry would take long; whoever takes the class names it, or a shape that names it.
        let may = paragraph.body.contains(symbol) || paragraph.body.contains("(array-class,");
        if !may || !paragraph.body.contains("\n  call ") {
            continue;
        }
        let entry = entry::parse(paragraph).ok()?;
        let Some(call) = entry.call.filter(|call| matches!(call.answer, Answer::Instance | Answer::Array)) else {
            continue;
        };
        let Shape::Tuple(items, None) = &call.args else { continue };
        let takes = match items.first()? {
            Shape::Symbol(class) => *class == symbol,
            Shape::OneOf(all) => all.iter().any(|one| matches!(one, Shape::Symbol(class) if *class == symbol)),
            _ => false,
        };
        if takes {
            let rest: Option<Vec<String>> = items
                .iter()
                .skip(1)
                .map(|item| example(item, depth).map(|node| format!(", {}", node.written())))
                .collect();
            return Some(format!("{}({}{})", written(entry.symbol), written(symbol), rest?.concat()));
        }
    }
    None
}
