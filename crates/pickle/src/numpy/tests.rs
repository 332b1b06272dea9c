#![expect(clippy::float_cmp, reason = "these numbers are carried, not computed")]

use std::fmt::Write;

use super::*;
use crate::{
    Pickle, codes,
    tests::{fixture, read},
};

/// Every file that holds the same arrays.
fn files() -> Vec<String> {
    let mut all = Vec::new();
    for numpy in ["numpy1", "numpy2"] {
        all.extend((0..6).map(|protocol| format!("arrays-{numpy}-p{protocol}.pkl")));
        all.extend(
            [".joblib", "-p0.joblib", "-unaligned.joblib"]
                .map(|end| format!("arrays-{numpy}{end}")),
        );
    }
    all
}

fn array(pickle: &Pickle, key: &str) -> Array {
    pickle.root().require(key).unwrap().array().unwrap_or_else(|failure| panic!("{key}: {failure}"))
}

fn each(check: impl Fn(&str, &Pickle)) {
    for file in files() {
        check(&file, &read(&fixture(&file)).unwrap_or_else(|failure| panic!("{file}: {failure}")));
    }
}

#[test]
fn numbers_come_in_c_order_whatever_the_layout() {
    each(|file, pickle| {
        let six: Vec<f64> = (0..6).map(f64::from).collect();
        assert_eq!(array(pickle, "c").to_f64().unwrap(), six, "{file}");
        let fortran = array(pickle, "fortran");
        assert_eq!((fortran.shape(), fortran.order()), (&[2, 3][..], Order::Fortran), "{file}");
        assert_eq!(fortran.to_f64().unwrap(), six, "{file}");
        assert_eq!(fortran.to_tensor().unwrap().to_f64().unwrap(), six, "{file}");
        assert_eq!(array(pickle, "big").to_f32().unwrap(), [0.0, 1.0, 2.0]);
        assert_eq!(array(pickle, "big").dtype().spell(), ">f4");
        assert_eq!(array(pickle, "big").to_tensor().unwrap().to_f64().unwrap(), [0.0, 1.0, 2.0]);
        assert_eq!(array(pickle, "half").to_f64().unwrap(), [0.5, -2.0]);
        assert_eq!(array(pickle, "i8").to_i64().unwrap(), [-1, 1 << 62]);
        assert_eq!(array(pickle, "u1").to_i64().unwrap(), [0, 255]);
        assert_eq!(array(pickle, "bool").to_bool().unwrap(), [true, false]);
        let empty = array(pickle, "empty");
        assert_eq!((empty.shape(), empty.to_f64().unwrap().len()), (&[0, 4][..], 0));
        let expected: Vec<f64> = (0..3)
            .flat_map(|j| {
                (0..2).flat_map(move |i| (0..4).map(move |k| f64::from(i * 12 + j * 4 + k)))
            })
            .collect();
        let permuted = array(pickle, "permuted");
        assert_eq!(
            (permuted.shape(), permuted.to_f64().unwrap()),
            (&[3, 2, 4][..], expected),
            "{file}"
        );
        let expected: Vec<i64> =
            (0..4).flat_map(|k| (0..6).map(move |i| i64::from(i * 4 + k))).collect();
        assert_eq!(array(pickle, "cube").to_i64().unwrap(), expected, "{file}");
    });
}

#[test]
fn scalars_are_the_values_they_hold() {
    each(|file, pickle| {
        let get = |key| pickle.root().require(key).unwrap();
        assert_eq!(get("scalar").float().unwrap(), 1.25, "{file}");
        assert_eq!(get("count").int().unwrap(), -7, "{file}");
        assert!(get("yes").bool().unwrap(), "{file}");
        assert_eq!(get("yes").as_int(), None);
        assert_eq!(get("word").to_text().unwrap(), "w", "{file}");
        assert_eq!(get("zero_d").float().unwrap(), 3.5, "{file}");
        assert_eq!(get("c").as_float(), None);
    });
}

#[test]
fn text_bytes_objects_and_moments_are_read() {
    each(|file, pickle| {
        assert_eq!(array(pickle, "text").strings(pickle).unwrap(), ["a", "schön", ""], "{file}");
        assert_eq!(array(pickle, "octets").strings(pickle).unwrap(), ["ab", "c"]);
        let objects = array(pickle, "objects").objects().unwrap();
        assert!(pickle.value(objects[0]).is_none());
        assert_eq!(pickle.text(objects[1]), Some("x"));
        assert_eq!(pickle.value(objects[2]).float().unwrap(), 2.5);
        assert_eq!(pickle.value(objects[3]).item(0).unwrap().int().unwrap(), 1);
        assert_eq!(array(pickle, "names").strings(pickle).unwrap(), ["p", "q", "r", "s"], "{file}");
        let failure = array(pickle, "objects").strings(pickle).unwrap_err();
        assert_eq!(failure.code(), codes::ELEMENT);
        let days = array(pickle, "days");
        assert_eq!(days.dtype().unit, Some(("D".to_owned(), 1)));
        assert_eq!(days.to_i64().unwrap(), [1, i64::MIN]);
        assert_eq!(days.dtype().spell(), "<M8[D]");
    });
}

