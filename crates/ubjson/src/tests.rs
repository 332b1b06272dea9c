use std::collections::BTreeMap;

use holdall_diag::{Code, FailureKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

const BOOSTER: &[u8] = include_bytes!("../testdata/booster.ubj");
const BOOSTER_JSON: &[u8] = include_bytes!("../testdata/booster.json");

fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> T {
    from_slice(bytes, &Limits::default())
        .unwrap_or_else(|failure| panic!("{}: {failure}", bytes.escape_ascii()))
}

fn fail<T: for<'de> Deserialize<'de> + std::fmt::Debug>(bytes: &[u8]) -> (Code, String) {
    let failure = from_slice::<T>(bytes, &Limits::default()).unwrap_err();
    (failure.code(), failure.to_string())
}

#[test]
fn every_marker_of_the_draft_is_read() {
    let cases: &[(&[u8], Value)] = &[
        (b"Z", json!(null)),
        (b"NNZN", json!(null)),
        (b"T", json!(true)),
        (b"F", json!(false)),
        (b"i\xff", json!(-1)),
        (b"U\xff", json!(255)),
        (b"I\x80\x00", json!(-32768)),
        (b"l\x00\x01\x00\x00", json!(65536)),
        (b"L\x80\0\0\0\0\0\0\0", json!(i64::MIN)),
        (b"d\x3f\xc0\0\0", json!(1.5)),
        (b"D\xbf\xf8\0\0\0\0\0\0", json!(-1.5)),
        (b"Hi\x0212", json!(12)),
        (b"Hi\x1418446744073709551615", json!(u64::MAX)),
        (b"Hi\x051.5e1", json!(15.0)),
        (b"Ca", json!("a")),
        (b"Si\x03\xe2\x98\x83", json!("☃")),
        (b"SL\0\0\0\0\0\0\0\x01x", json!("x")),
        (b"[]", json!([])),
        (b"[i\x01NTN]", json!([1, true])),
        (b"[#i\x02ZZ", json!([null, null])),
        (b"[$i#U\x02\x01\x02", json!([1, 2])),
        (b"[$I#I\0\x01\x01\0", json!([256])),
        (b"[$d#l\0\0\0\x01\x3f\x80\0\0", json!([1.0])),
        (b"[$D#L\0\0\0\0\0\0\0\x01\x3f\xf0\0\0\0\0\0\0", json!([1.0])),
        (b"[$C#i\x02ab", json!(["a", "b"])),
        (b"[$Z#i\x02", json!([null, null])),
        (b"[$T#i\x01", json!([true])),
        (b"[$F#i\x01", json!([false])),
        (b"[$S#i\x02i\x01ai\x00", json!(["a", ""])),
        (b"[$H#i\x01i\x017", json!([7])),
        (b"[$[#i\x02]$U#i\x01\x05", json!([[], [5]])),
        (b"[${#i\x01i\x01aT}", json!([{"a": true}])),
        (b"{}", json!({})),
        (b"{i\x01aTNi\x01bZ}", json!({"a": true, "b": null})),
        (b"{#i\x01i\x01ai\x05", json!({"a": 5})),
        (b"{$U#i\x02i\x01a\x05i\x01b\x06", json!({"a": 5, "b": 6})),
        (b"{$[#i\x01i\x01aT]", json!({"a": [true]})),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read::<Value>(bytes), *expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn numbers_coerce_as_json_does() {
    assert_eq!(
        read::<Vec<f32>>(b"[i\x01U\xffd\x3f\x80\0\0D\x3f\xf0\0\0\0\0\0\0]"),
        [1.0, 255.0, 1.0, 1.0]
    );
    assert_eq!(read::<Vec<u16>>(b"[$l#i\x01\0\0\xff\xff"), [u16::MAX]);
    assert_eq!(read::<Vec<f64>>(b"[$l#i\x01\0\0\0\x07"), [7.0]);
    assert_eq!(read::<(i64, Option<u8>, Option<u8>)>(b"[U\x01ZU\x02]"), (1, None, Some(2)));
    assert_eq!(read::<Vec<Option<i8>>>(b"[$i#i\x01\x05"), [Some(5)]);
    let (code, message) = fail::<Vec<u8>>(b"[$l#i\x02\0\0\0\x01\0\0\x01\0");
    assert_eq!(code, codes::TYPE);
    assert!(message.starts_with("/1: byte 10: "), "{message}");
    assert_eq!(fail::<i32>(b"d\x3f\x80\0\0").0, codes::TYPE);
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Point,
    Circle(f32),
    Box(i8, i8),
    Text { size: u8 },
}

#[derive(Deserialize, Debug, PartialEq)]
struct Kept {
    a: u8,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Tree {
    split_conditions: Vec<f32>,
    left_children: Vec<i32>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Name(String);

#[test]
fn serde_types_of_every_shape_are_read() {
    assert_eq!(read::<Shape>(b"Si\x05point"), Shape::Point);
    assert_eq!(read::<Shape>(b"{i\x06circleU\x02}"), Shape::Circle(2.0));
    assert_eq!(read::<Shape>(b"{i\x03box[$i#i\x02\x01\x02}"), Shape::Box(1, 2));
    assert_eq!(read::<Shape>(b"{i\x04text{i\x04sizeU\x07}}"), Shape::Text { size: 7 });
    assert_eq!(read::<Shape>(b"{i\x05pointZ}"), Shape::Point);
    assert_eq!(fail::<Shape>(b"U\x05").0, codes::TYPE);
    assert_eq!(fail::<Shape>(b"{}").0, codes::TYPE);
    assert_eq!(read::<Name>(b"Si\x01x"), Name("x".into()));
    assert_eq!(read::<Vec<Name>>(b"[$C#i\x01x"), [Name("x".into())]);
    assert_eq!(read::<&str>(b"Si\x01x"), "x");
    assert_eq!(read::<BTreeMap<String, i64>>(b"{$i#i\x01i\x01k\x05")["k"], 5);
    // Fields nobody asks for are skipped, typed arrays as a whole.
    let bytes = b"{i\x01x[$d#i\x01\0\0\0\0i\x01y[{i\x01zSi\x01q}]i\x01aU\x07i\x01w[$T#i\x05}";
    assert_eq!(read::<Kept>(bytes), Kept { a: 7 });
    assert_eq!(fail::<(u8, u8)>(b"[$U#i\x03abc").0, codes::TYPE);
    assert_eq!(fail::<(u8, u8)>(b"[U\x01U\x02U\x03]").0, codes::TYPE);
    assert_eq!(fail::<(u8, u8)>(b"[$U#i\x01a").0, codes::TYPE);
}

#[test]
fn bytes_are_borrowed_from_typed_arrays() {
    struct Octets<'a>(&'a [u8]);
    impl<'de> Deserialize<'de> for Octets<'de> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Borrow;
            impl<'de> serde::de::Visitor<'de> for Borrow {
                type Value = &'de [u8];
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }
                fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                    Ok(bytes)
                }
            }
            deserializer.deserialize_bytes(Borrow).map(Octets)
        }
    }
    assert_eq!(read::<Octets<'_>>(b"[$U#i\x03abc").0, b"abc");
    assert!(from_slice::<Octets<'_>>(b"[$d#i\x01\0\0\0\0", &Limits::default()).is_err());
}

#[test]
fn defects_are_named_and_located() {
    let cases: &[(&[u8], Code, &str)] = &[
        (b"", codes::TRUNCATED, "byte 0: "),
        (b"I\x01", codes::TRUNCATED, "byte 1: "),
        (b"Si\x05ab", codes::TRUNCATED, "byte 3: "),
        (b"[i\x01", codes::TRUNCATED, "/1: byte 3: "),
        (b"{i\x01ai\x01", codes::TRUNCATED, "byte 6: "),
        (b"x", codes::MARKER, "byte 0: expected the marker of a value, found `x`"),
        (b"]", codes::MARKER, "byte 0: "),
        (b"[$N#i\x01", codes::MARKER, "byte 2: "),
        (b"[$ii\x01", codes::MARKER, "byte 3: "),
        (b"Si\xff", codes::LENGTH, "byte 1: expected a length, found -1"),
        (b"Sd\0\0\0\0", codes::LENGTH, "byte 1: "),
        (b"Si\x02\xc3(", codes::TEXT, "byte 3: "),
        (b"C\xff", codes::TEXT, "byte 0: "),
        (b"Hi\x011Z", codes::TRAILING, "byte 4: 1 bytes follow"),
        (b"Hi\x03inf", codes::NUMBER, "byte 1: "),
        (b"Hi\x051e999", codes::NUMBER, "byte 1: "),
        (b"{i\x03a/b[TC\xff]}", codes::TEXT, "/a~1b/1: byte 8: "),
        (b"[$d#L\x0f\0\0\0\0\0\0\0", codes::TRUNCATED, "byte 1: "),
        (b"[#L\x0f\0\0\0\0\0\0\0", codes::TRUNCATED, "byte 1: "),
        (b"{#L\x7f\xff\xff\xff\xff\xff\xff\xff", codes::TRUNCATED, "byte 1: "),
        (b"[$S#i\x02i\0", codes::TRUNCATED, "byte 1: "),
        (b"[$T#L\x0f\0\0\0\0\0\0\0", codes::COUNT, "byte 1: "),
    ];
    for (bytes, code, start) in cases {
        let (found, message) = fail::<Value>(bytes);
        assert_eq!(found, *code, "{}: {message}", bytes.escape_ascii());
        assert!(message.starts_with(start), "{message}");
    }
}

#[test]
fn depth_is_limited_and_never_overflows() {
    let nested = |levels: usize| {
        let mut bytes = vec![b'['; levels];
        bytes.extend(vec![b']'; levels]);
        bytes
    };
    read::<Value>(&nested(128));
    for bytes in [nested(129), nested(1_000_000), b"[$[#i\x01".repeat(1_000_000)] {
        let failure = from_slice::<Value>(&bytes, &Limits::default()).unwrap_err();
        assert_eq!((failure.code(), failure.kind()), (codes::DEPTH, FailureKind::Limit));
        let skipped = from_slice::<serde::de::IgnoredAny>(&bytes, &Limits::default());
        assert_eq!(skipped.unwrap_err().code(), codes::DEPTH);
    }
    let strict = Limits { depth: 3, ..Limits::default() };
    assert!(from_slice::<Value>(&nested(3), &strict).is_ok());
    assert!(from_slice::<Value>(&nested(4), &strict).is_err());
    // Siblings are not nested.
    let wide = [b"[".to_vec(), b"[]".repeat(1_000), b"]".to_vec()].concat();
    assert_eq!(read::<Vec<Vec<u8>>>(&wide).len(), 1_000);
}

/// Equal, with numbers compared at the precision of the file.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let [a, b] = [a, b].map(|n| n.as_f64().unwrap());
            (a - b).abs() <= 1e-6 * b.abs()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn a_booster_reads_as_its_json_form_does() {
    let binary: Value = read(BOOSTER);
    let text: Value = serde_json::from_slice(BOOSTER_JSON).unwrap();
    assert!(binary.pointer("/learner/gradient_booster/model/trees/5").is_some());
    assert!(same(&binary, &text));

    let trees = |value: &Value| {
        let trees = value.pointer("/learner/gradient_booster/model/trees").unwrap();
        Vec::<Tree>::deserialize(trees).unwrap()
    };
    assert_eq!(trees(&binary), trees(&text));
    assert!(looks_like_ubjson(BOOSTER));
    assert!(!looks_like_ubjson(BOOSTER_JSON));
}

#[test]
fn a_document_cut_anywhere_fails_and_mutations_never_panic() {
    for cut in 0..BOOSTER.len() {
        assert!(from_slice::<Value>(&BOOSTER[..cut], &Limits::default()).is_err(), "cut at {cut}");
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 32).unwrap() % below
    };
    let mut read = 0;
    for _ in 0..4_000 {
        let mut bytes = BOOSTER.to_vec();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = b"ZTFiUIlLdDCSH[]{}$#N"[random(20)],
                1 => bytes[at] ^= 1 << random(8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random(256).to_le_bytes()[0]),
            }
        }
        read += usize::from(from_slice::<Value>(&bytes, &Limits::default()).is_ok());
    }
    assert!(read > 0, "some mutations only change a number");
}

#[test]
fn codes_are_described_once() {
    let mut all: Vec<_> = codes::ALL.iter().map(|info| info.code).collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(codes::ALL.iter().all(|info| info.code.as_str().starts_with("ubjson/")));
}
