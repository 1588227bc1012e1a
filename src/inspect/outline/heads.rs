//! How nodes read: on one line each, and what stands in front of their colon.

use super::children::{Made, made};
use super::{Label, Node, Outline};
use crate::array::{self, Array, Data, Order};
use crate::ast::path::{LONGEST_KEY, Step};
use crate::ast::{Ast, Kind, Moment, Value};
use crate::escape::escape;
use crate::glance;
use crate::inspect::elements;
use crate::inspect::open::Contents;
use crate::inspect::{tensors, text};
use crate::loader::View;
use crate::machine::Action;
use crate::opcode::Literal;
use crate::opcode::text::printable;

impl Outline<'_, '_> {
    /// Whether a node is shown by one line: a literal, a name, a numpy scalar or data type.
    pub fn is_leaf(&self, node: Node) -> bool {
        match node.value.kind() {
            Kind::Import | Kind::Buffer | Kind::Extension => true,
            kind if kind.is_literal() => true,
            Kind::Object => self.small_object(node).is_some(),
            _ => false,
        }
    }

    /// An object that reads as one literal.
    fn small_object(&self, node: Node) -> Option<String> {
        let view = self.view(node)?;
        if let Some(encoded) = self.encoded(node) {
            return Some(text::cut_bytes(&encoded.head, encoded.len as u64, 60));
        }
        let mut dtypes = self.dtypes.borrow_mut();
        let dtypes = dtypes.entry(node.reading).or_default();
        if let Some(dtype) = array::dtype(view, dtypes, node.value) {
            return Some(format!("dtype({})", elements::dtype_name(&dtype)));
        }
        let (dtype, text) = elements::scalar(view, dtypes, node.value)?;
        Some(format!("np.{}({text})", elements::dtype_name(&dtype)))
    }

    /// A leaf on one line, its text cut to `most` characters.
    pub fn leaf(&self, node: Node, most: usize) -> Option<String> {
        let view = self.view(node)?;
        match node.value.kind() {
            Kind::Import => Some(format!("<{}>", symbol(view.ast, node.value)?)),
            Kind::Buffer => Some("<out-of-band buffer>".to_owned()),
            Kind::Extension => match view.effects.get(node.value.index())?.action {
                Action::Extension { code } => Some(format!("<extension code {code}>")),
                _ => None,
            },
            Kind::Object => self.small_object(node),
            _ => view.literal(node.value).map(|literal| text::literal(&literal, most)),
        }
    }

    /// What a node is, without its children.
    pub fn head(&self, node: Node) -> String {
        if self.is_leaf(node) {
            return self.leaf(node, TEXT).unwrap_or_else(|| "<unreadable>".to_owned());
        }
        let Some(view) = self.view(node) else { return String::new() };
        let kind = node.value.kind();
        match kind {
            Kind::Dict => count(kind.name(), view.ast.len(node.value) / 2),
            Kind::Tuple | Kind::List | Kind::Set | Kind::FrozenSet => count(kind.name(), view.ast.len(node.value)),
            Kind::Object => self.object_head(view, node),
            Kind::Persistent => {
                let asked = self.contents.storages.asked(view, node.value);
                asked.and_then(|tensor| tensors::line(&tensor)).unwrap_or_else(|| "<persistent object>".to_owned())
            }
            Kind::View => "<read-only view>".to_owned(),
            _ => "<import of a name made at run time>".to_owned(),
        }
    }

    fn object_head(&self, view: View<'_>, node: Node) -> String {
        if let Some(array) = self.array(node) {
            return self.array_head(node, &array);
        }
        if let Some(text) = tensors::text(view, node.value) {
            return text;
        }
        let Some(made) = made(view, node) else { return "<object>".to_owned() };
        match made {
            Made::New(class) => match class.rsplit_once('.') {
                Some((_, short)) => format!("{short} ({class})"),
                None => class,
            },
            Made::Call { callee, args } => {
                let shown = self.inline_args(node, args).unwrap_or_else(|| "...".to_owned());
                match callee {
                    Some(callee) => format!("call {callee}({shown})"),
                    None => format!("call <callee>({shown})"),
                }
            }
        }
    }

