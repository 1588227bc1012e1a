use super::records::{Method, method};

#[test]
fn each_method_is_read_or_told() {
    for number in [0, 8, 9, 12, 14, 20, 93, 95] {
        assert!(!matches!(method(number), Method::Unknown(_)), "{number}");
    }
    for number in [1, 2, 3, 4, 5, 6, 10, 16, 18, 19, 94, 96, 97, 98, 99, 500] {
        assert!(matches!(method(number), Method::Unknown(_)), "{number}");
    }
}
