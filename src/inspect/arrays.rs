//! Every array of a file, with its object path.

use super::open::Member;
use super::outline::{Label, Node, Outline};
use super::sizes::{Row, Sizes};
use crate::array::{Array, Data, Flip, Layout, Lazy, Order, Tensor, npy_header, view};
use crate::ast::path::{Address, ObjectPath, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::loader::torch;

/// An array and where it stands.
#[derive(Clone, Debug)]
pub struct ArrayRef {
    /// Its object path, with the stream in front where there are several.
    pub address: Address,
    /// The number of the stream, as in the report of `scan`.
    pub stream: u32,
    /// The member of an archive that the stream stands in, as `scan` calls it, or the file beside this one that has the
    /// elements; empty for the file itself.
    pub member: String,
    /// What the stream says of it.
    pub array: Array,
    /// Offset and length of its bytes in the streams, or in its storage; these are the file, or what comes out of it
    /// inflated. The length is the [`extent`](Layout::extent) of its layout. `None` where they do not stand there as
    /// they are: text of protocols 0 to 2, objects, other files.
    pub place: Option<(u64, u64)>,
    /// What is around its bytes.
    pub source: Member,
    /// The offset in the file, where its bytes stand there.
    pub file_offset: Option<u64>,
    /// The storage of which it is a view.
    pub storage: Option<StorageRef>,
    /// What is wrong with it.
    pub problem: Option<Error>,
    /// What is done to its elements when they are read.
    pub(super) flip: Option<Flip>,
    /// The value of its bytes.
    pub(super) value: Option<Node>,
    /// The member that it stands in, counted among those that were walked through.
    pub(super) outline: usize,
}

/// The storage of a tensor: tensors of one member with the same key are views of the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageRef {
    /// Its name among the storages beside the pickle.
    pub key: String,
    /// The member of an archive that it is; empty where it stands behind the pickles, or is not there.
    pub member: String,
    /// How many bytes it has, by what the pickle says.
    pub nbytes: u64,
}

impl ArrayRef {
    /// Where each of its elements stands.
    ///
    /// # Errors
    /// What is wrong with it; [`ErrorKind::Unsupported`] where its elements are objects.
    pub fn layout(&self) -> Result<Layout> {
        let dtype = self.array.dtype.clone()?;
        view::layout(&dtype, self.shape()?, &self.array.order)
    }

    /// What stands before its elements in a `.npy` file.
    ///
    /// # Errors
    /// As [`layout`](Self::layout) and [`npy_header`].
    pub fn npy_header(&self) -> Result<Vec<u8>> {
        npy_header(&self.array.dtype.clone()?, self.shape()?, &self.layout()?)
    }

    pub(super) fn shape(&self) -> Result<&[u64]> {
        self.array.shape.as_deref().ok_or_else(|| Error::new(ErrorKind::Malformed, "it has no usable shape"))
    }

    /// Whether its elements are objects rather than bytes.
    pub fn has_objects(&self) -> bool {
        use crate::dtype::Kind;
        self.array.dtype.as_ref().is_ok_and(|dtype| dtype.has_object() || dtype.kind() == Kind::StringDType)
    }
}

/// Which of the arrays of a value is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Array,
    Masked,
    Mask,
    Tensor,
    /// The file, which is one array.
    Whole,
}

/// The arrays of a file, in the order of their paths: those that stand higher first. An array that stands in several
/// places is given where it stands first.
///
/// ```
/// use depickle::{inspect, limits::Limits};
///
/// let bytes = std::fs::read("samples/model.pkl")?;
/// let mut contents = inspect::open(&bytes, &Limits::default())?;
/// let outline = inspect::Outline::new(&mut contents);
/// let arrays = inspect::Arrays::new(&outline);
/// let mean = arrays.iter().find(|array| array.address.to_string().ends_with(".mean_")).unwrap();
/// // The bytes are borrowed from the file, as it is not compressed; in the byte order of the file.
/// let mean = inspect::Bytes::new(&outline).view(&mean)?;
/// let total: f64 = mean.iter::<f64>()?.sum();
/// assert!(total.is_finite());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Arrays<'o, 'c, 'a> {
    outlines: &'o [Outline<'c, 'a>],
    trees: Vec<Tree<'o, 'c, 'a>>,
    /// Tree, row and part of each.
    rows: Vec<(usize, usize, Part)>,
}

