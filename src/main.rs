//! The depickle binary.
fn main() {}
