//! Tensors of torch that are put together from others: sparse and nested ones, and tensors with attributes.

use super::assemble::{Member, archive};
use super::torch::{legacy_of, pickle, storage, text};
use super::{clean, told};
use depickle::finding::Level;

/// A contiguous tensor over all of a storage of a class.
fn tensor(class: &str, key: &str, size: &[u8]) -> Vec<u8> {
    let count = size.iter().product();
    let strides: Vec<u8> = (1..=size.len()).map(|at| size[at..].iter().product()).collect();
    let tuple = |items: &[u8]| {
        let items: Vec<u8> = items.iter().flat_map(|&item| [b'K', item]).collect();
        [b"(".as_slice(), &items, b"t"].concat()
    };
    let place = [storage(class, key, count), b"K\0".to_vec(), tuple(size), tuple(&strides)].concat();
    [b"ctorch._utils\n_rebuild_tensor_v2\n(".as_slice(), &place, b"\x89ccollections\nOrderedDict\n)RtR"].concat()
}

const LONGS: &str = "torch\nLongStorage";
const FLOATS: &str = "torch\nFloatStorage";

fn size(of: &[u8]) -> Vec<u8> {
    let items: Vec<u8> = of.iter().flat_map(|&item| [b'K', item]).collect();
    [b"ctorch\nSize\n((".as_slice(), &items, b"ttR"].concat()
}

/// A sparse tensor of a layout.
fn sparse(layout: &str, parts: &[&[u8]]) -> Vec<u8> {
    let layout = [b"ctorch.serialization\n_get_layout\n".as_slice(), &text(layout), b"\x85R"].concat();
    pickle(&[b"ctorch._utils\n_rebuild_sparse_tensor\n".as_slice(), &layout, b"(", &parts.concat(), b"t\x86R"].concat())
}