/// What a stream builds; of an array without a stream, nothing.
struct Tree<'o, 'c, 'a> {
    outline: usize,
    stream: u32,
    /// Whether it has others beside it.
    several: bool,
    sizes: Option<Sizes<'o, 'c, 'a>>,
}

const ROOT: &ObjectPath = &ObjectPath(Vec::new());

impl<'o, 'c, 'a> Arrays<'o, 'c, 'a> {
    /// Walks through the values of a file.
    pub fn new(outline: &'o Outline<'c, 'a>) -> Self {
        Self::of_all(std::slice::from_ref(outline))
    }

    /// The same for all members of an archive.
    pub fn of_all(outlines: &'o [Outline<'c, 'a>]) -> Self {
        let mut arrays = Self { outlines, trees: Vec::new(), rows: Vec::new() };
        for (number, outline) in outlines.iter().enumerate() {
            arrays.add(number, outline);
        }
        arrays
    }

    fn add(&mut self, number: usize, outline: &'o Outline<'c, 'a>) {
        let roots: Vec<_> = outline.roots().iter().filter(|root| !root.nested).collect();
        let several = roots.len() > 1 || outline.more_streams() > 0;
        let is_whole = outline.contents().npy.as_ref().is_some_and(|(header, _)| !header.has_object());
        if is_whole {
            self.rows.push((self.trees.len(), 0, Part::Whole));
            self.trees.push(Tree { outline: number, stream: 0, several, sizes: None });
        }
        for root in roots {
            let Some(node) = root.node else { continue };
            let sizes = Sizes::of(outline, ROOT, node);
            for (row, of) in sizes.rows.iter().enumerate() {
                let parts: &[Part] = match (outline.array(of.node), outline.masked(of.node)) {
                    (Some(_), _) => &[Part::Array],
                    (None, Some(_)) => &[Part::Masked, Part::Mask],
                    (None, None) => match outline.tensor(of.node) {
                        Some(tensor) if tensor.is_storage() && is_handed_over(&sizes, of) => &[],
                        Some(_) => &[Part::Tensor],
                        None => &[],
                    },
                };
                self.rows.extend(parts.iter().map(|&part| (self.trees.len(), row, part)));
            }
            self.trees.push(Tree { outline: number, stream: root.stream, several, sizes: Some(sizes) });
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them, each put together when it is asked for.
    pub fn iter(&self) -> impl Iterator<Item = ArrayRef> {
        (0..self.rows.len()).filter_map(|index| self.get(index))
    }

    /// One of them.
    pub fn get(&self, index: usize) -> Option<ArrayRef> {
        let &(tree, row, part) = self.rows.get(index)?;
        let tree = self.trees.get(tree)?;
        let outline = self.outlines.get(tree.outline)?;
        let array = if let (Part::Whole, None) = (part, &tree.sizes) {
            outline.whole_array()?
        } else {
            let sizes = tree.sizes.as_ref()?;
            let node = sizes.rows.get(row)?.node;
            let mut path = sizes.path(row);
            if part == Part::Mask {
                path.0.extend([Step::State, Step::Index(MASK)]);
            }
            let address = Address { stream: tree.several.then_some(tree.stream), ..outline.address(path) };
            let at = (address, tree.stream);
            match part {
                Part::Tensor => outline.tensor_ref(outline.tensor(node)?, at),
                _ => outline.array_ref(node, outline.part(node, part)?, at),
            }
        };
        Some(ArrayRef { outline: tree.outline, ..array })
    }

    /// Numbers of arrays in the order in which their bytes stand in the streams: that in which they are read best.
    pub fn by_offset(&self) -> Vec<usize> {
        let place = |&(tree, row, part): &(usize, usize, Part)| {
            let tree = self.trees.get(tree)?;
            let outline = self.outlines.get(tree.outline)?;
            let node = tree.sizes.as_ref().and_then(|sizes| sizes.rows.get(row)).map(|row| row.node);
            Some((tree.outline, node.and_then(|node| outline.begins(node, part))))
        };
        let mut order: Vec<(_, usize)> = self.rows.iter().map(place).zip(0..).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, index)| index).collect()
    }
}