#[test]
fn records_give_their_columns_as_views() {
    each(|file, pickle| {
        let record = array(pickle, "record");
        assert_eq!(record.dtype().size, 24, "{file}");
        assert_eq!(record.column("i").unwrap().to_i64().unwrap(), [1, 2, 3]);
        assert_eq!(record.column("x").unwrap().to_f64().unwrap(), [0.5, 1.5, 2.5]);
        let bits = record.column("bits").unwrap();
        assert_eq!(bits.shape(), [3, 2]);
        assert_eq!(bits.to_i64().unwrap(), [1, 2, 3, 4, 5, 6]);
        let failure = record.column("y").unwrap_err();
        assert!(failure.to_string().contains("found `i`, `x`, `bits`"), "{failure}");
        assert_eq!(record.to_f64().unwrap_err().code(), codes::ELEMENT);
        let records = array(pickle, "recarray");
        assert_eq!(records.column("b").unwrap().to_f64().unwrap(), [2.5], "{file}");
        let path = bits.location().path.clone().unwrap().1;
        assert_eq!(&*path, "record['bits']");
    });
}

#[test]
fn masks_are_recognised() {
    each(|file, pickle| {
        let masked = array(pickle, "masked");
        assert_eq!(masked.to_f64().unwrap(), [1.0, 2.0, 3.0], "{file}");
        assert_eq!(masked.mask().unwrap().unwrap(), [false, true, false], "{file}");
        assert!(array(pickle, "c").mask().is_none());
    });
}

#[test]
fn what_would_lose_is_refused_with_a_reason() {
    each(|_, pickle| {
        let failure = array(pickle, "i8").to_f64().unwrap_err();
        assert!(
            failure.to_string().contains("elements of `<i8` cannot be read as f64"),
            "{failure}"
        );
        assert_eq!(array(pickle, "u8").to_i64().unwrap_err().code(), codes::ELEMENT);
        assert_eq!(array(pickle, "complex").to_f64().unwrap_err().code(), codes::ELEMENT);
        assert_eq!(array(pickle, "text").to_f64().unwrap_err().code(), codes::ELEMENT);
    });
}

/// `_reconstruct` with a state, in protocol 2.
fn crafted(shape: &str, dtype: &str, order: &str, data: &str) -> Vec<u8> {
    let text = format!(
        "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n{shape}{dtype}{order}{data}tb."
    );
    text.into_bytes()
}

fn dtype(spec: &str, size: i64) -> String {
    format!("cnumpy\ndtype\n(S'{spec}'\nI0\nI1\ntR(I3\nS'<'\nNNNI{size}\nI1\nI0\ntb")
}

#[test]
fn contradictions_are_named() {
    let check = |bytes: Vec<u8>, code| {
        let pickle = read(&bytes.into()).unwrap();
        let failure = pickle.root().array().unwrap_err();
        assert_eq!(failure.code(), code, "{failure}");
        failure.to_string()
    };
    let f8 = dtype("f8", -1);
    let short = check(crafted("(I2\nt", &f8, "I00\n", "S'abc'\n"), codes::ARRAY);
    assert!(
        short.contains("expected 16 bytes for an array of `<f8` with shape [2], found 3"),
        "{short}"
    );
    check(crafted("(I-1\nt", &f8, "I00\n", "S'abc'\n"), codes::ARRAY);
    check(crafted("(L9223372036854775807L\nI9\nt", &f8, "I00\n", "S''\n"), codes::ARRAY);
    let many = "I1\n".repeat(65);
    check(crafted(&format!("({many}t"), &f8, "I00\n", "S'12345678'\n"), codes::ARRAY);
    check(crafted("(I1\nt", &dtype("q9", -1), "I00\n", "S'a'\n"), codes::DTYPE);
    check(crafted("(I1\nt", "I5\n", "I00\n", "S'a'\n"), codes::TYPE);
    // Countless elements without a byte, in two spellings.
    check(crafted("(L9223372036854775807L\nt", &dtype("S0", 0), "I00\n", "S''\n"), codes::ARRAY);
    check(crafted("(L9223372036854775807L\nI0\nt", &f8, "I00\n", "S'a'\n"), codes::ARRAY);
}

#[test]
fn a_dtype_cannot_multiply_itself() {
    // A record of a hundred fields of a record of a hundred fields …, each level shared.
    let mut stream = format!("({}p0\n", dtype("f8", -1));
    for level in 1..=8 {
        let names: Vec<_> = (0..100).map(|i| format!("S'f{i}'\n")).collect();
        let fields: Vec<_> = (0..100).map(|i| format!("S'f{i}'\n(g{}\nI0\nt", level - 1)).collect();
        let (names, fields) = (names.concat(), fields.concat());
        write!(
            stream,
            "cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN({names}t({fields}dI8\nI1\nI0\ntbp{level}\n"
        )
        .unwrap();
    }
    stream.push_str("l.");
    let pickle = read(&stream.into_bytes().into()).unwrap();
    let last = pickle.root().item(8).unwrap();
    let failure = NumpyDtype::read(&last).unwrap_err();
    assert_eq!(failure.code(), codes::DTYPE);
    let first = NumpyDtype::read(&pickle.root().item(1).unwrap()).unwrap();
    assert_eq!(first.fields.len(), 100);
}

#[test]
fn old_side_files_are_refused_with_advice() {
    let bytes =
        b"cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}(X\x08\0\0\0filenameX\x03\0\0\0a_1ub.";
    let pickle = read(&bytes::Bytes::from_static(bytes)).unwrap();
    let failure = pickle.root().array().unwrap_err();
    assert_eq!(failure.code(), codes::SIDE_FILE);
    assert!(failure.diagnostic().help.as_deref().unwrap().contains("newer joblib"));
}