    fn array_head(&self, node: Node, array: &Array) -> String {
        let mut out = array_text(array);
        let (mut shown, mut more) = self.elements(node, array, ELEMENTS);
        let mut length = 0_usize;
        let mut fits = |text: &String| {
            length = length.saturating_add(text.len()).saturating_add(2);
            length <= ELEMENTS_LENGTH
        };
        let fit = shown.iter().take_while(|text| fits(text)).count().max(1);
        more |= fit < shown.len();
        shown.truncate(fit);
        if !shown.is_empty() {
            out.push_str(&format!(": {}{}", shown.join(", "), if more { ", ..." } else { "" }));
        }
        out
    }

    /// A container of a few leaves on one line.
    pub fn inline(&self, node: Node) -> Option<String> {
        if self.is_leaf(node) {
            return self.leaf(node, TEXT);
        }
        let view = self.view(node)?;
        let items = view.ast.len(node.value);
        if items > INLINE_ITEMS {
            return None;
        }
        let (open, close) = match node.value.kind() {
            Kind::Tuple => ("(", if items == 1 { ",)" } else { ")" }),
            Kind::List => ("[", "]"),
            Kind::Dict if items == 0 => return Some("{}".to_owned()),
            Kind::Set if items == 0 => return Some("set()".to_owned()),
            Kind::Set => ("{", "}"),
            Kind::FrozenSet => ("frozenset({", "})"),
            _ => return None,
        };
        let shown = self.leaves(node, view.ast.items(node.value, Moment::END))?;
        Some(format!("{open}{shown}{close}"))
    }

    /// Leaves with commas between them, if that is not long.
    fn leaves(&self, parent: Node, values: impl Iterator<Item = Value>) -> Option<String> {
        let mut out = String::new();
        for (index, value) in values.enumerate() {
            let node = Node { value, ..parent };
            let empty = value.kind() == Kind::Tuple && self.view(parent)?.ast.is_empty(value);
            let leaf = if empty { "()".to_owned() } else { self.leaf(node, TEXT).filter(|_| self.is_leaf(node))? };
            out.push_str(if index > 0 { ", " } else { "" });
            out.push_str(&leaf);
            if out.len() > INLINE_LENGTH || index > INLINE_ITEMS {
                return None;
            }
        }
        Some(out)
    }

    pub(super) fn inline_args(&self, node: Node, args: Value) -> Option<String> {
        let view = self.view(node)?;
        if args.kind() != Kind::Tuple || view.ast.len(args) > INLINE_ITEMS {
            return None;
        }
        self.leaves(node, view.ast.items(args, Moment::END))
    }

    /// The first line of a node without its values.
    pub fn short(&self, node: Node) -> String {
        match self.array(node) {
            Some(array) => array_text(&array),
            None if self.is_leaf(node) => self.leaf(node, 20).unwrap_or_default(),
            None => self.head(node),
        }
    }

    /// The step of a path that leads to a child, with as much of a key as a path shows.
    pub fn step(&self, label: Label) -> Step {
        self.step_within(label, LONGEST_KEY)
    }

    /// The same with the first `most` characters of a key, and perhaps more.
    pub(in crate::inspect) fn step_within(&self, label: Label, most: usize) -> Step {
        let number = |number: usize| Step::Index(i64::try_from(number).unwrap_or(i64::MAX));
        match label {
            Label::Attribute(key) => match self.key_text(key, most) {
                Some(name) => Step::Attribute(name),
                None => Step::State,
            },
            Label::Key(key, position) => match self.literal(key) {
                Some(Literal::Str(text) | Literal::ByteStr(text)) => {
                    Step::Key(printable(begin(&text, most)).into_owned())
                }
                Some(Literal::Int(key)) => Step::Index(key),
                _ => Step::Member(position),
            },
            Label::Index(index) => number(index),
            Label::Entry(index) | Label::EntryKey(index) | Label::Member(index) => Step::Member(index),
            Label::Argument(index) => Step::Argument(index),
            Label::Keyword(key) => Step::Key(self.key_text(key, most).unwrap_or_default()),
            Label::State | Label::Callee | Label::Asked(_) => Step::State,
        }
    }

