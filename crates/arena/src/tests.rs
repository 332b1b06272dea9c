use super::*;

#[test]
fn ids_name_what_was_pushed() {
    let mut arena = Arena::new();
    let a = arena.push("a").unwrap();
    let b = arena.push("b").unwrap();
    assert_eq!(arena.get(a), Some(&"a"));
    assert_eq!(arena.get(b), Some(&"b"));
    assert!(a < b);
    assert_eq!(arena.get(Id::new(2)), None);
    assert_eq!(arena.ids().collect::<Vec<_>>(), [a, b]);
}