impl Outline<'_, '_> {
    fn part(&self, node: Node, part: Part) -> Option<Array> {
        match part {
            Part::Masked => self.masked(node).map(|(data, _)| data),
            Part::Mask => self.masked(node).map(|(_, mask)| mask),
            Part::Tensor => self.tensor(node).map(|tensor| tensor.array),
            Part::Array | Part::Whole => self.array(node),
        }
    }

    /// Where the bytes around an array begin in the file, and its own in these.
    fn begins(&self, node: Node, part: Part) -> Option<(u64, u64)> {
        let array = self.part(node, part)?;
        if let Data::Storage { key, offset } = &array.data {
            return Some((self.contents().storages.get(key).ok()?.member.start(), *offset));
        }
        let (offset, _) = self.array_place(node, &array)?;
        Some((self.contents().member.start(), offset))
    }

    /// An array of a node with where it stands and what is wrong with it.
    pub(crate) fn array_ref(&self, node: Node, array: Array, at: (Address, u32)) -> ArrayRef {
        let place = self.array_place(node, &array);
        let value = match array.data {
            Data::Value(value) => Some(node.at(value)),
            _ => None,
        };
        let mut array = ArrayRef { place, value, ..self.placed(array, at) };
        if let Data::Storage { key, offset } = &array.array.data {
            return self.in_member(key.clone(), *offset, array);
        }
        if let Data::File(name) = &array.array.data {
            array.member.clone_from(name);
            match self.contents().in_companion(&array) {
                Ok((source, place)) => (array.source, array.place) = (source, Some(place)),
                Err(error) => array.problem = Some(error),
            }
            return array;
        }
        array.file_offset = array.source.file_offset(place);
        array.problem = self.check_array(&array, node).err();
        array
    }

    /// An array whose elements are in a member of a `.skops` file.
    fn in_member(&self, key: String, offset: u64, mut array: ArrayRef) -> ArrayRef {
        let len = array.array.nbytes();
        let place = self.contents().storages.get(&key).and_then(|storage| {
            let missing = || Error::new(ErrorKind::Malformed, "its elements are not there");
            let len = len.ok_or_else(missing)?;
            let is_there = offset.checked_add(len).is_some_and(|end| end <= storage.len);
            if is_there { Ok((storage.member, len)) } else { Err(missing()) }
        });
        match place {
            Ok((source, len)) => {
                (array.source, array.place) = (source, Some((offset, len)));
                array.file_offset = source.file_offset(array.place);
            }
            Err(error) => array.problem = Some(error),
        }
        array.member = key;
        array
    }