fn longs(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// An archive of a pickle and its storages.
fn file(pickle: &[u8], storages: &[Vec<u8>]) -> Vec<u8> {
    let mut members = vec![Member::stored("archive/data.pkl", pickle)];
    for (key, bytes) in storages.iter().enumerate() {
        // One of them is packed, which torch never does but reads.
        let name = format!("archive/data/{key}");
        members.push(if key == 0 { Member::deflated(&name, bytes) } else { Member::stored(&name, bytes) });
    }
    archive(&members)
}

fn forged(name: &str, bytes: &[u8]) {
    told(name, bytes, "tensor-layout", Level::Dangerous);
}

/// Two numbers in a matrix of three rows and four columns, by their coordinates.
fn coordinates(coalesced: &[u8], indices: &[u8], values: &[u8], shape: &[u8]) -> Vec<u8> {
    let parts = [tensor(LONGS, "0", indices), tensor(FLOATS, "1", values), size(shape), coalesced.to_vec()];
    sparse("torch.sparse_coo", &parts.each_ref().map(Vec::as_slice))
}

#[test]
fn coordinates_lie_within_a_sparse_tensor() {
    for coalesced in [&b""[..], b"\x88"] {
        let pickle = coordinates(coalesced, &[2, 2], &[2], &[3, 4]);
        let report = clean("in both rows", &file(&pickle, &[longs(&[0, 2, 3, 0]), vec![0; 8]]));
        assert_eq!(report.format, "torch-zip");
        for wrong in [[0, 3, 3, 0], [0, 2, 4, 0], [-1, 2, 3, 0], [0, i64::MAX, 3, 0]] {
            forged("an index", &file(&pickle, &[longs(&wrong), vec![0; 8]]));
        }
    }
    let numbers = [longs(&[0, 2, 3, 0]), vec![0; 8]];
    clean("rows of values", &file(&coordinates(b"", &[1, 2], &[2, 1], &[3, 1]), &[longs(&[0, 2]), vec![0; 8]]));
    forged("more values", &file(&coordinates(b"", &[2, 2], &[3], &[3, 4]), &[numbers[0].clone(), vec![0; 12]]));
    forged("more dimensions", &file(&coordinates(b"", &[2, 2], &[2], &[3]), &numbers));
    forged("fewer dimensions", &file(&coordinates(b"", &[2, 2], &[2], &[3, 4, 5]), &numbers));
    let odd = coordinates(b"N", &[2, 2], &[2], &[3, 4]);
    told("a flag that is none", &file(&odd, &numbers), "argument-shape", Level::Suspicious);
    let other = sparse("torch.strided", &[b"N"]);
    told("a layout that is not sparse", &file(&other, &numbers), "argument-shape", Level::Suspicious);
}

#[test]
fn indices_are_read_in_the_order_of_the_machine_that_wrote_them() {
    let pickle = coordinates(b"", &[2, 2], &[2], &[3, 4]);
    let of = |order: &str, indices: Vec<u8>| {
        archive(&[
            Member::stored("archive/data.pkl", &pickle),
            Member::stored("archive/byteorder", order.as_bytes()),
            Member::stored("archive/data/0", &indices),
            Member::stored("archive/data/1", &[0; 8]),
        ])
    };
    let big: Vec<u8> = [0_i64, 2, 3, 0].iter().flat_map(|number| number.to_be_bytes()).collect();
    clean("big", &of("big", big.clone()));
    forged("said to be little", &of("little", big));
    forged("said to be big", &of("big", longs(&[0, 2, 3, 0])));
}

#[test]
fn rows_of_a_compressed_tensor_hold_its_columns() {
    let parts = |starts: u8, values: &[u8], shape: &[u8]| {
        [tensor(LONGS, "0", &[starts]), tensor(LONGS, "1", &[2]), tensor(FLOATS, "2", values), size(shape)]
    };
    for (layout, starts, values, shape) in [
        ("torch.sparse_csr", vec![0, 1, 1, 2], vec![2], [3, 4]),
        ("torch.sparse_csc", vec![0, 1, 1, 1, 2], vec![2], [4, 4]),
        ("torch.sparse_bsr", vec![0, 1, 2], vec![2, 3, 1], [6, 4]),
        ("torch.sparse_bsc", vec![0, 1, 2], vec![2, 1, 3], [4, 6]),
    ] {
        let parts = parts(u8::try_from(starts.len()).unwrap(), &values, &shape);
        let pickle = sparse(layout, &parts.each_ref().map(Vec::as_slice));
        let bytes = vec![0; 4 * usize::from(values.iter().product::<u8>())];
        let of = |starts: &[i64], columns: &[i64]| file(&pickle, &[longs(starts), longs(columns), bytes.clone()]);
        clean(layout, &of(&starts, &[3, 0]));
        forged("a column", &of(&starts, &[4, 0]));
        let mut wrong = starts.clone();
        *wrong.last_mut().unwrap() = 3;
        forged("an end", &of(&wrong, &[3, 0]));
        wrong = starts.clone();
        wrong[1] = 9;
        forged("a start", &of(&wrong, &[3, 0]));
    }
    let short = parts(3, &[2], &[3, 4]);
    let pickle = sparse("torch.sparse_csr", &short.each_ref().map(Vec::as_slice));
    forged("fewer rows", &file(&pickle, &[longs(&[0, 1, 2]), longs(&[3, 0]), vec![0; 8]]));
}

#[test]
fn parts_of_a_nested_tensor_lie_within_its_buffer() {
    let parts =
        [tensor(FLOATS, "0", &[5]), tensor(LONGS, "1", &[2, 1]), tensor(LONGS, "2", &[2, 1]), tensor(LONGS, "3", &[2])];
    let pickle = pickle(&[b"ctorch._utils\n_rebuild_nested_tensor\n(", &parts.concat()[..], b"tR"].concat());
    let of = |sizes: [i64; 2], steps: [i64; 2], offsets: [i64; 2]| {
        file(&pickle, &[vec![0; 20], longs(&sizes), longs(&steps), longs(&offsets)])
    };
    clean("two and three", &of([2, 3], [1, 1], [0, 2]));
    forged("longer", &of([2, 4], [1, 1], [0, 2]));
    forged("farther apart", &of([2, 3], [1, 2], [0, 2]));
    forged("behind", &of([2, 3], [1, 1], [0, 3]));
    forged("before", &of([2, 3], [1, 1], [-1, 2]));
}

#[test]
fn the_old_form_is_held_to_the_same() {
    let pickle = coordinates(b"", &[2, 2], &[2], &[3, 4]);
    let of = |indices: &[i64]| legacy_of(&pickle, &[("0", longs(indices), 4), ("1", vec![0; 8], 2)]);
    clean("legacy", &of(&[0, 2, 3, 0]));
    forged("legacy", &of(&[0, 3, 3, 0]));
}

/// `_rebuild_from_type_v2(_rebuild_tensor_v2, class, args, state)`
fn with_state(func: &str, class: &str, state: &[u8]) -> Vec<u8> {
    let whole = tensor(FLOATS, "0", &[4]);
    let args = &whole[b"ctorch._utils\n_rebuild_tensor_v2\n".len()..whole.len() - 1];
    let head = format!("ctorch._tensor\n_rebuild_from_type_v2\n(c{func}\nc{class}\n");
    let pickle = pickle(&[head.as_bytes(), args, state, b"tR"].concat());
    file(&pickle, &[vec![0; 16]])
}

#[test]
fn a_tensor_may_have_attributes_that_do_nothing() {
    let (func, class) = ("torch._utils\n_rebuild_tensor_v2", "torch\nTensor");
    let note = b"}X\x04\0\0\0noteX\x05\0\0\0firsts";
    clean("a note", &with_state(func, class, note));
    let held = |name: &str, bytes: &[u8]| drop(told(name, bytes, "argument-shape", Level::Suspicious));
    for key in ["_backward_hooks", "data", "grad", "requires_grad", "__class__", "__setstate__", "append"] {
        held(key, &with_state(func, class, &[b"}", &text(key)[..], b"Ns"].concat()));
    }
    held("a callable", &with_state(func, class, b"}X\x04\0\0\0notecbuiltins\nlen\ns"));
    held("slots", &with_state(func, class, &[b"N", &note[..], b"\x86"].concat()));
    held("another class", &with_state(func, "collections\nOrderedDict", note));
    held("another function", &with_state("builtins\nlen", class, note));
    told("a dangerous one", &with_state("os\nsystem", class, note), "dangerous-import", Level::Dangerous);
}

#[test]
fn the_quantizer_of_a_tensor_is_data() {
    let quantized = |quantizer: &[u8]| {
        let place = [storage("torch\nQInt8Storage", "0", 4), b"K\0(K\x04t(K\x01t".to_vec()].concat();
        let head = [b"ctorch._utils\n_rebuild_qtensor\n(".as_slice(), &place].concat();
        file(&pickle(&[&head, quantizer, b"\x89ccollections\nOrderedDict\n)RtR"].concat()), &[vec![0; 4]])
    };
    clean("a scale and a point", &quantized(b"(ctorch\nper_tensor_affine\nG?\xe0\0\0\0\0\0\0K\0t"));
    told("no data", &quantized(b"N"), "argument-shape", Level::Suspicious);
}
