//! Every array of a file, with its object path; and their bytes, read where they stand.

use super::open::{Contents, Member};
use super::outline::{Node, Outline};
use super::sizes::Sizes;
use crate::array::{Array, ArrayView, Data, Layout, Order, npy_header, view};
use crate::ast::path::{Address, ObjectPath, Step};
use crate::container::Decoder;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Budget, Limit};
use std::borrow::Cow;

/// An array and where it stands.
#[derive(Clone, Debug)]
pub struct ArrayRef {
    /// Its object path, with the stream in front where there are several.
    pub address: Address,
    /// The number of the stream, as in the report of `scan`.
    pub stream: u32,
    /// What the stream says of it.
    pub array: Array,
    /// Offset and length of its bytes in the streams, which are the file, or what comes out of it inflated. `None` where
    /// they do not stand there as they are: text of protocols 0 to 2, objects, other files.
    pub place: Option<(u64, u64)>,
    /// The offset in the file, where its bytes stand there.
    pub file_offset: Option<u64>,
    /// What is wrong with it.
    pub problem: Option<Error>,
    /// The value of its bytes.
    value: Option<Node>,
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

    fn shape(&self) -> Result<&[u64]> {
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
    outline: &'o Outline<'c, 'a>,
    trees: Vec<(u32, Sizes<'o, 'c, 'a>)>,
    /// Tree, row and part of each.
    rows: Vec<(usize, usize, Part)>,
    several: bool,
}

const ROOT: &ObjectPath = &ObjectPath(Vec::new());

impl<'o, 'c, 'a> Arrays<'o, 'c, 'a> {
    /// Walks through the values of a file.
    pub fn new(outline: &'o Outline<'c, 'a>) -> Self {
        let roots: Vec<_> = outline.roots().iter().filter(|root| !root.nested).collect();
        let several = roots.len() > 1 || outline.more_streams() > 0;
        let mut arrays = Self { outline, trees: Vec::new(), rows: Vec::new(), several };
        let is_whole = outline.contents().npy.as_ref().is_some_and(|(header, _)| !header.has_object());
        if is_whole {
            arrays.rows.push((0, 0, Part::Whole));
        }
        for root in roots {
            let Some(node) = root.node else { continue };
            let sizes = Sizes::of(outline, ROOT, node);
            for (row, node) in sizes.rows.iter().map(|row| row.node).enumerate() {
                let parts: &[Part] = match (outline.array(node), outline.masked(node)) {
                    (Some(_), _) => &[Part::Array],
                    (None, Some(_)) => &[Part::Masked, Part::Mask],
                    (None, None) => &[],
                };
                arrays.rows.extend(parts.iter().map(|&part| (arrays.trees.len(), row, part)));
            }
            arrays.trees.push((root.stream, sizes));
        }
        arrays
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
        if part == Part::Whole {
            return self.outline.whole_array();
        }
        let (stream, sizes) = self.trees.get(tree)?;
        let node = sizes.rows.get(row)?.node;
        let array = match part {
            Part::Masked => self.outline.masked(node)?.0,
            Part::Mask => self.outline.masked(node)?.1,
            _ => self.outline.array(node)?,
        };
        let mut path = sizes.path(row);
        if part == Part::Mask {
            path.0.extend([Step::State, Step::Index(MASK)]);
        }
        let address = Address { member: String::new(), stream: self.several.then_some(*stream), path };
        Some(self.outline.array_ref(node, array, (address, *stream)))
    }

    /// Numbers of arrays in the order in which their bytes stand in the streams: that in which they are read best.
    pub fn by_offset(&self) -> Vec<usize> {
        let offset = |&(tree, row, part): &(usize, usize, Part)| {
            let node = self.trees.get(tree).and_then(|(_, sizes)| sizes.rows.get(row)).map(|row| row.node)?;
            let array = match part {
                Part::Masked => self.outline.masked(node)?.0,
                Part::Mask => self.outline.masked(node)?.1,
                _ => self.outline.array(node)?,
            };
            self.outline.array_place(node, &array).map(|(offset, _)| offset)
        };
        let mut order: Vec<(Option<u64>, usize)> = self.rows.iter().map(offset).zip(0..).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, index)| index).collect()
    }
}