    /// The first `most` characters of a key, and perhaps more: a key of a megabyte may have a million places.
    fn key_text(&self, key: Node, most: usize) -> Option<String> {
        match self.literal(key)? {
            Literal::Str(text) | Literal::ByteStr(text) => Some(printable(begin(&text, most)).into_owned()),
            _ => None,
        }
    }

    /// A label as it is shown before a colon.
    pub fn label(&self, label: Label) -> String {
        match label {
            Label::Attribute(key) => match self.key_text(key, CUT) {
                Some(name) => cut(escape(&name).into_owned()),
                None => self.leaf(key, KEY).unwrap_or_default(),
            },
            Label::Key(key, _) => self.leaf(key, KEY).unwrap_or_default(),
            Label::Entry(index) | Label::Member(index) => format!("{{{index}}}"),
            Label::EntryKey(index) => format!("{{{index}}} key"),
            Label::Index(index) => format!("[{index}]"),
            Label::Argument(index) => format!("<args>[{index}]"),
            Label::Keyword(key) => {
                let name = self.key_text(key, CUT).map(|key| cut(escape(&key).into_owned()));
                format!("{}=", name.unwrap_or_default())
            }
            Label::State => "<state>".to_owned(),
            Label::Callee => "<callee>".to_owned(),
            Label::Asked(what) => format!("<{what}>"),
        }
    }
}

/// The array of numbers that a `.npy` file is, on one line.
pub fn npy_text(contents: &Contents<'_>) -> Option<String> {
    let (header, data) = contents.npy.as_ref().filter(|(header, _)| !header.has_object())?;
    let array = Array {
        class: "numpy.ndarray".to_owned(),
        dtype: Ok(header.dtype.clone()),
        shape: Some(header.shape.clone()),
        order: if header.fortran_order { Order::F } else { Order::C },
        data: Data::Whole,
    };
    let values = elements::elements(&header.dtype, data, ELEMENTS);
    let all = header.shape.iter().fold(1_u64, |all, &one| all.saturating_mul(one));
    let shown = usize::try_from(all).unwrap_or(usize::MAX).min(values.len());
    let values = values.get(..shown).unwrap_or_default().join(", ");
    let more = if all > shown as u64 { ", ..." } else { "" };
    let broken = contents.broken.as_ref().map(|broken| format!(" (error: {broken})")).unwrap_or_default();
    Some(format!("{}: {values}{more}{broken}", array_text(&array)))
}

/// Class, type, shape and size of an array.
fn array_text(array: &Array) -> String {
    let parts = array_parts(String::new(), array);
    let mut out = format!("{} {}", parts.class, parts.dtype);
    if !parts.shape.is_empty() {
        out.push_str(&format!(" {}", parts.shape));
    }
    if let Some(bytes) = parts.bytes {
        out.push_str(&format!(", {} bytes", text::thousands(bytes)));
    }
    out
}

/// An array in words; `path` says where it stands.
pub(in crate::inspect) fn array_parts(path: String, array: &Array) -> glance::Array {
    let class = array.class.rsplit_once('.').map_or(array.class.as_str(), |(_, short)| short);
    let dtype = match (&array.dtype, &array.data) {
        (dtype, Data::File(name)) => {
            let file = format!("in the file {}", text::text(name.as_bytes(), 200));
            dtype.as_ref().map_or_else(|_| file.clone(), |dtype| format!("{} {file}", elements::dtype_name(dtype)))
        }
        (Ok(dtype), _) => elements::dtype_name(dtype),
        (Err(error), _) => format!("of an unknown type ({})", escape(error.message())),
    };
    let shape = array.shape.as_ref().map(|shape| {
        let numbers: Vec<String> = shape.iter().map(u64::to_string).collect();
        let order = match array.order {
            Order::F if shape.len() > 1 => " Fortran order",
            Order::Axes(_) => " axes in another order",
            _ => "",
        };
        format!("({}{}){order}", numbers.join(", "), if shape.len() == 1 { "," } else { "" })
    });
    glance::Array {
        path,
        class: escape(class).into_owned(),
        dtype,
        shape: shape.unwrap_or_default(),
        bytes: array.nbytes(),
        numbers: None,
    }
}