    /// A view of a storage, with where it stands and what is wrong with it.
    pub(crate) fn tensor_ref(&self, tensor: Tensor, at: (Address, u32)) -> ArrayRef {
        let mut array = self.placed(tensor.array, at);
        let nbytes = tensor.storage.nbytes().unwrap_or(u64::MAX);
        let storage = StorageRef { key: tensor.storage.key.clone(), member: String::new(), nbytes };
        let storage = array.storage.insert(storage);
        let stands = self.contents().storages.get(&storage.key).map(|place| {
            storage.member.clone_from(&place.name);
            (place.member, place.len)
        });
        match stands.and_then(|(source, len)| Ok((source, within(&array, &tensor.storage, len)?))) {
            Ok((source, place)) => {
                (array.source, array.place) = (source, Some(place));
                array.file_offset = source.file_offset(Some(place));
            }
            Err(error) => array.problem = Some(error),
        }
        let turned = match (tensor.lazy, &array.array.dtype) {
            (None, _) | (_, Err(_)) => Ok(None),
            (Some(Lazy::Signs(flip)), Ok(dtype)) => flip.apply(dtype, &mut []).map(|()| Some(flip)),
            (Some(Lazy::Unknown), _) => {
                let message = "something is done to its elements when they are read that is not known";
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        };
        match turned {
            Ok(None) => {}
            Ok(flip) => (array.flip, array.file_offset) = (flip, None),
            Err(error) => array.problem = array.problem.or(Some(error)),
        }
        array
    }

    /// A path, with the member in front where there are several.
    fn address(&self, path: ObjectPath) -> Address {
        let contents = self.contents();
        let member = if contents.is_one_of_several { contents.name.clone() } else { String::new() };
        Address { member, stream: None, path }
    }

    /// An array that stands nowhere yet.
    fn placed(&self, array: Array, (address, stream): (Address, u32)) -> ArrayRef {
        let (member, source) = (self.contents().name.clone(), self.contents().member);
        ArrayRef {
            address,
            stream,
            member,
            array,
            place: None,
            source,
            file_offset: None,
            storage: None,
            problem: None,
            flip: None,
            value: None,
            outline: 0,
        }
    }

    /// The array that a `.npy` file of numbers is.
    pub(crate) fn whole_array(&self) -> Option<ArrayRef> {
        let (header, data) = self.contents().npy.as_ref()?;
        let array = Array {
            class: "numpy.ndarray".to_owned(),
            dtype: Ok(header.dtype.clone()),
            shape: Some(header.shape.clone()),
            order: if header.fortran_order { Order::F } else { Order::C },
            data: Data::Whole,
        };
        let nbytes = header.nbytes();
        // What is compressed is as long as it turns out to be.
        let is_plain = matches!(self.contents().member, Member::Plain { .. });
        let short = nbytes.is_none_or(|nbytes| is_plain && nbytes > data.len() as u64);
        let problem = short.then(|| Error::new(ErrorKind::Truncated, "the file ends inside the array"));
        let place = nbytes.map(|nbytes| (0, nbytes));
        let array = self.placed(array, (self.address(ObjectPath::default()), 0));
        let file_offset = array.source.file_offset(place);
        Some(ArrayRef { place, file_offset, problem, ..array })
    }

    /// Whether what is said of an array agrees with what is there.
    fn check_array(&self, array: &ArrayRef, node: Node) -> Result<()> {
        let malformed = |message: String| Error::new(ErrorKind::Malformed, message);
        if array.has_objects() {
            let (there, promised) = (self.object_count(node, &array.array), array.array.count());
            return match (there, promised) {
                (Some(there), Some(promised)) if there as u64 == promised => Ok(()),
                (Some(there), Some(promised)) => {
                    Err(malformed(format!("it has {there} elements, and by its shape {promised}")))
                }
                (_, None) => array.shape().map(drop),
                (None, Some(_)) => Err(malformed("its elements are no list".to_owned())),
            };
        }
        let layout = array.layout()?;
        let len = match (array.place, array.value) {
            (Some((_, len)), _) => Some(len),
            (None, Some(value)) => self.bytes_len(value),
            (None, None) => None,
        };
        let len = len.ok_or_else(|| malformed("its elements are not there".to_owned()))?;
        view::check_len(&layout, len)
    }
}

/// Where the mask stands in the state of a masked array.
const MASK: i64 = 5;

/// Whether a storage is what the call of a tensor is given.
fn is_handed_over(sizes: &Sizes<'_, '_, '_>, row: &Row) -> bool {
    let is_argument = |row: &Row| matches!(row.label, Some(Label::Argument(_)));
    let parent = row.parent.and_then(|parent| sizes.rows.get(parent));
    is_argument(row) || parent.is_some_and(is_argument)
}

/// Offset and length of a tensor in its storage, of which `len` bytes are there.
///
/// # Errors
/// Where it reaches beyond it (`torch/_utils.py`, `set_` checks the same), or the storage is shorter than it should be.
fn within(array: &ArrayRef, storage: &torch::Storage, len: u64) -> Result<(u64, u64)> {
    let extent = array.layout()?.extent();
    let Data::Storage { offset, .. } = array.array.data else {
        return Err(Error::new(ErrorKind::Unsupported, "it is no view of a storage"));
    };
    let malformed = |message: String| Error::new(ErrorKind::Malformed, message);
    let nbytes = storage.nbytes().ok_or_else(|| malformed("its storage is beyond any memory".to_owned()))?;
    if nbytes > len {
        return Err(malformed(format!("its storage has {len} bytes, and should have {nbytes}")));
    }
    match offset.checked_add(extent) {
        Some(end) if end <= nbytes => Ok((offset, extent)),
        _ => Err(malformed(format!("it reaches beyond its storage of {nbytes} bytes"))),
    }
}
