//! Archives, looked into.

use super::assemble::{Member, archive};
use super::torch::{checkpoint, four_floats};
use super::{CALL, PLAIN};
use depickle::inspect::{Outline, open_member};
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
