//! Archives, looked into.

use super::assemble::{Member, archive};
use super::torch::{checkpoint, four_floats};
use super::{CALL, PLAIN};
use depickle::inspect::{Outline, open_all, open_member};
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
