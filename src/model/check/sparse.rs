//! Sparse matrices: places that exist. scipy looks at them when it makes a matrix, not when it loads one
//! (`_cs_matrix.check_format`), and its loops read and write wherever they lead.

use super::jobs::{Job, What};
use super::{Kind, Report};
use crate::array::Number;
use crate::error::{Error, ErrorKind, Result};
use crate::model::tree::{Node, NodeId, Payloads, Tree};
use crate::model::views::{Matrix, index, shape};

/// What there is to look at in a matrix. Lengths are compared here already; nothing is read.
pub(super) fn gather(tree: &Tree<'_>, matrix: &Matrix<'_, '_>, jobs: &mut Vec<Job>, report: &mut Report) {
    let looked = match matrix.format() {
        "csr" | "csc" | "bsr" => compressed(matrix, jobs, report),
        "coo" => coordinates(tree, matrix, jobs, report),
        "dia" => diagonals(matrix, report),
        "lil" => lists(tree, matrix, report),
        _ => keys(tree, matrix, report),
    };
    if looked.is_none() {
        let message = format!("a sparse matrix ({}) without its parts", matrix.format());
        report.unread(matrix.id(), Error::new(ErrorKind::Unsupported, message));
    }
}

/// Rows (of CSC columns, of BSR rows of blocks) with pointers to where each begins.
fn compressed(matrix: &Matrix<'_, '_>, jobs: &mut Vec<Job>, report: &mut Report) -> Option<()> {
    let (pointers, indices) = (matrix.numbers("indptr")?, matrix.numbers("indices")?);
    let data = matrix.shape_of("data")?;
    let (rows, columns) = match (matrix.shape()?.as_slice(), matrix.format(), data) {
        (&[rows, columns], "csr", _) => (rows, columns),
        (&[rows, columns], "csc", _) => (columns, rows),
        (&[rows, columns], _, &[_, high, wide]) => (rows.checked_div(high)?, columns.checked_div(wide)?),
        // An array of one axis is a row.
        (&[columns], _, _) => (1, columns),
        _ => return None,
    };
    let (&[begins], &[placed], &[there, ..]) = (matrix.shape_of("indptr")?, matrix.shape_of("indices")?, data) else {
        return None;
    };
    if Some(begins) != rows.checked_add(1) {
        report.say(pointers, Kind::Pointer, format!("{begins} pointers for {rows} rows: there is one more than rows"));
        return Some(());
    }
    if placed != there {
        report.say(matrix.id(), Kind::Disagreement, format!("{placed} places for {there} elements"));
    }
    let what = What::Places { pointers, elements: placed.min(there), columns };
    jobs.push(Job { node: indices, what });
    Some(())
}

/// The pointers and places of a compressed matrix.
///
/// # Errors
/// Why they cannot be read.
pub(super) fn places<'o>(
    tree: &Tree<'o>,
    payloads: &mut Payloads<'_, 'o>,
    (pointers, indices): (NodeId, NodeId),
    (elements, columns): (u64, u64),
) -> Result<Option<(NodeId, String)>> {
    // In the order in which they stand.
    let place = |id: NodeId| tree.array_ref(id).and_then(|array| array.place);
    let (begins, places) = if place(pointers) < place(indices) {
        let begins = payloads.array(pointers)?;
        (begins, payloads.array(indices)?)
    } else {
        let places = payloads.array(indices)?;
        (payloads.array(pointers)?, places)
    };
    let mut before = 0;
    for (at, number) in begins.numbers()?.map(whole).enumerate() {
        match number {
            Some(number) if number <= elements && before <= number && (at > 0 || number == 0) => before = number,
            _ => {
                let from = if at > 0 { before } else { 0 };
                let told = number.map_or_else(|| "no number of an element".to_owned(), |number| number.to_string());
                let message = format!("row {at} begins at {told}: the one before at {from}; there are {elements}");
                return Ok(Some((pointers, message)));
            }
        }
    }
    // What stands behind the last element is not looked at by scipy either.
    let known = usize::try_from(before).unwrap_or(usize::MAX);
    let out =
        places.numbers()?.take(known).enumerate().find(|(_, number)| whole(*number).is_none_or(|it| it >= columns));
    Ok(out.map(|(at, number)| (indices, format!("item {at} is {}; there are {columns}", number.to_f64()))))
}

