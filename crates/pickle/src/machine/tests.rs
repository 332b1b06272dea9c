//! Streams assembled by hand, one for each opcode.

use std::{collections::BTreeSet, fmt::Write};

use bytes::Bytes;
use holdall_diag::{Code, Failure};
use holdall_source::Budget;

use super::opcode;
use crate::{CallOp, Node, Pickle, codes};

fn read(stream: &[u8]) -> Result<Pickle, Failure> {
    Pickle::read(&Bytes::copy_from_slice(stream), &mut Budget::default())
}

fn ok(stream: &[u8]) -> Pickle {
    read(stream).unwrap_or_else(|failure| panic!("{}: {failure}", stream.escape_ascii()))
}

/// A value in Python's notation; calls show their opcode, cycles would not end.
fn show(pickle: &Pickle, id: crate::NodeId) -> String {
    let all = |items: &[crate::NodeId]| {
        items.iter().map(|&item| show(pickle, item)).collect::<Vec<_>>().join(", ")
    };
    let pairs = |entries: &[(crate::NodeId, crate::NodeId)]| {
        entries
            .iter()
            .map(|&(key, value)| format!("{}: {}", show(pickle, key), show(pickle, value)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match pickle.node(id) {
        Node::None => "None".into(),
        Node::Bool(value) => format!("{value}"),
        Node::Int(value) => format!("{value}"),
        Node::BigInt(blob) => format!("big {:02x?}", pickle.blob(blob)),
        Node::Float(value) => format!("{value:?}"),
        Node::Bytes(blob) => format!("b'{}'", pickle.blob(blob).escape_ascii()),
        Node::ByteArray(blob) => format!("bytearray '{}'", pickle.blob(blob).escape_ascii()),
        Node::ByteString(blob) => format!("s'{}'", pickle.blob(blob).escape_ascii()),
        Node::Text(blob) => format!("'{}'", String::from_utf8_lossy(pickle.blob(blob))),
        Node::Tuple(items) => format!("({})", all(items)),
        Node::List(items) => format!("[{}]", all(items)),
        Node::Dict(entries) => format!("{{{}}}", pairs(entries)),
        Node::Set(items) => format!("set({})", all(items)),
        Node::FrozenSet(items) => format!("frozenset({})", all(items)),
        Node::Global { module, name } => {
            format!("<{} {}>", show(pickle, *module), show(pickle, *name))
        }
        Node::Call(call) => {
            let mut text = format!(
                "{} {}{}",
                call.op.as_str(),
                show(pickle, call.callable),
                show(pickle, call.args)
            );
            if let Some(kwargs) = call.kwargs {
                write!(text, " kwargs {}", show(pickle, kwargs)).unwrap();
            }
            if let Some(state) = call.state {
                write!(text, " state {}", show(pickle, state)).unwrap();
            }
            if !call.items.is_empty() {
                write!(text, " items {}", all(&call.items)).unwrap();
            }
            if !call.entries.is_empty() {
                write!(text, " entries {}", pairs(&call.entries)).unwrap();
            }
            text
        }
        Node::PersistentId(key) => format!("persistent {}", show(pickle, *key)),
        Node::Ext(code) => format!("ext {code}"),
        Node::Buffer { index, readonly } => format!("buffer {index} {readonly}"),
    }
}

const CASES: &[(&[u8], &str)] = &[
    (b"N.", "None"),
    (b"\x88.", "true"),
    (b"\x89.", "false"),
    (b"I01\n.", "true"),
    (b"I00\n.", "false"),
    (b"I-42\n.", "-42"),
    (b"I99999999999999999999\n.", "big [ff, ff, 0f, 63, 2d, 5e, c7, 6b, 05, 00, 00, 00, 00]"),
    (b"J\xfe\xff\xff\xff.", "-2"),
    (b"K\xff.", "255"),
    (b"M\x01\x02.", "513"),
    (b"L-7L\n.", "-7"),
    (b"L7\n.", "7"),
    (b"L-9223372036854775809L\n.", "big [ff, ff, ff, ff, ff, ff, ff, 7f, ff, ff, ff, ff, ff]"),
    (b"\x8a\x00.", "0"),
    (b"\x8a\x02\x00\xff.", "-256"),
    (b"\x8a\x09\xff\xff\xff\xff\xff\xff\xff\x7f\x00.", "9223372036854775807"),
    (b"\x8b\x01\x00\x00\x00\x80.", "-128"),
    (b"F1.5\n.", "1.5"),
    (b"F-inf\n.", "-inf"),
    (b"G\xbf\xf0\x00\x00\x00\x00\x00\x00.", "-1.0"),
    (b"S'a\\n\\x41\\101\\'\\q\\\\'\n.", "s'a\\nAA\\'\\\\q\\\\'"),
    (b"S\"plain\"\n.", "s'plain'"),
    (b"T\x02\x00\x00\x00\xe9b.", "s'\\xe9b'"),
    (b"U\x01c.", "s'c'"),
    (b"B\x01\x00\x00\x00\xff.", "b'\\xff'"),
    (b"C\x02ab.", "b'ab'"),
    (b"\x8e\x01\x00\x00\x00\x00\x00\x00\x00z.", "b'z'"),
    (b"\x96\x01\x00\x00\x00\x00\x00\x00\x00z.", "bytearray 'z'"),
    (b"V\\u2603\\U0001f600 \xe9\\n\\\n.", "'☃😀 é\\n\\'"),
    (b"Vplain\n.", "'plain'"),
    (b"X\x03\x00\x00\x00\xe2\x98\x83.", "'☃'"),
    (b"\x8c\x01a.", "'a'"),
    (b"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "'a'"),
    (b"\x97\x97.", "buffer 1 false"),
    (b"\x97\x98.", "buffer 0 true"),
    (b"C\x01a\x98.", "b'a'"),
    (b").", "()"),
    (b"K\x01\x85.", "(1)"),
    (b"K\x01K\x02\x86.", "(1, 2)"),
    (b"K\x01K\x02K\x03\x87.", "(1, 2, 3)"),
    (b"(K\x01K\x02t.", "(1, 2)"),
    (b"].", "[]"),
    (b"(K\x01l.", "[1]"),
    (b"]K\x01a.", "[1]"),
    (b"](K\x01K\x02e.", "[1, 2]"),
    (b"}.", "{}"),
    (b"(K\x01K\x02d.", "{1: 2}"),
    (b"}K\x01K\x02s.", "{1: 2}"),
    (b"}(K\x01K\x02K\x03K\x04u.", "{1: 2, 3: 4}"),
    (b"\x8f(K\x01K\x02\x90.", "set(1, 2)"),
    (b"(K\x01\x91.", "frozenset(1)"),
    (b"K\x01K\x020.", "1"),
    (b"K\x01(0.", "1"),
    (b"K\x01(K\x02K\x031.", "1"),
    (b"K\x012\x86.", "(1, 1)"),
    (b"K\x07p9\n0g9\n.", "7"),
    (b"K\x07q\x090h\x09.", "7"),
    (b"K\x07r\x00\x00\x01\x000j\x00\x00\x01\x00.", "7"),
    (b"K\x07\x94K\x08\x9400h\x00h\x01\x86.", "(7, 8)"),
    // MEMOIZE counts what is stored, wherever it was put.
    (b"K\x07q\x05K\x08\x9400h\x05h\x01\x86.", "(7, 8)"),
    (b"K\x07q\x01K\x08\x9400h\x01.", "8"),
    (b"cm\nn\n.", "<'m' 'n'>"),
    (b"\x8c\x01m\x8c\x01n\x93.", "<'m' 'n'>"),
    (b"\x82\x05.", "ext 5"),
    (b"\x83\x05\x01.", "ext 261"),
    (b"\x84\x05\x00\x00\x01.", "ext 16777221"),
    (b"Pkey\n.", "persistent 'key'"),
    (b"K\x01Q.", "persistent 1"),
    (b"cm\nf\n(K\x01tR.", "REDUCE <'m' 'f'>(1)"),
    (b"cm\nC\n)\x81.", "NEWOBJ <'m' 'C'>()"),
    (b"cm\nC\n)}\x92.", "NEWOBJ_EX <'m' 'C'>() kwargs {}"),
    (b"(K\x01im\nC\n.", "INST <'m' 'C'>(1)"),
    (b"(cm\nC\nK\x01o.", "OBJ <'m' 'C'>(1)"),
    (b"cm\nC\n)\x81}b.", "NEWOBJ <'m' 'C'>() state {}"),
    (b"cm\nC\n)\x81K\x01a(K\x02e.", "NEWOBJ <'m' 'C'>() items 1, 2"),
    (b"cm\nC\n)\x81K\x01K\x02s(K\x03K\x04u.", "NEWOBJ <'m' 'C'>() entries 1: 2, 3: 4"),
    (b"cm\nC\n)\x81(K\x01\x90.", "NEWOBJ <'m' 'C'>() items 1"),
    (b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", "None"),
];

#[test]
fn every_opcode_makes_what_the_table_says() {
    let mut used = BTreeSet::new();
    for (stream, expected) in CASES {
        let pickle = ok(stream);
        assert_eq!(
            show(&pickle, pickle.root_id().unwrap()),
            *expected,
            "{}",
            stream.escape_ascii()
        );
        assert_eq!(pickle.end(), stream.len() as u64);
        used.extend(stream.iter().copied());
    }
    for (byte, name) in opcode::ALL {
        assert!(used.contains(byte), "no case for {name}");
    }
    assert_eq!(opcode::ALL.len(), 68);
}

#[test]
fn defects_are_named_and_located() {
    let cases: &[(&[u8], Code, u64)] = &[
        (b"", codes::TRUNCATED, 0),
        (b"K", codes::TRUNCATED, 1),
        (b"N", codes::TRUNCATED, 1),
        (b"I12", codes::TRUNCATED, 1),
        (b"\x00", codes::OPCODE, 0),
        (b"NN\xfe", codes::OPCODE, 2),
        (b"\x80\x06", codes::PROTOCOL, 0),
        (b".", codes::STACK, 0),
        (b"0", codes::STACK, 0),
        (b"2", codes::STACK, 0),
        (b"t", codes::STACK, 0),
        (b"N\x86", codes::STACK, 1),
        (b"N(N\x86", codes::STACK, 3),
        (b"(Nd", codes::STACK, 2),
        (b"}(Nu", codes::STACK, 3),
        (b"(o", codes::STACK, 1),
        (b"(.", codes::STACK, 1),
        (b"h\x00", codes::MEMO, 0),
        (b"g-1\n", codes::NUMBER, 0),
        (b"I1x\n", codes::NUMBER, 0),
        (b"Fx\n", codes::NUMBER, 0),
        (b"\x82\x00", codes::NUMBER, 0),
        (b"\x84\xff\xff\xff\xff", codes::NUMBER, 0),
        (b"T\xff\xff\xff\xff", codes::LENGTH, 0),
        (b"\x8b\xff\xff\xff\xff", codes::LENGTH, 0),
        (b"X\x01\x00\x00\x00\xff", codes::TEXT, 0),
        (b"V\\u12\n", codes::TEXT, 0),
        (b"Sa\n", codes::TEXT, 0),
        (b"S'\\x4'\n", codes::TEXT, 0),
        (b"K\x01K\x02\x93", codes::NAME, 4),
        (b"NNa", codes::TARGET, 2),
        (b"K\x01}b", codes::TARGET, 3),
        (b"]}b", codes::TARGET, 2),
        (b"}Na", codes::TARGET, 2),
    ];
    for (stream, code, offset) in cases {
        let failure = read(stream).unwrap_err();
        let bytes = failure.location().bytes.clone().unwrap();
        assert_eq!((failure.code(), bytes.start), (*code, *offset), "{}", stream.escape_ascii());
    }
    let long = [b"L".as_slice(), &[b'9'; 4_301], b"L\n."].concat();
    assert_eq!(read(&long).unwrap_err().code(), codes::DIGITS);
}

#[test]
fn lone_surrogates_are_text_that_no_str_holds() {
    let pickle = ok(b"X\x03\x00\x00\x00\xed\xa0\x80.");
    assert_eq!(pickle.root().as_text(), None);
    let escaped = ok(b"V\\ud800\n.");
    let Node::Text(blob) = escaped.root().node() else { panic!("no text") };
    assert_eq!(escaped.blob(blob), b"\xed\xa0\x80");
}

#[test]
fn what_no_pickler_does_is_kept_as_an_effect() {
    for (stream, opcode) in [
        (&b"cm\nf\n}b."[..], "BUILD"),
        (b"cm\nf\nNa.", "APPEND"),
        (b"cm\nf\nNNs.", "SETITEM"),
        (b"cm\nf\n(N\x90.", "ADDITEMS"),
        (b"cm\nC\n)\x81}b}b.", "BUILD"),
        (b"](K\x00Nu.", "SETITEMS"),
        (b"Pk\n}b.", "BUILD"),
    ] {
        let pickle = ok(stream);
        assert_eq!(pickle.effects().len(), 1, "{}", stream.escape_ascii());
        assert_eq!(pickle.effects()[0].opcode, opcode);
    }
}

#[test]
fn a_node_knows_its_opcode() {
    let pickle = ok(b"\x80\x02]K\x01acm\nC\n)\x81a.");
    let root = pickle.root();
    assert_eq!(pickle.offset(root.id()), 2);
    assert_eq!(pickle.offset(root.item(0).unwrap().id()), 3);
    let object = root.item(1).unwrap();
    assert_eq!(pickle.offset(object.id()), 12);
    assert_eq!(pickle.call(object.id()).unwrap().op, CallOp::NewObj);
}
