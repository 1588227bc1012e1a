//! Archives, looked into.

use super::assemble::{Member, archive};
use super::torch::{FLOATS, checkpoint, four_floats, pickle, storage};
use super::{CALL, PLAIN};
use depickle::inspect::{Arrays, Bytes, Outline, open_all, open_member};
use depickle::limits::Limits;

/// What stands at the root of a member, or why it cannot be shown.
fn root(bytes: &[u8], member: &str) -> String {
    let mut contents = match open_member(bytes, member, &Limits::default()) {
        Ok(contents) => contents,
        Err(error) => return error.message().to_owned(),
    };
    let outline = Outline::new(&mut contents);
    let node = outline.roots()[0].node.unwrap();
    outline.inline(node).unwrap_or_else(|| outline.head(node))
}

#[test]
fn tensors_have_class_type_and_shape() {
    let bytes = archive(&checkpoint(&four_floats(), &[0; 16]));
    assert_eq!(root(&bytes, ""), "Tensor float32 (4,)");
    assert_eq!(root(&bytes, "archive/data.pkl"), "Tensor float32 (4,)");
}

#[test]
fn the_member_that_was_asked_for_is_shown() {
    let inner = archive(&[Member::stored("readme", b"text"), Member::deflated("call.pkl", CALL)]);
    let bytes =
        archive(&[Member::stored("a.pkl", PLAIN), Member::stored("b", &inner), Member::deflated("c.pkl", PLAIN)]);
    assert_eq!(root(&inner, ""), "call posix.system('')");
    assert_eq!(root(&bytes, "c.pkl"), "[1]");
    assert_eq!(root(&bytes, "b!call.pkl"), "call posix.system('')");
    let several = root(&bytes, "");
    assert!(several.starts_with("an archive of several members: a.pkl, b, c.pkl; name one"), "{several}");
    let unknown = root(&bytes, "d");
    assert_eq!(unknown, "no member is called d; there are a.pkl, b, c.pkl");
    assert!(root(PLAIN, "d").contains("no members"));
}

#[test]
fn all_members_are_opened_but_texts_and_the_bytes_of_tensors() {
    let inner = archive(&checkpoint(&four_floats(), &[0; 16]));
    let members = [
        Member::deflated("readme", b"text that is worth packing, text that is worth packing"),
        Member::stored("notes", b"some text"),
        Member::deflated("a/call.pkl", CALL),
        Member::stored("model.pt", &inner),
        Member::stored("cut.pkl", b"\x80\x04\x95"),
    ];
    let bytes = archive(&members);
    let all = open_all(&bytes, &Limits::default()).unwrap();
    let mut names: Vec<&str> = all.contents.iter().map(|contents| contents.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a/call.pkl", "cut.pkl", "model.pt!archive/data.pkl"]);
    assert!(all.contents.iter().all(|contents| contents.is_one_of_several) && all.problems.is_empty());
    let torch = open_all(&inner, &Limits::default()).unwrap();
    assert!(torch.contents.len() == 1 && !torch.contents[0].is_one_of_several);
    assert!(open_all(PLAIN, &Limits::default()).unwrap().contents[0].name.is_empty());
}

/// A `.safetensors` file of two bytes.
fn tensors() -> Vec<u8> {
    let header = br#"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#;
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), &[7, 8]].concat()
}

#[test]
fn safetensors_in_archives_are_read_where_they_stand_as_they_are() {
    let inner = archive(&[Member::stored("a.safetensors", &tensors())]);
    let members = [
        Member::stored("inner.zip", &inner),
        Member::stored("b.safetensors", &tensors()),
        Member::deflated("c.safetensors", &tensors()),
        Member::deflated("d.zip", &inner),
    ];
    let bytes = archive(&members);
    let mut all = open_all(&bytes, &Limits::default()).unwrap();
    let told: Vec<String> = all.problems.iter().map(|(name, error)| format!("{name}: {}", error.message())).collect();
    assert_eq!(
        told,
        [
            "c.safetensors: a safetensors file in what is compressed: unpack it to look into it",
            "d.zip: a zip file in what is compressed: unpack it to look into it",
        ]
    );
    let outlines: Vec<Outline<'_, '_>> = all.contents.iter_mut().map(Outline::new).collect();
    let (arrays, mut reader) = (Arrays::of_all(&outlines), Bytes::of_all(&outlines));
    let mut found: Vec<(String, Vec<u8>)> =
        arrays.iter().map(|array| (array.address.to_string(), reader.view(&array).unwrap().bytes().to_vec())).collect();
    found.sort();
    let two = vec![7, 8];
    assert_eq!(
        found,
        [
            ("b.safetensors:root[\"w\"]".to_owned(), two.clone()),
            ("inner.zip!a.safetensors:root[\"w\"]".to_owned(), two)
        ]
    );
    assert!(arrays.iter().all(|array| array.file_offset.is_some()));
}

#[test]
fn what_is_left_to_be_done_to_a_tensor_is_done() {
    let turned = |metadata: &[u8]| {
        let hooks = b"ccollections\nOrderedDict\n)R";
        let args = [b"K\x00K\x02\x85K\x01\x85\x89".as_slice(), hooks, metadata].concat();
        let stream =
            [b"ctorch._utils\n_rebuild_tensor_v2\n(", storage(FLOATS, "0", 2).as_slice(), &args, b"tR"].concat();
        let floats = [1.0_f32, -2.0].map(f32::to_le_bytes).concat();
        let bytes = archive(&checkpoint(&pickle(&stream), &floats));
        let mut contents = open_member(&bytes, "", &Limits::default()).unwrap();
        let outline = Outline::new(&mut contents);
        let array = Arrays::new(&outline).get(0).unwrap();
        let view = Bytes::new(&outline).view(&array).map_err(|error| error.message().to_owned())?;
        Ok(view.iter::<f32>().unwrap().collect::<Vec<_>>())
    };
    assert_eq!(turned(b"}"), Ok(vec![1.0, -2.0]));
    assert_eq!(turned(b"}X\x03\0\0\0neg\x88s"), Ok(vec![-1.0, 2.0]));
    assert_eq!(turned(b"}X\x03\0\0\0neg\x89s"), Ok(vec![1.0, -2.0]));
    let floats = "its elements change their sign when they are read, and have none";
    assert_eq!(turned(b"}X\x04\0\0\0conj\x88s"), Err(floats.to_owned()));
    let unknown = "something is done to its elements when they are read that is not known";
    assert_eq!(turned(b"}X\x03\0\0\0odd\x88s"), Err(unknown.to_owned()));
}