fn whole(number: Number) -> Option<u64> {
    number.to_i64().and_then(|number| u64::try_from(number).ok())
}

/// An array of coordinates for each axis.
fn coordinates(tree: &Tree<'_>, matrix: &Matrix<'_, '_>, jobs: &mut Vec<Job>, report: &mut Report) -> Option<()> {
    let (lengths, coordinates) = (matrix.shape()?, matrix.coordinates()?);
    let &[there] = matrix.shape_of("data")? else { return None };
    if lengths.len() != coordinates.len() {
        let message = format!("coordinates for {} axes; there are {}", coordinates.len(), lengths.len());
        report.say(matrix.id(), Kind::Pointer, message);
        return Some(());
    }
    for (&node, limit) in coordinates.iter().zip(lengths) {
        match shape(tree, node) {
            Some(&[count]) if count == there => jobs.push(Job { node, what: What::Below { limit } }),
            count => {
                let message = format!("coordinates of the shape {:?} for {there} elements", count.unwrap_or_default());
                report.say(node, Kind::Pointer, message);
            }
        }
    }
    Some(())
}

/// As many diagonals as rows of elements. Where they stand may be anything: what lies outside is not there.
fn diagonals(matrix: &Matrix<'_, '_>, report: &mut Report) -> Option<()> {
    let (offsets, data) = (matrix.shape_of("offsets")?, matrix.shape_of("data")?);
    if !matches!((offsets, data), (&[offsets], &[rows, _]) if offsets == rows) {
        let message = format!("offsets of the shape {offsets:?} for diagonals of the shape {data:?}");
        report.say(matrix.numbers("offsets")?, Kind::Pointer, message);
    }
    Some(())
}

/// Two lists for each row: columns, and the elements there.
fn lists(tree: &Tree<'_>, matrix: &Matrix<'_, '_>, report: &mut Report) -> Option<()> {
    let &[rows, columns] = matrix.shape()?.as_slice() else { return None };
    let lists = |name: &str| tree.get(matrix.id(), name).filter(|&id| matches!(tree.node(id), Node::Array(_)));
    let (places, data) = (lists("rows")?, lists("data")?);
    for array in [places, data] {
        let there = tree.items(array).len();
        if there as u64 != rows {
            report.say(array, Kind::Pointer, format!("{there} lists for {rows} rows"));
            return Some(());
        }
    }
    for (&row, &values) in tree.items(places).iter().zip(tree.items(data)) {
        let (row_len, values) = (tree.items(row).len(), tree.items(values).len());
        let is_out = |place: &NodeId| index(tree, *place).is_none_or(|place| place >= columns);
        if row_len != values {
            report.say(row, Kind::Pointer, format!("{row_len} columns for {values} elements"));
        } else if let Some(at) = tree.items(row).iter().position(is_out) {
            report.say(row, Kind::Pointer, format!("item {at} is no column; there are {columns}"));
        }
    }
    Some(())
}

/// Elements by their coordinates. What is outside of the matrix is refused as soon as it is put into another format.
fn keys(tree: &Tree<'_>, matrix: &Matrix<'_, '_>, report: &mut Report) -> Option<()> {
    let lengths = matrix.shape()?;
    let entries = tree.get(matrix.id(), "_dict").unwrap_or(matrix.id());
    for (key, _) in tree.entries(entries) {
        let coordinates = match tree.node(key) {
            Node::Tuple(_) => tree.items(key),
            _ => std::slice::from_ref(&key),
        };
        let is_in = |(&at, &length): (&NodeId, &u64)| index(tree, at).is_some_and(|at| at < length);
        if coordinates.len() != lengths.len() || !coordinates.iter().zip(&lengths).all(is_in) {
            let message = format!("an element stands outside of the shape {lengths:?}");
            report.say(matrix.id(), Kind::Disagreement, message);
            break;
        }
    }
    Some(())
}
