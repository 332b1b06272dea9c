use holdall_pickle::Pickle;
use holdall_source::Budget;
use holdall_tabular::{Kind, MissingPolicy, Op};

use super::{global, stream};
use crate::{
    codes,
    lower::{boosted::Boosters, columns::Lowering, selection::positions},
};

fn pickle(body: &[u8]) -> Pickle {
    Pickle::read(&stream(body).into(), &mut Budget::default()).unwrap()
}

fn chosen(body: &[u8]) -> Result<Vec<usize>, String> {
    let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let pickle = pickle(body);
    positions(&pickle.root(), &names, 4).map_err(|failure| failure.code().as_str().to_owned())
}

#[test]
fn columns_are_selected_in_every_form() {
    let slice = |arguments: &[u8]| [&global("builtins", "slice"), arguments, b"\x87R"].concat();
    assert_eq!(chosen(b"K\x02"), Ok(vec![2]));
    assert_eq!(chosen(b"\x8c\x01c"), Ok(vec![2]));
    assert_eq!(chosen(b"]"), Ok(vec![]));
    assert_eq!(chosen(b"](K\x03K\x00e"), Ok(vec![3, 0]));
    assert_eq!(chosen(b"](J\xff\xff\xff\xffK\x00e"), Ok(vec![3, 0]));
    assert_eq!(chosen(b"](\x8c\x01d\x8c\x01ae"), Ok(vec![3, 0]));
    assert_eq!(chosen(b"](\x88\x89\x89\x88e"), Ok(vec![0, 3]));
    assert_eq!(chosen(&slice(b"K\x01K\x03N")), Ok(vec![1, 2]));
    assert_eq!(chosen(&slice(b"NNK\x02")), Ok(vec![0, 2]));
    assert_eq!(chosen(&slice(b"N\x8c\x01cN")), Ok(vec![0, 1, 2]), "the last name is included");
    assert_eq!(chosen(&slice(b"J\xfe\xff\xff\xffNN")), Ok(vec![2, 3]));
}

#[test]
fn columns_that_do_not_exist_are_a_fault() {
    for body in [
        &b"K\x04"[..],
        b"J\xfb\xff\xff\xff",
        b"\x8c\x01x",
        b"](\x88\x89e",
        b"N",
        b"G\0\0\0\0\0\0\0\0",
    ] {
        assert_eq!(chosen(body), Err(codes::COLUMNS.as_str().to_owned()), "{body:?}");
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("c{i}")).collect()
}

#[test]
fn a_column_of_text_and_numbers_is_refused_by_name() {
    let pickle = pickle(b"N");
    let mut budget = Budget::default();
    let mut boosters = Boosters::default();
    let mut lowering = Lowering::new(names(2), true, &mut boosters, &mut budget);
    let column = lowering.inputs()[1];
    lowering.scalar(&column, Kind::Text, &pickle.root()).unwrap();
    let failure = lowering.scalar(&column, Kind::F64, &pickle.root()).unwrap_err();
    assert_eq!(failure.code(), codes::KIND);
    assert!(failure.to_string().contains("`c1` is used as text and as a number"), "{failure}");
}

#[test]
fn the_first_use_decides_the_kind_and_a_wider_one_casts() {
    let pickle = pickle(b"N");
    let mut budget = Budget::default();
    let mut boosters = Boosters::default();
    let mut lowering = Lowering::new(names(2), true, &mut boosters, &mut budget);
    let columns = lowering.inputs();
    let at = pickle.root();
    assert_eq!(lowering.scalar(&columns[0], Kind::I64, &at).unwrap().1, Kind::I64);
    assert_eq!(lowering.scalar(&columns[0], Kind::F64, &at).unwrap().1, Kind::F64);
    assert_eq!(lowering.scalar(&columns[1], Kind::F64, &at).unwrap().1, Kind::F64);
    assert_eq!(lowering.scalar(&columns[1], Kind::I64, &at).unwrap().1, Kind::F64);
    let model = lowering.finish().unwrap();
    let kinds: Vec<Kind> = model.fields.iter().map(|(_, field)| field.kind).collect();
    assert_eq!(kinds, [Kind::I64, Kind::F64]);
    assert!(model.nodes.iter().any(|(_, node)| matches!(node.op, Op::Cast { to: Kind::F64, .. })));
}

#[test]
fn unused_columns_stay_only_where_rows_go_by_position() {
    let pickle = pickle(b"N");
    for (named, expected) in [(true, vec!["c2"]), (false, vec!["c0", "c1", "c2"])] {
        let mut budget = Budget::default();
        let mut boosters = Boosters::default();
        let mut lowering = Lowering::new(names(3), named, &mut boosters, &mut budget);
        let column = lowering.inputs()[2];
        lowering.numbers(&[column], &pickle.root()).unwrap();
        lowering.refuse_missing(&[column]);
        let model = lowering.finish().unwrap();
        let fields: Vec<&str> = model.fields.iter().map(|(_, field)| field.name.as_str()).collect();
        assert_eq!(fields, expected);
        let (_, last) = model.fields.iter().last().unwrap();
        assert_eq!(last.missing, MissingPolicy::Reject);
        assert!(model.nodes.iter().any(
            |(_, node)| matches!(node.op, Op::Input(id) if model.fields.get(id).unwrap().name == "c2")
        ));
    }
}
