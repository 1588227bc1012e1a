//! Grammars: data types, headers of arrays, policies, paths.

use depickle::ast::path::{Address, ObjectPath};
use depickle::container::NpyHeader;
use depickle::dtype::DType;
use depickle::policy::Policy;
use depickle::policy::user::{Context, Day, Section};

/// Headers of arrays and the texts of data types.
pub(crate) fn dtype(data: &[u8]) {
    if let Ok(header) = NpyHeader::parse(data) {
        assert!(header.data_offset <= data.len());
        let _ = (header.has_object(), header.nbytes());
    }
    for dtype in [DType::from_spec(data), DType::from_descr_str(data)].into_iter().flatten() {
        let again = DType::from_spec(dtype.type_string().as_bytes());
        if let Ok(again) = again {
            assert_eq!((again.itemsize(), again.has_object()), (dtype.itemsize(), dtype.has_object()));
        }
        let _ = dtype.nbytes(&[u64::MAX, 2]);
    }
}

/// A policy is taken, or what is wrong with it stands in a line of it.
pub(crate) fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for section in [Section::Whole, Section::Tool] {
        let context = Context {
            file: "depickle.toml",
            section,
            today: Day::FIRST,
            rules: &["dangerous-call", "unlisted-import"],
        };
        if let Err(problems) = Policy::parse(text, &context) {
            assert!(!problems.is_empty());
            let lines = text.split('\n').count();
            for problem in problems {
                assert!((1..=lines + 1).contains(&problem.line) && problem.column >= 1, "{problem:?}");
            }
        }
    }
}

/// What is printed is read as the same path.
pub(crate) fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A long key is printed cut.
    let leads_to = |read: &ObjectPath, path: &ObjectPath| {
        read.0.len() == path.0.len() && read.0.iter().zip(&path.0).all(|(read, step)| read.leads_to(step))
    };
    if let Ok(path) = text.parse::<ObjectPath>() {
        let again: Result<ObjectPath, _> = path.to_string().parse();
        assert!(again.is_ok_and(|again| leads_to(&again, &path)));
    }
    if let Ok(address) = text.parse::<Address>() {
        let again: Result<Address, _> = address.to_string().parse();
        assert!(again.is_ok_and(|again| leads_to(&again.path, &address.path) && again.stream == address.stream));
    }
}