impl Outline<'_, '_> {
    /// An array of a node with where it stands and what is wrong with it.
    pub(crate) fn array_ref(&self, node: Node, array: Array, (address, stream): (Address, u32)) -> ArrayRef {
        let place = self.array_place(node, &array);
        let file_offset = place.and_then(|(offset, _)| match self.contents().member {
            Member::Plain { base } => base.checked_add(offset),
            Member::Inflated { .. } => None,
        });
        let value = match array.data {
            Data::Value(value) => Some(node.at(value)),
            _ => None,
        };
        let mut array = ArrayRef { address, stream, array, place, file_offset, problem: None, value };
        array.problem = self.check_array(&array, node).err();
        array
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
        let short = nbytes.is_none_or(|nbytes| nbytes > data.len() as u64);
        let problem = short.then(|| Error::new(ErrorKind::Truncated, "the file ends inside the array"));
        let place = nbytes.map(|nbytes| (0, nbytes));
        let file_offset = match self.contents().member {
            Member::Plain { base } => Some(base),
            Member::Inflated { .. } => None,
        };
        Some(ArrayRef { address: Address::default(), stream: 0, array, place, file_offset, problem, value: None })
    }

    /// Whether what is said of an array agrees with what is there.
    fn check_array(&self, array: &ArrayRef, node: Node) -> Result<()> {
        let malformed = |message: String| Error::new(ErrorKind::Malformed, message);
        if let Data::File(_) = array.array.data {
            return Err(Error::new(ErrorKind::Unsupported, "its elements stand in another file"));
        }
        if array.has_objects() {
            let (there, promised) = (self.object_count(node, &array.array), array.array.count());
            return match (there, promised) {
                (Some(there), Some(promised)) if there as u64 == promised => Ok(()),
                (Some(there), Some(promised)) => {
                    Err(malformed(format!("it has {there} elements, and by its shape {promised}")))
                }
                _ => Err(malformed("its elements are no list".to_owned())),
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
/// Bytes that are inflated at a time.
const PIECE: usize = 64 << 10;

/// Reads the bytes of arrays. What is compressed is inflated again, from the start only where an array stands before the
/// one that was read last: [`Arrays::by_offset`] gives the order in which that never happens.
pub struct Bytes<'o, 'c, 'a> {
    outline: &'o Outline<'c, 'a>,
    decoder: Option<Decoder<'a>>,
    budget: Budget,
}

impl<'o, 'c: 'o, 'a> Bytes<'o, 'c, 'a> {
    /// Of the arrays of a file.
    pub fn new(outline: &'o Outline<'c, 'a>) -> Self {
        Self { outline, decoder: None, budget: outline.contents().budget.clone() }
    }

    /// Starts with the whole budget of the file again: for another pass over the same arrays.
    pub fn rewind(&mut self) {
        self.budget = self.outline.contents().budget.clone();
    }

    /// Hands the bytes of an array to `sink` as they are stored, in pieces of whole elements.
    ///
    /// # Errors
    /// What is wrong with the array, that its elements are objects, that the budget is spent; and those of `sink`.
    pub fn stored(&mut self, array: &ArrayRef, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let layout = self.sound(array)?;
        if let Some(bytes) = self.at_hand(array)? {
            return sink(&bytes);
        }
        let item = array.array.dtype.clone()?.itemsize();
        let item = usize::try_from(item).unwrap_or(usize::MAX).max(1);
        let mut rest = layout.nbytes();
        self.seek(array)?;
        let mut piece = Vec::new();
        while rest > 0 {
            // An element longer than a piece is handed over whole, once it is there.
            let more = usize::try_from(rest).unwrap_or(usize::MAX).min(PIECE);
            let from = piece.len();
            piece.resize(from.saturating_add(more), 0);
            self.inflate(piece.get_mut(from..).unwrap_or_default())?;
            rest = rest.saturating_sub(more as u64);
            let whole = piece.len().saturating_sub(piece.len().checked_rem(item).unwrap_or(0));
            if whole > 0 {
                sink(piece.get(..whole).unwrap_or_default())?;
                piece.drain(..whole);
            } else {
                self.budget.spend(Limit::Retained, more as u64)?;
            }
        }
        Ok(())
    }

    /// Hands the elements of an array to `sink` in C order, in pieces of whole elements. One that is compressed and in
    /// another order is inflated whole.
    ///
    /// # Errors
    /// As [`stored`](Self::stored).
    pub fn c_order(&mut self, array: &ArrayRef, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.sound(array)?.is_c() {
            return self.stored(array, sink);
        }
        let view = self.view(array)?;
        view.layout().c_order(view.bytes(), sink)
    }

    /// Hands an array to `sink` as a `.npy` file, byte for byte as `numpy.save` writes it.
    ///
    /// # Errors
    /// As [`stored`](Self::stored), and where numpy has no such file.
    pub fn npy(&mut self, array: &ArrayRef, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        sink(&array.npy_header()?)?;
        // The header has a word for Fortran order, and for no other.
        if array.layout()?.is_f() { self.stored(array, sink) } else { self.c_order(array, sink) }
    }

    /// An array, typed and checked. Its bytes are borrowed where they stand in the file.
    ///
    /// # Errors
    /// As [`stored`](Self::stored).
    pub fn view(&mut self, array: &ArrayRef) -> Result<ArrayView<'o>> {
        let layout = self.sound(array)?;
        let bytes = match self.at_hand(array)? {
            Some(bytes) => bytes,
            None => {
                self.budget.spend(Limit::Retained, layout.nbytes())?;
                let mut bytes = Vec::new();
                self.stored(array, &mut |piece| {
                    bytes.extend_from_slice(piece);
                    Ok(())
                })?;
                Cow::Owned(bytes)
            }
        };
        ArrayView::new(array.array.dtype.clone()?, array.shape()?.to_vec(), array.array.order.clone(), bytes)
    }

    /// The layout of an array that has nothing wrong with it.
    fn sound(&self, array: &ArrayRef) -> Result<Layout> {
        let layout = array.layout()?;
        array.problem.clone().map_or(Ok(layout), Err)
    }

    /// The bytes of an array where they need not be inflated. Counted all the same: many arrays may share them.
    fn at_hand(&mut self, array: &ArrayRef) -> Result<Option<Cow<'o, [u8]>>> {
        let contents: &'c Contents<'a> = self.outline.contents();
        let bytes: Option<Cow<'o, [u8]>> = match (array.place, array.value) {
            (Some((_, len)), _) if array.array.data == Data::Whole => {
                let data = contents.npy.as_ref().map(|(_, data)| *data).unwrap_or_default();
                usize::try_from(len).ok().and_then(|len| data.get(..len)).map(Cow::Borrowed)
            }
            (Some((offset, len)), _) => {
                let source = contents.source();
                let slice = source.position(offset).map(|at| source.slice(at, usize::try_from(len).unwrap_or(0)));
                slice.filter(|slice| slice.len() as u64 == len).map(Cow::Borrowed)
            }
            (None, Some(value)) => self.outline.bytes(value),
            (None, None) => None,
        };
        let empty = matches!(array.place, Some((_, 0))).then_some(Cow::Borrowed(&[][..]));
        let bytes = bytes.or(empty);
        if let Some(bytes) = &bytes {
            self.budget.spend(Limit::Inflated, bytes.len() as u64)?;
        }
        Ok(bytes)
    }

    /// Brings the decoder to the first byte of an array.
    fn seek(&mut self, array: &ArrayRef) -> Result<()> {
        let contents = self.outline.contents();
        let missing = || Error::new(ErrorKind::Unsupported, "its elements are not there");
        let (Some((offset, _)), Member::Inflated { codec, start }) = (array.place, contents.member) else {
            return Err(missing());
        };
        if self.decoder.as_ref().is_none_or(|decoder| decoder.inflated() > offset) {
            let start = usize::try_from(start).unwrap_or(usize::MAX);
            self.decoder = Some(Decoder::new(codec, contents.bytes.get(start..).unwrap_or_default()));
        }
        let mut skipped = vec![0; PIECE];
        while let Some(decoder) = &self.decoder
            && let Some(left) = offset.checked_sub(decoder.inflated()).filter(|&left| left > 0)
        {
            let some = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
            self.inflate(skipped.get_mut(..some).unwrap_or_default())?;
        }
        Ok(())
    }

    /// Fills `out` from the decoder.
    fn inflate(&mut self, mut out: &mut [u8]) -> Result<()> {
        self.budget.spend(Limit::Inflated, out.len() as u64)?;
        while !out.is_empty() {
            let count = self.decoder.as_mut().map_or(Ok(0), |decoder| decoder.read(out))?;
            if count == 0 {
                return Err(Error::new(ErrorKind::Truncated, "the compressed data ends inside an array"));
            }
            out = out.get_mut(count..).unwrap_or_default();
        }
        Ok(())
    }
}