/// How long texts are, in characters, where they stand among others.
const TEXT: usize = 100;
const KEY: usize = 60;
/// How many elements of an array are shown.
const ELEMENTS: usize = 6;
const ELEMENTS_LENGTH: usize = 100;
/// What stands on one line: so many items, so many characters.
const INLINE_ITEMS: usize = 10;
const INLINE_LENGTH: usize = 80;

/// Names of more characters are cut.
const CUT: usize = 200;

fn cut(text: String) -> String {
    if text.len() <= CUT { text } else { format!("{}...", text.chars().take(CUT).collect::<String>()) }
}

/// At least the first `most + 1` characters of a text, where it has so many: one that is cut behind them need not be
/// read further.
fn begin(text: &[u8], most: usize) -> &[u8] {
    // A character has four bytes at most, and one may be cut in the middle.
    text.get(..most.saturating_add(2).saturating_mul(4)).unwrap_or(text)
}

fn count(what: &str, items: usize) -> String {
    format!("{what} of {}", text::thousands(items as u64))
}

/// Module and name of an import as the file gives them.
pub(super) fn symbol(ast: &Ast, value: Value) -> Option<String> {
    let symbol = ast.symbol(value)?;
    let shown = |text: &str| escape(&printable(begin(text.as_bytes(), CUT))).into_owned();
    Some(cut(format!("{}.{}", shown(&symbol.module), shown(&symbol.name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect;
    use crate::limits::Limits;

    /// A text of a megabyte that is the key of many states, and their class.
    fn many_keys() -> Vec<u8> {
        let key = vec![b'k'; 1 << 20];
        let item = b"h\x01)\x81}h\x00K\x01sb".repeat(50);
        [b"\x80\x04V".as_slice(), &key, b"\n\x940cpackage\n", &key, b"\n\x940](", &item, b"e."].concat()
    }

    #[test]
    fn a_long_key_of_many_is_read_once_and_never_copied() {
        let bytes = many_keys();
        let mut contents = inspect::open(&bytes, &Limits::default()).expect("a pickle");
        let outline = Outline::new(&mut contents);
        let root = outline.roots()[0].node.expect("a list");
        let mut copied = 0;
        for child in outline.children(root) {
            copied += outline.head(child.node).len();
            for attribute in outline.children(child.node) {
                let Label::Attribute(key) = attribute.label else { panic!("{:?}", attribute.label) };
                assert_eq!(outline.own_bytes(key), (1 << 20) + 2);
                let Step::Attribute(name) = outline.step(attribute.label) else { panic!("no attribute") };
                copied += name.len() + outline.label(attribute.label).len();
            }
        }
        assert!(copied < 50 * 2000, "{copied}");
        assert_eq!(outline.lines.borrow().len(), 1);
    }

    #[test]
    fn what_is_cut_before_it_is_escaped_reads_as_what_is_cut_after() {
        for char in ["k", "\u{e4}", "\u{1f600}", "\n"] {
            for count in [CUT - 1, CUT, CUT + 1, CUT * 5] {
                let text = char.repeat(count);
                let whole = cut(escape(&text).into_owned());
                assert_eq!(
                    cut(escape(&printable(begin(text.as_bytes(), CUT))).into_owned()),
                    whole,
                    "{char:?} {count}"
                );
            }
        }
    }
}
